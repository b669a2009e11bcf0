//! Users and providers of a tenant.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, object, required, tenant_of};
use crate::documents::{associated, disassociated, ok};
use crate::recipes::{tenantusers, thirdpartyconfig};

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn associate_user_to_tenant(
    recipe_user_id: Option<&str>,
    tenant_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let id = required("recipe_user_id", recipe_user_id)?;
        let outcome = tenantusers::associate(&*tenant_of(tenant_id, app_id)?, id)?;
        Ok(associated(&outcome))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn disassociate_user_from_tenant(
    recipe_user_id: Option<&str>,
    tenant_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let id = required("recipe_user_id", recipe_user_id)?;
        let was_associated = tenantusers::disassociate(&*tenant_of(tenant_id, app_id)?, id)?;
        Ok(disassociated(was_associated))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_or_update_third_party_config(
    config: Option<pgrx::JsonB>,
    skip_validation: default!(Option<bool>, false),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let config = object("config", config)?;
        let skip_validation = required("skip_validation", skip_validation)?;
        let tenant = tenant_of(tenant_id, app_id)?;
        let created = thirdpartyconfig::put(&tenant, &config, skip_validation)?;
        Ok(ok(json!({ "createdNew": created })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn delete_third_party_config(
    third_party_id: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let third_party_id = required("third_party_id", third_party_id)?;
        let existed = thirdpartyconfig::remove(&*tenant_of(tenant_id, app_id)?, third_party_id)?;
        Ok(ok(json!({ "didConfigExist": existed })))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.associate_user_to_tenant IS 'Puts a login method into a tenant. Status: OK with wasAlreadyAssociated; UNKNOWN_USER_ID_ERROR, EMAIL_ALREADY_EXISTS_ERROR, PHONE_NUMBER_ALREADY_EXISTS_ERROR, THIRD_PARTY_USER_ALREADY_EXISTS_ERROR, ASSOCIATION_NOT_ALLOWED_ERROR with reason';
COMMENT ON FUNCTION auth.disassociate_user_from_tenant IS 'Takes a login method out of a tenant, with its sessions, roles and tokens there; the user stays. Status: OK with wasAssociated; UNKNOWN_USER_ID_ERROR';
COMMENT ON FUNCTION auth.create_or_update_third_party_config IS 'Keeps the configuration of a provider for a tenant, as SuperTokens'' SDKs write it. Status: OK with createdNew';
COMMENT ON FUNCTION auth.delete_third_party_config IS 'Removes the configuration of a provider from a tenant. Status: OK with didConfigExist';
"#,
    name = "comments_tenantusers",
    requires = [
        associate_user_to_tenant,
        disassociate_user_from_tenant,
        create_or_update_third_party_config,
        delete_third_party_config
    ]
);
