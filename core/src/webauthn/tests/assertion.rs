use super::*;

const NEW: VerifiedAssertion = VerifiedAssertion {
    sign_count: 0,
    digest: [0; 32],
    user_verified: true,
    backup_eligible: false,
    backed_up: false,
};

/// Signs in with a new key that counted to `stored`.
fn verify(
    assertion: &Assertion,
    expected: &Expected,
    stored: u32,
) -> Result<VerifiedAssertion, AuthenticatorError> {
    let key = Key::es256();
    let stored = StoredCredential {
        public_key: &key.cose(),
        sign_count: stored,
    };
    let verified = verify_assertion(&assertion.json(&key), expected, &stored)?;
    Ok(VerifiedAssertion {
        digest: [0; 32],
        ..verified
    })
}

#[test]
fn a_sign_in_tells_what_changed() {
    assert_eq!(verify(&Assertion::new(), &EXPECTED, 0), Ok(NEW));
    let assertion = Assertion {
        flags: UP | BE | BS,
        sign_count: 9,
        ..Assertion::new()
    };
    assert_eq!(
        verify(&assertion, &EXPECTED, 8),
        Ok(VerifiedAssertion {
            sign_count: 9,
            user_verified: false,
            backup_eligible: true,
            backed_up: true,
            ..NEW
        })
    );
}

#[test]
fn client_data_must_be_those_of_the_options() {
    for (member, value, refusal) in [
        (
            "type",
            json!("webauthn.create"),
            AuthenticatorError::Ceremony("webauthn.get"),
        ),
        (
            "challenge",
            json!(new_challenge()),
            AuthenticatorError::Challenge,
        ),
        (
            "origin",
            json!("https://evil.com"),
            AuthenticatorError::Origin,
        ),
        ("crossOrigin", json!(true), AuthenticatorError::CrossOrigin),
        (
            "topOrigin",
            json!("https://evil.com"),
            AuthenticatorError::CrossOrigin,
        ),
    ] {
        let mut assertion = Assertion::new();
        assertion.client_data[member] = value;
        assert_eq!(verify(&assertion, &EXPECTED, 0), Err(refusal), "{member}");
    }
}

#[test]
fn the_authenticator_must_say_what_the_options_ask_for() {
    let assertion = |flags| Assertion {
        flags,
        ..Assertion::new()
    };
    let presence = Expected {
        user_presence: true,
        ..EXPECTED
    };
    let verification = Expected {
        user_verification: Requirement::Required,
        ..EXPECTED
    };
    assert!(verify(&assertion(0), &EXPECTED, 0).is_ok());
    assert!(verify(&assertion(UP), &presence, 0).is_ok());
    assert!(verify(&assertion(UP | UV), &verification, 0).is_ok());
    assert_eq!(
        verify(&assertion(UV), &presence, 0),
        Err(AuthenticatorError::UserPresence)
    );
    assert_eq!(
        verify(&assertion(UP), &verification, 0),
        Err(AuthenticatorError::UserVerification)
    );
    assert_eq!(
        verify(&assertion(UP | BS), &EXPECTED, 0),
        Err(AuthenticatorError::BackupState)
    );
    let elsewhere = Assertion {
        relying_party_id: "evil.com",
        ..Assertion::new()
    };
    assert_eq!(
        verify(&elsewhere, &EXPECTED, 0),
        Err(AuthenticatorError::RelyingParty)
    );
}

#[test]
fn the_signature_must_be_the_credentials_over_these_bytes() {
    let (key, other) = (Key::es256(), Key::es256());
    let public_key = key.cose();
    let stored = StoredCredential {
        public_key: &public_key,
        sign_count: 0,
    };
    let good = Assertion::new().json(&key);
    assert!(verify_assertion(&good, &EXPECTED, &stored).is_ok());

    let verify = |json: &Value| verify_assertion(json, &EXPECTED, &stored);
    let refused = Err(AuthenticatorError::Signature);
    assert_eq!(verify(&Assertion::new().json(&other)), refused);

    let mut unsigned = good.clone();
    unsigned["response"]["signature"] = json!("");
    assert_eq!(verify(&unsigned), refused);

    // The same statement in other words: only the signature covers the space.
    let mut reworded = good.clone();
    let client_data = client_data("webauthn.get").to_string() + " ";
    reworded["response"]["clientDataJSON"] = json!(b64(client_data));
    assert_eq!(verify(&reworded), refused);

    for (byte, flipped) in [(32, UV), (36, 1)] {
        let mut tampered = good.clone();
        let data = good["response"]["authenticatorData"].as_str().unwrap();
        let mut data = URL_SAFE_NO_PAD.decode(data).unwrap();
        data[byte] ^= flipped;
        tampered["response"]["authenticatorData"] = json!(b64(data));
        assert_eq!(verify(&tampered), refused, "byte {byte}");
    }

    let signature = good["response"]["signature"].as_str().unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for index in 0..signature.len() {
        let mut tampered = good.clone();
        let mut bytes = signature.clone();
        bytes[index] ^= 1;
        tampered["response"]["signature"] = json!(b64(bytes));
        assert_eq!(verify(&tampered), refused, "byte {index}");
    }
}

#[test]
fn a_counter_must_grow_once_it_counts() {
    let refused = Err(AuthenticatorError::SignCount);
    for (stored, presented, result) in [
        (0, 0, Ok(0)),
        (0, 1, Ok(1)),
        (5, 6, Ok(6)),
        (5, u32::MAX, Ok(u32::MAX)),
        (5, 5, refused.clone()),
        (5, 4, refused.clone()),
        (5, 0, refused.clone()),
        (u32::MAX, 0, refused),
    ] {
        let assertion = Assertion {
            sign_count: presented,
            ..Assertion::new()
        };
        assert_eq!(
            verify(&assertion, &EXPECTED, stored).map(|verified| verified.sign_count),
            result,
            "{stored} {presented}"
        );
    }
}

#[test]
fn the_same_assertion_may_come_once_more() {
    let key = Key::es256();
    let public_key = key.cose();
    let stored = |sign_count| StoredCredential {
        public_key: &public_key,
        sign_count,
    };
    let assertion = Assertion {
        sign_count: 6,
        ..Assertion::new()
    };
    let json = assertion.json(&key);
    let response = Credential::read(&json).unwrap().assertion().unwrap();
    let first = response.verify(&EXPECTED, &stored(5), None).unwrap();
    let refused = Err(AuthenticatorError::SignCount);
    assert_eq!(response.verify(&EXPECTED, &stored(6), None), refused);
    let again = |sign_count| response.verify(&EXPECTED, &stored(sign_count), Some(&first.digest));
    assert_eq!(again(6), Ok(first));
    // The counter that is stored never goes back.
    assert_eq!(again(8).unwrap().sign_count, 8);

    // Another assertion with the same counter is not the same.
    let other = Assertion {
        flags: UP,
        ..assertion
    };
    let json = other.json(&key);
    let other = Credential::read(&json).unwrap().assertion().unwrap();
    assert_eq!(
        other.verify(&EXPECTED, &stored(6), Some(&first.digest)),
        refused
    );
    // Nor does the digest stand for a signature.
    let stranger = StoredCredential {
        public_key: &Key::es256().cose(),
        sign_count: 6,
    };
    assert_eq!(
        response.verify(&EXPECTED, &stranger, Some(&first.digest)),
        Err(AuthenticatorError::Signature)
    );
}
