//! Firebase's variant of scrypt, for users imported from there.
//!
//! The text is `$f_scrypt$<hash>$<salt>$m=<mem_cost>$r=<rounds>$s=<salt separator>`, hash, salt and
//! separator in standard base64, the last three in any order (CDI reference, section 3.1). scrypt
//! gives a key with which the project's signer key is encrypted; the ciphertext is the hash.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use super::{MAX_FIREBASE_MEM_COST, MAX_FIREBASE_ROUNDS, MAX_MEMORY_KIB};
use crate::hash::equal;

/// Base64 with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A well-formed Firebase hash.
pub(super) struct Hash<'a> {
    password_hash: &'a str,
    salt: &'a str,
    separator: &'a str,
    /// log2 of scrypt's N.
    mem_cost: u8,
    /// scrypt's r.
    rounds: u32,
}

impl<'a> Hash<'a> {
    /// Reads the text; `None` when it has another shape, or parameters that no scrypt takes.
    pub(super) fn parse(stored: &'a str) -> Option<Self> {
        let parts: Vec<&str> = stored.split('$').collect();
        let ["", "f_scrypt", password_hash, salt, parameters @ ..] = parts.as_slice() else {
            return None;
        };
        let parameters: &[&str; 3] = parameters.try_into().ok()?;
        let parameter = |name| parameters.iter().find_map(|part| part.strip_prefix(name));
        Some(Self {
            password_hash,
            salt,
            separator: parameter("s=")?,
            mem_cost: parameter("m=")?.parse().ok()?,
            rounds: parameter("r=")?.parse().ok()?,
        })
    }

    /// Whether its computation is beyond the ceilings.
    pub(super) fn exceeds_ceiling(&self) -> bool {
        // scrypt needs 128 · r · N bytes.
        let memory_kib = (u64::from(self.rounds) << self.mem_cost.min(32)) / 8;
        self.mem_cost > MAX_FIREBASE_MEM_COST
            || self.rounds > MAX_FIREBASE_ROUNDS
            || memory_kib > u64::from(MAX_MEMORY_KIB)
    }

    /// Whether `password` and `signer_key`, in base64, give this hash.
    pub(super) fn verify(&self, password: &str, signer_key: &str) -> bool {
        !self.exceeds_ceiling()
            && self
                .compute(password, signer_key)
                .is_some_and(|computed| equal(computed.as_bytes(), self.password_hash.as_bytes()))
    }

    /// What `<hash>` must be; `None` when something is no base64 or no parameter of scrypt.
    ///
    /// Firebase hashes the UTF-8 bytes of a password. (The Java core replaces what is not ASCII by
    /// `?`, which locks out its users with such passwords and lets others in with a wrong one.)
    fn compute(&self, password: &str, signer_key: &str) -> Option<String> {
        let mut salt = LENIENT.decode(self.salt).ok()?;
        salt.extend(LENIENT.decode(self.separator).ok()?);
        let mut signer_key = LENIENT.decode(signer_key).ok()?;

        let params = scrypt::Params::new(self.mem_cost, self.rounds, 1).ok()?;
        let mut derived = [0; 64];
        scrypt::scrypt(password.as_bytes(), &salt, &params, &mut derived).ok()?;

        // A fixed IV is part of the format. It reveals nothing, since the key is fresh for each salt.
        let key = UnboundCipherKey::new(&AES_256, &derived[..32]).ok()?;
        EncryptingKey::ctr(key)
            .and_then(|key| {
                let iv = EncryptionContext::Iv128(FixedLength::from([0; 16]));
                key.less_safe_encrypt(&mut signer_key, iv)
            })
            .ok()?;
        Some(STANDARD.encode(signer_key))
    }
}
