//! `outbox`: what the gateway's courier is to deliver.

use uuid::Uuid;

use crate::db::{self, Time};

/// A message that is about to be written.
pub struct NewMessage<'a> {
    pub id: Uuid,
    pub app_id: &'a str,
    pub tenant_id: &'a str,
    pub channel: &'a str,
    pub kind: &'a str,
    /// Sealed.
    pub message: &'a [u8],
    pub now: Time,
}

pub fn insert(new: &NewMessage) {
    db::execute(
        "INSERT INTO auth.outbox (id, app_id, tenant_id, channel, kind, message, created_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        &[
            new.id.into(),
            new.app_id.into(),
            new.tenant_id.into(),
            new.channel.into(),
            new.kind.into(),
            new.message.into(),
            new.now.into(),
        ],
    );
}
