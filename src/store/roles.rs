//! `roles` and `user_roles`.

use crate::db;

/// Whether a user has a role in a tenant, as the calling query sees it.
pub fn has(app_id: &str, tenant_id: &str, user_id: &str, role: &str) -> bool {
    db::stable_query_opt(
        "SELECT true FROM auth.user_roles
         WHERE app_id = $1 AND tenant_id = $2 AND user_id = $3 AND role = $4",
        &[app_id.into(), tenant_id.into(), user_id.into(), role.into()],
        |_| (),
    )
    .is_some()
}
