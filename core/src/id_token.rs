//! ID tokens of OpenID providers (OpenID Connect Core 1.0, section 3.1.3.7).

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::hash;
use crate::jwk_set::Unverified;

/// Clocks may differ by so much where a token says from when on it holds, in seconds.
const NOT_BEFORE_LEEWAY_S: f64 = 300.0;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
pub enum IdTokenError {
    /// It names a key that its issuer does not publish (any more, or yet).
    #[error("no key of its issuer has signed it")]
    UnknownKey,
    /// It is no token, not signed by the key that it names, or by none.
    #[error("its signature is not good")]
    Signature,
    /// Somebody else has issued it.
    #[error("its issuer is another")]
    Issuer,
    /// Its time is over or has not come.
    #[error("it is not its time")]
    Time,
    /// It belongs to another access token.
    #[error("its at_hash is that of another access token")]
    AccessToken,
}

/// An ID token that its issuer has signed.
#[derive(Debug, Clone)]
pub struct IdToken {
    algorithm: Algorithm,
    /// All of them.
    pub claims: Map<String, Value>,
}

/// The issuer that a token names, unchecked: to choose among those that are trusted.
pub fn claimed_issuer(token: &str) -> Option<String> {
    let unverified = Unverified::parse(token).ok()?;
    unverified.text_claim("iss").map(str::to_owned)
}

impl IdToken {
    /// Checks a token: signed by one of the keys (the `keys` of a JWK Set) of this issuer, and it is its time. `now_s` is in
    /// seconds since the epoch.
    ///
    /// # Errors
    /// [`IdTokenError`].
    pub fn verify(
        token: &str,
        keys: &[Value],
        issuer: &str,
        now_s: i64,
    ) -> Result<Self, IdTokenError> {
        let header = decode_header(token).map_err(|_| IdTokenError::Signature)?;
        let algorithm = header.alg;
        // Whoever knows a public key could sign with it as a secret.
        if is_symmetric(algorithm) {
            return Err(IdTokenError::Signature);
        }
        let mut candidates = keys
            .iter()
            .filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok())
            .filter(|key| is_for(key, header.kid.as_deref(), algorithm))
            .peekable();
        candidates.peek().ok_or(IdTokenError::UnknownKey)?;
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = candidates
            .find_map(|key| {
                let key = DecodingKey::from_jwk(&key).ok()?;
                decode::<Map<String, Value>>(token, &key, &validation).ok()
            })
            .ok_or(IdTokenError::Signature)?
            .claims;
        if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
            return Err(IdTokenError::Issuer);
        }
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        let now = now_s as f64;
        if time("exp").is_none_or(|expiry| now >= expiry)
            || time("nbf").is_some_and(|beginning| now + NOT_BEFORE_LEEWAY_S < beginning)
        {
            return Err(IdTokenError::Time);
        }
        Ok(Self { algorithm, claims })
    }

    #[cfg(test)]
    pub(crate) fn from_claims(claims: Map<String, Value>) -> Self {
        let algorithm = Algorithm::ES256;
        Self { algorithm, claims }
    }

    /// A claim that is a text; empty is absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        let text = self.claims.get(name)?.as_str()?;
        Some(text).filter(|text| !text.is_empty())
    }

    /// Whether it is for one of these clients.
    pub fn is_for_any(&self, clients: &[&str]) -> bool {
        let is_one = |audience: &Value| {
            let audience = audience.as_str().unwrap_or_default();
            !audience.is_empty() && clients.contains(&audience)
        };
        match self.claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(is_one),
            Some(audience) => is_one(audience),
            None => false,
        }
    }

    /// Refuses an access token that it was not issued with, if it says with which it was (section 3.1.3.6).
    ///
    /// # Errors
    /// [`IdTokenError::AccessToken`].
    pub fn check_access_token(&self, access_token: &str) -> Result<(), IdTokenError> {
        let Some(expected) = self.text("at_hash") else {
            return Ok(());
        };
        let algorithm = match self.algorithm {
            Algorithm::RS384 | Algorithm::ES384 | Algorithm::PS384 => &digest::SHA384,
            Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => &digest::SHA512,
            _ => &digest::SHA256,
        };
        let digest = digest::digest(algorithm, access_token.as_bytes());
        let half = &digest.as_ref()[..digest.as_ref().len() / 2];
        let actual = URL_SAFE_NO_PAD.encode(half);
        match hash::equal(actual.as_bytes(), expected.as_bytes()) {
            true => Ok(()),
            false => Err(IdTokenError::AccessToken),
        }
    }
}

fn is_symmetric(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
    )
}

