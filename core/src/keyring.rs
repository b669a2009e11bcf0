//! The keys that live outside the database, and what is derived from them.
//!
//! The key file holds one key a line, newest first: 32 bytes in base64. Blank lines and lines that
//! begin with `#` are passed over. The newest key seals and signs; the others still open and verify,
//! so a key is rotated by adding a line on top. The *last* line gives the slot key (see [`crate::ids`]),
//! which must not change while rows exist that were placed by it.

use aws_lc_rs::{aead, hkdf, hmac};
use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;

use crate::{hash, random};

/// Why a key file cannot be used. No variant carries key material.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeyFileError {
    /// The file has no key at all.
    #[error("the key file holds no key")]
    Empty,
    /// A line is not 32 bytes of base64; the number counts from 1.
    #[error("line {0} of the key file is not 32 bytes in base64")]
    Line(usize),
}

/// Why a sealed value cannot be opened.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// It was sealed under a key that the key file does not (or no longer) hold.
    #[error("sealed under a key that is not in the key file")]
    UnknownKey,
    /// It was altered, or sealed for another purpose.
    #[error("the sealed value is damaged or belongs elsewhere")]
    Damaged,
}

const KEY_ID_LENGTH: usize = 4;

struct Key {
    /// Head of the key's SHA-256; names the key inside sealed values.
    id: [u8; KEY_ID_LENGTH],
    prk: hkdf::Prk,
    sealing: aead::LessSafeKey,
}

impl Key {
    fn new(secret: &[u8; 32]) -> Self {
        let digest = hash::sha256(secret);
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"auth").extract(secret);
        let sealing = derive(&prk, &[b"seal"]);
        let sealing = aead::UnboundKey::new(&aead::AES_256_GCM, &sealing)
            .expect("a derived key has the length that AES-256 takes");
        Self {
            id: [digest[0], digest[1], digest[2], digest[3]],
            prk,
            sealing: aead::LessSafeKey::new(sealing),
        }
    }

    fn mac_key(&self, purpose: &str, context: &str) -> hmac::Key {
        let bytes = derive(&self.prk, &[purpose.as_bytes(), b"\0", context.as_bytes()]);
        hmac::Key::new(hmac::HMAC_SHA256, &bytes)
    }
}

fn derive(prk: &hkdf::Prk, info: &[&[u8]]) -> [u8; 32] {
    let mut bytes = [0; 32];
    prk.expand(info, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut bytes))
        .expect("HKDF-SHA-256 gives 32 bytes");
    bytes
}

/// All keys of a key file.
pub struct Keyring {
    keys: Vec<Key>,
}

impl Keyring {
    /// Reads the text of a key file.
    ///
    /// # Errors
    /// [`KeyFileError`] when it holds no key, or a line that is none.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let secret = STANDARD
                .decode(line)
                .ok()
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
                .ok_or(KeyFileError::Line(index + 1))?;
            keys.push(Key::new(&secret));
        }
        if keys.is_empty() {
            Err(KeyFileError::Empty)
        } else {
            Ok(Self { keys })
        }
    }

    /// A line for a new key file.
    pub fn new_key_line() -> String {
        STANDARD.encode(random::bytes::<32>())
    }

    /// Seals `plain` with AES-256-GCM. `purpose` is authenticated: a value sealed for one purpose (say
    /// `signing-key/<app>/<kid>`) does not open for another, so rows cannot be swapped.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let key = &self.keys[0];
        let nonce: [u8; 12] = random::bytes();
        let mut sealed = Vec::with_capacity(KEY_ID_LENGTH + nonce.len() + plain.len() + 16);
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        key.sealing
            .seal_in_place_append_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(purpose.as_bytes()),
                &mut body,
            )
            .expect("AES-256-GCM seals anything that fits in memory");
        sealed.append(&mut body);
        sealed
    }

    /// Opens what [`Keyring::seal`] made for the same purpose.
    ///
    /// # Errors
    /// [`OpenError`], see there.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (id, rest) = sealed
            .split_at_checked(KEY_ID_LENGTH)
            .ok_or(OpenError::Damaged)?;
        let (nonce, body) = rest
            .split_at_checked(aead::NONCE_LEN)
            .ok_or(OpenError::Damaged)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id == id)
            .ok_or(OpenError::UnknownKey)?;
        let nonce =
            aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Damaged)?;
        let mut body = body.to_vec();
        let plain = key
            .sealing
            .open_in_place(nonce, aead::Aad::from(purpose.as_bytes()), &mut body)
            .map_err(|_| OpenError::Damaged)?;
        Ok(plain.to_vec())
    }

    /// The MAC keys for `purpose` in `context` (an app id, say), newest first: sign with the first,
    /// accept any.
    pub fn mac_keys(&self, purpose: &str, context: &str) -> Vec<hmac::Key> {
        self.keys
            .iter()
            .map(|key| key.mac_key(purpose, context))
            .collect()
    }

    /// The cluster-wide key of slots (see [`crate::ids`]).
    pub fn slot_key(&self) -> hmac::Key {
        self.keys[self.keys.len() - 1].mac_key("slot", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(bytes: &[u8]) -> Keyring {
        let lines: Vec<_> = bytes.iter().map(|b| STANDARD.encode([*b; 32])).collect();
        Keyring::parse(&lines.join("\n")).unwrap()
    }

    #[test]
    fn parses_comments_and_refuses_rubbish_by_line() {
        let line = Keyring::new_key_line();
        assert!(Keyring::parse(&format!("# newest first\n\n{line}\n")).is_ok());
        assert_eq!(Keyring::parse("# nothing").err(), Some(KeyFileError::Empty));
        assert_eq!(
            Keyring::parse(&format!("{line}\nshort")).err(),
            Some(KeyFileError::Line(2))
        );
    }

    #[test]
    fn opens_only_what_was_sealed_for_the_purpose() {
        let ring = ring(&[1]);
        let sealed = ring.seal("a", b"secret");
        assert_eq!(ring.open("a", &sealed).unwrap(), b"secret");
        assert_eq!(ring.open("b", &sealed), Err(OpenError::Damaged));
        let mut altered = sealed.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(ring.open("a", &altered), Err(OpenError::Damaged));
        assert_eq!(ring.open("a", b"sho"), Err(OpenError::Damaged));
        assert_eq!(ring.open("a", &sealed[..9]), Err(OpenError::Damaged));
    }

    #[test]
    fn an_older_key_still_opens_after_rotation_and_slots_stay() {
        let before = ring(&[1]);
        let after = ring(&[2, 1]);
        let sealed = before.seal("a", b"secret");
        assert_eq!(after.open("a", &sealed).unwrap(), b"secret");
        assert_eq!(
            before.open("a", &after.seal("a", b"x")),
            Err(OpenError::UnknownKey)
        );
        let tag = |ring: &Keyring| hmac::sign(&ring.slot_key(), b"x").as_ref().to_vec();
        assert_eq!(tag(&before), tag(&after));
    }
}
