//! `outbox`: what the gateway's courier is to deliver.

use uuid::Uuid;

use crate::db::{self, Row, Time};

/// A message that is about to be written.
pub struct NewMessage<'a> {
    pub id: Uuid,
    pub app_id: &'a str,
    pub tenant_id: &'a str,
    /// Whom it is to or about.
    pub user_id: Option<Uuid>,
    pub channel: &'a str,
    pub kind: &'a str,
    /// Sealed.
    pub message: &'a [u8],
    pub now: Time,
}

pub fn insert(new: &NewMessage) {
    db::execute(
        "INSERT INTO auth.outbox (id, app_id, tenant_id, channel, kind, message, created_at, due_at, user_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        &[
            new.id.into(),
            new.app_id.into(),
            new.tenant_id.into(),
            new.channel.into(),
            new.kind.into(),
            new.message.into(),
            new.now.into(),
            new.user_id.into(),
        ],
    );
}

/// A message that was claimed.
pub struct MessageRow {
    pub id: Uuid,
    pub app_id: String,
    pub tenant_id: String,
    pub channel: String,
    pub kind: String,
    /// Sealed.
    pub message: Vec<u8>,
    pub attempts: i32,
    pub created_at: Time,
}

impl MessageRow {
    fn read(row: &Row) -> Self {
        Self {
            id: row.uuid(1),
            app_id: row.text(2),
            tenant_id: row.text(3),
            channel: row.text(4),
            kind: row.text(5),
            message: row.bytes(6),
            attempts: row.int(7),
            created_at: row.time(8),
        }
    }
}

/// Claims at most `most` messages that are due until then, each for one caller.
pub fn claim(most: i64, now: Time, until: Time) -> Vec<MessageRow> {
    db::query(
        "UPDATE auth.outbox SET attempts = attempts + 1, due_at = $3 WHERE id = ANY (ARRAY(
             SELECT id FROM auth.outbox WHERE due_at <= $2 ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED))
         RETURNING id, app_id, tenant_id, channel, kind, message, attempts, created_at",
        &[most.into(), now.into(), until.into()],
        MessageRow::read,
    )
}

/// Takes out what is to users, or about them.
pub fn delete_of(user_ids: &[Uuid]) {
    db::execute(
        "DELETE FROM auth.outbox WHERE user_id = ANY ($1)",
        &[user_ids.into()],
    );
}

/// A message that is still to be delivered, locked.
pub fn lock(id: Uuid) -> Option<MessageRow> {
    db::query_opt(
        "SELECT id, app_id, tenant_id, channel, kind, message, attempts, created_at
         FROM auth.outbox WHERE id = $1 AND due_at IS NOT NULL FOR UPDATE",
        &[id.into()],
        MessageRow::read,
    )
}

pub fn delete(id: Uuid) {
    db::execute("DELETE FROM auth.outbox WHERE id = $1", &[id.into()]);
}

/// Puts a message off.
pub fn postpone(id: Uuid, error: &str, due: Time) {
    db::execute(
        "UPDATE auth.outbox SET due_at = $3, error = $2 WHERE id = $1",
        &[id.into(), error.into(), due.into()],
    );
}

/// Gives a message up.
pub fn bury(id: Uuid, error: &str, now: Time) {
    db::execute(
        "UPDATE auth.outbox SET due_at = NULL, dead_at = $3, error = $2 WHERE id = $1",
        &[id.into(), error.into(), now.into()],
    );
}

/// Removes at most `limit` messages that were given up before then; how many.
pub fn delete_dead_before(then: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.outbox WHERE id = ANY (ARRAY(
             SELECT id FROM auth.outbox WHERE dead_at < $1 ORDER BY dead_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[then.into(), limit.into()],
    )
}
