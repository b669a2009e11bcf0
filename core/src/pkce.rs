//! Proof Key for Code Exchange (RFC 7636) with GoTrue's rules (4.8).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use thiserror::Error;

use crate::hash;

/// Why PKCE parameters are refused; 400 `validation_failed`, and [`PkceError::Mismatch`] 400 `bad_code_verifier`.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
pub enum PkceError {
    /// Only one of the two was given.
    #[error("PKCE flow requires code_challenge_method and code_challenge")]
    Incomplete,
    /// Fewer than 43 or more than 128 characters (RFC 7636, section 4.2).
    #[error("code challenge has to be between 43 and 128 characters")]
    Length,
    /// Something else than letters, digits and `-._~`.
    #[error(
        "code challenge can only contain alphanumeric characters, hyphens, periods, underscores and tildes"
    )]
    Characters,
    /// Neither `s256` nor `plain`.
    #[error("unsupported code_challenge method")]
    Method,
    /// The verifier is not the one that the challenge was made of.
    #[error("code challenge does not match previously saved code verifier")]
    Mismatch,
}

/// How a challenge is made of its verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// base64url of SHA-256, without padding.
    S256,
    /// The verifier itself.
    Plain,
}

impl Method {
    /// Its name as it is stored: in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::S256 => "s256",
            Self::Plain => "plain",
        }
    }

    /// Reads `code_challenge_method`, in any case.
    ///
    /// # Errors
    /// [`PkceError::Method`].
    pub fn parse(name: &str) -> Result<Self, PkceError> {
        [Self::S256, Self::Plain]
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(name))
            .ok_or(PkceError::Method)
    }
}

/// What a client keeps its verifier to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// `code_challenge_method`.
    pub method: Method,
    /// `code_challenge`.
    pub text: String,
}

impl Challenge {
    /// Reads a request's `code_challenge` and `code_challenge_method`; `None` when it has neither. Empty is absent.
    ///
    /// # Errors
    /// [`PkceError`], except `Mismatch`.
    pub fn of_request(challenge: &str, method: &str) -> Result<Option<Self>, PkceError> {
        match (challenge.is_empty(), method.is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => {}
            _ => return Err(PkceError::Incomplete),
        }
        if !(43..=128).contains(&challenge.chars().count()) {
            return Err(PkceError::Length);
        }
        let is_unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        if !challenge.bytes().all(is_unreserved) {
            return Err(PkceError::Characters);
        }
        Ok(Some(Self {
            method: Method::parse(method)?,
            text: challenge.to_owned(),
        }))
    }

    /// Checks `code_verifier` against the challenge.
    ///
    /// # Errors
    /// [`PkceError::Mismatch`].
    pub fn verify(&self, verifier: &str) -> Result<(), PkceError> {
        let made = match self.method {
            Method::S256 => URL_SAFE_NO_PAD.encode(hash::sha256(verifier.as_bytes())),
            Method::Plain => verifier.to_owned(),
        };
        if hash::equal(made.as_bytes(), self.text.as_bytes()) {
            Ok(())
        } else {
            Err(PkceError::Mismatch)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn of_request(challenge: &str, method: &str) -> Result<Option<Challenge>, PkceError> {
        Challenge::of_request(challenge, method)
    }

    #[test]
    fn the_verifier_of_the_rfc() {
        let challenge = of_request(CHALLENGE, "S256").unwrap().unwrap();
        assert_eq!(challenge.method.name(), "s256");
        assert_eq!(challenge.verify(VERIFIER), Ok(()));
        for verifier in ["", CHALLENGE, &format!("{VERIFIER}=")] {
            assert_eq!(challenge.verify(verifier), Err(PkceError::Mismatch));
        }
    }

    /// Case 91.
    #[test]
    fn plain_is_the_verifier_itself() {
        let challenge = of_request(VERIFIER, "Plain").unwrap().unwrap();
        assert_eq!(challenge.verify(VERIFIER), Ok(()));
        assert_eq!(challenge.verify(CHALLENGE), Err(PkceError::Mismatch));
    }

    /// Cases 50 to 52.
    #[test]
    fn parameters() {
        assert_eq!(of_request("", ""), Ok(None));
        assert_eq!(of_request(CHALLENGE, ""), Err(PkceError::Incomplete));
        assert_eq!(of_request("", "s256"), Err(PkceError::Incomplete));
        for length in [43, 128] {
            assert!(of_request(&"a".repeat(length), "s256").is_ok(), "{length}");
        }
        for length in [1, 42, 129] {
            let error = of_request(&"~".repeat(length), "s256").unwrap_err();
            assert_eq!(error, PkceError::Length, "{length}");
        }
        for character in ["+", "/", "=", "ä", " "] {
            let challenge = character.repeat(43);
            let error = of_request(&challenge, "s256").unwrap_err();
            assert_eq!(error, PkceError::Characters, "{character}");
        }
        assert!(of_request(&"aZ09-._~".repeat(6), "s256").is_ok());
        for method in ["S256", "s256", "plain", "Plain", "PLAIN"] {
            assert!(of_request(CHALLENGE, method).is_ok(), "{method}");
        }
        for method in ["md5", "s256 ", "S-256"] {
            assert_eq!(of_request(CHALLENGE, method), Err(PkceError::Method));
        }
    }
}
