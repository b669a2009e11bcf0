//! bcrypt, in the 60 characters of its modular crypt format.
//!
//! New hashes bear the identifier `2a`, and the identifiers `2a`, `2b`, `2x` and `2y` all verify
//! alike: the password in UTF-8 with a terminating zero byte, cut after 72 bytes.

use std::str::FromStr;

use bcrypt::{HashParts, Version};

use super::{MAX_BCRYPT_COST, MIN_BCRYPT_COST, PasswordError};
use crate::random;

/// Whether `stored` claims to be a bcrypt hash.
pub(super) fn has_prefix(stored: &str) -> bool {
    ["$2a", "$2b", "$2x", "$2y"]
        .iter()
        .any(|prefix| stored.starts_with(prefix))
}

/// The cost of a well-formed hash, as a power of two.
pub(super) fn cost(stored: &str) -> Option<u32> {
    HashParts::from_str(stored)
        .ok()
        .map(|parts| parts.get_cost())
}

/// Whether computing `stored` would go beyond the ceiling. A text that cannot be read is not beyond
/// it, for it is never computed.
pub(super) fn exceeds_ceiling(stored: &str) -> bool {
    cost(stored).is_some_and(|cost| cost > MAX_BCRYPT_COST)
}

pub(super) fn hash(password: &str, cost: u32) -> Result<String, PasswordError> {
    if !(MIN_BCRYPT_COST..=MAX_BCRYPT_COST).contains(&cost) {
        return Err(PasswordError::InvalidParams);
    }
    bcrypt::hash_with_salt(password, cost, random::bytes())
        .map(|parts| parts.format_for_version(Version::TwoA))
        .map_err(|_| PasswordError::InvalidParams)
}

pub(super) fn verify(password: &str, stored: &str) -> bool {
    // Errors are malformed hashes and costs that bcrypt does not know.
    !exceeds_ceiling(stored) && bcrypt::verify(password, stored).unwrap_or(false)
}

/// A hash of `cost` that no known password belongs to.
pub(super) fn impossible(cost: u32) -> String {
    format!("$2a${cost:02}${}", ".".repeat(53))
}
