//! Authenticator data: what the authenticator says, and signs (W3C, section 6.1).

use ciborium::Value;
use uuid::Uuid;

use super::{AuthenticatorError, Expected, Requirement, cbor};
use crate::hash;

/// How many bytes they have at most: a credential's id, its key, and room for extensions.
pub(super) const MAX_BYTES: usize = 16 * 1024;

const USER_PRESENT: u8 = 1 << 0;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Authenticator data, parsed.
#[derive(Debug)]
pub(super) struct AuthenticatorData {
    relying_party_hash: [u8; 32],
    flags: u8,
    /// How often the authenticator signed, or 0 when it does not count.
    pub(super) sign_count: u32,
    /// The new credential, in registrations.
    pub(super) credential: Option<AttestedCredential>,
}

/// A credential that the authenticator made.
#[derive(Debug)]
pub(super) struct AttestedCredential {
    /// The make of the authenticator; zeros when it does not say.
    pub(super) aaguid: Uuid,
    pub(super) id: Vec<u8>,
    /// The CBOR of a COSE key, which may yet be a bad one.
    pub(super) public_key: Vec<u8>,
}

impl AuthenticatorData {
    /// Reads them; `None` when they are cut short, go on behind their end, or are not CBOR where they should be.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (relying_party_hash, rest) = bytes.split_first_chunk()?;
        let ([flags], rest) = rest.split_first_chunk()?;
        let (sign_count, mut rest) = rest.split_first_chunk()?;
        let credential = match flags & HAS_CREDENTIAL {
            0 => None,
            _ => Some(AttestedCredential::take(&mut rest)?),
        };
        // What extensions say decides nothing, but without reading them nothing behind them could be told from them.
        if flags & HAS_EXTENSIONS != 0 && !matches!(cbor::take(&mut rest)?, Value::Map(_)) {
            return None;
        }
        rest.is_empty().then_some(Self {
            relying_party_hash: *relying_party_hash,
            flags: *flags,
            sign_count: u32::from_be_bytes(*sign_count),
            credential,
        })
    }

    /// Checks what registrations and sign-ins have in common.
    pub(super) fn verify(&self, expected: &Expected) -> Result<(), AuthenticatorError> {
        if self.relying_party_hash != hash::sha256(expected.relying_party_id.as_bytes()) {
            return Err(AuthenticatorError::RelyingParty);
        }
        // W3C demands the flag always, but for registrations that the browser makes on its own ("conditional create").
        // The CDI lets the options decide, and by default does not ask: stricter than the SuperTokens core would lock
        // out who signs in there. Browsers ask authenticators for a gesture all the same.
        if expected.user_presence && !self.has(USER_PRESENT) {
            return Err(AuthenticatorError::UserPresence);
        }
        if expected.user_verification == Requirement::Required && !self.user_verified() {
            return Err(AuthenticatorError::UserVerification);
        }
        if self.backed_up() && !self.backup_eligible() {
            return Err(AuthenticatorError::BackupState);
        }
        Ok(())
    }

    /// Whether the authenticator checked who its user is.
    pub(super) fn user_verified(&self) -> bool {
        self.has(USER_VERIFIED)
    }

    /// Whether the credential may be copied to other devices.
    pub(super) fn backup_eligible(&self) -> bool {
        self.has(BACKUP_ELIGIBLE)
    }

    /// Whether it has been.
    pub(super) fn backed_up(&self) -> bool {
        self.has(BACKED_UP)
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl AttestedCredential {
    fn take(input: &mut &[u8]) -> Option<Self> {
        let (aaguid, rest) = input.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (id, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let mut behind = rest;
        cbor::take(&mut behind)?;
        *input = behind;
        Some(Self {
            aaguid: Uuid::from_bytes(*aaguid),
            id: id.to_vec(),
            public_key: rest.strip_suffix(behind)?.to_vec(),
        })
    }
}
