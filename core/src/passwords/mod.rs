//! Hashing, verification and import of passwords.
//!
//! A stored hash says by its prefix how it is verified, so all formats verify at any time and the
//! settings decide only how new hashes are made (CDI reference, section 3.1):
//!
//! | prefix | verified as |
//! |---|---|
//! | `$argon2id`, `$argon2i`, `$argon2d` | that Argon2 variant (RFC 9106), parameters from the text |
//! | `$2a`, `$2b`, `$2x`, `$2y` | bcrypt |
//! | `$f_scrypt$` or `$fbscrypt$`, well formed | Firebase's scrypt |
//! | anything else | never matches |
//!
//! Nothing here is bounded in number: whoever calls decides how many computations run at once.

mod argon2;
mod bcrypt;
mod firebase;
mod import;

pub use import::{ImportAlgorithm, ImportError, check_import, is_whole, read_import};

/// Memory, in KiB, beyond which a hash is neither made, nor imported, nor verified: it would stall or
/// starve the backend that computes it.
pub const MAX_MEMORY_KIB: u32 = 1024 * 1024;
/// The most passes over its memory that an Argon2 hash may ask for.
pub const MAX_ARGON2_ITERATIONS: u32 = 100;
/// The most lanes that an Argon2 hash may ask for. They are computed one after the other.
pub const MAX_ARGON2_PARALLELISM: u32 = 64;
/// The least cost that bcrypt knows, as a power of two.
pub const MIN_BCRYPT_COST: u32 = 4;
/// The highest bcrypt cost, as a power of two, that is computed: about four seconds.
pub const MAX_BCRYPT_COST: u32 = 16;
/// The highest `mem_cost`, as a power of two, of a Firebase hash that is computed.
pub const MAX_FIREBASE_MEM_COST: u8 = 20;
/// The highest `rounds` of a Firebase hash that is computed.
pub const MAX_FIREBASE_ROUNDS: u32 = 64;

/// How new hashes are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Argon2id, version 0x13 (RFC 9106).
    Argon2id,
    /// bcrypt. Bytes of a password after the 72nd do not count.
    Bcrypt,
}

/// An algorithm for new hashes with its parameters; those of the other algorithm are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// Which of the two algorithms.
    pub algorithm: Algorithm,
    /// Argon2 memory in KiB, from 8 times the parallelism to [`MAX_MEMORY_KIB`].
    pub argon2_memory_kib: u32,
    /// Argon2 passes, 1 to [`MAX_ARGON2_ITERATIONS`].
    pub argon2_iterations: u32,
    /// Argon2 lanes, 1 to [`MAX_ARGON2_PARALLELISM`].
    pub argon2_parallelism: u32,
    /// bcrypt cost as a power of two, [`MIN_BCRYPT_COST`] to [`MAX_BCRYPT_COST`].
    pub bcrypt_cost: u32,
}

impl Default for Params {
    /// Argon2id with 19 MiB, two passes and one lane (OWASP Password Storage Cheat Sheet).
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            argon2_memory_kib: 19456,
            argon2_iterations: 2,
            argon2_parallelism: 1,
            bcrypt_cost: 11,
        }
    }
}

/// Why a password could be neither hashed nor verified. A wrong password is not among the reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The hash is Firebase's and the key that all of them need is not configured.
    #[error("'firebase_password_hashing_signer_key' cannot be null")]
    FirebaseSignerKeyMissing,
    /// The parameters for new hashes are outside of what the algorithm or its ceiling allows.
    #[error("the parameters for password hashing are out of range")]
    InvalidParams,
    /// There is no memory for the computation.
    #[error("not enough memory to hash a password")]
    OutOfMemory,
}

/// Hashes `password` with a random salt of 16 bytes.
///
/// The result is a PHC string with a hash of 32 bytes for Argon2id, and the customary 60 characters
/// beginning `$2a$` for bcrypt. The password counts byte for byte: nothing is trimmed or normalised.
///
/// # Errors
/// [`PasswordError::InvalidParams`], [`PasswordError::OutOfMemory`].
pub fn hash(password: &str, params: &Params) -> Result<String, PasswordError> {
    match params.algorithm {
        Algorithm::Argon2id => argon2::hash(password, params),
        Algorithm::Bcrypt => bcrypt::hash(password, params.bcrypt_cost),
    }
}

/// Whether `password` is the one that `stored` was made from.
///
/// A text that is no hash, or one whose parameters are beyond the ceilings above, never matches.
/// `firebase_signer_key` is the setting `firebase_password_hashing_signer_key`, in base64; a key that
/// is wrong, be it that it is no base64, matches nothing. The comparison takes constant time.
///
/// # Errors
/// [`PasswordError::FirebaseSignerKeyMissing`] for a well-formed Firebase hash without a key, and
/// [`PasswordError::OutOfMemory`].
pub fn verify(
    password: &str,
    stored: &str,
    firebase_signer_key: Option<&str>,
) -> Result<bool, PasswordError> {
    if argon2::has_prefix(stored) {
        argon2::verify(password, stored)
    } else if bcrypt::has_prefix(stored) {
        Ok(bcrypt::verify(password, stored))
    } else if let Some(hash) = firebase::Hash::parse(stored) {
        let signer_key = hash.signer_key().or(firebase_signer_key);
        let signer_key = signer_key.ok_or(PasswordError::FirebaseSignerKeyMissing)?;
        Ok(hash.verify(password, signer_key))
    } else {
        Ok(false)
    }
}

/// Does the work of verifying a hash that was made with `params`, and nothing else.
///
/// Called for an unknown user, so that the time of an answer does not tell who has an account. It
/// goes the way of [`verify`] with a hash that nobody knows a password for; no such hash is computed
/// beforehand, so the first call in a process takes as long as any other.
pub fn verify_nothing(password: &str, params: &Params) {
    let stored = match params.algorithm {
        Algorithm::Argon2id => argon2::impossible(params),
        Algorithm::Bcrypt => bcrypt::impossible(params.bcrypt_cost),
    };
    // The result says nothing, and an error could only be the one that a known user meets as well.
    let _ = std::hint::black_box(verify(password, &stored, None));
}

/// Whether `stored` ought to be replaced by a new hash the next time that its password is known:
/// when it is of another algorithm than `params` ask for, or weaker.
///
/// A stronger hash stays. Argon2 hashes are compared by what they cost an attacker in memory × time,
/// that is memory² × passes: lowering the memory and raising the passes to match is no upgrade.
///
/// Under bcrypt a password counts up to its 72nd byte only. A longer one keeps its hash: whoever signed in
/// with its beginning alone would otherwise lock out the one who types all of it, or the other way round.
pub fn needs_rehash(password: &str, stored: &str, params: &Params) -> bool {
    match params.algorithm {
        Algorithm::Argon2id if bcrypt::cost(stored).is_some() && password.len() >= 72 => false,
        Algorithm::Argon2id => argon2::is_weaker(stored, params),
        Algorithm::Bcrypt => bcrypt::cost(stored).is_none_or(|cost| cost < params.bcrypt_cost),
    }
}

#[cfg(test)]
mod tests;
