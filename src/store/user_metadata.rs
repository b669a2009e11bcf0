//! `user_metadata`.

use serde_json::Value;

use crate::db;

pub fn find(app_id: &str, user_id: &str) -> Option<Value> {
    db::query_opt(
        "SELECT metadata FROM auth.user_metadata WHERE app_id = $1 AND user_id = $2",
        &[app_id.into(), user_id.into()],
        |row| row.json(1),
    )
}

/// The metadata of those among these ids that have any.
pub fn find_many(app_id: &str, user_ids: &[String]) -> Vec<(String, Value)> {
    db::query(
        "SELECT user_id, metadata FROM auth.user_metadata WHERE app_id = $1 AND user_id = ANY ($2)",
        &[app_id.into(), user_ids.into()],
        |row| (row.text(1), row.json(2)),
    )
}

/// Sets the members of `set`, removes those named by `unset`, and keeps all others; the outcome. One statement, so
/// that of several callers each keeps what the others wrote.
pub fn merge(app_id: &str, user_id: &str, set: &Value, unset: &[String]) -> Value {
    db::query_one(
        "INSERT INTO auth.user_metadata AS m (app_id, user_id, metadata) VALUES ($1, $2, $3)
         ON CONFLICT (app_id, user_id) DO UPDATE SET metadata = (m.metadata || excluded.metadata) - $4
         RETURNING metadata",
        &[app_id.into(), user_id.into(), set.into(), unset.into()],
        |row| row.json(1),
    )
}

pub fn delete(app_id: &str, user_id: &str) {
    db::execute(
        "DELETE FROM auth.user_metadata WHERE app_id = $1 AND user_id = $2",
        &[app_id.into(), user_id.into()],
    );
}
