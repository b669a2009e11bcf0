//! Refresh tokens of GoTrue's counter design (GoTrue reference, 4.10, version 2).
//!
//! A token is base64url (no padding) of a zero byte, the session's id, the counter as a variable-length integer, the first
//! 16 bytes of an HMAC-SHA-256 over all that, and the first 4 bytes of SHA-256 over all before them. It follows from
//! session and counter, so nothing of it is stored, and the one in force can be given once more.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::hash;

const FORMAT: u8 = 0;
const MAC_LENGTH: usize = 16;
const CHECKSUM_LENGTH: usize = 4;
/// A token with the largest counter is shorter.
const MAX_TEXT_LENGTH: usize = 80;

/// What a refresh token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterToken {
    /// The session's id.
    pub session_id: Uuid,
    /// How often the session was refreshed before.
    pub counter: u64,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterTokenError {
    /// It is none of this form.
    Malformed,
    /// It has the form, but no key of ours made it.
    Forged,
}

impl CounterToken {
    /// The token's text.
    pub fn encode(self, key: &hmac::Key) -> String {
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(self.session_id.as_bytes());
        let mut rest = self.counter;
        while rest >= 0x80 {
            bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        let mac = hmac::sign(key, &bytes);
        bytes.extend_from_slice(&mac.as_ref()[..MAC_LENGTH]);
        let checksum = hash::sha256(&bytes);
        bytes.extend_from_slice(&checksum[..CHECKSUM_LENGTH]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token that one of `keys` made.
    ///
    /// # Errors
    /// [`CounterTokenError`].
    pub fn decode(text: &str, keys: &[hmac::Key]) -> Result<Self, CounterTokenError> {
        let (token, body, mac) = parse(text).ok_or(CounterTokenError::Malformed)?;
        let is_ours = keys.iter().fold(false, |found, key| {
            hash::equal(&hmac::sign(key, &body).as_ref()[..MAC_LENGTH], &mac) | found
        });
        is_ours.then_some(token).ok_or(CounterTokenError::Forged)
    }
}

/// Token, what the MAC is over, and the MAC.
fn parse(text: &str) -> Option<(CounterToken, Vec<u8>, Vec<u8>)> {
    if text.len() > MAX_TEXT_LENGTH {
        return None;
    }
    let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let checksum = bytes.split_off(bytes.len().checked_sub(CHECKSUM_LENGTH)?);
    if hash::sha256(&bytes)[..CHECKSUM_LENGTH] != checksum {
        return None;
    }
    let mac = bytes.split_off(bytes.len().checked_sub(MAC_LENGTH)?);
    let (head, counter) = bytes.split_at_checked(17)?;
    let (format, id) = head.split_first()?;
    if *format != FORMAT {
        return None;
    }
    let token = CounterToken {
        session_id: Uuid::from_slice(id).ok()?,
        counter: read_counter(counter)?,
    };
    Some((token, bytes, mac))
}

/// The shortest form alone: no number has two texts.
fn read_counter(bytes: &[u8]) -> Option<u64> {
    let (last, others) = bytes.split_last()?;
    if last & 0x80 != 0 || (*last == 0 && !others.is_empty()) {
        return None;
    }
    let mut counter: u64 = 0;
    for (place, byte) in bytes.iter().enumerate() {
        let digit = u64::from(byte & 0x7f);
        if place < others.len() && byte & 0x80 == 0 {
            return None;
        }
        let shifted = digit.checked_shl(7 * u32::try_from(place).ok()?)?;
        if shifted >> (7 * place) != digit {
            return None;
        }
        counter |= shifted;
    }
    Some(counter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    fn token(counter: u64) -> CounterToken {
        CounterToken {
            session_id: Uuid::from_u128(5),
            counter,
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for counter in [0, 1, 127, 128, 300, 1 << 31, u64::MAX] {
            let text = token(counter).encode(&key(1));
            assert_eq!(text, token(counter).encode(&key(1)), "it follows from both");
            let read = CounterToken::decode(&text, &[key(2), key(1)]);
            assert_eq!(read, Ok(token(counter)));
            assert!(text.len() <= MAX_TEXT_LENGTH);
        }
    }

    /// Case 87.
    #[test]
    fn every_altered_or_foreign_token_is_refused() {
        let text = token(300).encode(&key(1));
        let foreign = CounterToken::decode(&text, &[key(2)]);
        assert_eq!(foreign, Err(CounterTokenError::Forged));
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            let text = URL_SAFE_NO_PAD.encode(&altered);
            let read = CounterToken::decode(&text, &[key(1)]);
            assert_eq!(read, Err(CounterTokenError::Malformed));
            // With a checksum that fits it is still none of ours.
            let end = altered.len() - CHECKSUM_LENGTH;
            let checksum = hash::sha256(&altered[..end]);
            altered[end..].copy_from_slice(&checksum[..CHECKSUM_LENGTH]);
            let text = URL_SAFE_NO_PAD.encode(&altered);
            let read = CounterToken::decode(&text, &[key(1)]);
            assert_eq!(read.is_ok(), place >= end);
        }
        for length in 0..bytes.len() {
            let cut = URL_SAFE_NO_PAD.encode(&bytes[..length]);
            assert!(CounterToken::decode(&cut, &[key(1)]).is_err());
        }
    }

    #[test]
    fn numbers_have_one_form() {
        assert_eq!(read_counter(&[0]), Some(0));
        assert_eq!(read_counter(&[0x80, 1]), Some(128));
        for bytes in [&[][..], &[0x80], &[1, 1], &[0x80, 0], &[0xff; 11]] {
            assert_eq!(read_counter(bytes), None);
        }
        let mut too_large = [0xff; 10];
        too_large[9] = 2;
        assert_eq!(read_counter(&too_large), None);
    }
}
