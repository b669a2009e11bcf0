//! Access tokens of the GoTrue door (GoTrue reference, 3.7): signed with the operator's keys if there are any, otherwise
//! with a key of the app's own, which no other door signs with.

use auth_core::jwk_set::{JwtError, Unverified};
use auth_core::signing::Algorithm;
use serde_json::{Map, Value, json};

use crate::db::Time;
use crate::error::{Error, Result};
use crate::keys::{self, KeyKind};
use crate::tenant::Tenant;

/// What tokens are signed with where no key is configured.
const ALGORITHM: Algorithm = Algorithm::Es256;

/// Signs claims.
///
/// # Errors
/// [`Error::Keys`], [`Error::Unconfigured`].
pub fn sign(tenant: &Tenant, claims: &Value) -> Result<String> {
    let signed = match tenant.jwt_keys()? {
        Some(keys) => keys.sign(claims),
        None => keys::signing_key(tenant, KeyKind::GoTrue, ALGORITHM)?.sign(&[], claims),
    };
    signed.map_err(|error| Error::Keys(error.to_string()))
}

/// The claims of a token, if it is one of ours and it is its time.
///
/// # Errors
/// [`Error::Keys`], [`Error::Unconfigured`].
pub fn verify(
    tenant: &Tenant,
    token: &str,
    now: Time,
) -> Result<std::result::Result<Map<String, Value>, JwtError>> {
    if let Some(keys) = tenant.jwt_keys()? {
        return Ok(keys.verify(token, now.seconds()));
    }
    let token = match Unverified::parse(token) {
        Ok(token) => token,
        Err(error) => return Ok(Err(error)),
    };
    let kid = token.kid().unwrap_or_default();
    let verified = keys::with_verifying_key(tenant, &[KeyKind::GoTrue], kid, |key| {
        key.verifies(
            token.alg().unwrap_or_default(),
            token.message,
            token.signature,
        )
    })?;
    Ok(match verified {
        None => Err(JwtError::UnknownKey),
        Some(false) => Err(JwtError::Signature),
        Some(true) => token.claims_at(now.seconds()),
    })
}

/// What tokens are signed with, and whether others can check them.
///
/// # Errors
/// [`Error::Unconfigured`].
pub fn published(tenant: &Tenant) -> Result<Value> {
    Ok(match tenant.jwt_keys()? {
        Some(keys) => keys.public_set(),
        None => json!({ "keys": keys::published(tenant, &[(KeyKind::GoTrue, ALGORITHM)])?.keys }),
    })
}
