//! Access tokens in the dialect of SuperTokens (CDI, sections "Token kinds and versions" and
//! "Access-token payload").

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::signing::{KeyError, SigningKey, VerifyingKey};

/// Which claims a token has; the value of its header's `version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// CDI 2.21: no tenant. Verified, never minted.
    V3,
    /// CDI 3.0 and 3.1: adds `tId`.
    V4,
    /// CDI 4.0 and later: adds `rsub`.
    V5,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Self::V3 => "3",
            Self::V4 => "4",
            Self::V5 => "5",
        }
    }

    /// Claims that only the server sets.
    pub fn protected_claims(self) -> &'static [&'static str] {
        const ALL: &[&str] = &[
            "sub",
            "exp",
            "iat",
            "sessionHandle",
            "refreshTokenHash1",
            "parentRefreshTokenHash1",
            "antiCsrfToken",
            "tId",
            "rsub",
        ];
        match self {
            Self::V3 => &ALL[..7],
            Self::V4 => &ALL[..8],
            Self::V5 => ALL,
        }
    }

    /// Whether a user payload holds a name that only the server sets.
    pub fn has_protected_claim(self, payload: &Map<String, Value>) -> bool {
        self.protected_claims()
            .iter()
            .any(|name| payload.contains_key(*name))
    }
}

