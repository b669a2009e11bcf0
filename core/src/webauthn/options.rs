//! Options of registrations and sign-ins (CDI reference, section 3.13, "Options").

use serde_json::Value;
use thiserror::Error;

use super::origin;

/// How long options hold when nobody says.
const DEFAULT_TIMEOUT_MS: i64 = 6000;
/// EdDSA, ES256 and RS256 (IANA registry "COSE Algorithms").
const DEFAULT_ALGORITHMS: [i64; 3] = [-8, -7, -257];

/// Why options are refused: the reason of an `INVALID_OPTIONS_ERROR`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OptionsError {
    /// The origin of an Android application without the hash of its certificate.
    #[error("Android origin must contain a valid base64 hash")]
    AndroidHashMissing,
    /// That hash has other characters than base64url.
    #[error("Android origin hash must be valid URL-safe base64 (no padding)")]
    AndroidHashAlphabet,
    /// That hash is no SHA-256.
    #[error("Android origin hash must be 43 characters (base64url SHA-256)")]
    AndroidHashLength,
    /// The origin is no URL of a web site.
    #[error("Origin has to be a valid url!")]
    Origin,
    /// The origin's host is neither the relying party nor below it.
    #[error("Origin does not match RelyingParty Id")]
    RelyingParty,
    /// The timeout is negative.
    #[error("Timeout must be a positive value")]
    Timeout,
    /// No such requirement; the value.
    #[error(
        "Invalid value '{0}' for userVerification. Must be one of: required, discouraged, preferred"
    )]
    UserVerification(String),
    /// No such conveyance of attestation; the value.
    #[error(
        "Invalid value '{0}' for attestation. Must be one of: none, indirect, direct, enterprise"
    )]
    Attestation(String),
    /// No such requirement; the value.
    #[error(
        "Invalid value '{0}' for residentKey. Must be one of: required, discouraged, preferred"
    )]
    ResidentKey(String),
    /// The algorithms are not a list of whole numbers; what the parser says.
    #[error("{0}")]
    Algorithms(String),
    /// The options were good once.
    #[error("Options expired")]
    Expired,
}

/// How much the relying party wants something of the authenticator (W3C, sections 5.4.6 and 5.8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Fails without it.
    Required,
    /// Would rather not have it.
    Discouraged,
    /// Would like to have it.
    Preferred,
}

impl Requirement {
    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Discouraged => "discouraged",
            Self::Preferred => "preferred",
        }
    }

    /// The requirement of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Required, Self::Discouraged, Self::Preferred]
            .into_iter()
            .find(|requirement| requirement.name() == name)
    }
}

/// How the browser shall pass on what the authenticator says about its make (W3C, section 5.4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attestation {
    /// Not at all.
    None,
    /// In a form that the browser may have made anonymous.
    Indirect,
    /// As the authenticator says it.
    Direct,
    /// With what identifies the single authenticator.
    Enterprise,
}

impl Attestation {
    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Indirect => "indirect",
            Self::Direct => "direct",
            Self::Enterprise => "enterprise",
        }
    }

    /// The conveyance of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Indirect, Self::Direct, Self::Enterprise]
            .into_iter()
            .find(|attestation| attestation.name() == name)
    }
}

/// What a caller asks for, of a sign-in or of any ceremony; `None` is the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct CeremonyRequest<'a> {
    /// A domain.
    pub relying_party_id: &'a str,
    /// For people.
    pub relying_party_name: &'a str,
    /// Of the page or application that will call the authenticator.
    pub origin: &'a str,
    /// In milliseconds.
    pub timeout_ms: Option<i64>,
    /// A [`Requirement`].
    pub user_verification: Option<&'a str>,
    /// Whether the authenticator must say that a user was there.
    pub user_presence: Option<bool>,
}

/// Options of a sign-in, or what those of a registration have in common with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CeremonyOptions<'a> {
    /// A domain.
    pub relying_party_id: &'a str,
    /// For people.
    pub relying_party_name: &'a str,
    /// As it was given.
    pub origin: &'a str,
    /// In milliseconds, not negative.
    pub timeout_ms: i64,
    /// Whether the authenticator shall check who its user is.
    pub user_verification: Requirement,
    /// Whether the authenticator must say that a user was there.
    pub user_presence: bool,
}

