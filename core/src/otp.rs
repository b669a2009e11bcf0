//! One-time passwords that are mailed and texted (GoTrue reference, 4.7), the links that stand for them, and what is kept
//! of both.

use aws_lc_rs::hmac;

use crate::{hash, random};

/// What a link begins with when the request came with a PKCE challenge.
const PKCE_PREFIX: &str = "pkce_";
/// Digits when a setting says nothing usable.
const DEFAULT_LENGTH: u32 = 6;
const LENGTHS: std::ops::RangeInclusive<i64> = 6..=10;

/// How many digits MAILER_OTP_LENGTH, SMS_OTP_LENGTH or MFA_PHONE_OTP_LENGTH ask for: 6 to 10, and 6 for what is
/// outside of that.
pub fn length(setting: i64) -> u32 {
    match u32::try_from(setting) {
        Ok(length) if LENGTHS.contains(&setting) => length,
        _ => DEFAULT_LENGTH,
    }
}

/// A new code of [`length`]`(setting)` digits.
pub fn new(setting: i64) -> String {
    let length = length(setting);
    // 2^128 is so much larger than 10^10 that all codes are equally likely but for one part in 10^28.
    let number = u128::from_ne_bytes(random::bytes()) % 10_u128.pow(length);
    format!("{number:0width$}", width = length as usize)
}

/// What is stored of a code for an address or number: HMAC-SHA-256 of both. A plain hash, as GoTrue stores it, would tell
/// the code to whoever reads the table, for there are only so many codes.
pub fn code_hash(key: &hmac::Key, address: &str, code: &str) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    for part in [address, "\0", code] {
        context.update(part.as_bytes());
    }
    context.sign().as_ref().to_vec()
}

/// What a link carries that stands for a code: 224 random bits in hexadecimal digits, as long as GoTrue's hashes of
/// address and code, but not to be guessed.
pub fn new_link(is_pkce: bool) -> String {
    let prefix = if is_pkce { PKCE_PREFIX } else { "" };
    format!("{prefix}{}", hash::hex(&random::bytes::<28>()))
}

/// Whether a link belongs to the PKCE flow.
pub fn is_pkce(link: &str) -> bool {
    link.starts_with(PKCE_PREFIX)
}

/// Whether a code's time is over: a code that was sent exactly `valid_s` seconds ago is expired. The other times are in
/// milliseconds since the epoch.
pub fn is_expired(sent_at_ms: i64, valid_s: i64, now_ms: i64) -> bool {
    now_ms >= sent_at_ms.saturating_add(valid_s.saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_length_that_is_asked_for() {
        for (setting, digits) in [
            (6, 6),
            (8, 8),
            (10, 10),
            (5, 6),
            (11, 6),
            (0, 6),
            (-1, 6),
            (i64::MAX, 6),
        ] {
            let code = new(setting);
            assert_eq!(code.len(), digits, "{setting}");
            assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    /// Every digit occurs in every place; that one does not is less likely than one in 10^40.
    #[test]
    fn codes_are_spread_over_all_digits() {
        let codes: Vec<_> = (0..1000).map(|_| new(10)).collect();
        for place in 0..10 {
            for digit in b'0'..=b'9' {
                assert!(codes.iter().any(|code| code.as_bytes()[place] == digit));
            }
        }
    }

    #[test]
    fn what_is_stored_depends_on_key_address_and_code() {
        let key = |byte| hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]);
        let stored = code_hash(&key(1), "ada@example.com", "123456");
        assert_eq!(stored, code_hash(&key(1), "ada@example.com", "123456"));
        for (byte, address, code) in [
            (2, "ada@example.com", "123456"),
            (1, "bob@example.com", "123456"),
            (1, "ada@example.com", "123457"),
            (1, "ada@example.com1", "23456"),
        ] {
            assert_ne!(stored, code_hash(&key(byte), address, code));
        }
    }

    #[test]
    fn links_say_whether_they_belong_to_pkce() {
        for is_pkce in [false, true] {
            let link = new_link(is_pkce);
            assert_eq!(super::is_pkce(&link), is_pkce);
            assert_eq!(link.len(), if is_pkce { 61 } else { 56 });
            assert_ne!(link, new_link(is_pkce));
        }
    }

    /// Cases 109 and 120.
    #[test]
    fn a_code_expires_at_the_end_of_its_time() {
        assert!(!is_expired(1_000_000, 60, 1_059_999));
        assert!(is_expired(1_000_000, 60, 1_060_000));
        assert!(is_expired(1_000_000, 60, 1_061_000));
        assert!(!is_expired(1_000_000, i64::MAX, i64::MAX - 1));
    }
}