/// Why a token is refused. The texts are what CDI clients see as `message`.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TokenError {
    /// Not three parts of base64url with a JSON header of ours.
    #[error("Invalid JWT token")]
    Malformed,
    /// No key of the app has that `kid`.
    #[error("JWT signing key not found")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("JWT verification failed")]
    BadSignature,
    /// A claim is missing or of the wrong type.
    #[error(
        "Access token does not contain all the information. Maybe the structure has changed? {0}"
    )]
    MissingClaim(&'static str),
    /// Its time is over.
    #[error("Access token expired")]
    Expired,
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessToken {
    /// Which claims it has.
    pub version: Version,
    /// The session's handle, with its tenant.
    pub session_handle: String,
    /// The primary user's id (`sub`).
    pub user_id: String,
    /// The login method's id (`rsub`).
    pub recipe_user_id: String,
    /// The tenant (`tId`).
    pub tenant_id: String,
    /// Hash of the refresh token that was issued with (or before) this token.
    pub refresh_token_hash: String,
    /// Hash of the refresh token that was presented to get this one, while that is not yet replaced.
    pub parent_refresh_token_hash: Option<String>,
    /// The anti-CSRF value that must come with the token.
    pub anti_csrf: Option<String>,
    /// The application's own claims.
    pub payload: Map<String, Value>,
    /// Seconds since the epoch.
    pub issued_at: i64,
    /// Seconds since the epoch.
    pub expires_at: i64,
}

impl AccessToken {
    /// The token's text.
    ///
    /// # Errors
    /// [`KeyError`] when the key would not sign.
    pub fn sign(&self, key: &SigningKey) -> Result<String, KeyError> {
        let mut claims = self.payload.clone();
        let text = |value: &Option<String>| value.as_deref().map_or(Value::Null, Value::from);
        claims.insert("sub".into(), self.user_id.as_str().into());
        claims.insert("exp".into(), self.expires_at.into());
        claims.insert("iat".into(), self.issued_at.into());
        claims.insert("sessionHandle".into(), self.session_handle.as_str().into());
        claims.insert(
            "refreshTokenHash1".into(),
            self.refresh_token_hash.as_str().into(),
        );
        claims.insert(
            "parentRefreshTokenHash1".into(),
            text(&self.parent_refresh_token_hash),
        );
        claims.insert("antiCsrfToken".into(), text(&self.anti_csrf));
        if self.version >= Version::V4 {
            claims.insert("tId".into(), self.tenant_id.as_str().into());
        }
        if self.version >= Version::V5 {
            claims.insert("rsub".into(), self.recipe_user_id.as_str().into());
        }
        key.sign(&[("version", self.version.name())], &Value::Object(claims))
    }
}

/// A token taken apart, its signature not yet checked.
pub struct Unverified<'a> {
    alg: String,
    /// Names the key that must have signed it.
    pub kid: String,
    version: Version,
    message: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> Unverified<'a> {
    /// Takes a token's text apart.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] for anything that is no JWT with a `kid` and a version of ours.
    pub fn parse(text: &'a str) -> Result<Self, TokenError> {
        let malformed = TokenError::Malformed;
        let Some((message, signature)) = text.rsplit_once('.') else {
            return Err(malformed);
        };
        let Some((header, claims)) = message.split_once('.') else {
            return Err(malformed);
        };
        let header = decode_object(header).ok_or(malformed)?;
        let member = |name: &str| header.get(name).and_then(Value::as_str);
        let version = match header.get("version") {
            // A token made with the JWT recipe may carry a session's claims: the newest version.
            None => Version::V5,
            Some(value) => match value.as_str() {
                Some("3") => Version::V3,
                Some("4") => Version::V4,
                Some("5") => Version::V5,
                _ => return Err(TokenError::Malformed),
            },
        };
        if member("typ") != Some("JWT") {
            return Err(TokenError::Malformed);
        }
        let (Some(alg), Some(kid)) = (member("alg"), member("kid")) else {
            return Err(TokenError::Malformed);
        };
        let (alg, kid) = (alg.to_owned(), kid.to_owned());
        Ok(Self {
            alg,
            kid,
            version,
            message,
            claims,
            signature,
        })
    }

    /// Checks the signature, then the claims (not the time).
    ///
    /// # Errors
    /// [`TokenError::BadSignature`] or [`TokenError::MissingClaim`].
    pub fn verify(self, key: &VerifyingKey) -> Result<AccessToken, TokenError> {
        if !key.verifies(&self.alg, self.message, self.signature) {
            return Err(TokenError::BadSignature);
        }
        let mut claims = decode_object(self.claims).ok_or(TokenError::Malformed)?;
        let version = self.version;
        let session_handle = text_claim(&mut claims, "sessionHandle")?;
        let user_id = text_claim(&mut claims, "sub")?;
        let refresh_token_hash = text_claim(&mut claims, "refreshTokenHash1")?;
        let parent_refresh_token_hash = nullable_claim(&mut claims, "parentRefreshTokenHash1")?;
        let anti_csrf = nullable_claim(&mut claims, "antiCsrfToken")?;
        let expires_at = seconds_claim(&mut claims, "exp")?;
        let issued_at = seconds_claim(&mut claims, "iat")?;
        let tenant_id = if version >= Version::V4 {
            text_claim(&mut claims, "tId")?
        } else {
            "public".to_owned()
        };
        let recipe_user_id = if version >= Version::V5 {
            text_claim(&mut claims, "rsub")?
        } else {
            user_id.clone()
        };
        // An OAuth access token is no session token, whatever else it carries.
        if claims.get("stt").is_some_and(|stt| stt.as_i64() != Some(0)) {
            return Err(TokenError::MissingClaim("stt"));
        }
        Ok(AccessToken {
            version,
            session_handle,
            user_id,
            recipe_user_id,
            tenant_id,
            refresh_token_hash,
            parent_refresh_token_hash,
            anti_csrf,
            payload: claims,
            issued_at,
            expires_at,
        })
    }
}

fn decode_object(part: &str) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn text_claim(claims: &mut Map<String, Value>, name: &'static str) -> Result<String, TokenError> {
    match claims.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(TokenError::MissingClaim(name)),
    }
}

/// A claim that must be present but may be null.
fn nullable_claim(
    claims: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<String>, TokenError> {
    match claims.remove(name) {
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Null) => Ok(None),
        _ => Err(TokenError::MissingClaim(name)),
    }
}