/// Whether a key may have signed a token with this header. Keys without a name may have signed any.
fn is_for(key: &Jwk, kid: Option<&str>, algorithm: Algorithm) -> bool {
    let common = &key.common;
    let is_named = match (kid, common.key_id.as_deref()) {
        (Some(wanted), Some(own)) => wanted == own,
        (Some(_), None) | (None, _) => true,
    };
    let signs = !matches!(common.public_key_use, Some(PublicKeyUse::Encryption));
    let wanted = KeyAlgorithm::from(algorithm);
    let is_its_algorithm = common.key_algorithm.is_none_or(|own| own == wanted);
    is_named && signs && is_its_algorithm
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use serde_json::json;

    use super::*;
    use crate::signing::{self, SigningKey};

    const NOW_S: i64 = 1_800_000_000;
    const ISSUER: &str = "https://accounts.example.org";

    static KEY: LazyLock<(SigningKey, Value)> = LazyLock::new(|| key("k1"));

    fn key(kid: &str) -> (SigningKey, Value) {
        let algorithm = signing::Algorithm::Es256;
        let mut generated = signing::generate(algorithm).expect("a key");
        generated.public_jwk["kid"] = kid.into();
        let private = SigningKey::from_der(kid, algorithm, &generated.private_der);
        (private.expect("a key"), generated.public_jwk)
    }

    fn claims() -> Value {
        json!({"iss": ISSUER, "sub": "1", "aud": ["other", "mine"], "exp": NOW_S + 60, "email": "a@example.org"})
    }

    fn token(claims: &Value) -> String {
        KEY.0.sign(&[], claims).expect("a token")
    }

    fn keys() -> Vec<Value> {
        vec![json!({"kty": "unheard of"}), KEY.1.clone()]
    }

    fn verify(claims: &Value) -> Result<IdToken, IdTokenError> {
        IdToken::verify(&token(claims), &keys(), ISSUER, NOW_S)
    }

    #[test]
    fn a_good_token_is_taken() {
        let verified = verify(&claims()).expect("good");
        assert_eq!(verified.text("sub"), Some("1"));
        assert_eq!(verified.text("nonce"), None);
        assert!(verified.is_for_any(&["mine", "x"]));
        assert!(!verified.is_for_any(&["x", ""]));
        assert_eq!(claimed_issuer(&token(&claims())).as_deref(), Some(ISSUER));
    }

    /// Case 96, and GHSA-v36f-qvww-8w8m: an issuer that only looks like another is another.
    #[test]
    fn another_issuer_is_refused() {
        for other in [
            "http://accounts.example.org",
            "https://accounts.example.org/",
            "https://accounts.example.org.evil.example",
            "",
        ] {
            let mut claims = claims();
            claims["iss"] = other.into();
            assert_eq!(
                verify(&claims).unwrap_err(),
                IdTokenError::Issuer,
                "{other}"
            );
        }
    }

    #[test]
    fn times_count() {
        for (name, time, good) in [
            ("exp", json!(NOW_S), false),
            ("exp", json!(NOW_S + 1), true),
            ("exp", Value::Null, false),
            ("exp", json!("later"), false),
            ("nbf", json!(NOW_S + 300), true),
            ("nbf", json!(NOW_S + 301), false),
        ] {
            let mut claims = claims();
            claims[name] = time.clone();
            assert_eq!(verify(&claims).is_ok(), good, "{name} {time}");
        }
    }

    #[test]
    fn signatures_count() {
        let good = token(&claims());
        let other = key("k2").1;
        let outcome = |token: &str, keys: &[Value]| IdToken::verify(token, keys, ISSUER, NOW_S);
        assert_eq!(
            outcome(&good, std::slice::from_ref(&other)).unwrap_err(),
            IdTokenError::UnknownKey
        );
        let mut same_name = other;
        same_name["kid"] = KEY.1["kid"].clone();
        assert_eq!(
            outcome(&good, &[same_name]).unwrap_err(),
            IdTokenError::Signature
        );
        assert_eq!(outcome(&good, &[]).unwrap_err(), IdTokenError::UnknownKey);
        let (message, _) = good.rsplit_once('.').expect("three parts");
        for bad in [
            "",
            "a.b.c",
            message,
            &format!("{message}."),
            &format!("{message}.AAAA"),
            // {"alg":"none"} and {"alg":"HS256"}
            &format!(
                "eyJhbGciOiJub25lIn0.{}.",
                good.split('.').nth(1).expect("claims")
            ),
            &format!(
                "eyJhbGciOiJIUzI1NiJ9.{}.AAAA",
                good.split('.').nth(1).expect("claims")
            ),
        ] {
            assert_eq!(
                outcome(bad, &keys()).unwrap_err(),
                IdTokenError::Signature,
                "{bad}"
            );
        }
        // A key that is for something else.
        for (name, value) in [("use", "enc"), ("alg", "ES384")] {
            let mut key = KEY.1.clone();
            key[name] = value.into();
            assert_eq!(
                outcome(&good, &[key]).unwrap_err(),
                IdTokenError::UnknownKey
            );
        }
        // One without a name.
        let mut nameless = KEY.1.clone();
        nameless.as_object_mut().expect("an object").remove("kid");
        assert!(outcome(&good, &[nameless]).is_ok());
    }

    #[test]
    fn an_access_token_belongs_to_it() {
        let mut claims = claims();
        let check = |claims: &Value, token| {
            let verified = verify(claims).expect("good");
            verified.check_access_token(token)
        };
        assert_eq!(check(&claims, "any"), Ok(()));
        let digest = hash::sha256(b"access");
        claims["at_hash"] = URL_SAFE_NO_PAD.encode(&digest[..16]).into();
        assert_eq!(check(&claims, "access"), Ok(()));
        assert_eq!(check(&claims, "other"), Err(IdTokenError::AccessToken));
    }
}
