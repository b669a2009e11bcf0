//! What policies ask about the caller.
//!
//! These need a look into tables; what the caller's token says stands in sql/50_policies.sql.
//!
//! Both read the setting `request.jwt.claims`, which PostgREST sets from a token that it has verified. A SQL
//! user who is free to run SET can claim to be anybody: see docs/security.md.

use std::ffi::CStr;

use pgrx::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::identifier;
use crate::db::Time;
use crate::recipes::session;
use crate::store;
use crate::tenant::PUBLIC;

/// The claims of the caller's token, as the setting holds them.
fn claims() -> Option<Value> {
    // SAFETY: gives a pointer into the setting's storage, or null; it is copied before anything else runs.
    let text = unsafe {
        let value = pg_sys::GetConfigOption(c"request.jwt.claims".as_ptr(), true, false);
        if value.is_null() {
            return None;
        }
        CStr::from_ptr(value).to_bytes().to_vec()
    };
    serde_json::from_slice(&text).ok()
}

fn claim(claims: &Value, name: &str) -> Option<String> {
    claims.get(name)?.as_str().map(str::to_owned)
}

/// Calls `ask` with app, tenant and user of the caller's token; false where it names no user.
fn of_caller(app_id: Option<&str>, ask: impl FnOnce(&str, &str, &str) -> bool) -> bool {
    let answer = || {
        let claims = claims()?;
        let user_id = claim(&claims, "sub")?;
        let tenant_id = claim(&claims, "tId").unwrap_or_else(|| PUBLIC.to_owned());
        Some(ask(&identifier(app_id?), &tenant_id, &user_id))
    };
    answer().unwrap_or(false)
}

#[pg_extern(stable, security_definer, parallel_restricted)]
#[search_path(pg_catalog, auth, pg_temp)]
fn has_role(role: Option<&str>, app_id: default!(Option<&str>, "'public'")) -> bool {
    of_caller(app_id, |app_id, tenant_id, user_id| {
        role.is_some_and(|role| store::roles::has(app_id, tenant_id, user_id, role))
    })
}

#[pg_extern(stable, security_definer, parallel_restricted)]
#[search_path(pg_catalog, auth, pg_temp)]
fn has_permission(permission: Option<&str>, app_id: default!(Option<&str>, "'public'")) -> bool {
    of_caller(app_id, |app_id, tenant_id, user_id| {
        permission.is_some_and(|name| store::roles::permits(app_id, tenant_id, user_id, name))
    })
}

#[pg_extern(stable, security_definer, parallel_restricted)]
#[search_path(pg_catalog, auth, pg_temp)]
fn session_is_live(app_id: default!(Option<&str>, "'public'")) -> bool {
    let is_live = || {
        let claims = claims()?;
        let app_id = identifier(app_id?);
        if let Some(handle) = claim(&claims, "sessionHandle") {
            return Some(session::is_live(&app_id, &handle));
        }
        // GoTrue's: the id alone, without the tenant that a handle ends with.
        let id = Uuid::parse_str(&claim(&claims, "session_id")?).ok()?;
        Some(store::sessions::is_live(
            &app_id,
            None,
            id,
            Time::of_statement(),
        ))
    };
    is_live().unwrap_or(false)
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.has_role(text, text) IS 'Whether the user of request.jwt.claims has a role, in the tenant of the token, now';
COMMENT ON FUNCTION auth.has_permission(text, text) IS 'Whether one of the roles of the user of request.jwt.claims has a permission, in the tenant of the token, now';
COMMENT ON FUNCTION auth.session_is_live(text) IS 'Whether the session of request.jwt.claims is still there, not expired, and its user not banned, now. In policies write (SELECT auth.session_is_live()), so that it is asked once a query';
"#,
    name = "comments_policies",
    requires = [has_role, has_permission, session_is_live]
);
