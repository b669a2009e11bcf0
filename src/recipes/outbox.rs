//! Messages that the gateway's courier is to deliver.
//!
//! They are written in the transaction of what they tell of, and sealed, for they hold codes: neither a dump nor a reader
//! of the table learns them.

use auth_core::ids::{self, Slot};
use auth_core::random;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::Time;
use crate::error::Result;
use crate::keyring::keyring;
use crate::store;
use crate::store::outbox::MessageRow;
use crate::tenant::{self, Tenant};

/// A message that is to be sent.
pub struct Outgoing<'a> {
    /// "email", "sms" or "webhook".
    pub channel: &'a str,
    /// What it is.
    pub kind: &'a str,
    /// Whom it is to or about.
    pub user_id: Option<Uuid>,
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
        user_id: outgoing.user_id,
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

/// A message that a courier is to deliver.
pub struct Claimed {
    pub id: Uuid,
    pub channel: String,
    /// Counted from 1.
    pub attempt: i32,
    pub message: Value,
    /// Which way it goes, if any is configured.
    pub transport: Option<Value>,
}

/// Hands out messages that are due. What cannot be read any more is given up.
///
/// # Errors
/// [`crate::error::Error::Keys`] when there are no keys at all.
pub fn claim(most: i32, lease_seconds: i32) -> Result<Vec<Claimed>> {
    let (now, keyring) = (Time::now(), keyring()?);
    let until = now.plus(i64::from(lease_seconds.max(1)) * 1000);
    let mut claimed = Vec::new();
    for row in store::outbox::claim(i64::from(most.max(0)), now, until) {
        let message = keyring.open(&purpose(row.id), &row.message).ok();
        let message = message.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let tenant = tenant::find(&row.app_id, &row.tenant_id);
        let (Some(message), Ok(tenant)) = (message, tenant) else {
            store::outbox::bury(row.id, "the message cannot be read", now);
            continue;
        };
        claimed.push(Claimed {
            id: row.id,
            transport: transport(&tenant, &row),
            channel: row.channel,
            attempt: row.attempts,
            message,
        });
    }
    Ok(claimed)
}

/// Which way a message goes, by the tenant's settings as they are now.
fn transport(tenant: &Tenant, message: &MessageRow) -> Option<Value> {
    let settings = &tenant.settings;
    let text = |key| settings.setting_text(key);
    match message.channel.as_str() {
        "email" => {
            let port = settings.smtp_port();
            Some(json!({
                "host": text("smtp_host")?,
                "port": port,
                "user": text("smtp_user"),
                "password": text("smtp_pass"),
                // RFC 8314, section 3.3: port 465 is encrypted from the first byte.
                "security": if port == 465 { "tls" } else { "opportunistic" },
            }))
        }
        "sms" if text("sms_provider") == Some("twilio") => Some(json!({
            "provider": "twilio",
            "account_sid": text("sms_twilio_account_sid")?,
            "auth_token": text("sms_twilio_auth_token")?,
            "messaging_service_sid": text("sms_twilio_message_service_sid"),
        })),
        "webhook" => {
            let hook = settings.hook(&message.kind)?;
            Some(json!({"url": hook.uri, "secrets": hook.secrets}))
        }
        _ => None,
    }
}

/// Takes a message out that was delivered.
pub fn done(id: Uuid) {
    store::outbox::delete(id);
}

/// The first pause after a failure; each is twice as long as the one before.
const FIRST_PAUSE_MS: i64 = 5_000;
/// The longest.
const LONGEST_PAUSE_MS: i64 = 3_600_000;
/// What is not delivered by then is given up: codes do not live longer.
const LIFE_MS: i64 = 24 * 3_600_000;

/// Notes that a message was not delivered: it is tried again later, or given up.
pub fn failed(id: Uuid, error: &str, is_permanent: bool, retry_after_s: Option<i32>) {
    let now = Time::now();
    let Some(row) = store::outbox::lock(id) else {
        return;
    };
    let doublings = u32::try_from(row.attempts.clamp(1, 20) - 1).unwrap_or_default();
    let pause = (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS);
    // Not all that failed together come back together.
    let pause = pause / 2 + (random::unit() * pause as f64 / 2.0) as i64;
    let due = now.plus(pause.max(i64::from(retry_after_s.unwrap_or_default()) * 1000));
    if is_permanent || due > row.created_at.plus(LIFE_MS) {
        store::outbox::bury(id, error, now);
    } else {
        store::outbox::postpone(id, error, due);
    }
}
