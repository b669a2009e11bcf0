//! One-time passwords that GoTrue mails and texts, and the hashes that are kept of them (4.7).

use aws_lc_rs::digest;

use crate::{hash, random};

/// What a stored hash begins with when the request came with a PKCE challenge.
pub const PKCE_PREFIX: &str = "pkce_";
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

/// What is stored of a code, and what mail links carry: lower-case hexadecimal SHA-224 of the address (in the form in
/// which it is stored, see [`crate::address`]) and the code.
pub fn token_hash(address: &str, otp: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA224);
    context.update(address.as_bytes());
    context.update(otp.as_bytes());
    hash::hex(context.finish().as_ref())
}

/// The hash as it is stored and mailed when a PKCE challenge came with the request.
pub fn pkce_token_hash(address: &str, otp: &str) -> String {
    format!("{PKCE_PREFIX}{}", token_hash(address, otp))
}

/// Whether a stored or mailed hash belongs to the PKCE flow.
pub fn is_pkce(token_hash: &str) -> bool {
    token_hash.starts_with(PKCE_PREFIX)
}

/// Whether the stored hash, with or without the prefix, is that of this code for this address. Its time depends on
/// lengths only.
pub fn matches(stored: &str, address: &str, otp: &str) -> bool {
    let stored = stored.strip_prefix(PKCE_PREFIX).unwrap_or(stored);
    hash::equal(stored.as_bytes(), token_hash(address, otp).as_bytes())
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

    /// Computed with Python's hashlib.
    #[test]
    fn hashes_are_those_of_gotrue() {
        let hash = token_hash("ada@example.com", "123456");
        assert_eq!(
            hash,
            "b3e6748f730bb25fa8ce9a5fda7fd5bf5f56ee21419043fe1c94d975"
        );
        assert_eq!(
            pkce_token_hash("ada@example.com", "123456"),
            format!("pkce_{hash}")
        );
        assert!(!is_pkce(&hash));
        assert!(is_pkce(&format!("pkce_{hash}")));
    }

    /// Case 115.
    #[test]
    fn a_stored_hash_matches_with_and_without_the_prefix() {
        let (address, otp) = ("12345678900", "000042");
        let hash = token_hash(address, otp);
        for stored in [hash.clone(), format!("pkce_{hash}")] {
            assert!(matches(&stored, address, otp));
            assert!(!matches(&stored, address, "000043"));
            assert!(!matches(&stored, "12345678901", otp));
        }
        // What is not there is not empty: a cleared column matches nothing.
        for stored in [
            "",
            "pkce_",
            &format!("pkce_pkce_{hash}"),
            &hash.to_uppercase(),
        ] {
            assert!(!matches(stored, address, otp), "{stored}");
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
