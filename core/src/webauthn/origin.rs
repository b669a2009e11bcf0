//! Origins, and which relying parties they may speak for.

use url::{Host, Url};

use super::OptionsError;
use crate::normalise;

/// What the origin of an Android application begins with; the SHA-256 of its signing certificate follows.
const ANDROID: &str = "android:apk-key-hash:";
/// Digits of base64url that 32 bytes have.
const ANDROID_HASH_DIGITS: usize = 43;

/// Checks that `origin` is one, and that it may use credentials of the relying party.
pub(super) fn check(origin: &str, relying_party_id: &str) -> Result<(), OptionsError> {
    if relying_party_id.len() > normalise::MAX_HOST {
        return Err(OptionsError::RelyingParty);
    }
    if let Some(hash) = origin.strip_prefix(ANDROID) {
        // Which applications speak for a domain is in a file on its web server; Android checks it.
        return check_android_hash(hash);
    }
    let url = web(origin).ok_or(OptionsError::Origin)?;
    let host = url.host().ok_or(OptionsError::Origin)?;
    // Parsed like the origin's host, so that letter case and the spelling of international names do not matter.
    match Host::parse(relying_party_id) {
        Ok(relying_party) if covers(&relying_party, &host.to_owned()) => Ok(()),
        _ => Err(OptionsError::RelyingParty),
    }
}

/// Any 43 digits stand for 32 bytes (the last digit has two bits to spare, which are not looked at), so there is no
/// fourth rule about the number of bytes.
fn check_android_hash(hash: &str) -> Result<(), OptionsError> {
    let digit = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if hash.is_empty() {
        Err(OptionsError::AndroidHashMissing)
    } else if !hash.bytes().all(digit) {
        Err(OptionsError::AndroidHashAlphabet)
    } else if hash.len() != ANDROID_HASH_DIGITS {
        Err(OptionsError::AndroidHashLength)
    } else {
        Ok(())
    }
}

/// Whether the relying party is the host or a parent domain of it. A plain comparison of endings would let
/// `evilexample.com` speak for `example.com`. That the relying party is not a whole public suffix such as `co.uk` is
/// checked by browsers.
fn covers(relying_party: &Host, host: &Host) -> bool {
    match (relying_party, host) {
        (Host::Domain(parent), Host::Domain(domain)) => {
            domain == parent
                || domain
                    .strip_suffix(parent.as_str())
                    .is_some_and(|labels| labels.ends_with('.'))
        }
        _ => relying_party == host,
    }
}

/// Whether client data come from the origin of the options. Browsers write an origin in one form, without a final slash
/// or a default port (HTML, "serialization of an origin"), and only that is accepted; options may have been asked for
/// with another form of the same.
pub(super) fn is_same(stored: &str, presented: &str) -> bool {
    presented == stored
        || web(stored).is_some_and(|url| url.origin().ascii_serialization() == presented)
}

/// Reads the URL of a web site. Other URLs have opaque origins, which all serialize to `null`.
fn web(origin: &str) -> Option<Url> {
    Url::parse(origin)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
}
