//! One-time tokens: password reset, e-mail verification and their like.
//!
//! The text is 128 hexadecimal digits: the id of its row (so that it is found by primary key, and
//! routed by the slot in it), then 48 random bytes. A short one is 43 digits of base64url: the id and 16 random bytes.
//! The row keeps the SHA-256 of the whole.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{hash, ids, random};

const ID_DIGITS: usize = 32;
const SECRET_BYTES: usize = 48;
/// 128 bits cannot be guessed either.
const SHORT_SECRET_BYTES: usize = 16;
/// An id and a short secret in base64url.
const SHORT_LENGTH: usize = 43;

/// A token: its row's id and its text.
pub struct OneTimeToken {
    /// Primary key of the row.
    pub id: Uuid,
    /// What the user is sent. Never stored, never logged.
    pub text: String,
}

impl OneTimeToken {
    /// A new token whose row lives in `slot`.
    pub fn new(slot: ids::Slot) -> Self {
        let id = ids::new_id(slot);
        let text = format!(
            "{}{}",
            id.simple(),
            hash::hex(&random::bytes::<SECRET_BYTES>())
        );
        Self { id, text }
    }

    /// A new short token, for recipes whose protocol says so.
    pub fn short(slot: ids::Slot) -> Self {
        let id = ids::new_id(slot);
        let bytes = [*id.as_bytes(), random::bytes::<SHORT_SECRET_BYTES>()].concat();
        Self {
            id,
            text: URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    /// Reads a presented token; `None` when it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == SHORT_LENGTH {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            return Some(Self {
                id: Uuid::from_slice(bytes.get(..16)?).ok()?,
                text: text.to_owned(),
            });
        }
        let well_formed = text.len() == ID_DIGITS + 2 * SECRET_BYTES
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !well_formed {
            return None;
        }
        let id = Uuid::parse_str(&text[..ID_DIGITS]).ok()?;
        Some(Self {
            id,
            text: text.to_owned(),
        })
    }

    /// What the row keeps.
    pub fn row_hash(&self) -> [u8; 32] {
        hash::sha256(self.text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_token_is_43_letters_and_digits_and_leads_to_its_row() {
        let token = OneTimeToken::short(ids::Slot::random());
        assert_eq!(token.text.len(), SHORT_LENGTH);
        let parsed = OneTimeToken::parse(&token.text).unwrap();
        assert_eq!(parsed.id, token.id);
        assert_eq!(parsed.row_hash(), token.row_hash());
        assert!(OneTimeToken::parse(&token.text[1..]).is_none());
        assert!(OneTimeToken::parse(&"+".repeat(SHORT_LENGTH)).is_none());
    }

    #[test]
    fn a_token_is_128_letters_and_digits_and_leads_to_its_row() {
        let token = OneTimeToken::new(ids::Slot::random());
        assert_eq!(token.text.len(), 128);
        assert!(token.text.bytes().all(|b| b.is_ascii_alphanumeric()));
        let parsed = OneTimeToken::parse(&token.text).unwrap();
        assert_eq!((parsed.id, parsed.row_hash()), (token.id, token.row_hash()));
    }

    #[test]
    fn anything_else_is_refused() {
        let token = OneTimeToken::new(ids::Slot::random()).text;
        for text in [
            "",
            "x",
            &token[1..],
            &token.to_uppercase(),
            &format!("{token}0"),
            &"é".repeat(64),
        ] {
            // A token without letters has no upper case of its own; it would be the same token.
            if text != token {
                assert!(OneTimeToken::parse(text).is_none(), "{text}");
            }
        }
    }
}
