//! User metadata.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, app_of, object, required};
use crate::documents::{ok, only};
use crate::recipes::usermetadata;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn get_user_metadata(
    user_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let metadata = usermetadata::get(&*app_of(app_id)?, required("user_id", user_id)?);
        Ok(ok(json!({ "metadata": metadata })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn update_user_metadata(
    user_id: Option<&str>,
    metadata_update: Option<pgrx::JsonB>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let user_id = required("user_id", user_id)?;
        let update = object("metadata_update", metadata_update)?;
        let metadata = usermetadata::update(&*app_of(app_id)?, user_id, update)?;
        Ok(ok(json!({ "metadata": metadata })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn remove_user_metadata(
    user_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        usermetadata::remove(&*app_of(app_id)?, required("user_id", user_id)?);
        Ok(only("OK"))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.get_user_metadata IS 'What the application''s server keeps about a user; any id will do, known as a user or not. Status: OK with metadata, empty when there is none';
COMMENT ON FUNCTION auth.update_user_metadata IS 'Merges an object into a user''s metadata at its top level: a null removes a member, anything else replaces it. Status: OK with metadata, as merged';
COMMENT ON FUNCTION auth.remove_user_metadata IS 'Removes all metadata of a user. Status: OK, also when there was none';
"#,
    name = "comments_usermetadata",
    requires = [
        get_user_metadata,
        update_user_metadata,
        remove_user_metadata
    ]
);
