//! Which foreign password hashes are taken in (CDI reference, section 3.1, "Import").

use super::{argon2, bcrypt, firebase};

/// The algorithms that a caller may name for an imported hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportAlgorithm {
    /// `ARGON2`: any of its three variants.
    Argon2,
    /// `BCRYPT`.
    Bcrypt,
    /// `FIREBASE_SCRYPT`.
    FirebaseScrypt,
}

impl ImportAlgorithm {
    /// Reads a name, in any case and with blanks around it.
    ///
    /// # Errors
    /// [`ImportError::EmptyAlgorithm`], [`ImportError::UnsupportedAlgorithm`].
    pub fn parse(name: &str) -> Result<Self, ImportError> {
        match name.trim().to_ascii_uppercase().as_str() {
            "" => Err(ImportError::EmptyAlgorithm),
            "ARGON2" => Ok(Self::Argon2),
            "BCRYPT" => Ok(Self::Bcrypt),
            "FIREBASE_SCRYPT" => Ok(Self::FirebaseScrypt),
            _ => Err(ImportError::UnsupportedAlgorithm),
        }
    }
}

/// Why a hash is not imported. All are faults of the request but the last, which is one of the
/// server's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Nothing but blanks.
    #[error("Password hash cannot be an empty string")]
    EmptyHash,
    /// An algorithm was named, with nothing but blanks.
    #[error("Hashing Algorithm cannot be an empty string")]
    EmptyAlgorithm,
    /// An algorithm was named that is not known.
    #[error("Unsupported password hashing algorithm")]
    UnsupportedAlgorithm,
    /// No algorithm was named and the hash is of none.
    #[error("Password hash is in invalid format")]
    InvalidFormat,
    /// Not Argon2, or beyond the ceilings of its parameters.
    #[error("Password hash is in invalid Argon2 format")]
    InvalidArgon2,
    /// Not bcrypt, or beyond the ceiling of its cost.
    #[error("Password hash is in invalid BCrypt format")]
    InvalidBcrypt,
    /// Not Firebase's scrypt, or beyond the ceilings of its parameters.
    #[error("Password hash is in invalid Firebase SCrypt format")]
    InvalidFirebaseScrypt,
    /// The hash is Firebase's and could never be verified.
    #[error("'firebase_password_hashing_signer_key' cannot be null")]
    FirebaseSignerKeyMissing,
}

/// Checks a hash that comes from elsewhere; returns it trimmed, as it is to be stored.
///
/// Argon2 and bcrypt hashes need only begin like one, as they do in SuperTokens; one that is broken
/// further on is stored and matches no password. Parameters beyond the ceilings of
/// [`super`] count as an invalid format.
///
/// # Errors
/// [`ImportError`], whose text is the one of the protocol.
pub fn check_import(
    hash: &str,
    algorithm: Option<&str>,
    firebase_signer_key: Option<&str>,
) -> Result<String, ImportError> {
    let (hash, named) = read_import(hash, algorithm)?;
    let found = recognise(hash).filter(|found| named.is_none_or(|named| named == *found));
    match (found, named) {
        (Some(ImportAlgorithm::FirebaseScrypt), _)
            if firebase_signer_key.is_none() && !firebase::has_signer_key(hash) =>
        {
            Err(ImportError::FirebaseSignerKeyMissing)
        }
        (Some(_), _) => Ok(hash.to_owned()),
        (None, None) => Err(ImportError::InvalidFormat),
        (None, Some(ImportAlgorithm::Argon2)) => Err(ImportError::InvalidArgon2),
        (None, Some(ImportAlgorithm::Bcrypt)) => Err(ImportError::InvalidBcrypt),
        (None, Some(ImportAlgorithm::FirebaseScrypt)) => Err(ImportError::InvalidFirebaseScrypt),
    }
}

/// Whether a hash from elsewhere can match a password: one of Argon2 (i or id, of version 19, without key or data), bcrypt or
/// Firebase's scrypt that is well-formed to its end (GoTrue reference, 4.4).
pub fn is_whole(hash: &str) -> bool {
    const ARGON2: &str =
        r"\A\$argon2(?:i|id)\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+\z";
    const BCRYPT: &str = r"\A\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}\z";
    let matches = |form| regex_lite::Regex::new(form).is_ok_and(|form| form.is_match(hash));
    let number = |name: &str| -> Option<u32> {
        let parameters = hash.split('$').nth(3)?;
        parameters
            .split(',')
            .find_map(|part| part.strip_prefix(name))?
            .parse()
            .ok()
    };
    match recognise(hash) {
        Some(ImportAlgorithm::Argon2) => {
            matches(ARGON2)
                && number("t=").is_some_and(|passes| passes <= 20)
                && number("p=").is_some_and(|lanes| lanes <= 16)
        }
        Some(ImportAlgorithm::Bcrypt) => matches(BCRYPT),
        Some(ImportAlgorithm::FirebaseScrypt) => true,
        None => false,
    }
}

/// What an import names: the hash without blanks around it, and the algorithm.
///
/// # Errors
/// [`ImportError::EmptyHash`], [`ImportError::UnsupportedAlgorithm`].
pub fn read_import<'a>(
    hash: &'a str,
    algorithm: Option<&str>,
) -> Result<(&'a str, Option<ImportAlgorithm>), ImportError> {
    let hash = hash.trim();
    if hash.is_empty() {
        return Err(ImportError::EmptyHash);
    }
    Ok((hash, algorithm.map(ImportAlgorithm::parse).transpose()?))
}

/// The algorithm of a hash whose parameters are within the ceilings.
fn recognise(hash: &str) -> Option<ImportAlgorithm> {
    if argon2::has_prefix(hash) {
        (!argon2::exceeds_ceiling(hash)).then_some(ImportAlgorithm::Argon2)
    } else if bcrypt::has_prefix(hash) {
        (!bcrypt::exceeds_ceiling(hash)).then_some(ImportAlgorithm::Bcrypt)
    } else {
        firebase::Hash::parse(hash)
            .filter(|hash| !hash.exceeds_ceiling())
            .map(|_| ImportAlgorithm::FirebaseScrypt)
    }
}
