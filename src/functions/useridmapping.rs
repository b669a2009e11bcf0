//! Ids from another system.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, app_of, required};
use crate::documents::{mapped, ok, only, user_id_mapping};
use crate::recipes::useridmapping::{self, CreateRequest, IdType};

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_user_id_mapping(
    user_id: Option<&str>,
    external_user_id: Option<&str>,
    external_user_id_info: default!(Option<&str>, "NULL"),
    force: default!(Option<bool>, false),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let request = CreateRequest {
            user_id: required("user_id", user_id)?,
            external_id: required("external_user_id", external_user_id)?,
            external_info: external_user_id_info,
            force: required("force", force)?,
            moves_email_verification: true,
        };
        Ok(mapped(&useridmapping::create(&*app_of(app_id)?, &request)?))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn get_user_id_mapping(
    user_id: Option<&str>,
    user_id_type: default!(Option<&str>, "'ANY'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let id_type = IdType::parse(required("user_id_type", user_id_type)?)?;
        let user_id = required("user_id", user_id)?;
        Ok(
            match useridmapping::get(&*app_of(app_id)?, user_id, id_type)? {
                Some(mapping) => ok(user_id_mapping(&mapping)),
                None => only("UNKNOWN_MAPPING_ERROR"),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn delete_user_id_mapping(
    user_id: Option<&str>,
    user_id_type: default!(Option<&str>, "'ANY'"),
    force: default!(Option<bool>, false),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let id_type = IdType::parse(required("user_id_type", user_id_type)?)?;
        let (user_id, force) = (required("user_id", user_id)?, required("force", force)?);
        let existed = useridmapping::remove(&*app_of(app_id)?, user_id, id_type, force)?;
        Ok(ok(json!({ "didMappingExist": existed })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn update_external_user_id_info(
    user_id: Option<&str>,
    external_user_id_info: Option<&str>,
    user_id_type: default!(Option<&str>, "'ANY'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let id_type = IdType::parse(required("user_id_type", user_id_type)?)?;
        let (app, user_id) = (app_of(app_id)?, required("user_id", user_id)?);
        Ok(
            match useridmapping::set_info(&app, user_id, id_type, external_user_id_info)? {
                true => only("OK"),
                false => only("UNKNOWN_MAPPING_ERROR"),
            },
        )
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_user_id_mapping IS 'Lets callers know a login method by an id from another system. Refused (22023) while sessions, metadata or roles are kept under our id, unless forced. Status: OK, UNKNOWN_SUPERTOKENS_USER_ID_ERROR, USER_ID_MAPPING_ALREADY_EXISTS_ERROR';
COMMENT ON FUNCTION auth.get_user_id_mapping IS 'The mapping of an id: ours (SUPERTOKENS), the other system''s (EXTERNAL) or either (ANY). Status: OK with superTokensUserId, externalUserId and externalUserIdInfo; UNKNOWN_MAPPING_ERROR';
COMMENT ON FUNCTION auth.delete_user_id_mapping IS 'Removes a mapping. Refused (22023) while rows are kept under the external id, unless forced. Status: OK with didMappingExist';
COMMENT ON FUNCTION auth.update_external_user_id_info IS 'Replaces what is noted about an external id; null removes it. Status: OK, UNKNOWN_MAPPING_ERROR';
"#,
    name = "comments_useridmapping",
    requires = [
        create_user_id_mapping,
        get_user_id_mapping,
        delete_user_id_mapping,
        update_external_user_id_info
    ]
);
