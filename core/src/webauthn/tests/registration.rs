use super::*;

#[test]
fn a_registration_gives_what_is_to_be_stored() {
    let key = Key::es256();
    let registration = Registration {
        flags: UP | UV | AT | BE | BS,
        sign_count: 5,
        ..Registration::new(&key)
    };
    let id = CredentialId(vec![7; 32]);
    assert_eq!(
        registration.verify(&EXPECTED),
        Ok(NewCredential {
            id,
            public_key: key.cose(),
            sign_count: 5,
            aaguid: uuid::Uuid::from_bytes([0xAA; 16]),
            transports: vec!["internal".to_owned(), "hybrid".to_owned()],
            user_verified: true,
            backup_eligible: true,
            backed_up: true,
        })
    );
}

/// Of another ceremony, for other options, for another site or from within one.
#[test]
fn client_data_must_be_those_of_the_options() {
    let mut registration = Registration::new(&Key::es256());
    for (member, value, refusal) in [
        (
            "type",
            json!("webauthn.get"),
            AuthenticatorError::Ceremony("webauthn.create"),
        ),
        (
            "challenge",
            json!(new_challenge()),
            AuthenticatorError::Challenge,
        ),
        ("challenge", json!(""), AuthenticatorError::Challenge),
        (
            "challenge",
            json!(format!("{CHALLENGE}=")),
            AuthenticatorError::Challenge,
        ),
        (
            "origin",
            json!("https://evil.com"),
            AuthenticatorError::Origin,
        ),
        (
            "origin",
            json!("https://example.com"),
            AuthenticatorError::Origin,
        ),
        (
            "origin",
            json!("https://app.example.com:8443"),
            AuthenticatorError::Origin,
        ),
        (
            "origin",
            json!("http://app.example.com"),
            AuthenticatorError::Origin,
        ),
        ("origin", json!("null"), AuthenticatorError::Origin),
        ("crossOrigin", json!(true), AuthenticatorError::CrossOrigin),
        (
            "topOrigin",
            json!("https://evil.com"),
            AuthenticatorError::CrossOrigin,
        ),
    ] {
        registration.client_data = client_data("webauthn.create");
        registration.client_data[member] = value.clone();
        assert_eq!(
            registration.verify(&EXPECTED),
            Err(refusal),
            "{member} {value}"
        );
    }
}

/// Browsers before Level 2 say nothing of frames.
#[test]
fn client_data_may_have_fewer_and_more_members() {
    let mut registration = Registration::new(&Key::es256());
    let members = registration.client_data.as_object_mut().unwrap();
    members.remove("crossOrigin");
    members.insert("tokenBinding".to_owned(), json!({"status": "supported"}));
    assert!(registration.verify(&EXPECTED).is_ok());
}

#[test]
fn the_origin_of_the_options_may_be_written_in_another_way() {
    let registration = Registration::new(&Key::es256());
    for origin in [
        "https://app.example.com/",
        "https://app.example.com:443",
        "HTTPS://App.Example.com/path",
    ] {
        let expected = Expected { origin, ..EXPECTED };
        assert!(registration.verify(&expected).is_ok(), "{origin}");
    }
    // What the browser says has one form.
    let mut slash = Registration::new(&Key::es256());
    slash.client_data["origin"] = json!("https://app.example.com/");
    assert_eq!(slash.verify(&EXPECTED), Err(AuthenticatorError::Origin));
}

#[test]
fn an_android_origin_is_compared_as_it_is() {
    let origin = &format!("android:apk-key-hash:{}", "a".repeat(43));
    let expected = Expected { origin, ..EXPECTED };
    let mut registration = Registration::new(&Key::es256());
    registration.client_data["origin"] = json!(origin);
    assert!(registration.verify(&expected).is_ok());
    for other in [origin.replace('a', "b"), "null".to_owned()] {
        registration.client_data["origin"] = json!(other);
        assert_eq!(
            registration.verify(&expected),
            Err(AuthenticatorError::Origin)
        );
    }
}