fn seconds_claim(claims: &mut Map<String, Value>, name: &'static str) -> Result<i64, TokenError> {
    claims
        .remove(name)
        .and_then(|value| value.as_i64())
        .ok_or(TokenError::MissingClaim(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::signing::{Algorithm, generate};

    fn keys() -> (SigningKey, VerifyingKey) {
        let made = generate(Algorithm::Es256).unwrap();
        (
            SigningKey::from_der("d-1", Algorithm::Es256, &made.private_der).unwrap(),
            VerifyingKey::from_jwk(&made.public_jwk).unwrap(),
        )
    }

    fn token(version: Version) -> AccessToken {
        let Value::Object(payload) = json!({"role": null, "n": {"a": 1}}) else {
            unreachable!()
        };
        AccessToken {
            version,
            session_handle: "h_t1".into(),
            user_id: "u".into(),
            recipe_user_id: if version >= Version::V5 { "r" } else { "u" }.into(),
            tenant_id: if version >= Version::V4 {
                "t1"
            } else {
                "public"
            }
            .into(),
            refresh_token_hash: "ab".into(),
            parent_refresh_token_hash: None,
            anti_csrf: Some("x".into()),
            payload,
            issued_at: 1,
            expires_at: 2,
        }
    }

    #[test]
    fn every_version_survives_signing_and_verifying() {
        let (signing, verifying) = keys();
        for version in [Version::V3, Version::V4, Version::V5] {
            let text = token(version).sign(&signing).unwrap();
            let read = Unverified::parse(&text).unwrap();
            assert_eq!(read.kid, "d-1");
            assert_eq!(read.verify(&verifying).unwrap(), token(version));
        }
    }

    #[test]
    fn malformed_headers_are_refused_and_never_panic() {
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let good = json!({"alg": "ES256", "typ": "JWT", "kid": "d-1", "version": "5"});
        let with = |name: &str, value: Value| {
            let mut header = good.clone();
            header[name] = value;
            format!("{}.{}.x", encode(header), encode(json!({})))
        };
        for text in [
            String::new(),
            "a".into(),
            "a.b".into(),
            "a.b.c".into(),
            "..".into(),
            "a.b.c.d".into(),
            format!("{}.{}.x", encode(json!([])), encode(json!({}))),
            format!(
                "{}.{}.x",
                encode(json!({"alg": "ES256", "typ": "JWT"})),
                encode(json!({}))
            ),
            with("kid", json!(1)),
            with("version", json!(5)),
            with("version", json!("6")),
            with("typ", json!("jwt")),
            with("alg", Value::Null),
        ] {
            assert_eq!(
                Unverified::parse(&text).err(),
                Some(TokenError::Malformed),
                "{text}"
            );
        }
    }

    #[test]
    fn a_missing_claim_is_named_and_an_oauth_token_is_no_session() {
        let (signing, verifying) = keys();
        let mut full = json!({"sub": "u", "exp": 2, "iat": 1, "sessionHandle": "h", "tId": "public",
            "rsub": "r", "refreshTokenHash1": "a", "parentRefreshTokenHash1": null,
            "antiCsrfToken": null});
        let verify = |claims: &Value| {
            let text = signing.sign(&[("version", "5")], claims).unwrap();
            Unverified::parse(&text).unwrap().verify(&verifying)
        };
        assert!(verify(&full).is_ok());
        for name in Version::V5.protected_claims() {
            let mut without = full.clone();
            without.as_object_mut().unwrap().remove(*name);
            assert_eq!(verify(&without).err(), Some(TokenError::MissingClaim(name)));
        }
        full["stt"] = json!(1);
        assert_eq!(verify(&full).err(), Some(TokenError::MissingClaim("stt")));
        full["stt"] = json!(0);
        assert!(verify(&full).is_ok());
    }

    #[test]
    fn protected_claims_grow_with_the_version() {
        let payload = |name: &str| Map::from_iter([(name.to_owned(), Value::Null)]);
        assert!(!Version::V3.has_protected_claim(&payload("tId")));
        assert!(Version::V4.has_protected_claim(&payload("tId")));
        assert!(!Version::V4.has_protected_claim(&payload("rsub")));
        assert!(Version::V5.has_protected_claim(&payload("rsub")));
        assert!(!Version::V5.has_protected_claim(&payload("iss")));
    }
}
