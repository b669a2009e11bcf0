//! E-mail addresses and phone numbers as GoTrue takes them (4.2, 4.3). Its rules are stricter than those of
//! [`crate::normalise`], and other.

use std::sync::LazyLock;

use regex_lite::Regex;
use thiserror::Error;

/// Why an address is refused; 400 `validation_failed`, but for [`AddressError::NotAuthorized`].
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
pub enum AddressError {
    /// No e-mail address.
    #[error("An email address is required")]
    EmailMissing,
    /// No e-mail address of the accepted form.
    #[error("Unable to validate email address: invalid format")]
    EmailFormat,
    /// Not among those that mail may be sent to; 400 `email_address_not_authorized`.
    #[error("Email address cannot be used as it is not authorized")]
    NotAuthorized,
    /// No phone number.
    #[error("Invalid phone number format (E.164 required)")]
    Phone,
    /// A channel that there is not, or not with this provider.
    #[error(
        "Invalid channel, supported values are 'sms' or 'whatsapp'. 'whatsapp' is only supported if Twilio or Twilio Verify is used as the provider."
    )]
    Channel,
}

/// In bytes.
const MAX_EMAIL: usize = 255;

/// The expression of 4.2; it is also that of HTML's `<input type=email>`.
static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    const LABEL: &str = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
    let local = "[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+";
    Regex::new(&format!(r"^{local}@{LABEL}(?:\.{LABEL})*$")).expect("a sound expression")
});

/// An e-mail address in the form in which it is stored: in lower case. Nothing is trimmed.
///
/// # Errors
/// [`AddressError::EmailMissing`], [`AddressError::EmailFormat`].
pub fn email(email: &str) -> Result<String, AddressError> {
    if email.is_empty() {
        Err(AddressError::EmailMissing)
    } else if email.len() > MAX_EMAIL || !EMAIL.is_match(email) {
        Err(AddressError::EmailFormat)
    } else {
        Ok(email.to_ascii_lowercase())
    }
}

/// A phone number as it is looked up: without one leading `+`, and without blanks. It may be none.
pub fn bare_phone(phone: &str) -> String {
    phone.strip_prefix('+').unwrap_or(phone).replace(' ', "")
}

/// A phone number in the form in which it is stored: E.164 without its `+`.
///
/// # Errors
/// [`AddressError::Phone`].
pub fn phone(phone: &str) -> Result<String, AddressError> {
    let bare = bare_phone(phone);
    let is_e164 = (2..=15).contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_digit())
        && !bare.starts_with('0');
    is_e164.then_some(bare).ok_or(AddressError::Phone)
}

/// The addresses that mail may be sent to (cfg.EXTERNAL_EMAIL_AUTHORIZED_ADDRESSES).
#[derive(Debug, Clone, Default)]
pub struct AuthorizedAddresses(Vec<String>);

impl AuthorizedAddresses {
    /// From the setting: addresses with commas between them. None allows all.
    pub fn new(list: &str) -> Self {
        Self(
            list.split(',')
                .map(|address| address.trim().to_ascii_lowercase())
                .filter(|address| !address.is_empty())
                .collect(),
        )
    }

    /// Checks a recipient: the address itself or the address without its `+label` is in the list.
    ///
    /// # Errors
    /// [`AddressError::NotAuthorized`].
    pub fn check(&self, email: &str) -> Result<(), AddressError> {
        let email = email.to_ascii_lowercase();
        let unlabelled = email.split_once('@').map(|(local, domain)| {
            let local = local.split('+').next().unwrap_or_default();
            format!("{local}@{domain}")
        });
        let authorized = self.0.is_empty()
            || self.0.contains(&email)
            || unlabelled.is_some_and(|address| self.0.contains(&address));
        authorized.then_some(()).ok_or(AddressError::NotAuthorized)
    }
}

/// How a code reaches a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channel {
    /// A text message.
    #[default]
    Sms,
    /// WhatsApp.
    Whatsapp,
}

