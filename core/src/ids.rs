//! Identifiers that carry a slot.
//!
//! A slot is sixteen bits that say which shard a row would live on. It is the head of an HMAC over
//! the first identifier of a user, under a key that never leaves the servers: user ids are public, and
//! with a plain hash anybody could test guessed e-mail addresses against them.
//!
//! Every id made here is a version 4 UUID (RFC 9562, section 5.4), random but for its last two bytes,
//! which are the slot. 106 random bits remain.

use aws_lc_rs::hmac;
use uuid::Uuid;

use crate::random;

/// Where a row lives: the last two bytes of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot([u8; 2]);

impl Slot {
    /// The slot that `id` carries.
    pub fn of(id: Uuid) -> Self {
        let bytes = id.as_bytes();
        Self([bytes[14], bytes[15]])
    }

    /// The slot of a user whose first identifier is `value` of the given `kind` (`email`, `phone`, ...),
    /// already normalised.
    pub fn of_identifier(
        key: &hmac::Key,
        app_id: &str,
        tenant_id: &str,
        kind: &str,
        value: &str,
    ) -> Self {
        let mut context = hmac::Context::with_key(key);
        for part in [app_id, tenant_id, kind, value] {
            // Lengths keep ("a", "bc") and ("ab", "c") apart.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let tag = context.sign();
        Self([tag.as_ref()[0], tag.as_ref()[1]])
    }

    /// A random slot, for rows that belong to no identifier.
    pub fn random() -> Self {
        Self(random::bytes())
    }
}

/// A new id in `slot`. Nothing else makes ids.
pub fn new_id(slot: Slot) -> Uuid {
    let mut bytes: [u8; 16] = random::bytes();
    bytes[14..].copy_from_slice(&slot.0);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[7; 32])
    }

    #[test]
    fn an_id_is_a_version_4_uuid_that_carries_its_slot() {
        let slot = Slot::of_identifier(&key(), "public", "public", "email", "ada@example.org");
        let id = new_id(slot);
        assert_eq!(id.get_version_num(), 4);
        assert_eq!(Slot::of(id), slot);
        assert_ne!(new_id(slot), id);
    }

    #[test]
    fn a_slot_depends_on_every_part_and_on_their_borders() {
        let slot = |a, t, k, v| Slot::of_identifier(&key(), a, t, k, v);
        let base = slot("app", "t", "email", "x");
        assert_eq!(base, slot("app", "t", "email", "x"));
        assert_ne!(base, slot("ap", "pt", "email", "x"));
        assert_ne!(base, slot("app", "t", "phone", "x"));
    }
}
