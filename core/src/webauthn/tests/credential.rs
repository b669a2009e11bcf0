use super::*;

fn refusal(json: &Value) -> String {
    Credential::read(json).unwrap_err().to_string()
}

fn good() -> Value {
    Registration::new(&Key::es256()).json()
}

#[test]
fn id_and_type_come_first_and_in_this_order() {
    for (json, reason) in [
        (json!(null), "credential id is missing!"),
        (json!([]), "credential id is missing!"),
        (json!({"type": "x"}), "credential id is missing!"),
        (json!({"id": null}), "credential id is missing!"),
        (json!({"id": 7}), "credential id is missing!"),
        (json!({"id": ""}), "credential id is empty!"),
        (json!({"id": "a+/b"}), "credential id is not base64url!"),
        (json!({"id": "a"}), "credential id is not base64url!"),
        (json!({"id": "AAAA"}), "credential type is missing!"),
        (
            json!({"id": "AAAA", "type": null}),
            "credential type is missing!",
        ),
        (
            json!({"id": "AAAA", "type": ""}),
            "credential type is empty!",
        ),
        (
            json!({"id": "AAAA", "type": "password"}),
            "not supported credential type: 'password'",
        ),
    ] {
        assert_eq!(refusal(&json), reason, "{json}");
    }
}

/// The row must be found whichever way the id is written.
#[test]
fn an_id_has_one_text() {
    for id in ["-_8", "-_8="] {
        let json = json!({"id": id, "type": "public-key"});
        let credential = Credential::read(&json).unwrap();
        assert_eq!(credential.id().as_bytes(), [0xFB, 0xFF]);
        assert_eq!(credential.id().text(), "-_8");
    }
}

/// Replaces a member of the response, or removes it, and tells how it is then refused.
fn response_refusal(ceremony: &str, member: &str, value: Option<Value>) -> String {
    let key = Key::es256();
    let mut json = match ceremony {
        "registration" => Registration::new(&key).json(),
        _ => Assertion::new().json(&key),
    };
    let response = json["response"].as_object_mut().unwrap();
    match value {
        Some(value) => response.insert(member.to_owned(), value),
        None => response.remove(member),
    };
    let credential = Credential::read(&json).unwrap();
    let refused = match ceremony {
        "registration" => credential.registration().err(),
        _ => credential.assertion().err(),
    };
    refused.unwrap().to_string()
}

#[test]
fn every_member_of_a_response_is_needed_and_bounded() {
    for (ceremony, member, max) in [
        ("registration", "clientDataJSON", 8 * 1024),
        ("registration", "attestationObject", 64 * 1024),
        ("sign-in", "clientDataJSON", 8 * 1024),
        ("sign-in", "authenticatorData", 16 * 1024),
        ("sign-in", "signature", 1024),
    ] {
        let refusal = |value| response_refusal(ceremony, member, value);
        let reason = |end: &str| format!("credential response {member} is {end}!");
        assert_eq!(refusal(None), reason("missing"));
        assert_eq!(refusal(Some(json!(1))), reason("missing"));
        assert_eq!(refusal(Some(json!("+/+/"))), reason("not base64url"));
        let too_long = b64(vec![0; max + 3]);
        assert_eq!(refusal(Some(json!(too_long))), reason("too long"));
        if member != "signature" {
            let rubbish = Some(json!(b64("rubbish")));
            assert_eq!(refusal(rubbish), reason("malformed"));
            assert_eq!(refusal(Some(json!(""))), reason("malformed"));
        }
    }
}

#[test]
fn a_response_is_needed() {
    for response in [json!(null), json!([]), json!("x")] {
        let json = json!({"id": "AAAA", "type": "public-key", "response": response});
        let credential = Credential::read(&json).unwrap();
        let missing = Some(CredentialError::Missing("clientDataJSON"));
        assert_eq!(credential.registration().err(), missing);
        assert_eq!(credential.assertion().err(), missing);
    }
}

#[test]
fn raw_id_is_the_id_if_it_is_there() {
    let mut json = good();
    for raw in [json!("AAAA"), json!(""), json!(7)] {
        json["rawId"] = raw;
        let credential = Credential::read(&json).unwrap();
        assert_eq!(
            credential.registration().err(),
            Some(CredentialError::RawId)
        );
    }
    json.as_object_mut().unwrap().remove("rawId");
    assert!(Credential::read(&json).unwrap().registration().is_ok());
    let mut json = Assertion::new().json(&Key::es256());
    json["rawId"] = json!("AAAA");
    let refused = Credential::read(&json).unwrap().assertion().err();
    assert_eq!(
        refused.unwrap().to_string(),
        "credential rawId is not the credential id!"
    );
}

#[test]
fn transports_are_a_short_list_of_short_names() {
    let mut json = good();
    for (transports, accepted) in [
        (json!(null), true),
        (json!([]), true),
        (json!(["usb", "to be invented"]), true),
        (json!("usb"), false),
        (json!([1]), false),
        (json!(vec!["usb"; 17]), false),
        (json!(["a".repeat(33)]), false),
    ] {
        json["response"]["transports"] = transports.clone();
        let result = Credential::read(&json).unwrap().registration();
        let refusal = (!accepted).then_some(CredentialError::Malformed("transports"));
        assert_eq!(result.err(), refusal, "{transports}");
    }
}

#[test]
fn client_data_are_json_with_three_members() {
    let all = client_data("webauthn.create");
    for member in ["type", "challenge", "origin"] {
        let mut lacking = all.clone();
        lacking.as_object_mut().unwrap().remove(member);
        let value = Some(json!(b64(lacking.to_string())));
        assert_eq!(
            response_refusal("registration", "clientDataJSON", value),
            "credential response clientDataJSON is malformed!"
        );
    }
    let all = all.to_string();
    let twice = all.replacen('{', r#"{"origin":"https://evil.com","#, 1);
    let not_utf8 = [all.as_bytes(), &[0xFF]].concat();
    for bytes in [
        twice.as_bytes(),
        &not_utf8,
        &all.as_bytes()[..all.len() - 1],
    ] {
        let value = Some(json!(b64(bytes)));
        assert_eq!(
            response_refusal("sign-in", "clientDataJSON", value),
            "credential response clientDataJSON is malformed!"
        );
    }
}
