//! What passwordless sign-in derives from what (CDI, "Passwordless", "Derivations").
//!
//! A device holds 32 random bytes. Its hash names it to the front end, and the codes that it is sent follow from it, from
//! a salt that stays in the database, and from the digits that its user types. Nothing from which a code could be made is
//! stored.

use aws_lc_rs::hmac;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use base64::{Engine, alphabet};

use crate::{hash, random};

/// Padding may be there or not.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The secret of a device, which only the front end that asked for the code holds.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceId(Vec<u8>);

impl DeviceId {
    /// A new one.
    #[expect(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        Self(random::bytes::<32>().to_vec())
    }

    /// Reads what a caller sent; `None` when it is not base64.
    pub fn parse(text: &str) -> Option<Self> {
        STANDARD_LENIENT.decode(text).ok().map(Self)
    }

    /// As callers get it: base64 with padding.
    pub fn text(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// The name under which the device is kept: the id before the session, to front ends.
    pub fn pre_auth_session_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(hash::sha256(&self.0))
    }

    /// The code that goes into a link, for the code that the user would type.
    pub fn link_code(&self, salt: &[u8], user_input_code: &str) -> LinkCode {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[&self.0, salt].concat());
        LinkCode(
            hmac::sign(&key, user_input_code.as_bytes())
                .as_ref()
                .to_vec(),
        )
    }
}

/// A code that goes into a link.
pub struct LinkCode(Vec<u8>);

impl LinkCode {
    /// Reads what a caller sent; `None` when it is not base64url.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_LENIENT.decode(text).ok().map(Self)
    }

    /// As callers get it: base64url without padding.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// What the row of the code keeps.
    pub fn row_hash(&self) -> [u8; 32] {
        hash::sha256(&self.0)
    }
}

/// The salt of a new device. Secret.
pub fn new_salt() -> [u8; 32] {
    random::bytes()
}

/// Six random digits.
pub fn new_user_input_code() -> String {
    // 2^64 is so much larger than 10^6 that all codes are equally likely but for one part in 10^13.
    format!("{:06}", u64::from_ne_bytes(random::bytes()) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_forms_that_sdks_know() {
        let device = DeviceId::new();
        assert_eq!(
            (device.text().len(), device.text().ends_with('=')),
            (44, true)
        );
        assert_eq!(device.pre_auth_session_id().len(), 43);
        let code = new_user_input_code();
        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
        let link = device.link_code(&new_salt(), &code);
        assert_eq!(link.text().len(), 43);
        assert_eq!(
            LinkCode::parse(&link.text()).unwrap().row_hash(),
            link.row_hash()
        );
        let padded = format!("{}=", link.text());
        assert_eq!(
            LinkCode::parse(&padded).unwrap().row_hash(),
            link.row_hash()
        );
    }

    /// Computed with Python's hashlib and hmac.
    #[test]
    fn derivations_are_those_of_the_core() {
        let device = DeviceId::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let salt: Vec<u8> = (32..64).collect();
        assert_eq!(
            device.pre_auth_session_id(),
            "Yw3NKWbEM2aRElRIu7JbT_QSpJxzLbLIq8G4WBvXEN0"
        );
        let link = device.link_code(&salt, "123456");
        assert_eq!(link.text(), "GG0Ss4OqlRCeHdv7UHj5zeJmudmi8pXGJTZlfjEbW4Q");
        assert_eq!(
            hash::hex(&link.row_hash()),
            "9c3a686af1eabfcbe576edd32acb0e26fa85c8e9271c1b35b73f9e5cad0b569b"
        );
    }

    #[test]
    fn other_alphabets_are_refused() {
        assert!(DeviceId::parse("asdf##").is_none());
        assert!(DeviceId::parse("-_-_").is_none());
        assert!(LinkCode::parse("##").is_none());
        assert!(LinkCode::parse("+/+/").is_none());
        let device = DeviceId::new();
        assert!(DeviceId::parse(device.text().trim_end_matches('=')).unwrap() == device);
    }
}
