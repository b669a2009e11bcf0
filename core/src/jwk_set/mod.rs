//! The keys of GoTrue's access tokens (3.7): cfg.JWT_KEYS, a JSON array of private JSON Web Keys (RFC 7517), and
//! cfg.JWT_SECRET beside them.
//!
//! They are the operator's own, and more kinds of them than [`crate::signing`] makes and stores.

mod key;
mod token;

use serde_json::{Value, json};
use thiserror::Error;

pub use key::{Algorithm, JwkError};
pub use token::{JwtError, Unverified};

use crate::signing::{KeyError, compact};
use key::Key;

/// Why settings give no keys. No variant carries key material.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum JwtKeysError {
    /// cfg.JWT_SECRET is empty; it also checks tokens when JWT_KEYS is set.
    #[error("JWT_SECRET is missing")]
    Secret,
    /// cfg.JWT_KEYS is something else, or an array of nothing.
    #[error("JWT_KEYS is not a JSON array of keys")]
    Array,
    /// One of its keys; the number counts from 1.
    #[error("key {0} of JWT_KEYS: {1}")]
    Key(usize, JwkError),
    /// Two keys of one name.
    #[error("key {0} of JWT_KEYS has the kid of another")]
    SameKid(usize),
    /// No key's `key_ops` has `sign`.
    #[error("no signing key detected")]
    NoSigningKey,
    /// More than one has.
    #[error("multiple signing keys detected, only 1 signing key is supported")]
    SeveralSigningKeys,
}

/// All keys of an app.
pub struct JwtKeys {
    /// cfg.JWT_KEYS.
    keys: Vec<Key>,
    /// cfg.JWT_SECRET.
    secret: Key,
    /// Which of `keys` signs; the secret does when there are none.
    signing: Option<usize>,
}

impl JwtKeys {
    /// From cfg.JWT_KEYS (empty when it is not set), cfg.JWT_SECRET (whose bytes are the key) and cfg.JWT_KEY_ID
    /// (empty when the secret has no name).
    ///
    /// # Errors
    /// [`JwtKeysError`], see there.
    pub fn new(jwt_keys: &str, jwt_secret: &str, jwt_key_id: &str) -> Result<Self, JwtKeysError> {
        if jwt_secret.is_empty() {
            return Err(JwtKeysError::Secret);
        }
        let kid = (!jwt_key_id.is_empty()).then(|| jwt_key_id.to_owned());
        let mut set = Self {
            keys: Vec::new(),
            secret: Key::of_secret(jwt_secret.as_bytes(), kid),
            signing: None,
        };
        if !jwt_keys.trim().is_empty() {
            set.read(jwt_keys)?;
        }
        Ok(set)
    }

    fn read(&mut self, jwt_keys: &str) -> Result<(), JwtKeysError> {
        let documents = match serde_json::from_str(jwt_keys) {
            Ok(Value::Array(documents)) if !documents.is_empty() => documents,
            _ => return Err(JwtKeysError::Array),
        };
        for (index, jwk) in documents.iter().enumerate() {
            let number = index + 1;
            let key = Key::of_jwk(jwk).map_err(|why| JwtKeysError::Key(number, why))?;
            if self.keys.iter().any(|other| other.kid == key.kid) {
                return Err(JwtKeysError::SameKid(number));
            }
            if key.can_sign() && self.signing.replace(index).is_some() {
                return Err(JwtKeysError::SeveralSigningKeys);
            }
            self.keys.push(key);
        }
        self.signing.map(|_| ()).ok_or(JwtKeysError::NoSigningKey)
    }

    fn signing_key(&self) -> &Key {
        self.signing.map_or(&self.secret, |index| &self.keys[index])
    }

    /// What tokens are signed with. Some are only for keys that have a public half (3.10).
    pub fn algorithm(&self) -> Algorithm {
        self.signing_key().algorithm
    }

    /// The document of `/.well-known/jwks.json`: public halves only, and nothing of a key that has none.
    pub fn public_set(&self) -> Value {
        let keys: Vec<_> = self.keys.iter().filter_map(Key::public_jwk).collect();
        json!({ "keys": keys })
    }

    /// Signs claims. The header has `alg`, `typ`, and `kid` if the key has one.
    ///
    /// # Errors
    /// [`KeyError`] when the key would not sign.
    pub fn sign(&self, claims: &Value) -> Result<String, KeyError> {
        let key = self.signing_key();
        let mut header = json!({"alg": key.algorithm.name(), "typ": "JWT"});
        if let Some(kid) = &key.kid {
            header["kid"] = Value::from(kid.as_str());
        }
        compact(&header, claims, |message| key.sign(message))
    }

    /// The key that a token's header names: that of its `kid`; else, for HS256, the secret. A token does not choose how
    /// a key is used (RFC 8725, section 3.1): its `alg` must be the key's own.
    fn verification_key(&self, alg: &str, kid: Option<&str>) -> Option<&Key> {
        self.keys
            .iter()
            .find(|key| kid.is_some() && key.kid.as_deref() == kid)
            .or(Some(&self.secret))
            .filter(|key| key.algorithm.name() == alg)
    }
}

#[cfg(test)]
mod tests;
