//! `audit_log_entries`.

use serde_json::Value;
use uuid::Uuid;

use crate::db::{self, Row, Time};

/// An entry.
#[derive(Debug)]
pub struct Entry {
    pub id: Uuid,
    pub payload: Value,
    pub created_at: Time,
    pub ip_address: String,
}

pub fn insert(app_id: &str, entry: &Entry) {
    db::execute(
        "INSERT INTO auth.audit_log_entries (id, app_id, payload, created_at, ip_address)
         VALUES ($2, $1, $3, $4, $5)",
        &[
            app_id.into(),
            entry.id.into(),
            (&entry.payload).into(),
            entry.created_at.into(),
            (&entry.ip_address).into(),
        ],
    );
}

/// Removes at most `limit` entries of an app from before then; how many.
pub fn delete_before(app_id: &str, then: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.audit_log_entries WHERE id = ANY (ARRAY(
             SELECT id FROM auth.audit_log_entries WHERE app_id = $1 AND created_at < $2
             ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED))",
        &[app_id.into(), then.into(), limit.into()],
    )
}

/// Entries of which one of the members that `members` names contains `part`, in any case, newest first; all without it.
pub fn page(
    app_id: &str,
    search: Option<(&[String], &str)>,
    offset: i64,
    limit: i64,
) -> Vec<Entry> {
    db::query(
        "SELECT id, payload, created_at, ip_address FROM auth.audit_log_entries a
         WHERE app_id = $1 AND ($2 IS NULL OR EXISTS (
             SELECT FROM unnest($2) AS wanted (member)
             WHERE strpos(lower(a.payload ->> wanted.member), lower($3)) > 0))
         ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5",
        &[
            app_id.into(),
            search.map(|(members, _)| members).into(),
            search.map(|(_, part)| part).into(),
            limit.into(),
            offset.into(),
        ],
        |row: &Row| Entry {
            id: row.uuid(1),
            payload: row.json(2),
            created_at: row.time(3),
            ip_address: row.text(4),
        },
    )
}

/// How many entries such pages show in all.
pub fn count(app_id: &str, search: Option<(&[String], &str)>) -> i64 {
    db::query_one(
        "SELECT count(*) FROM auth.audit_log_entries a
         WHERE app_id = $1 AND ($2 IS NULL OR EXISTS (
             SELECT FROM unnest($2) AS wanted (member)
             WHERE strpos(lower(a.payload ->> wanted.member), lower($3)) > 0))",
        &[
            app_id.into(),
            search.map(|(members, _)| members).into(),
            search.map(|(_, part)| part).into(),
        ],
        |row| row.bigint(1),
    )
}
