//! The vectors of W3C Web Authentication Level 3, "Test Vectors": registrations and sign-ins of other software, with
//! attestation of several formats. (Those whose keys or formats would test nothing else here are left away.)

use super::*;

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("w3c_vectors.json")).unwrap()
}

fn expected(ceremony: &Value) -> Expected<'_> {
    Expected {
        challenge: ceremony["challenge"].as_str().unwrap(),
        origin: "https://example.org",
        relying_party_id: "example.org",
        user_verification: Requirement::Preferred,
        user_presence: true,
    }
}

#[test]
fn registrations_and_sign_ins_verify() {
    let mut verified = Vec::new();
    for vector in vectors() {
        let name = vector["name"].as_str().unwrap();
        let (registration, sign_in) = (&vector["registration"], &vector["authentication"]);
        let credential = Credential::read(&registration["credential"]).unwrap();
        let new = credential.registration().unwrap();
        let new = new.verify(&expected(registration));
        if name.ends_with("Origin") {
            assert_eq!(new, Err(AuthenticatorError::CrossOrigin), "{name}");
            continue;
        }
        let new = new.unwrap();
        assert_eq!(new.aaguid.simple().to_string(), vector["aaguid"], "{name}");
        assert_eq!(new.id.text(), registration["credential"]["id"], "{name}");
        let stored = StoredCredential {
            public_key: &new.public_key,
            sign_count: new.sign_count,
        };
        let result = verify_assertion(&sign_in["credential"], &expected(sign_in), &stored);
        assert_eq!(result.map(|result| result.sign_count), Ok(0), "{name}");
        // Bound to this sign-in, not to the registration before it.
        let other = verify_assertion(&sign_in["credential"], &expected(registration), &stored);
        assert_eq!(other, Err(AuthenticatorError::Challenge), "{name}");
        verified.push((name.to_owned(), new.user_verified, new.backed_up));
    }
    let flags = |name: &str, user_verified, backed_up| (name.to_owned(), user_verified, backed_up);
    assert_eq!(
        verified,
        [
            flags("none.ES256", false, true),
            flags("packed-self.ES256", true, true),
            flags("packed.RS256", true, true),
            flags("packed.EdDSA", false, false),
        ]
    );
}
