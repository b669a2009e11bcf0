//! Case numbers are those of the CDI reference, section 7.12.

use super::*;

fn request() -> CeremonyRequest<'static> {
    CeremonyRequest {
        relying_party_id: RELYING_PARTY,
        relying_party_name: "Example",
        origin: ORIGIN,
        ..CeremonyRequest::default()
    }
}

fn register() -> RegisterRequest<'static> {
    RegisterRequest {
        ceremony: request(),
        email: "ada@example.com",
        ..RegisterRequest::default()
    }
}

/// The reason that an origin is refused with, for this relying party.
fn refusal(origin: &str, relying_party_id: &str) -> Option<String> {
    let request = CeremonyRequest {
        origin,
        relying_party_id,
        ..request()
    };
    request.validate().err().map(|error| error.to_string())
}

/// Case 266.
#[test]
fn defaults() {
    let options = register().validate().unwrap();
    assert_eq!(options.ceremony.timeout_ms, 6000);
    assert_eq!(options.ceremony.expires_at_ms(1_000), 7_000);
    assert_eq!(options.ceremony.user_verification.name(), "preferred");
    assert!(!options.ceremony.user_presence);
    assert_eq!(options.attestation.name(), "none");
    assert_eq!(options.resident_key.name(), "required");
    assert_eq!(options.algorithms, [-8, -7, -257]);
    assert_eq!(options.display_name, "ada@example.com");
}

#[test]
fn what_is_asked_for_is_taken() {
    let algorithms = json!([-257, -7]);
    let options = RegisterRequest {
        ceremony: CeremonyRequest {
            timeout_ms: Some(0),
            user_verification: Some("discouraged"),
            user_presence: Some(true),
            ..request()
        },
        display_name: Some("Ada"),
        attestation: Some("enterprise"),
        resident_key: Some("preferred"),
        algorithms: Some(&algorithms),
        ..register()
    };
    let options = options.validate().unwrap();
    assert_eq!(
        options.ceremony,
        CeremonyOptions {
            relying_party_id: RELYING_PARTY,
            relying_party_name: "Example",
            origin: ORIGIN,
            timeout_ms: 0,
            user_verification: Requirement::Discouraged,
            user_presence: true,
        }
    );
    assert_eq!(options.display_name, "Ada");
    assert_eq!(options.attestation, Attestation::Enterprise);
    assert_eq!(options.resident_key, Requirement::Preferred);
    assert_eq!(options.algorithms, [-257, -7]);
}

#[test]
fn every_name_is_read_as_it_is_written() {
    for name in ["required", "discouraged", "preferred"] {
        assert_eq!(Requirement::from_name(name).unwrap().name(), name);
    }
    for name in ["none", "indirect", "direct", "enterprise"] {
        assert_eq!(Attestation::from_name(name).unwrap().name(), name);
    }
}

/// Case 267.
#[test]
fn origins_that_are_no_url_are_refused() {
    for origin in [
        "not a url",
        "",
        "example.com",
        "example.com:443",
        "localhost:3000",
        "https://",
        "file:///example.com",
        "mailto:ada@example.com",
        "android:apk:x",
    ] {
        let reason = refusal(origin, RELYING_PARTY);
        assert_eq!(
            reason.as_deref(),
            Some("Origin has to be a valid url!"),
            "{origin}"
        );
    }
}

/// Case 267.
#[test]
fn the_relying_party_is_the_host_or_a_parent_domain() {
    for (origin, relying_party_id) in [
        ("https://example.com", "example.com"),
        ("https://sub.example.com", "example.com"),
        ("https://a.b.example.com:8443/", "b.example.com"),
        ("https://EXAMPLE.com", "Example.com"),
        ("https://bücher.example", "bücher.example"),
        ("https://xn--bcher-kva.example", "bücher.example"),
        ("http://localhost:3000", "localhost"),
        ("http://127.0.0.1:3000", "127.0.0.1"),
        ("http://[::1]:3000", "[::1]"),
    ] {
        assert_eq!(
            refusal(origin, relying_party_id),
            None,
            "{origin} {relying_party_id}"
        );
    }
    for (origin, relying_party_id) in [
        ("https://evil.com", "example.com"),
        ("https://evilexample.com", "example.com"),
        ("https://example.com", "sub.example.com"),
        ("https://example.com.evil.com", "example.com"),
        ("https://evil.com/example.com", "example.com"),
        ("https://example.com@evil.com", "example.com"),
        ("https://example.com", ""),
        ("https://example.com.", ""),
        ("https://example.com", ".com"),
        ("https://example.com", "https://example.com"),
        ("http://127.0.0.1", "0.0.1"),
    ] {
        assert_eq!(
            refusal(origin, relying_party_id).as_deref(),
            Some("Origin does not match RelyingParty Id"),
            "{origin} {relying_party_id}"
        );
    }
}

