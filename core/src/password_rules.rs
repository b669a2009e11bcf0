//! How strong GoTrue wants passwords to be (4.4).

use std::fmt;

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use rand::seq::{IndexedRandom, SliceRandom};
use thiserror::Error;

/// No setting makes the minimum smaller.
const LEAST_MINIMUM: usize = 6;
/// As many as bcrypt looks at.
pub const MAX_BYTES: usize = 72;
/// How many characters a generated password has.
const GENERATED_LENGTH: usize = 64;
/// What fills a generated password up.
const FILLER: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The password has more than 72 bytes; 400 `validation_failed`. (The text counts characters all the same.)
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
#[error("Password cannot be longer than 72 characters")]
pub struct TooLong;

/// One thing that is wrong with a password.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum Weakness {
    /// Shorter than this many characters.
    #[error("Password should be at least {0} characters.")]
    Length(usize),
    /// Has nothing of one of these sets.
    #[error("Password should contain at least one character of each: {}.", .0.join(", "))]
    Characters(Vec<String>),
    /// Found in a collection of leaked passwords. The rules here know none: the caller asks, and adds it last.
    #[error("Password is known to be weak and easy to guess, please choose a different one.")]
    Pwned,
}

impl Weakness {
    /// Its name in `weak_password.reasons`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Length(_) => "length",
            Self::Characters(_) => "characters",
            Self::Pwned => "pwned",
        }
    }
}

/// All that is wrong with a password, in the order `length`, `characters`, `pwned`; 422 `weak_password` unless it is
/// empty. Its text is the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weaknesses(pub Vec<Weakness>);

impl Weaknesses {
    /// Whether the password is good.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds that it has leaked.
    pub fn add_pwned(&mut self) {
        self.0.push(Weakness::Pwned);
    }

    /// The names of the reasons.
    pub fn reasons(&self) -> Vec<&'static str> {
        self.0.iter().map(Weakness::reason).collect()
    }
}

impl fmt::Display for Weaknesses {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (index, weakness) in self.0.iter().enumerate() {
            let blank = if index > 0 { " " } else { "" };
            write!(f, "{blank}{weakness}")?;
        }
        Ok(())
    }
}

/// Refuses what bcrypt would cut.
///
/// # Errors
/// [`TooLong`].
pub fn check_maximum(password: &str) -> Result<(), TooLong> {
    if password.len() > MAX_BYTES {
        Err(TooLong)
    } else {
        Ok(())
    }
}

/// What the settings ask of passwords.
#[derive(Debug, Clone)]
pub struct PasswordRules {
    min_length: usize,
    required: Vec<String>,
}

impl PasswordRules {
    /// From PASSWORD_MIN_LENGTH and PASSWORD_REQUIRED_CHARACTERS: sets with `:` between them, in which `\:` is a colon.
    /// Empty sets ask for nothing.
    pub fn new(min_length: i64, required_characters: &str) -> Self {
        let mut required = vec![String::new()];
        let mut rest = required_characters.chars().peekable();
        while let Some(c) = rest.next() {
            let set = required.last_mut().expect("never empty");
            match c {
                '\\' if rest.next_if_eq(&':').is_some() => set.push(':'),
                ':' => required.push(String::new()),
                c => set.push(c),
            }
        }
        required.retain(|set| !set.is_empty());
        Self {
            min_length: usize::try_from(min_length)
                .unwrap_or_default()
                .max(LEAST_MINIMUM),
            required,
        }
    }

    /// What is wrong with a password, but for its having leaked.
    pub fn weaknesses(&self, password: &str) -> Weaknesses {
        let mut found = Vec::new();
        if password.chars().count() < self.min_length {
            found.push(Weakness::Length(self.min_length));
        }
        if !self
            .required
            .iter()
            .all(|set| password.contains(|c| set.contains(c)))
        {
            found.push(Weakness::Characters(self.required.clone()));
        }
        Weaknesses(found)
    }

