//! Refresh tokens: opaque to their bearer, self-describing to the server.
//!
//! A token is base64url (no padding) of
//!
//! | bytes | content |
//! |---|---|
//! | 1 | format, now 1 |
//! | 1 | flags: bit 0 a parent follows, bit 1 an anti-CSRF value follows |
//! | 16 | session id |
//! | 4 | generation: how many promotions lie before this token |
//! | 16 | random nonce, so that two tokens minted from one parent differ |
//! | 32 | SHA-256 of the parent token's hash text, if flagged |
//! | 16 | anti-CSRF value, if flagged |
//! | 1 + n | tenant id |
//! | 32 | HMAC-SHA-256 over all that, under a key of the app |
//!
//! The MAC means that a forged token costs no query; the session id means that a good one is found by
//! primary key. The row keeps only hashes: see [`RefreshToken::row_hash`].

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{hash, random};

const FORMAT: u8 = 1;
const HAS_PARENT: u8 = 1;
const HAS_ANTI_CSRF: u8 = 2;
const MAC_LENGTH: usize = 32;
/// No token that we make is longer; anything that is need not be decoded.
const MAX_TEXT_LENGTH: usize = 1024;

/// What a refresh token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session's id, without its tenant.
    pub session_id: Uuid,
    /// The session's tenant.
    pub tenant_id: String,
    /// How many promotions of the session lie before this token.
    pub generation: u32,
    /// [`row_hash`] of the token that was presented to get this one; `None` for a session's first.
    pub parent: Option<[u8; 32]>,
    /// The anti-CSRF value that must come with the token.
    pub anti_csrf: Option<Uuid>,
    nonce: [u8; 16],
}

/// `SHA-256(hex SHA-256(token))`: what a session row keeps of a token (CDI: `refreshTokenHash2`).
pub fn row_hash(token_hash: &str) -> [u8; 32] {
    hash::sha256(token_hash.as_bytes())
}

/// Hexadecimal SHA-256 of a token's text: what an access token carries of the refresh token that was
/// issued with it (CDI: `refreshTokenHash1`).
pub fn token_hash(token: &str) -> String {
    hash::sha256_hex(token)
}

impl RefreshToken {
    /// A token for a session, minted from `parent` (none for the first).
    pub fn new(
        session_id: Uuid,
        tenant_id: &str,
        generation: u32,
        parent: Option<[u8; 32]>,
        anti_csrf: Option<Uuid>,
    ) -> Self {
        let tenant_id = tenant_id.to_owned();
        Self {
            session_id,
            tenant_id,
            generation,
            parent,
            anti_csrf,
            nonce: random::bytes(),
        }
    }

    /// The text of the token.
    pub fn encode(&self, key: &hmac::Key) -> String {
        let mut bytes = Vec::with_capacity(128 + self.tenant_id.len());
        bytes.push(FORMAT);
        let mut flags = 0;
        if self.parent.is_some() {
            flags |= HAS_PARENT;
        }
        if self.anti_csrf.is_some() {
            flags |= HAS_ANTI_CSRF;
        }
        bytes.push(flags);
        bytes.extend_from_slice(self.session_id.as_bytes());
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&self.nonce);
        bytes.extend(self.parent.iter().flatten());
        bytes.extend(self.anti_csrf.iter().flat_map(Uuid::as_bytes));
        // Tenant ids are at most 64 bytes long.
        bytes.push(u8::try_from(self.tenant_id.len()).expect("a tenant id is short"));
        bytes.extend_from_slice(self.tenant_id.as_bytes());
        let mac = hmac::sign(key, &bytes);
        bytes.extend_from_slice(mac.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token that one of `keys` signed; `None` for everything else.
    pub fn decode(text: &str, keys: &[hmac::Key]) -> Option<Self> {
        if text.len() > MAX_TEXT_LENGTH {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_LENGTH)?)?;
        // `hmac::verify` compares in constant time.
        keys.iter()
            .find(|key| hmac::verify(key, body, mac).is_ok())?;
        let mut reader = Reader(body);
        let [format, flags] = reader.array()?;
        if format != FORMAT {
            return None;
        }
        let session_id = Uuid::from_bytes(reader.array()?);
        let generation = u32::from_be_bytes(reader.array()?);
        let nonce = reader.array()?;
        let parent = if flags & HAS_PARENT != 0 {
            Some(reader.array()?)
        } else {
            None
        };
        let anti_csrf = if flags & HAS_ANTI_CSRF != 0 {
            Some(Uuid::from_bytes(reader.array()?))
        } else {
            None
        };
        let [length] = reader.array()?;
        let tenant_id = String::from_utf8(reader.take(length.into())?.to_vec()).ok()?;
        reader.0.is_empty().then_some(Self {
            session_id,
            tenant_id,
            generation,
            parent,
            anti_csrf,
            nonce,
        })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let id = Uuid::from_u128(5);
        for parent in [None, Some([9; 32])] {
            for anti_csrf in [None, Some(Uuid::from_u128(7))] {
                for tenant in ["public", "t-1"] {
                    let token = RefreshToken::new(id, tenant, 3, parent, anti_csrf);
                    let text = token.encode(&key(1));
                    assert_eq!(RefreshToken::decode(&text, &[key(2), key(1)]), Some(token));
                    assert!(
                        text.bytes()
                            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                    );
                }
            }
        }
    }

    #[test]
    fn every_altered_or_foreign_token_is_refused() {
        let token = RefreshToken::new(Uuid::from_u128(5), "public", 0, Some([1; 32]), None);
        let text = token.encode(&key(1));
        assert_eq!(RefreshToken::decode(&text, &[key(2)]), None);
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for position in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[position] ^= 1;
            assert_eq!(
                RefreshToken::decode(&URL_SAFE_NO_PAD.encode(altered), &[key(1)]),
                None
            );
        }
        for length in 0..bytes.len() {
            let cut = URL_SAFE_NO_PAD.encode(&bytes[..length]);
            assert_eq!(RefreshToken::decode(&cut, &[key(1)]), None);
        }
        assert_eq!(RefreshToken::decode(&"A".repeat(5000), &[key(1)]), None);
        assert_eq!(RefreshToken::decode("no token, no", &[key(1)]), None);
    }

    #[test]
    fn siblings_differ() {
        let mint =
            || RefreshToken::new(Uuid::from_u128(5), "public", 1, None, None).encode(&key(1));
        assert_ne!(mint(), mint());
    }
}
