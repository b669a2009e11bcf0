//! Registering a credential (W3C, section 7.1).

use ciborium::Value;
use uuid::Uuid;

use super::authenticator_data::AuthenticatorData;
use super::client_data::ClientData;
use super::cose::PublicKey;
use super::credential::{CredentialError, CredentialId};
use super::{AuthenticatorError, Expected, authenticator_data, cbor};

/// How many bytes an attestation object has at most; certificates of the maker are in it.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// How many bytes a credential's id has at most (W3C, section 7.1).
const MAX_CREDENTIAL_ID: usize = 1023;

/// What a browser answers to a registration, parsed.
#[derive(Debug)]
pub struct RegistrationResponse {
    id: CredentialId,
    client_data: ClientData,
    authenticator_data: AuthenticatorData,
    transports: Vec<String>,
}

/// A credential that has been verified and is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// Its id.
    pub id: CredentialId,
    /// Its public key: the CBOR of a COSE key, at most 2048 bytes.
    pub public_key: Vec<u8>,
    /// How often the authenticator signed; 0 when it does not count.
    pub sign_count: u32,
    /// The make of the authenticator; zeros when it does not say. Not proven.
    pub aaguid: Uuid,
    /// How the browser reaches the authenticator; at most 16 short names. Not proven.
    pub transports: Vec<String>,
    /// Whether the authenticator checked who its user is.
    pub user_verified: bool,
    /// Whether the credential may be copied to other devices.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
}

impl RegistrationResponse {
    pub(super) fn parse(
        id: CredentialId,
        client_data: &[u8],
        attestation_object: &[u8],
        transports: Vec<String>,
    ) -> Result<Self, CredentialError> {
        Ok(Self {
            id,
            client_data: ClientData::parse(client_data)
                .ok_or(CredentialError::Malformed("clientDataJSON"))?,
            authenticator_data: authenticator_data_of(attestation_object)
                .ok_or(CredentialError::Malformed("attestationObject"))?,
            transports,
        })
    }

    /// Checks that this answers the options.
    ///
    /// Whether the key's algorithm is one that the options asked for is not checked, like in SuperTokens.
    ///
    /// # Errors
    /// [`AuthenticatorError`].
    pub fn verify(self, expected: &Expected) -> Result<NewCredential, AuthenticatorError> {
        self.client_data.verify("webauthn.create", expected)?;
        let data = self.authenticator_data;
        data.verify(expected)?;
        let (user_verified, backup_eligible, backed_up) = (
            data.user_verified(),
            data.backup_eligible(),
            data.backed_up(),
        );
        let credential = data.credential.ok_or(AuthenticatorError::NoCredential)?;
        if credential.id.len() > MAX_CREDENTIAL_ID {
            return Err(AuthenticatorError::CredentialIdTooLong);
        }
        if credential.id != self.id.0 {
            return Err(AuthenticatorError::CredentialId);
        }
        // A key that could never verify anything is better refused now than at the first sign-in.
        PublicKey::from_cose(&credential.public_key)?;
        Ok(NewCredential {
            id: self.id,
            public_key: credential.public_key,
            sign_count: data.sign_count,
            aaguid: credential.aaguid,
            transports: self.transports,
            user_verified,
            backup_eligible,
            backed_up,
        })
    }
}

/// The authenticator data in an attestation object (W3C, section 6.5.4). `None` when it is none, or names a member twice.
fn authenticator_data_of(attestation_object: &[u8]) -> Option<AuthenticatorData> {
    let Value::Map(members) = cbor::whole(attestation_object)? else {
        return None;
    };
    let member = |name: &str| {
        let mut values = members
            .iter()
            .filter(|(key, _)| key.as_text() == Some(name))
            .map(|(_, value)| value);
        values.next().filter(|_| values.next().is_none())
    };
    member("fmt")?.as_text()?;
    // A map, or a list of them in compound statements.
    member("attStmt").filter(|statement| statement.is_map() || statement.is_array())?;
    let data = member("authData")?.as_bytes()?;
    if data.len() > authenticator_data::MAX_BYTES {
        return None;
    }
    AuthenticatorData::parse(data)
}