    /// A random password of 64 characters, or of as many as are asked for, that satisfies the rules as far as 72 bytes
    /// can. It is for users who are to have one that nobody knows.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn generate(&self) -> String {
        let mut random = UnwrapErr(SysRng);
        let mut draw = |set: &str| {
            let characters: Vec<char> = set.chars().collect();
            *characters.choose(&mut random).expect("no set is empty")
        };
        let mut password: Vec<char> = self.required.iter().map(|set| draw(set)).collect();
        let length = GENERATED_LENGTH.max(self.min_length).min(MAX_BYTES);
        let mut bytes: usize = password.iter().map(|c| c.len_utf8()).sum();
        while password.len() < length && bytes < MAX_BYTES {
            password.push(draw(FILLER));
            bytes += 1;
        }
        password.shuffle(&mut random);
        password.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: &str = "abcdefghijklmnopqrstuvwxyz:ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789";

    #[test]
    fn the_minimum_counts_characters_and_is_at_least_six() {
        for (setting, minimum) in [(6, 6), (0, 6), (-1, 6), (5, 6), (8, 8)] {
            let rules = PasswordRules::new(setting, "");
            assert!(rules.weaknesses(&"é".repeat(minimum)).is_empty());
            let found = rules.weaknesses(&"é".repeat(minimum - 1));
            assert_eq!(found.reasons(), ["length"]);
            let text = format!("Password should be at least {minimum} characters.");
            assert_eq!(found.to_string(), text);
        }
        assert_eq!(
            PasswordRules::new(6, "").weaknesses("").reasons(),
            ["length"]
        );
    }

    /// Cases 41 and 44.
    #[test]
    fn the_maximum_counts_bytes() {
        assert_eq!(check_maximum(&"a".repeat(72)), Ok(()));
        assert_eq!(check_maximum(&"a".repeat(73)), Err(TooLong));
        assert_eq!(
            check_maximum(&"🔑".repeat(40)).unwrap_err().to_string(),
            "Password cannot be longer than 72 characters"
        );
    }

    /// Case 42.
    #[test]
    fn missing_characters_are_one_reason_however_many_sets_miss() {
        let rules = PasswordRules::new(6, "abc:ABC:0123");
        let found = rules.weaknesses("abcabcabc");
        assert_eq!(found.reasons(), ["characters"]);
        assert_eq!(
            found.to_string(),
            "Password should contain at least one character of each: abc, ABC, 0123."
        );
        let reasons = rules.weaknesses("aaaD3D").reasons();
        assert_eq!(reasons, ["characters"]);
        assert!(rules.weaknesses("aaaA3D").is_empty());
    }

    /// Case 43.
    #[test]
    fn several_reasons_come_in_order() {
        let mut found = PasswordRules::new(8, "abc:012").weaknesses("abc");
        found.add_pwned();
        assert_eq!(found.reasons(), ["length", "characters", "pwned"]);
        assert_eq!(
            found.to_string(),
            "Password should be at least 8 characters. \
             Password should contain at least one character of each: abc, 012. \
             Password is known to be weak and easy to guess, please choose a different one."
        );
    }

    #[test]
    fn sets_may_hold_colons() {
        for (setting, sets) in [
            ("", &[] as &[&str]),
            (":", &[]),
            ("ab::c:", &["ab", "c"]),
            (r"a\:b:c", &["a:b", "c"]),
            (r"\:", &[":"]),
            // The symbols of a hosted project: a backslash and a colon.
            (r"'\\:|", &[r"'\:|"]),
            (r"a\b", &[r"a\b"]),
            (r"a\", &[r"a\"]),
        ] {
            assert_eq!(PasswordRules::new(6, setting).required, sets, "{setting}");
        }
    }

    #[test]
    fn generated_passwords_satisfy_the_rules() {
        for (min_length, sets, length) in [
            (6, "", 64),
            (6, SETS, 64),
            (70, SETS, 70),
            (100, "", 72),
            (6, r"!\:é:🔑", 64),
        ] {
            let rules = PasswordRules::new(min_length, sets);
            let password = rules.generate();
            assert_eq!(password.chars().count(), length);
            assert_eq!(check_maximum(&password), Ok(()));
            let reasons = rules.weaknesses(&password).reasons();
            assert!(
                reasons.is_empty() || min_length > 72,
                "{password} {reasons:?}"
            );
            assert_ne!(password, rules.generate());
        }
        // The characters of the sets stand in no fixed place.
        let rules = PasswordRules::new(6, "!");
        let first = rules.generate().find('!');
        assert!((0..100).any(|_| rules.generate().find('!') != first));
    }
}
