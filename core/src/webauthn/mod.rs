//! What WebAuthn demands of a relying party (CDI reference, sections 2.14 and 3.13; W3C Web Authentication Level 3,
//! sections 7.1 and 7.2): options, and the verification of what a browser answers to them.
//!
//! A registration or sign-in goes through four steps, so that the caller can look rows up between them and each has its
//! own kind of refusal:
//!
//! 1. [`Credential::read`]: the credential's id and type ([`CredentialError`]). Now the row of the id can be found.
//! 2. [`check_unexpired`]: the stored options still hold ([`OptionsError`]).
//! 3. [`Credential::registration`] or [`Credential::assertion`]: the rest of it can be parsed ([`CredentialError`]).
//! 4. [`RegistrationResponse::verify`] or [`AssertionResponse::verify`]: it is the answer to these options, and of this
//!    key ([`AuthenticatorError`]).
//!
//! The reason in the protocol's answer is what the errors display.
//!
//! JSON is read by `serde_json`, CBOR by `ciborium`, keys by `coset`, and `aws-lc-rs` verifies signatures. Nothing reads
//! attestation statements: who made the authenticator decides nothing here, so any format is accepted.

mod assertion;
mod authenticator_data;
mod cbor;
mod client_data;
mod cose;
mod credential;
mod options;
mod origin;
mod registration;
#[cfg(test)]
mod tests;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use thiserror::Error;

use crate::random;

pub use assertion::{AssertionResponse, StoredCredential, VerifiedAssertion};
pub use cose::KeyError;
pub use credential::{Credential, CredentialError, CredentialId};
pub use options::{
    Attestation, CeremonyOptions, CeremonyRequest, OptionsError, RegisterOptions, RegisterRequest,
    Requirement, check_unexpired,
};
pub use registration::{NewCredential, RegistrationResponse};

/// What the stored options demand of the answer to them.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The challenge, as it was answered with the options.
    pub challenge: &'a str,
    /// The origin, as it was given.
    pub origin: &'a str,
    /// The relying party's id.
    pub relying_party_id: &'a str,
    /// Only [`Requirement::Required`] is checked.
    pub user_verification: Requirement,
    /// Whether the authenticator must say that a user was there.
    pub user_presence: bool,
}

/// Why a well-formed answer is refused: the reason of an `INVALID_AUTHENTICATOR_ERROR`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuthenticatorError {
    /// The client data belong to another kind of ceremony; the one that they should belong to.
    #[error("The client data is not of type '{0}'")]
    Ceremony(&'static str),
    /// It answers other options.
    #[error("The challenge does not match the options")]
    Challenge,
    /// It was made for another web site or application.
    #[error("The origin does not match the options")]
    Origin,
    /// It was made inside of a frame that another origin embeds.
    #[error("Cross-origin requests are not allowed")]
    CrossOrigin,
    /// The authenticator made it for another relying party.
    #[error("The relying party id does not match the options")]
    RelyingParty,
    /// Nobody touched the authenticator.
    #[error("User presence is required")]
    UserPresence,
    /// The authenticator did not check who its user is.
    #[error("User verification is required")]
    UserVerification,
    /// A credential that cannot be backed up is said to be.
    #[error("The backup state of the credential is inconsistent")]
    BackupState,
    /// A registration without a credential.
    #[error("The authenticator data contains no credential")]
    NoCredential,
    /// The authenticator made another credential than the one that the browser names.
    #[error("The credential id does not match the authenticator data")]
    CredentialId,
    /// The credential's id has more than 1023 bytes.
    #[error("The credential id is too long")]
    CredentialIdTooLong,
    /// The credential's key is of no use.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Another key signed it, or other bytes.
    #[error("The signature is invalid")]
    Signature,
    /// The counter did not grow: a copy of the authenticator may be about.
    #[error("The signature counter did not increase")]
    SignCount,
}

/// A challenge for new options: 32 random bytes in base64url without padding.
pub fn new_challenge() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<32>())
}
