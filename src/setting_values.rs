//! Settings as they are stored: secrets are sealed, so that neither a dump nor a reader of the table learns them.

use auth_core::settings;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::keyring::keyring;
use crate::store;

/// The member of a stored value that is sealed. No setting is an object.
const SEALED: &str = "sealed";

/// The settings that a tenant has of its own.
///
/// # Errors
/// [`Error::Keys`] when a secret cannot be opened.
pub fn of_tenant(app_id: &str, tenant_id: &str) -> Result<Map<String, Value>> {
    let stored = store::settings::of_tenant(app_id, tenant_id);
    let opened = stored.into_iter().map(|(key, value)| {
        let value = open(&purpose(app_id, tenant_id, &key), value)
            .map_err(|why| Error::Keys(format!("the setting {key}: {why}")))?;
        Ok((key, value))
    });
    opened.collect()
}

/// Stores a setting.
///
/// # Errors
/// [`Error::Keys`] when a secret cannot be sealed.
pub fn put(app_id: &str, tenant_id: &str, key: &str, value: &Value) -> Result<()> {
    if settings::find(key).is_some_and(|setting| setting.secret) {
        let plain = value.to_string();
        let sealed = keyring()?.seal(&purpose(app_id, tenant_id, key), plain.as_bytes());
        let value = json!({ SEALED: STANDARD.encode(sealed) });
        store::settings::put(app_id, tenant_id, key, &value);
    } else {
        store::settings::put(app_id, tenant_id, key, value);
    }
    Ok(())
}

/// What a value is sealed for: it cannot be moved elsewhere.
fn purpose(app_id: &str, tenant_id: &str, key: &str) -> String {
    format!("setting/{app_id}/{tenant_id}/{key}")
}

fn open(purpose: &str, value: Value) -> std::result::Result<Value, String> {
    let Some(sealed) = value.get(SEALED).and_then(Value::as_str) else {
        return Ok(value);
    };
    let sealed = STANDARD.decode(sealed).map_err(|error| error.to_string())?;
    let keyring = keyring().map_err(|error| error.to_string())?;
    let plain = keyring
        .open(purpose, &sealed)
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&plain).map_err(|error| error.to_string())
}
