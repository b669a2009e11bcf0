//! Signatures after Standard Webhooks.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::{Engine, alphabet};

use super::outcome::Undelivered;

/// Secrets come with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The value of the header `webhook-signature`: one signature for each secret, so that a receiver takes it while
/// secrets are exchanged. A secret reads `whsec_<base64>`, or `v1,whsec_<base64>` (Standard Webhooks 1.0,
/// "Signature scheme"). `time` is since 1970, the body as it goes over the wire.
///
/// # Errors
/// Permanent when there is no secret, or one that cannot be read.
pub fn sign(
    secrets: &[String],
    id: &str,
    time: Duration,
    body: &[u8],
) -> Result<String, Undelivered> {
    if secrets.is_empty() {
        return Err(Undelivered::permanent("the webhook has no signing secret"));
    }
    let head = format!("{id}.{}.", time.as_secs());
    let signatures = secrets.iter().map(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &decode(secret)?);
        let mut content = hmac::Context::with_key(&key);
        content.update(head.as_bytes());
        content.update(body);
        Ok(format!("v1,{}", STANDARD.encode(content.sign())))
    });
    Ok(signatures
        .collect::<Result<Vec<_>, Undelivered>>()?
        .join(" "))
}

fn decode(secret: &str) -> Result<Vec<u8>, Undelivered> {
    let bare = secret.strip_prefix("v1,").unwrap_or(secret);
    bare.strip_prefix("whsec_")
        .and_then(|encoded| LENIENT.decode(encoded).ok())
        .filter(|key| !key.is_empty())
        .ok_or_else(|| {
            Undelivered::permanent("a signing secret of the webhook is not whsec_<base64>")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    // From the reference implementation's tests.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIME: Duration = Duration::from_secs(1_614_265_330);
    const BODY: &[u8] = b"{\"test\": 2432232314}";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn signed(secrets: &[&str]) -> Result<String, Undelivered> {
        let secrets: Vec<_> = secrets.iter().map(ToString::to_string).collect();
        sign(&secrets, ID, TIME, BODY)
    }

    #[test]
    fn the_published_example() {
        assert_eq!(signed(&[SECRET]).expect("a signature"), SIGNATURE);
        let versioned = format!("v1,{SECRET}");
        assert_eq!(signed(&[&versioned]).expect("a signature"), SIGNATURE);
    }

    #[test]
    fn several_secrets() {
        let both = signed(&["whsec_b3RoZXI=", SECRET]).expect("signatures");
        let both: Vec<_> = both.split(' ').collect();
        assert_eq!((both.len(), both[1]), (2, SIGNATURE));
        assert_ne!(both[0], SIGNATURE);
        let unpadded = signed(&["whsec_b3RoZXI"]).expect("a signature");
        assert_eq!(unpadded, both[0]);
    }

    #[test]
    fn secrets_that_are_none() {
        for bad in [
            &[][..],
            &["geheim"],
            &["whsec_"],
            &["whsec_?geheim"],
            &[SECRET, "v1,geheim"],
        ] {
            let refused = signed(bad).expect_err("no secret");
            assert!(refused.is_permanent && !refused.reason.contains("geheim"));
        }
    }
}
