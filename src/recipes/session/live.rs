//! Whether what a token says is still true: for policies, at every statement.

use serde_json::Value;
use uuid::Uuid;

use crate::db::Time;
use crate::store::sessions::{LiveSession, find_live};
use crate::tenant;

use super::handle::Handle;

/// Whether the session of a token's claims is there, not expired, and its user not banned, as the calling query sees it. A
/// token of GoTrue's must not say more than is true now: of the assurance level, and of the user's role.
pub fn is_live(app_id: &str, claims: &Value) -> bool {
    let claim = |name| claims.get(name).and_then(Value::as_str);
    let now = Time::of_statement();
    let session = match (claim("sessionHandle"), claim("session_id")) {
        (Some(handle), _) => Handle::parse(handle)
            .and_then(|handle| find_live(app_id, Some(&handle.tenant_id), handle.id, now)),
        // GoTrue's: the id alone, without the tenant that a handle ends with.
        (None, Some(id)) => Uuid::parse_str(id)
            .ok()
            .and_then(|id| find_live(app_id, None, id, now)),
        (None, None) => None,
    };
    session.is_some_and(|session| {
        !session.is_gotrues
            || (level_holds(claims.get("aal"), &session.aal)
                && (claim("role") == session.role.as_deref()
                    || hook_writes_roles(app_id, &session)))
    })
}

/// Whether a session has the assurance level that is claimed, if one is.
fn level_holds(claimed: Option<&Value>, level: &str) -> bool {
    match claimed {
        None => true,
        Some(Value::String(claimed)) if claimed == "aal1" => true,
        Some(Value::String(claimed)) => claimed == level,
        Some(_) => false,
    }
}

/// Whether tokens of a session may name another role than the user's, for the application writes their claims.
fn hook_writes_roles(app_id: &str, session: &LiveSession) -> bool {
    tenant::find(app_id, &session.tenant_id)
        .is_ok_and(|tenant| tenant.settings.hook("custom_access_token").is_some())
}
