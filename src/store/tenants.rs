//! `apps` and `tenants`.

use serde_json::Value;

use crate::db;

/// A tenant's row.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantRow {
    pub id: String,
    pub email_password_enabled: bool,
    pub third_party_enabled: bool,
    pub passwordless_enabled: bool,
    pub first_factors: Option<Vec<String>>,
    pub required_secondary_factors: Option<Vec<String>>,
    pub third_party_providers: Value,
}

impl TenantRow {
    /// A tenant with everything enabled and nothing restricted, as every app's `public` is at first.
    pub fn unrestricted(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            email_password_enabled: true,
            third_party_enabled: true,
            passwordless_enabled: true,
            first_factors: None,
            required_secondary_factors: None,
            third_party_providers: Value::Array(Vec::new()),
        }
    }

    fn read(row: &db::Row) -> Self {
        Self {
            id: row.text(1),
            email_password_enabled: row.bool(2),
            third_party_enabled: row.bool(3),
            passwordless_enabled: row.bool(4),
            first_factors: row.texts_opt(5),
            required_secondary_factors: row.texts_opt(6),
            third_party_providers: row.json(7),
        }
    }
}

pub fn find(app_id: &str, id: &str) -> Option<TenantRow> {
    db::query_opt(
        "SELECT id, email_password_enabled, third_party_enabled, passwordless_enabled, first_factors,
                required_secondary_factors, third_party_providers
         FROM auth.tenants WHERE app_id = $1 AND id = $2",
        &[app_id.into(), id.into()],
        TenantRow::read,
    )
}

/// The same, and nobody else changes the tenant until this transaction ends.
pub fn find_for_update(app_id: &str, id: &str) -> Option<TenantRow> {
    db::query_opt(
        "SELECT id, email_password_enabled, third_party_enabled, passwordless_enabled, first_factors,
                required_secondary_factors, third_party_providers
         FROM auth.tenants WHERE app_id = $1 AND id = $2 FOR NO KEY UPDATE",
        &[app_id.into(), id.into()],
        TenantRow::read,
    )
}

/// Keeps a tenant from being removed until this transaction ends; whether it is there. The app comes first, as where an
/// app is removed with its tenants.
pub fn hold(app_id: &str, id: &str) -> bool {
    db::query_opt(
        "SELECT true FROM auth.apps a JOIN auth.tenants t ON t.app_id = a.id
         WHERE a.id = $1 AND t.id = $2 FOR KEY SHARE",
        &[app_id.into(), id.into()],
        |_| (),
    )
    .is_some()
}

/// All tenants of an app, by id.
pub fn list(app_id: &str) -> Vec<TenantRow> {
    db::query(
        "SELECT id, email_password_enabled, third_party_enabled, passwordless_enabled, first_factors,
                required_secondary_factors, third_party_providers
         FROM auth.tenants WHERE app_id = $1 ORDER BY id",
        &[app_id.into()],
        TenantRow::read,
    )
}

/// Makes a tenant; `false` when it exists, which is then left as it is.
pub fn insert(app_id: &str, row: &TenantRow) -> bool {
    db::execute(
        "INSERT INTO auth.tenants (app_id, id, email_password_enabled, third_party_enabled,
             passwordless_enabled, first_factors, required_secondary_factors, third_party_providers)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        &params(app_id, row),
    ) == 1
}

pub fn update(app_id: &str, row: &TenantRow) {
    db::execute(
        "UPDATE auth.tenants SET email_password_enabled = $3, third_party_enabled = $4,
             passwordless_enabled = $5, first_factors = $6, required_secondary_factors = $7,
             third_party_providers = $8
         WHERE app_id = $1 AND id = $2",
        &params(app_id, row),
    );
}

fn params<'a>(app_id: &'a str, row: &'a TenantRow) -> [db::Param<'a>; 8] {
    [
        app_id.into(),
        (&row.id).into(),
        row.email_password_enabled.into(),
        row.third_party_enabled.into(),
        row.passwordless_enabled.into(),
        row.first_factors.as_deref().into(),
        row.required_secondary_factors.as_deref().into(),
        (&row.third_party_providers).into(),
    ]
}

/// Removes a tenant and what hangs on it, but for its sessions; whether it existed.
pub fn delete(app_id: &str, id: &str) -> bool {
    db::execute(
        "DELETE FROM auth.tenants WHERE app_id = $1 AND id = $2",
        &[app_id.into(), id.into()],
    ) == 1
}

/// Makes an app; `false` when it exists. In either case it stays until this transaction ends.
pub fn insert_app(app_id: &str) -> bool {
    loop {
        let made = db::execute(
            "INSERT INTO auth.apps (id) VALUES ($1) ON CONFLICT DO NOTHING",
            &[app_id.into()],
        ) == 1;
        // Once more if it has been removed since.
        if made || hold_app(app_id) {
            return made;
        }
    }
}

fn hold_app(app_id: &str) -> bool {
    db::query_opt(
        "SELECT true FROM auth.apps WHERE id = $1 FOR KEY SHARE",
        &[app_id.into()],
        |_| (),
    )
    .is_some()
}

/// Locks an app that is about to be removed: whoever holds it has finished then, and nobody holds it any more.
pub fn lock_app_for_removal(app_id: &str) {
    db::execute(
        "SELECT FROM auth.apps WHERE id = $1 FOR UPDATE",
        &[app_id.into()],
    );
}

/// Removes an app and what hangs on it, but for its sessions; whether it existed.
pub fn delete_app(app_id: &str) -> bool {
    db::execute("DELETE FROM auth.apps WHERE id = $1", &[app_id.into()]) == 1
}

/// Nobody else takes this lock on the app until this transaction ends; whether the app is there. Lets key checks pass.
pub fn lock_app(app_id: &str) -> bool {
    db::query_opt(
        "SELECT true FROM auth.apps WHERE id = $1 FOR NO KEY UPDATE",
        &[app_id.into()],
        |_| (),
    )
    .is_some()
}

pub fn list_apps() -> Vec<String> {
    db::query("SELECT id FROM auth.apps ORDER BY id", &[], |row| {
        row.text(1)
    })
}
