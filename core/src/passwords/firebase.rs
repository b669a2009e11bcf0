//! Firebase's variant of scrypt, for users imported from there.
//!
//! The text is `$f_scrypt$<hash>$<salt>$m=<mem_cost>$r=<rounds>$s=<salt separator>`, hash, salt and
//! separator in standard base64, the last three in any order (CDI reference, section 3.1). scrypt
//! gives a key with which the project's signer key is encrypted; the ciphertext is the hash.
//!
//! GoTrue writes the same as `$fbscrypt$v=1,n=<mem_cost>,r=<rounds>,p=<p>[,ss=<salt separator>][,sk=<signer
//! key>]$<salt>$<hash>` (GoTrue reference, 4.4), with the signer key in the text itself.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use super::{MAX_FIREBASE_MEM_COST, MAX_FIREBASE_ROUNDS, MAX_MEMORY_KIB};
use crate::hash::equal;

/// Base64 with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The most that scrypt's p may be; it multiplies the time.
const MAX_FIREBASE_PARALLELISM: u32 = 4;

/// A well-formed Firebase hash.
pub(super) struct Hash<'a> {
    password_hash: &'a str,
    salt: &'a str,
    separator: &'a str,
    /// log2 of scrypt's N.
    mem_cost: u8,
    /// scrypt's r.
    rounds: u32,
    /// scrypt's p.
    parallelism: u32,
    /// The project's key, in base64, where the text has it.
    signer_key: Option<&'a str>,
}

impl<'a> Hash<'a> {
    /// Reads the text; `None` when it has another shape, or parameters that no scrypt takes.
    pub(super) fn parse(stored: &'a str) -> Option<Self> {
        let parts: Vec<&str> = stored.split('$').collect();
        match parts.as_slice() {
            ["", "f_scrypt", password_hash, salt, parameters @ ..] => {
                Self::parse_own(password_hash, salt, parameters.try_into().ok()?)
            }
            ["", "fbscrypt", parameters, salt, password_hash] => {
                Self::parse_gotrue(password_hash, salt, parameters)
            }
            _ => None,
        }
    }

    fn parse_own(password_hash: &'a str, salt: &'a str, parameters: &[&'a str; 3]) -> Option<Self> {
        let parameter = |name| parameters.iter().find_map(|part| part.strip_prefix(name));
        Some(Self {
            password_hash,
            salt,
            separator: parameter("s=")?,
            mem_cost: parameter("m=")?.parse().ok()?,
            rounds: parameter("r=")?.parse().ok()?,
            parallelism: 1,
            signer_key: None,
        })
    }

    fn parse_gotrue(password_hash: &'a str, salt: &'a str, parameters: &'a str) -> Option<Self> {
        let mut found = Self {
            password_hash,
            salt,
            separator: "",
            mem_cost: 0,
            rounds: 0,
            parallelism: 0,
            signer_key: None,
        };
        let mut version = "";
        for parameter in parameters.split(',') {
            match parameter.split_once('=')? {
                ("v", value) => version = value,
                ("n", value) => found.mem_cost = value.parse().ok()?,
                ("r", value) => found.rounds = value.parse().ok()?,
                ("p", value) => found.parallelism = value.parse().ok()?,
                ("ss", value) => found.separator = value,
                ("sk", value) => found.signer_key = Some(value),
                _ => return None,
            }
        }
        let is_whole = found.mem_cost > 0 && found.rounds > 0 && found.parallelism > 0;
        (version == "1" && is_whole).then_some(found)
    }

    /// The project's key, in base64, if the text has it.
    pub(super) fn signer_key(&self) -> Option<&'a str> {
        self.signer_key
    }

    /// Whether its computation is beyond the ceilings.
    pub(super) fn exceeds_ceiling(&self) -> bool {
        // scrypt needs 128 · r · N bytes.
        let memory_kib = (u64::from(self.rounds) << self.mem_cost.min(32)) / 8;
        self.mem_cost > MAX_FIREBASE_MEM_COST
            || self.rounds > MAX_FIREBASE_ROUNDS
            || self.parallelism > MAX_FIREBASE_PARALLELISM
            || memory_kib > u64::from(MAX_MEMORY_KIB)
    }

    /// Whether `password` and `signer_key`, in base64, give this hash.
    pub(super) fn verify(&self, password: &str, signer_key: &str) -> bool {
        !self.exceeds_ceiling()
            && self
                .compute(password, signer_key)
                .zip(LENIENT.decode(self.password_hash).ok())
                .is_some_and(|(computed, stored)| equal(&computed, &stored))
    }

    /// What `<hash>` must be; `None` when something is no base64 or no parameter of scrypt.
    ///
    /// Firebase hashes the UTF-8 bytes of a password. (The Java core replaces what is not ASCII by
    /// `?`, which locks out its users with such passwords and lets others in with a wrong one.)
    fn compute(&self, password: &str, signer_key: &str) -> Option<Vec<u8>> {
        let mut salt = LENIENT.decode(self.salt).ok()?;
        salt.extend(LENIENT.decode(self.separator).ok()?);
        let mut signer_key = LENIENT.decode(signer_key).ok()?;

        let params = scrypt::Params::new(self.mem_cost, self.rounds, self.parallelism).ok()?;
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
        Some(signer_key)
    }
}

/// Whether a well-formed hash has the project's key in its text.
pub(super) fn has_signer_key(stored: &str) -> bool {
    Hash::parse(stored).is_some_and(|hash| hash.signer_key.is_some())
}
