//! The range interface of Pwned Passwords: whether a password has leaked, without telling it to whom one asks
//! (<https://haveibeenpwned.com/API/v3#PwnedPasswords>).

use aws_lc_rs::digest;

use crate::hash;

/// How many digits of the hash are told.
const TOLD: usize = 5;

/// What is asked for a password: all hashes that begin as its own does.
pub struct PwnedRange {
    /// SHA-1, in upper-case hexadecimal.
    hash: String,
}

impl PwnedRange {
    /// That of a password.
    pub fn of(password: &str) -> Self {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        Self {
            hash: hash::hex(hash.as_ref()).to_uppercase(),
        }
    }

    /// The digits that are told.
    pub fn prefix(&self) -> &str {
        &self.hash[..TOLD]
    }

    /// Whether the password is in an answer: lines of the other digits, a colon and how often the password was seen.
    /// Padding was seen no times.
    pub fn is_listed(&self, answer: &str) -> bool {
        answer.lines().any(|line| {
            let (digits, count) = line.split_once(':').unwrap_or((line, "1"));
            digits.trim().eq_ignore_ascii_case(&self.hash[TOLD..]) && count.trim() != "0"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaked_password_is_found() {
        // The example of the interface's documentation.
        let range = PwnedRange::of("P@ssw0rd");
        assert_eq!(range.prefix(), "21BD1");
        let line = "2DC183F740EE76F27B78EB39C8AD972A757";
        let answer =
            |count: &str| format!("0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n{line}:{count}\r\n");
        assert!(range.is_listed(&answer("52579")));
        assert!(range.is_listed(&answer("1").to_lowercase()));
        assert!(range.is_listed(line));
        // Padding, and others.
        assert!(!range.is_listed(&answer("0")));
        assert!(!PwnedRange::of("another").is_listed(&answer("1")));
        for nothing in ["", ":", "\n\n", "<html>é</html>", &line[1..]] {
            assert!(!range.is_listed(nothing), "{nothing}");
        }
    }
}
