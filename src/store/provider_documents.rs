//! `provider_documents`: what identity providers publish about themselves.

use serde_json::Value;

use crate::db::{self, Time};

/// A document, and when it was fetched.
pub fn find(url: &str) -> Option<(Value, Time)> {
    db::query_opt(
        "SELECT document, fetched_at FROM auth.provider_documents WHERE url = $1",
        &[url.into()],
        |row| (row.json(1), row.time(2)),
    )
}

/// Keeps a document.
pub fn put(url: &str, document: &Value, now: Time) {
    db::execute(
        "INSERT INTO auth.provider_documents (url, document, fetched_at) VALUES ($1, $2, $3)
         ON CONFLICT (url) DO UPDATE SET document = excluded.document, fetched_at = excluded.fetched_at",
        &[url.into(), document.into(), now.into()],
    );
}

/// Deletes those that were fetched long ago; how many.
pub fn delete_fetched_before(then: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.provider_documents WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM auth.provider_documents WHERE fetched_at < $1
             ORDER BY fetched_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[then.into(), limit.into()],
    )
}
