//! Checking the tokens that callers bring.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use thiserror::Error;

use super::JwtKeys;

/// Why a token is refused; 403 `bad_jwt` (section 2).
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
pub enum JwtError {
    /// Not three parts of base64url with JSON objects in the first two, or a time that is no number.
    #[error("invalid JWT: unable to parse or verify signature, token is malformed")]
    Malformed,
    /// No key has its `kid` and `alg`, or its header asks for an extension (RFC 7515, section 4.1.11).
    #[error(
        "invalid JWT: unable to parse or verify signature, token is unverifiable: no key for its kid and algorithm"
    )]
    UnknownKey,
    /// The signature is not the key's.
    #[error(
        "invalid JWT: unable to parse or verify signature, token signature is invalid: signature is invalid"
    )]
    Signature,
    /// `exp` has come.
    #[error(
        "invalid JWT: unable to parse or verify signature, token has invalid claims: token is expired"
    )]
    Expired,
    /// `nbf` has not.
    #[error(
        "invalid JWT: unable to parse or verify signature, token has invalid claims: token is not valid yet"
    )]
    NotYet,
}

/// A token that has been taken apart, and not checked.
pub struct Unverified<'a> {
    /// What is signed.
    pub message: &'a str,
    /// In base64url.
    pub signature: &'a str,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`JwtError::Malformed`].
    pub fn parse(token: &'a str) -> Result<Self, JwtError> {
        let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(JwtError::Malformed)?;
        Ok(Self {
            message,
            signature,
            header: object(header)?,
            claims: object(claims)?,
        })
    }

    /// The algorithm that the header names.
    pub fn alg(&self) -> Option<&str> {
        self.header.get("alg").and_then(Value::as_str)
    }

    /// The key that the header names.
    pub fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// A claim that is a text, unchecked.
    pub fn text_claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// The claims, of a token whose signature is good, if it is its time. `exp` and `nbf` may be missing and have no
    /// leeway; `iat` is not looked at. `now_s` is in seconds since the epoch.
    ///
    /// # Errors
    /// [`JwtError::Expired`], [`JwtError::NotYet`], [`JwtError::Malformed`].
    pub fn claims_at(self, now_s: i64) -> Result<Map<String, Value>, JwtError> {
        let (claims, now) = (self.claims, now_s as f64);
        if time(&claims, "exp")?.is_some_and(|expiry| now >= expiry) {
            Err(JwtError::Expired)
        } else if time(&claims, "nbf")?.is_some_and(|beginning| now < beginning) {
            Err(JwtError::NotYet)
        } else {
            Ok(claims)
        }
    }
}

impl JwtKeys {
    /// The claims of a token, if one of the keys signed it and it is its time.
    ///
    /// # Errors
    /// [`JwtError`], see there.
    pub fn verify(&self, token: &str, now_s: i64) -> Result<Map<String, Value>, JwtError> {
        let token = Unverified::parse(token)?;
        let signature = decode(token.signature)?;
        let alg = token.alg().ok_or(JwtError::Malformed)?;
        let key = self
            .verification_key(alg, token.kid())
            .filter(|_| !token.header.contains_key("crit"))
            .ok_or(JwtError::UnknownKey)?;
        if !key.verifies(token.message.as_bytes(), &signature) {
            return Err(JwtError::Signature);
        }
        token.claims_at(now_s)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwtError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JwtError::Malformed)
}

fn object(part: &str) -> Result<Map<String, Value>, JwtError> {
    serde_json::from_slice(&decode(part)?).map_err(|_| JwtError::Malformed)
}

/// A claim that is a time: seconds since the epoch, perhaps with a fraction (RFC 7519, section 2).
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, JwtError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(JwtError::Malformed),
    }
}
