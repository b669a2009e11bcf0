//! `bulk_import_queue`.

use uuid::Uuid;

use crate::db::{self, Row, Time};

/// An entry, its user sealed.
pub struct QueuedUser {
    pub id: Uuid,
    pub app_id: String,
    pub sealed_user: Vec<u8>,
    pub status: String,
    pub error_message: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl QueuedUser {
    fn read(row: &Row) -> Self {
        Self {
            id: row.uuid(1),
            app_id: row.text(2),
            sealed_user: row.bytes(3),
            status: row.text(4),
            error_message: row.text_opt(5),
            created_at: row.time(6),
            updated_at: row.time(7),
        }
    }
}

pub fn insert(app_id: &str, id: Uuid, sealed_user: &[u8], now: Time) {
    db::execute(
        "INSERT INTO auth.bulk_import_queue (id, app_id, sealed_user, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4)",
        &[id.into(), app_id.into(), sealed_user.into(), now.into()],
    );
}

/// Entries of an app, newest first, from `start` on.
pub fn page(
    app_id: &str,
    status: Option<&str>,
    start: Option<(Time, Uuid)>,
    limit: i64,
) -> Vec<QueuedUser> {
    db::query(
        "SELECT id, app_id, sealed_user, status, error_message, created_at, updated_at
         FROM auth.bulk_import_queue
         WHERE app_id = $1 AND ($2 IS NULL OR status = $2)
           AND ($3 IS NULL OR (created_at, id) <= ($3, $4))
         ORDER BY created_at DESC, id DESC LIMIT $5",
        &[
            app_id.into(),
            status.into(),
            start.map(|(time, _)| time).into(),
            start.map(|(_, id)| id).into(),
            limit.into(),
        ],
        QueuedUser::read,
    )
}

pub fn count(app_id: &str, status: Option<&str>) -> i64 {
    db::query_one(
        "SELECT count(*) FROM auth.bulk_import_queue
         WHERE app_id = $1 AND ($2 IS NULL OR status = $2)",
        &[app_id.into(), status.into()],
        |row| row.bigint(1),
    )
}

/// Removes entries; the ids of those that were there.
pub fn delete(app_id: &str, ids: &[Uuid]) -> Vec<Uuid> {
    db::query(
        "DELETE FROM auth.bulk_import_queue WHERE app_id = $1 AND id = ANY ($2) RETURNING id",
        &[app_id.into(), ids.into()],
        |row| row.uuid(1),
    )
}

/// Takes the oldest new entries, of any app, that nobody else is working on; they stay locked.
pub fn take(limit: i64) -> Vec<QueuedUser> {
    db::query(
        "SELECT id, app_id, sealed_user, status, error_message, created_at, updated_at
         FROM auth.bulk_import_queue WHERE status = 'NEW'
         ORDER BY created_at, id LIMIT $1 FOR UPDATE SKIP LOCKED",
        &[limit.into()],
        QueuedUser::read,
    )
}

pub fn set_failed(id: Uuid, error_message: &str, now: Time) {
    db::execute(
        "UPDATE auth.bulk_import_queue SET status = 'FAILED', error_message = $2, updated_at = $3
         WHERE id = $1",
        &[id.into(), error_message.into(), now.into()],
    );
}
