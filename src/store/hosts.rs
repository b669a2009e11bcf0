//! `hosts`.

use std::collections::HashMap;

use crate::db;

/// Binds a host to a tenant, unless it is bound already.
pub fn insert(host: &str, app_id: &str, tenant_id: &str) {
    db::execute(
        "INSERT INTO auth.hosts (host, app_id, tenant_id) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        &[host.into(), app_id.into(), tenant_id.into()],
    );
}

/// All hosts with the app and tenant that each means.
pub fn all() -> HashMap<String, (String, String)> {
    db::query(
        "SELECT host, app_id, tenant_id FROM auth.hosts",
        &[],
        |row| (row.text(1), (row.text(2), row.text(3))),
    )
    .into_iter()
    .collect()
}
