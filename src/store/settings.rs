//! `setting_values`.

use serde_json::{Map, Value};

use crate::db;

/// The settings that a tenant has of its own.
pub fn of_tenant(app_id: &str, tenant_id: &str) -> Map<String, Value> {
    db::query(
        "SELECT key, value FROM auth.setting_values WHERE app_id = $1 AND tenant_id = $2",
        &[app_id.into(), tenant_id.into()],
        |row| (row.text(1), row.json(2)),
    )
    .into_iter()
    .collect()
}

pub fn put(app_id: &str, tenant_id: &str, key: &str, value: &Value) {
    db::execute(
        "INSERT INTO auth.setting_values (app_id, tenant_id, key, value) VALUES ($1, $2, $3, $4)
         ON CONFLICT (app_id, tenant_id, key) DO UPDATE SET value = excluded.value",
        &[app_id.into(), tenant_id.into(), key.into(), value.into()],
    );
}

pub fn delete(app_id: &str, tenant_id: &str, key: &str) {
    db::execute(
        "DELETE FROM auth.setting_values WHERE app_id = $1 AND tenant_id = $2 AND key = $3",
        &[app_id.into(), tenant_id.into(), key.into()],
    );
}