#[test]
fn a_relying_party_is_no_longer_than_a_host() {
    let long = format!("{}.example.com", "a".repeat(250));
    let android = format!("android:apk-key-hash:{}", "A".repeat(43));
    for origin in [&format!("https://{long}"), &android] {
        assert_eq!(
            refusal(origin, &long).as_deref(),
            Some("Origin does not match RelyingParty Id")
        );
    }
}

/// Case 268.
#[test]
fn android_origins() {
    let origin = |hash: &str| format!("android:apk-key-hash:{hash}");
    for hash in ["a".repeat(43), format!("{}-_", "Z9".repeat(20)) + "x"] {
        // Which domain an application belongs to is not known from its origin.
        assert_eq!(refusal(&origin(&hash), RELYING_PARTY), None, "{hash}");
    }
    let missing = "Android origin must contain a valid base64 hash";
    let alphabet = "Android origin hash must be valid URL-safe base64 (no padding)";
    let length = "Android origin hash must be 43 characters (base64url SHA-256)";
    for (hash, reason) in [
        (String::new(), missing),
        (format!("{}=", "a".repeat(43)), alphabet),
        (format!("{}+", "a".repeat(42)), alphabet),
        (format!("{}é", "a".repeat(41)), alphabet),
        ("#".to_owned(), alphabet),
        ("a".repeat(42), length),
        ("a".repeat(44), length),
        ("a".to_owned(), length),
    ] {
        assert_eq!(
            refusal(&origin(&hash), RELYING_PARTY).as_deref(),
            Some(reason),
            "{hash}"
        );
    }
}

/// Case 269, and the other values that have names.
#[test]
fn unknown_names_and_bad_numbers_are_refused() {
    let reason = |request: RegisterRequest| request.validate().unwrap_err().to_string();
    let ceremony = |ceremony: CeremonyRequest<'static>| RegisterRequest {
        ceremony,
        ..register()
    };
    assert_eq!(
        reason(ceremony(CeremonyRequest {
            timeout_ms: Some(-1),
            ..request()
        })),
        "Timeout must be a positive value"
    );
    assert_eq!(
        reason(ceremony(CeremonyRequest {
            user_verification: Some("maybe"),
            ..request()
        })),
        "Invalid value 'maybe' for userVerification. Must be one of: required, discouraged, preferred"
    );
    assert_eq!(
        reason(RegisterRequest {
            attestation: Some("None"),
            ..register()
        }),
        "Invalid value 'None' for attestation. Must be one of: none, indirect, direct, enterprise"
    );
    assert_eq!(
        reason(RegisterRequest {
            resident_key: Some(""),
            ..register()
        }),
        "Invalid value '' for residentKey. Must be one of: required, discouraged, preferred"
    );
    for algorithms in [
        json!(["ES256"]),
        json!([-7.5]),
        json!(-7),
        json!([u64::MAX]),
    ] {
        let refused = RegisterRequest {
            algorithms: Some(&algorithms),
            ..register()
        };
        let refused = refused.validate().unwrap_err();
        assert!(
            matches!(&refused, OptionsError::Algorithms(parser) if *parser == refused.to_string())
                && refused.to_string().starts_with("invalid "),
            "{refused}"
        );
    }
}

/// Case 271.
#[test]
fn options_hold_until_their_last_millisecond() {
    assert_eq!(check_unexpired(7_000, 7_000), Ok(()));
    let expired = check_unexpired(7_000, 7_001).unwrap_err();
    assert_eq!(expired.to_string(), "Options expired");
    let forever = CeremonyRequest {
        timeout_ms: Some(i64::MAX),
        ..request()
    };
    assert_eq!(
        forever.validate().unwrap().expires_at_ms(i64::MAX),
        i64::MAX
    );
}

#[test]
fn challenges_are_32_bytes_and_differ() {
    let challenge = new_challenge();
    assert_eq!(URL_SAFE_NO_PAD.decode(&challenge).unwrap().len(), 32);
    assert_ne!(challenge, new_challenge());
}
