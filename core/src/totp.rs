//! Time-based one-time passwords (RFC 6238) as authenticator apps make them: HMAC-SHA-1, six digits.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use data_encoding::{BASE32_NOPAD, Encoding};

use crate::{hash, random};

/// Base32 as authenticator apps read it: in either case, with blanks, hyphens or padding, and with bits after the last
/// byte, which texts of random letters have.
static LENIENT: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = BASE32_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.ignore.push_str(" -=");
    specification.translate.from = ('a'..='z').collect();
    specification.translate.to = ('A'..='Z').collect();
    specification.encoding().expect("a sound variant of Base32")
});

/// How many bytes a new secret has: as many as SHA-1 gives (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
const DIGITS: usize = 6;

/// What an authenticator app and the server share.
pub struct Secret(Vec<u8>);

impl Secret {
    /// A new one.
    pub fn random() -> Self {
        Self(random::bytes::<SECRET_BYTES>().to_vec())
    }

    /// From its bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Reads Base32 as people write it down; `None` for anything else and for nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = LENIENT.decode(text.as_bytes()).ok()?;
        (!bytes.is_empty()).then_some(Self(bytes))
    }

    /// The bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// In Base32 without padding, as authenticator apps take it.
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The code of a time step (RFC 4226, section 5.3).
    fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let mac = hmac::sign(&key, &step.to_be_bytes());
        let mac = mac.as_ref();
        let offset = usize::from(mac[mac.len() - 1] & 0xf);
        let word = mac[offset..offset + 4].try_into().expect("four bytes");
        let number = u32::from_be_bytes(word) & 0x7fff_ffff;
        format!("{:0DIGITS$}", number % 10_u32.pow(DIGITS as u32))
    }

    /// Whether `code` is that of the step at `unix_seconds`, or of one of `skew` steps before and after. All are
    /// compared, in constant time, so that the time does not tell how far off a code is.
    pub fn accepts(&self, code: &str, unix_seconds: i64, period_s: i64, skew: i64) -> bool {
        let now = unix_seconds.div_euclid(period_s);
        (now - skew..=now + skew).fold(false, |accepted, step| {
            let expected = u64::try_from(step).map(|step| self.code(step));
            expected.is_ok_and(|expected| hash::equal(expected.as_bytes(), code.as_bytes()))
                | accepted
        })
    }
}

/// What is kept of a code that was used: an HMAC, since other tenants may still take it.
pub fn used_code(keys: &[hmac::Key], code: &str) -> Vec<u8> {
    hmac::sign(&keys[0], code.as_bytes()).as_ref().to_vec()
}

/// Whether `used` is what was kept of this code, under any of the keys.
pub fn is_used_code(keys: &[hmac::Key], used: &[u8], code: &str) -> bool {
    keys.iter()
        .any(|key| hmac::verify(key, code.as_bytes(), used).is_ok())
}

/// What an authenticator app reads: the key URI that all of them take.
pub fn key_uri(secret: &Secret, issuer: &str, account: &str, period_s: i64) -> String {
    let encode = |text: &str| -> String {
        // Spaces as %20: apps show a plus as it is.
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        encoded.replace('+', "%20")
    };
    format!(
        "otpauth://totp/{}:{}?algorithm=SHA1&digits=6&issuer={}&period={period_s}&secret={}",
        encode(issuer),
        encode(account),
        encode(issuer),
        secret.base32()
    )
}

/// A QR code (ISO/IEC 18004) of a text as an SVG image; `None` for one that is too long.
pub fn qr_svg(text: &str) -> Option<String> {
    use qrcode::render::svg::Color;
    let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M).ok()?;
    let image = code.render::<Color>().min_dimensions(200, 200).build();
    // Only the element: it is put into pages and behind "data:image/svg+xml".
    image.find("<svg").map(|at| image[at..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, with the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = Secret(b"12345678901234567890".to_vec());
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert!(secret.accepts(code, time, 30, 0), "{time}");
            assert!(!secret.accepts(code, time + 30, 30, 0), "{time}");
            assert!(secret.accepts(code, time + 30, 30, 1), "{time}");
            assert!(secret.accepts(code, time - 30, 30, 1), "{time}");
            assert!(!secret.accepts(code, time + 60, 30, 1), "{time}");
        }
        for text in ["", "28708", "2870820", "abcdef", "２８７０８２"] {
            assert!(!secret.accepts(text, 59, 30, 1), "{text}");
        }
        // The beginning of time has no steps before it.
        assert!(!secret.accepts("000000", 0, 30, 5));
    }

    #[test]
    fn secrets_are_written_in_base32() {
        let secret = Secret::random();
        let text = secret.base32();
        assert_eq!(text.len(), 32);
        assert_eq!(Secret::parse(&text).unwrap().bytes(), secret.bytes());
        let written = Secret::parse("jbsw y3dp-ehpk 3pxp====").unwrap();
        assert_eq!(written.bytes(), b"Hello!\xde\xad\xbe\xef");
        assert_eq!(written.base32(), "JBSWY3DPEHPK3PXP");
        assert_eq!(Secret::parse("JBSWY3D").unwrap().bytes(), b"Hell");
        for text in ["", "  ", "JBSWY3D1", "ä", "A"] {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_key_uri_holds_what_apps_need() {
        let secret = Secret::from_bytes(b"12345678901234567890".to_vec());
        let uri = key_uri(&secret, "app.example.org:3000", "ada l@example.org", 30);
        assert_eq!(
            uri,
            "otpauth://totp/app.example.org%3A3000:ada%20l%40example.org?algorithm=SHA1&digits=6\
             &issuer=app.example.org%3A3000&period=30&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        );
        let svg = qr_svg(&uri).unwrap();
        assert!(
            svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
            "{svg}"
        );
        assert_eq!(qr_svg(&"x".repeat(5000)), None);
    }
}