impl<'a> CeremonyRequest<'a> {
    /// Checks the request and fills in what it leaves open.
    ///
    /// # Errors
    /// [`OptionsError`], the first in the order of the reference.
    pub fn validate(self) -> Result<CeremonyOptions<'a>, OptionsError> {
        origin::check(self.origin, self.relying_party_id)?;
        let timeout_ms = self.timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS);
        if timeout_ms < 0 {
            return Err(OptionsError::Timeout);
        }
        Ok(CeremonyOptions {
            relying_party_id: self.relying_party_id,
            relying_party_name: self.relying_party_name,
            origin: self.origin,
            timeout_ms,
            user_verification: named(
                self.user_verification,
                Requirement::from_name,
                Requirement::Preferred,
                OptionsError::UserVerification,
            )?,
            user_presence: self.user_presence.unwrap_or(false),
        })
    }
}

impl CeremonyOptions<'_> {
    /// When options that were made then expire. Both in milliseconds since 1970.
    pub fn expires_at_ms(&self, created_at_ms: i64) -> i64 {
        created_at_ms.saturating_add(self.timeout_ms)
    }
}

/// What a caller asks for, of a registration; `None` is the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct RegisterRequest<'a> {
    /// What sign-ins have too.
    pub ceremony: CeremonyRequest<'a>,
    /// The user's address, which is the display name too by default.
    pub email: &'a str,
    /// For people.
    pub display_name: Option<&'a str>,
    /// An [`Attestation`].
    pub attestation: Option<&'a str>,
    /// A [`Requirement`].
    pub resident_key: Option<&'a str>,
    /// The member `supportedAlgorithmIDs`, as it came.
    pub algorithms: Option<&'a Value>,
}

/// Options of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterOptions<'a> {
    /// What sign-ins have too.
    pub ceremony: CeremonyOptions<'a>,
    /// For people.
    pub display_name: &'a str,
    /// How the browser shall pass on what the authenticator says about its make.
    pub attestation: Attestation,
    /// Whether the authenticator shall find the credential without being told its id.
    pub resident_key: Requirement,
    /// COSE algorithms, the most welcome first.
    pub algorithms: Vec<i64>,
}

impl<'a> RegisterRequest<'a> {
    /// Checks the request and fills in what it leaves open.
    ///
    /// # Errors
    /// [`OptionsError`], the first in the order of the reference.
    pub fn validate(self) -> Result<RegisterOptions<'a>, OptionsError> {
        Ok(RegisterOptions {
            ceremony: self.ceremony.validate()?,
            display_name: self.display_name.unwrap_or(self.email),
            attestation: named(
                self.attestation,
                Attestation::from_name,
                Attestation::None,
                OptionsError::Attestation,
            )?,
            resident_key: named(
                self.resident_key,
                Requirement::from_name,
                Requirement::Required,
                OptionsError::ResidentKey,
            )?,
            algorithms: match self.algorithms {
                Some(list) => {
                    serde::Deserialize::deserialize(list).map_err(|error: serde_json::Error| {
                        OptionsError::Algorithms(error.to_string())
                    })?
                }
                None => DEFAULT_ALGORITHMS.to_vec(),
            },
        })
    }
}

/// What stands under a name, or the default when none is given.
fn named<T>(
    name: Option<&str>,
    from_name: fn(&str) -> Option<T>,
    default: T,
    refusal: fn(String) -> OptionsError,
) -> Result<T, OptionsError> {
    match name {
        Some(name) => from_name(name).ok_or_else(|| refusal(name.to_owned())),
        None => Ok(default),
    }
}

/// Checks that options still hold. Both times in milliseconds since 1970.
///
/// # Errors
/// [`OptionsError::Expired`] after the moment of expiry.
pub fn check_unexpired(expires_at_ms: i64, now_ms: i64) -> Result<(), OptionsError> {
    if now_ms > expires_at_ms {
        Err(OptionsError::Expired)
    } else {
        Ok(())
    }
}
