//! `roles`, `role_permissions` and `user_roles`.

use uuid::Uuid;

use crate::db;

/// Whether a user has a role in a tenant, as the calling query sees it.
pub fn has(app_id: &str, tenant_id: &str, user_id: &str, role: &str) -> bool {
    db::stable_query_opt(
        "SELECT true FROM auth.user_roles
         WHERE app_id = $1 AND tenant_id = $2 AND role = $4 AND user_id = coalesce(
             (SELECT k.external_id FROM auth.user_id_mappings k WHERE k.user_id = $5 AND k.app_id = $1), $3)",
        &[
            app_id.into(),
            tenant_id.into(),
            user_id.into(),
            role.into(),
            Uuid::parse_str(user_id).ok().into(),
        ],
        |_| (),
    )
    .is_some()
}

/// Whether one of a user's roles in a tenant has a permission, as the calling query sees it.
pub fn permits(app_id: &str, tenant_id: &str, user_id: &str, permission: &str) -> bool {
    db::stable_query_opt(
        "SELECT true FROM auth.user_roles u
         JOIN auth.role_permissions p ON p.app_id = u.app_id AND p.role = u.role
         WHERE u.app_id = $1 AND u.tenant_id = $2 AND p.permission = $4 AND u.user_id = coalesce(
             (SELECT k.external_id FROM auth.user_id_mappings k WHERE k.user_id = $5 AND k.app_id = $1), $3) LIMIT 1",
        &[
            app_id.into(),
            tenant_id.into(),
            user_id.into(),
            permission.into(),
            Uuid::parse_str(user_id).ok().into(),
        ],
        |_| (),
    )
    .is_some()
}

/// Makes a role; `false` when it is there already.
pub fn insert(app_id: &str, role: &str) -> bool {
    db::execute(
        "INSERT INTO auth.roles (app_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        &[app_id.into(), role.into()],
    ) == 1
}

pub fn add_permissions(app_id: &str, role: &str, permissions: &[String]) {
    db::execute(
        "INSERT INTO auth.role_permissions (app_id, role, permission)
         SELECT $1, $2, wanted.permission FROM unnest($3) AS wanted (permission)
         ORDER BY wanted.permission ON CONFLICT DO NOTHING",
        &[app_id.into(), role.into(), permissions.into()],
    );
}

/// Removes permissions of a role; all of them without a list.
pub fn remove_permissions(app_id: &str, role: &str, permissions: Option<&[String]>) {
    db::execute(
        "DELETE FROM auth.role_permissions
         WHERE app_id = $1 AND role = $2 AND ($3 IS NULL OR permission = ANY ($3))",
        &[app_id.into(), role.into(), permissions.into()],
    );
}

/// Keeps roles from being removed until this transaction ends; those that are there.
pub fn hold(app_id: &str, roles: &[String]) -> Vec<String> {
    db::query(
        "SELECT role FROM auth.roles WHERE app_id = $1 AND role = ANY ($2) ORDER BY role FOR KEY SHARE",
        &[app_id.into(), roles.into()],
        |row| row.text(1),
    )
}

pub fn exists(app_id: &str, role: &str) -> bool {
    db::query_opt(
        "SELECT true FROM auth.roles WHERE app_id = $1 AND role = $2",
        &[app_id.into(), role.into()],
        |_| (),
    )
    .is_some()
}

/// Removes a role, its permissions and its assignments; whether it was there.
pub fn delete(app_id: &str, role: &str) -> bool {
    db::execute(
        "DELETE FROM auth.roles WHERE app_id = $1 AND role = $2",
        &[app_id.into(), role.into()],
    ) == 1
}

pub fn list(app_id: &str) -> Vec<String> {
    db::query(
        "SELECT role FROM auth.roles WHERE app_id = $1 ORDER BY role",
        &[app_id.into()],
        |row| row.text(1),
    )
}

pub fn permissions(app_id: &str, role: &str) -> Vec<String> {
    db::query(
        "SELECT permission FROM auth.role_permissions WHERE app_id = $1 AND role = $2 ORDER BY permission",
        &[app_id.into(), role.into()],
        |row| row.text(1),
    )
}

pub fn with_permission(app_id: &str, permission: &str) -> Vec<String> {
    db::query(
        "SELECT role FROM auth.role_permissions WHERE app_id = $1 AND permission = $2 ORDER BY role",
        &[app_id.into(), permission.into()],
        |row| row.text(1),
    )
}

/// Gives a user a role in a tenant: whether it is new to the user, or `None` when there is no such role. The role
/// stays locked against removal until the transaction ends.
pub fn assign(app_id: &str, tenant_id: &str, user_id: &str, role: &str) -> Option<bool> {
    db::query_opt(
        "SELECT true FROM auth.roles WHERE app_id = $1 AND role = $2 FOR KEY SHARE",
        &[app_id.into(), role.into()],
        |_| (),
    )?;
    let added = db::execute(
        "INSERT INTO auth.user_roles (app_id, tenant_id, user_id, role) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        &[app_id.into(), tenant_id.into(), user_id.into(), role.into()],
    );
    Some(added == 1)
}

/// Takes a role from a user in a tenant; whether the user had it.
pub fn unassign(app_id: &str, tenant_id: &str, user_id: &str, role: &str) -> bool {
    db::execute(
        "DELETE FROM auth.user_roles
         WHERE app_id = $1 AND tenant_id = $2 AND user_id = $3 AND role = $4",
        &[app_id.into(), tenant_id.into(), user_id.into(), role.into()],
    ) == 1
}

/// Takes all roles from users in a tenant; how many.
pub fn unassign_all(app_id: &str, tenant_id: &str, user_ids: &[String]) -> u64 {
    db::execute(
        "DELETE FROM auth.user_roles WHERE app_id = $1 AND tenant_id = $2 AND user_id = ANY ($3)",
        &[app_id.into(), tenant_id.into(), user_ids.into()],
    )
}

pub fn of_user(app_id: &str, tenant_id: &str, user_id: &str) -> Vec<String> {
    db::query(
        "SELECT role FROM auth.user_roles
         WHERE app_id = $1 AND tenant_id = $2 AND user_id = $3 ORDER BY role",
        &[app_id.into(), tenant_id.into(), user_id.into()],
        |row| row.text(1),
    )
}

pub fn users_with(app_id: &str, tenant_id: &str, role: &str) -> Vec<String> {
    db::query(
        "SELECT user_id FROM auth.user_roles
         WHERE app_id = $1 AND tenant_id = $2 AND role = $3 ORDER BY user_id",
        &[app_id.into(), tenant_id.into(), role.into()],
        |row| row.text(1),
    )
}