impl Channel {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Whatsapp => "whatsapp",
        }
    }

    /// Reads `channel`, which may be empty. `provider` is cfg.SMS_PROVIDER; a send-sms hook can send through both.
    ///
    /// # Errors
    /// [`AddressError::Channel`].
    pub fn parse(name: &str, provider: &str, has_hook: bool) -> Result<Self, AddressError> {
        match name {
            "" | "sms" => Ok(Self::Sms),
            "whatsapp" if has_hook || matches!(provider, "twilio" | "twilio_verify") => {
                Ok(Self::Whatsapp)
            }
            _ => Err(AddressError::Channel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        for (given, stored) in [
            ("ada@example.com", "ada@example.com"),
            // Case 33.
            ("Test@Example.COM", "test@example.com"),
            ("a@b", "a@b"),
            ("a.b+c@d-e.f0", "a.b+c@d-e.f0"),
            ("!#$%&'*+/=?^_`{|}~-.@x", "!#$%&'*+/=?^_`{|}~-.@x"),
        ] {
            assert_eq!(email(given).as_deref(), Ok(stored));
        }
        let label = "a".repeat(63);
        assert!(email(&format!("a@{label}.{label}")).is_ok());
        assert!(email(&format!("a@{label}a")).is_err());
        let local = "a".repeat(253);
        assert!(email(&format!("{local}@b")).is_ok());
        for given in [
            &format!("{local}a@b"),
            "abc",
            "@b",
            "a@",
            "a@@b",
            "a@b@c",
            " a@b",
            "a@b ",
            "a@b\n",
            "a b@c",
            "\"a\"@b",
            "a@-b",
            "a@b-",
            "a@b..c",
            "a@b.",
            "a@.b",
            "a@[127.0.0.1]",
            "ä@b.de",
            "a@bä.de",
            "\u{212a}@b",
        ] {
            assert_eq!(
                email(given).unwrap_err().to_string(),
                "Unable to validate email address: invalid format",
                "{given}"
            );
        }
        assert_eq!(
            email("").unwrap_err().to_string(),
            "An email address is required"
        );
    }

    /// Cases 48 and 123.
    #[test]
    fn phones() {
        for (given, stored) in [
            ("+1 234 567 8900", "12345678900"),
            ("12", "12"),
            ("123456789012345", "123456789012345"),
            ("+ 12", "12"),
        ] {
            assert_eq!(phone(given).as_deref(), Ok(stored));
        }
        for given in [
            "",
            "+",
            "1",
            "++123",
            "0123",
            "+0123",
            "1234567890123456",
            "abc",
            "12a",
            "1-2",
            " +12",
            "１２",
        ] {
            assert_eq!(
                phone(given).unwrap_err().to_string(),
                "Invalid phone number format (E.164 required)",
                "{given}"
            );
        }
        assert_eq!(bare_phone("+1 x"), "1x");
    }

    /// Case 144.
    #[test]
    fn authorized_addresses() {
        let list = AuthorizedAddresses::new("a@b.co, D+x@E.co,");
        for address in ["a@b.co", "A@B.co", "a+x@b.co", "a+x+y@b.co", "d+x@e.co"] {
            assert_eq!(list.check(address), Ok(()), "{address}");
        }
        for address in [
            "c@b.co", "a@b.com", "d@e.co", "d+y@e.co", "a@x+b.co", "a", "",
        ] {
            assert_eq!(
                list.check(address),
                Err(AddressError::NotAuthorized),
                "{address}"
            );
        }
        for none in ["", " ,"] {
            assert_eq!(AuthorizedAddresses::new(none).check("c@b.co"), Ok(()));
        }
    }

    /// Case 49.
    #[test]
    fn channels() {
        for (name, provider, has_hook, channel) in [
            ("", "", false, Ok(Channel::Sms)),
            ("sms", "vonage", false, Ok(Channel::Sms)),
            ("whatsapp", "twilio", false, Ok(Channel::Whatsapp)),
            ("whatsapp", "twilio_verify", false, Ok(Channel::Whatsapp)),
            ("whatsapp", "vonage", false, Err(AddressError::Channel)),
            ("whatsapp", "", true, Ok(Channel::Whatsapp)),
            ("telegram", "twilio", true, Err(AddressError::Channel)),
            ("SMS", "twilio", false, Err(AddressError::Channel)),
        ] {
            assert_eq!(
                Channel::parse(name, provider, has_hook),
                channel,
                "{name} {provider}"
            );
        }
        assert_eq!(Channel::default().name(), "sms");
    }
}
