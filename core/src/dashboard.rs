//! What the accounts of the people who run the dashboard must look like (CDI, "Dashboard users").

use std::sync::LazyLock;

use regex_lite::Regex;

/// A mailbox, an `@`, and a host of at least two labels or an IPv4 address in brackets.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"^([^<>()\[\]\\.,;:\s@"]+(\.[^<>()\[\]\\.,;:\s@"]+)*|".+")@"#,
        r"(\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\]|([a-zA-Z0-9-]+\.)+[a-zA-Z]{2,})$",
    ))
    .expect("a sound expression")
});

/// Whether a text has the form of an e-mail address.
pub fn is_address(text: &str) -> bool {
    ADDRESS.is_match(text)
}

/// What a password lacks, in the words of the protocol; `None` when it will do.
pub fn weakness(password: &str) -> Option<&'static str> {
    let length = password.chars().count();
    if length < 8 {
        Some("Password must contain at least 8 characters, including a number")
    } else if length >= 100 {
        Some("Password's length must be lesser than 100 characters")
    } else if !password.chars().any(|c| c.is_ascii_alphabetic()) {
        Some("Password must contain at least one alphabet")
    } else if !password.chars().any(|c| c.is_ascii_digit()) {
        Some("Password must contain at least one number")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for address in ["a@b.co", "ada.lovelace+x@mail.example.org", "a@[127.0.0.1]"] {
            assert!(is_address(address), "{address}");
        }
        for text in [
            "invalid",
            "a@b",
            "a@b.c",
            "@b.co",
            "a b@c.de",
            "a@b..co",
            "a@.co",
            "a@127.0.0.1",
            "",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn passwords() {
        assert_eq!(weakness("correct1"), None);
        let long = "a1".repeat(50);
        for (password, beginning) in [
            ("pass123", "Password must contain at least 8"),
            (long.as_str(), "Password's length"),
            ("12345678", "Password must contain at least one alphabet"),
            ("abcdefgh", "Password must contain at least one number"),
        ] {
            assert!(
                weakness(password).unwrap().starts_with(beginning),
                "{password}"
            );
        }
        assert_eq!(weakness(&long[1..]), None);
    }
}
