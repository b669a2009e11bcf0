//! Signing in with a credential (W3C, section 7.2).

use super::authenticator_data::AuthenticatorData;
use super::client_data::ClientData;
use super::cose::PublicKey;
use super::credential::CredentialError;
use super::{AuthenticatorError, Expected};
use crate::hash;

/// What a browser answers to a sign-in, parsed.
#[derive(Debug)]
pub struct AssertionResponse {
    client_data: ClientData,
    authenticator_data: AuthenticatorData,
    /// Authenticator data, then the hash of the client data.
    signed: Vec<u8>,
    signature: Vec<u8>,
}

/// What the row of the credential says.
#[derive(Debug, Clone, Copy)]
pub struct StoredCredential<'a> {
    /// [`super::NewCredential::public_key`].
    pub public_key: &'a [u8],
    /// That of the last sign-in, or of the registration.
    pub sign_count: u32,
}

/// What a sign-in that has been verified brings for the row of the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedAssertion {
    /// How often the authenticator signed; 0 when it does not count.
    pub sign_count: u32,
    /// The SHA-256 of what was signed, by which a repetition is known.
    pub digest: [u8; 32],
    /// Whether the authenticator checked who its user is.
    pub user_verified: bool,
    /// Whether the credential may be copied to other devices. Not compared with what it said at registration, which W3C
    /// asks only of who builds a rule on it.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
}

impl AssertionResponse {
    pub(super) fn parse(
        client_data_json: &[u8],
        mut authenticator_data: Vec<u8>,
        signature: Vec<u8>,
    ) -> Result<Self, CredentialError> {
        let client_data = ClientData::parse(client_data_json)
            .ok_or(CredentialError::Malformed("clientDataJSON"))?;
        let parsed = AuthenticatorData::parse(&authenticator_data)
            .ok_or(CredentialError::Malformed("authenticatorData"))?;
        authenticator_data.extend(hash::sha256(client_data_json));
        Ok(Self {
            client_data,
            authenticator_data: parsed,
            signed: authenticator_data,
            signature,
        })
    }

    /// Checks that this answers the options, and that the credential signed it.
    ///
    /// `accepted` is the digest of the assertion that these options accepted last. The same once more is accepted once
    /// more, though its counter has not grown: the SDKs' sign-in sends every assertion twice, and no authenticator that
    /// counts could sign in otherwise (CDI reference, section 3.13). Without it the counter must always grow.
    ///
    /// # Errors
    /// [`AuthenticatorError`].
    pub fn verify(
        &self,
        expected: &Expected,
        stored: &StoredCredential,
        accepted: Option<&[u8; 32]>,
    ) -> Result<VerifiedAssertion, AuthenticatorError> {
        self.client_data.verify("webauthn.get", expected)?;
        let data = &self.authenticator_data;
        data.verify(expected)?;
        if !PublicKey::from_cose(stored.public_key)?.verifies(&self.signed, &self.signature) {
            return Err(AuthenticatorError::Signature);
        }
        let digest = hash::sha256(&self.signed);
        let counts = data.sign_count != 0 || stored.sign_count != 0;
        if counts && data.sign_count <= stored.sign_count && accepted != Some(&digest) {
            return Err(AuthenticatorError::SignCount);
        }
        Ok(VerifiedAssertion {
            sign_count: data.sign_count.max(stored.sign_count),
            digest,
            user_verified: data.user_verified(),
            backup_eligible: data.backup_eligible(),
            backed_up: data.backed_up(),
        })
    }
}
