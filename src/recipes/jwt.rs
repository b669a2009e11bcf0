//! Tokens with claims of the application's own (CDI, "JWT").

use auth_core::signing::Algorithm;
use serde_json::{Map, Value, json};

use crate::db::Time;
use crate::error::{Error, Result};
use crate::keys::{self, KeyKind};
use crate::tenant::Tenant;

/// Signs a token that is good for `validity_s` seconds. `jwks_domain`, when it is not empty, says where its
/// key is published, and becomes the issuer unless the payload names one.
///
/// # Errors
/// [`Error::Invalid`] for a validity that is not positive, [`Error::Keys`].
pub fn create(
    app: &Tenant,
    payload: Map<String, Value>,
    validity_s: i64,
    jwks_domain: Option<&str>,
    kind: KeyKind,
    algorithm: Algorithm,
) -> Result<String> {
    if validity_s <= 0 {
        return Err(Error::invalid(
            "validity must be greater than or equal to 0",
        ));
    }
    let key = keys::signing_key(app, kind, algorithm)?;
    let now = Time::now().seconds();
    let mut claims = Map::new();
    if let Some(domain) = jwks_domain.filter(|domain| !domain.is_empty()) {
        claims.insert("iss".into(), domain.into());
    }
    claims.extend(payload);
    claims.insert("iat".into(), now.into());
    claims.insert("exp".into(), now.saturating_add(validity_s).into());
    key.sign(&[], &json!(claims))
        .map_err(|error| Error::Keys(error.to_string()))
}
