//! Argon2 (RFC 9106) in PHC strings.

use argon2::password_hash::{self, PasswordVerifier};
use argon2::{Algorithm, Argon2, PasswordHash, Version};

use super::{MAX_ARGON2_ITERATIONS, MAX_ARGON2_PARALLELISM, MAX_MEMORY_KIB, Params, PasswordError};
use crate::random;

const HASH_BYTES: usize = 32;

/// Whether `stored` claims to be an Argon2 hash.
pub(super) fn has_prefix(stored: &str) -> bool {
    ["$argon2id", "$argon2i", "$argon2d"]
        .iter()
        .any(|prefix| stored.starts_with(prefix))
}

/// Whether computing `stored` would go beyond the ceilings. A text that cannot be read is not
/// beyond them, for it is never computed.
pub(super) fn exceeds_ceiling(stored: &str) -> bool {
    parse(stored).is_some_and(|(_, params)| !within_ceiling(&params))
}

pub(super) fn hash(password: &str, params: &Params) -> Result<String, PasswordError> {
    let argon2_params = argon2_params(params)?;
    let salt: [u8; 16] = random::bytes();
    let mut output = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, argon2_params)
        .hash_password_into(password.as_bytes(), &salt, &mut output)
        .map_err(|error| match error {
            argon2::Error::OutOfMemory => PasswordError::OutOfMemory,
            _ => PasswordError::InvalidParams,
        })?;
    Ok(phc_string(params, &salt, &output))
}

pub(super) fn verify(password: &str, stored: &str) -> Result<bool, PasswordError> {
    let Some((hash, params)) = parse(stored) else {
        return Ok(false);
    };
    if !within_ceiling(&params) {
        return Ok(false);
    }
    match Argon2::default().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::OutOfMemory) => Err(PasswordError::OutOfMemory),
        Err(_) => Ok(false),
    }
}

/// A hash with `params` that no known password belongs to.
pub(super) fn impossible(params: &Params) -> String {
    phc_string(params, &[0; 16], &[0; HASH_BYTES])
}

/// Whether `stored` is anything but an Argon2id hash at least as strong as `params` would make it.
pub(super) fn is_weaker(stored: &str, params: &Params) -> bool {
    // Memory is a 32-bit number: its square times the iterations fits 128 bits.
    let area_time = |memory: u32, iterations: u32| {
        u128::from(memory) * u128::from(memory) * u128::from(iterations)
    };
    parse(stored).is_none_or(|(hash, stored)| {
        hash.algorithm != argon2::ARGON2ID_IDENT
            || hash.version != Some(Version::V0x13.into())
            || area_time(stored.m_cost(), stored.t_cost())
                < area_time(params.argon2_memory_kib, params.argon2_iterations)
    })
}

fn parse(stored: &str) -> Option<(PasswordHash, argon2::Params)> {
    let hash = PasswordHash::new(stored).ok()?;
    let params = argon2::Params::try_from(&hash).ok()?;
    Some((hash, params))
}

fn within_ceiling(params: &argon2::Params) -> bool {
    params.m_cost() <= MAX_MEMORY_KIB
        && params.t_cost() <= MAX_ARGON2_ITERATIONS
        && params.p_cost() <= MAX_ARGON2_PARALLELISM
}

fn argon2_params(params: &Params) -> Result<argon2::Params, PasswordError> {
    argon2::Params::new(
        params.argon2_memory_kib,
        params.argon2_iterations,
        params.argon2_parallelism,
        Some(HASH_BYTES),
    )
    .ok()
    .filter(within_ceiling)
    .ok_or(PasswordError::InvalidParams)
}

pub(super) fn phc_string(params: &Params, salt: &[u8], hash: &[u8]) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        params.argon2_memory_kib,
        params.argon2_iterations,
        params.argon2_parallelism,
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(hash),
    )
}
