//! What policies ask about the caller.
//!
//! Most of these need a look into tables; what else the caller's token says stands in sql/50_policies.sql.
//!
//! All read the setting `request.jwt.claims`, which PostgREST sets from a token that it has verified. A SQL
//! user who is free to run SET can claim to be anybody: see docs/security.md.

use std::borrow::Cow;
use std::ffi::CStr;

use pgrx::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::identifier;
use crate::recipes::account;
use crate::recipes::session::live;
use crate::store;
use crate::tenant::PUBLIC;

/// The setting that holds the claims of the caller's token.
fn setting() -> Option<Vec<u8>> {
    // SAFETY: gives a pointer into the setting's storage, or null; it is copied before anything else runs.
    unsafe {
        let value = pg_sys::GetConfigOption(c"request.jwt.claims".as_ptr(), true, false);
        (!value.is_null()).then(|| CStr::from_ptr(value).to_bytes().to_vec())
    }
}

/// The claims of the caller's token.
fn claims() -> Option<Value> {
    serde_json::from_slice(&setting()?).ok()
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
    let is_live = || Some(live::is_live(&identifier(app_id?), &claims()?));
    is_live().unwrap_or(false)
}

/// Only the claim that is asked for: the others need not be read.
#[derive(Deserialize)]
struct Subject<'a> {
    #[serde(borrow)]
    sub: Option<Cow<'a, str>>,
}

// Asked by nearly every policy, so it is quick: no query, and no rights of ours.
#[pg_extern(stable, parallel_safe)]
fn uid() -> Option<pgrx::Uuid> {
    let text = setting()?;
    // serde would take an array for a struct.
    if text.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let subject: Subject = serde_json::from_slice(&text).ok()?;
    // Other forms of a UUID are no ids of ours.
    let id = account::parse_id(&subject.sub?)?;
    Some(pgrx::Uuid::from_bytes(id.into_bytes()))
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.uid() IS 'The caller''s user id (claim sub of request.jwt.claims), or null without a token, or when sub is no UUID. In policies write (SELECT auth.uid()), so that it is computed once a query';
COMMENT ON FUNCTION auth.has_role(text, text) IS 'Whether the user of request.jwt.claims has a role, in the tenant of the token, now';
COMMENT ON FUNCTION auth.has_permission(text, text) IS 'Whether one of the roles of the user of request.jwt.claims has a permission, in the tenant of the token, now';
COMMENT ON FUNCTION auth.session_is_live(text) IS 'Whether the session of request.jwt.claims is still there, not expired, and its user not banned, now; and, with a token of the GoTrue door, whether it claims no higher assurance level than the session has, and the role that the user has. In policies write (SELECT auth.session_is_live()), so that it is asked once a query';
"#,
    name = "comments_policies",
    requires = [uid, has_role, has_permission, session_is_live]
);
