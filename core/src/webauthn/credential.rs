//! The member `credential` of requests: a browser's `PublicKeyCredential` as JSON (W3C, section 5.1).

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use serde_json::Value;
use thiserror::Error;

use super::assertion::AssertionResponse;
use super::registration::RegistrationResponse;
use super::{authenticator_data, client_data, registration};

/// Browsers write base64url without padding; some libraries pad.
const URL_SAFE_LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How many bytes a signature has at most: one by an RSA key of 8192 bits.
const MAX_SIGNATURE: usize = 1024;
/// How many transports a credential may name; there are seven (W3C, section 5.8.4).
const MAX_TRANSPORTS: usize = 16;
/// How long the name of a transport may be.
const MAX_TRANSPORT: usize = 32;

/// Why a credential cannot be read: the reason of an `INVALID_CREDENTIALS_ERROR`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// There is no id.
    #[error("credential id is missing!")]
    IdMissing,
    /// The id has no character.
    #[error("credential id is empty!")]
    IdEmpty,
    /// The id is not base64url.
    #[error("credential id is not base64url!")]
    IdEncoding,
    /// There is no type.
    #[error("credential type is missing!")]
    TypeMissing,
    /// The type has no character.
    #[error("credential type is empty!")]
    TypeEmpty,
    /// A type other than `public-key`; the type.
    #[error("not supported credential type: '{0}'")]
    Type(String),
    /// `rawId` is there and is another id.
    #[error("credential rawId is not the credential id!")]
    RawId,
    /// A member of the response is missing or no text; its name.
    #[error("credential response {0} is missing!")]
    Missing(&'static str),
    /// A member of the response is not base64url; its name.
    #[error("credential response {0} is not base64url!")]
    Encoding(&'static str),
    /// A member of the response is larger than any that authenticators make; its name.
    #[error("credential response {0} is too long!")]
    TooLong(&'static str),
    /// A member of the response has not the form that it should have; its name.
    #[error("credential response {0} is malformed!")]
    Malformed(&'static str),
}

/// The id of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialId(pub(super) Vec<u8>);

impl CredentialId {
    /// The bytes that the authenticator chose.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As callers get it: base64url without padding, whichever way it was sent.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }
}

/// A credential of which the id and the type have been read.
#[derive(Debug)]
pub struct Credential<'a> {
    id: CredentialId,
    json: &'a Value,
}

impl<'a> Credential<'a> {
    /// Reads id and type.
    ///
    /// # Errors
    /// [`CredentialError`], the first in the order of the CDI reference.
    pub fn read(json: &'a Value) -> Result<Self, CredentialError> {
        let id = json["id"].as_str().ok_or(CredentialError::IdMissing)?;
        if id.is_empty() {
            return Err(CredentialError::IdEmpty);
        }
        let id = URL_SAFE_LENIENT
            .decode(id)
            .map_err(|_| CredentialError::IdEncoding)?;
        match json["type"].as_str() {
            None => Err(CredentialError::TypeMissing),
            Some("") => Err(CredentialError::TypeEmpty),
            Some("public-key") => Ok(Self {
                id: CredentialId(id),
                json,
            }),
            Some(other) => Err(CredentialError::Type(other.to_owned())),
        }
    }

    /// The id by which the row is found.
    pub fn id(&self) -> &CredentialId {
        &self.id
    }

    /// Parses what a browser answers to a registration.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn registration(&self) -> Result<RegistrationResponse, CredentialError> {
        self.check_raw_id()?;
        RegistrationResponse::parse(
            self.id.clone(),
            &self.bytes("clientDataJSON", client_data::MAX_BYTES)?,
            &self.bytes("attestationObject", registration::MAX_BYTES)?,
            self.transports()?,
        )
    }

    /// Parses what a browser answers to a sign-in. The user handle is not looked at: the credential's row tells whose it
    /// is.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn assertion(&self) -> Result<AssertionResponse, CredentialError> {
        self.check_raw_id()?;
        AssertionResponse::parse(
            &self.bytes("clientDataJSON", client_data::MAX_BYTES)?,
            self.bytes("authenticatorData", authenticator_data::MAX_BYTES)?,
            self.bytes("signature", MAX_SIGNATURE)?,
        )
    }

    /// `rawId` is the id once more. Who leaves it away loses nothing.
    fn check_raw_id(&self) -> Result<(), CredentialError> {
        let same = match &self.json["rawId"] {
            Value::Null => true,
            Value::String(text) => URL_SAFE_LENIENT
                .decode(text)
                .is_ok_and(|raw| raw == self.id.0),
            _ => false,
        };
        same.then_some(()).ok_or(CredentialError::RawId)
    }

    fn bytes(&self, member: &'static str, max: usize) -> Result<Vec<u8>, CredentialError> {
        let text = self.json["response"][member]
            .as_str()
            .ok_or(CredentialError::Missing(member))?;
        // Four digits are three bytes, so this is at most two bytes more than are allowed.
        if text.len() > max.div_ceil(3) * 4 {
            return Err(CredentialError::TooLong(member));
        }
        URL_SAFE_LENIENT
            .decode(text)
            .map_err(|_| CredentialError::Encoding(member))
    }

    /// The names may be ones that nobody here knows.
    fn transports(&self) -> Result<Vec<String>, CredentialError> {
        const MALFORMED: CredentialError = CredentialError::Malformed("transports");
        let list = match &self.json["response"]["transports"] {
            Value::Null => return Ok(Vec::new()),
            Value::Array(list) if list.len() <= MAX_TRANSPORTS => list,
            _ => return Err(MALFORMED),
        };
        list.iter()
            .map(|transport| match transport.as_str() {
                Some(name) if name.len() <= MAX_TRANSPORT => Ok(name.to_owned()),
                _ => Err(MALFORMED),
            })
            .collect()
    }
}