#[test]
fn the_authenticator_must_have_made_it_for_the_relying_party() {
    let registration = Registration {
        relying_party_id: "app.example.com",
        ..Registration::new(&Key::es256())
    };
    assert_eq!(
        registration.verify(&EXPECTED),
        Err(AuthenticatorError::RelyingParty)
    );
}

#[test]
fn presence_and_verification_count_when_they_are_asked_for() {
    let absent = Registration {
        flags: UV | AT,
        ..Registration::new(&Key::es256())
    };
    let presence = Expected {
        user_presence: true,
        ..EXPECTED
    };
    assert!(absent.verify(&EXPECTED).is_ok());
    assert_eq!(
        absent.verify(&presence),
        Err(AuthenticatorError::UserPresence)
    );
    let unverified = Registration {
        flags: UP | AT,
        ..absent
    };
    assert!(unverified.verify(&presence).is_ok());
    for (user_verification, result) in [
        (Requirement::Discouraged, Ok(false)),
        (Requirement::Preferred, Ok(false)),
        (
            Requirement::Required,
            Err(AuthenticatorError::UserVerification),
        ),
    ] {
        let expected = Expected {
            user_verification,
            ..EXPECTED
        };
        let verified = unverified.verify(&expected).map(|new| new.user_verified);
        assert_eq!(verified, result);
    }
}

#[test]
fn what_is_backed_up_must_be_eligible_for_it() {
    let mut registration = Registration::new(&Key::es256());
    registration.flags = UP | AT | BS;
    assert_eq!(
        registration.verify(&EXPECTED),
        Err(AuthenticatorError::BackupState)
    );
    registration.flags = UP | AT | BE;
    let new = registration.verify(&EXPECTED).unwrap();
    assert_eq!((new.backup_eligible, new.backed_up), (true, false));
}

#[test]
fn the_credential_must_be_the_one_that_is_named() {
    let registration = Registration::new(&Key::es256());
    let mut json = registration.json();
    json["id"] = json!("AAAA");
    json["rawId"] = json!("AAAA");
    let response = Credential::read(&json).unwrap().registration().unwrap();
    assert_eq!(
        response.verify(&EXPECTED),
        Err(AuthenticatorError::CredentialId)
    );
    let without = Registration {
        flags: UP,
        ..registration
    };
    assert_eq!(
        without.verify(&EXPECTED),
        Err(AuthenticatorError::NoCredential)
    );
}

#[test]
fn a_credential_id_has_at_most_1023_bytes() {
    let mut registration = Registration::new(&Key::es256());
    registration.id = vec![7; 1023];
    assert!(registration.verify(&EXPECTED).is_ok());
    registration.id = vec![7; 1024];
    assert_eq!(
        registration.verify(&EXPECTED),
        Err(AuthenticatorError::CredentialIdTooLong)
    );
}

#[test]
fn extensions_are_read_and_passed_over() {
    let extensions = cbor(&Cbor::Map(vec![("credProtect".into(), 2.into())]));
    let registration = Registration {
        flags: UP | AT | ED,
        behind: extensions,
        ..Registration::new(&Key::es256())
    };
    assert!(registration.verify(&EXPECTED).is_ok());
}

#[test]
fn any_attestation_format_will_do() {
    let certificate = Cbor::Array(vec![Cbor::Bytes(vec![0x30; 40])]);
    let statement = Cbor::Map(vec![("x5c".into(), certificate)]);
    let compound = Cbor::Array(vec![statement.clone(), statement.clone()]);
    for (format, statement) in [
        ("packed", statement),
        ("compound", compound),
        ("to be invented", Cbor::Map(Vec::new())),
    ] {
        let registration = Registration {
            format: format.into(),
            statement,
            ..Registration::new(&Key::es256())
        };
        assert!(registration.verify(&EXPECTED).is_ok(), "{format}");
    }
}
