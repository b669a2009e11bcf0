//! Messages that the gateway's courier is to deliver.
//!
//! They are written in the transaction of what they tell of, and sealed, for they hold codes: neither a dump nor a reader
//! of the table learns them.

use auth_core::ids::{self, Slot};
use serde_json::Value;
use uuid::Uuid;

use crate::db::Time;
use crate::error::Result;
use crate::keyring::keyring;
use crate::store;
use crate::tenant::Tenant;

/// A message that is to be sent.
pub struct Outgoing<'a> {
    /// "email", "sms" or "webhook".
    pub channel: &'a str,
    /// What it is.
    pub kind: &'a str,
    pub message: Value,
}

/// Puts a message into the outbox; its id.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn post(tenant: &Tenant, outgoing: &Outgoing, now: Time) -> Result<Uuid> {
    let id = ids::new_id(Slot::random());
    let sealed = keyring()?.seal(&purpose(id), outgoing.message.to_string().as_bytes());
    tenant.hold()?;
    store::outbox::insert(&store::outbox::NewMessage {
        id,
        app_id: &tenant.app_id,
        tenant_id: tenant.id(),
        channel: outgoing.channel,
        kind: outgoing.kind,
        message: &sealed,
        now,
    });
    Ok(id)
}

/// What a message is sealed for.
fn purpose(id: Uuid) -> String {
    format!("outbox/{id}")
}
