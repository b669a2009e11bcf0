//! Setting the GoTrue door up.

use pgrx::prelude::*;
use serde_json::{Value, json};

use super::{answer, required, tenant_of};
use crate::documents::ok;
use crate::recipes::gotrue::env;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn import_env(
    env: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let imported = env::import(&tenant, required("env", env)?)?;
        let pairs = |pairs: Vec<(String, &'static str)>, what: &str| -> Value {
            let shown = pairs.into_iter();
            shown
                .map(|(name, value)| json!({"variable": name, what: value}))
                .collect()
        };
        Ok(ok(json!({
            "set": pairs(imported.set, "setting"),
            "without_effect": pairs(imported.without_effect, "setting"),
            "ignored": pairs(imported.ignored, "reason"),
            "unknown": imported.unknown,
        })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_api_key(
    role: default!(Option<&str>, "'anon'"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> String {
    let create = || env::create_api_key(&*tenant_of(tenant_id, app_id)?, required("role", role)?);
    create().unwrap_or_else(|error| error.raise())
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.import_env IS 'Sets a tenant up as a GoTrue was: takes the text of its environment file, GOTRUE_... and API_EXTERNAL_URL in lines of NAME=VALUE. All of it or nothing. Status: OK with set (variables and the settings they became), without_effect (the same, of settings that change nothing in this version), ignored (with reasons) and unknown';
COMMENT ON FUNCTION auth.create_api_key IS 'Makes a key that clients of the GoTrue door are configured with: a token that names a role and does not expire. anon is for browsers; service_role administers, and is for servers alone';
"#,
    name = "comments_gotrue",
    requires = [import_env, create_api_key]
);
