//! Randomness, straight from the operating system.
//!
//! A generator kept in the process would be copied by the fork that makes a Postgres backend, and two
//! backends would then draw the same numbers; the system's own cannot be.

use rand::TryRng;
use rand::rngs::SysRng;

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness to give, which leaves nothing safe to do.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .expect("the operating system's random number generator failed");
    bytes
}

/// A uniform number in `[0, 1)`.
pub fn unit() -> f64 {
    // 53 bits: as many as an f64 holds exactly.
    (u64::from_be_bytes(bytes()) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_stay_in_range() {
        assert_ne!(bytes::<16>(), bytes::<16>());
        for _ in 0..1000 {
            assert!((0.0..1.0).contains(&unit()));
        }
    }
}
