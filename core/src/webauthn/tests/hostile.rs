//! Bytes that no authenticator sends.

use super::*;

/// How an attestation object is refused.
fn refusal(attestation_object: &[u8]) -> Option<CredentialError> {
    let json = Registration::new(&Key::es256()).json_with(attestation_object);
    Credential::read(&json).unwrap().registration().err()
}

const MALFORMED: Option<CredentialError> = Some(CredentialError::Malformed("attestationObject"));

fn with_members(members: Vec<(Cbor, Cbor)>) -> Vec<u8> {
    cbor(&Cbor::Map(members))
}

#[test]
fn an_attestation_object_is_a_map_of_three_members() {
    let good = Registration::new(&Key::es256()).members();
    assert_eq!(refusal(&with_members(good.clone())), None);
    for index in 0..3 {
        let mut lacking = good.clone();
        lacking.remove(index);
        assert_eq!(refusal(&with_members(lacking)), MALFORMED, "{index}");
        let mut twice = good.clone();
        twice.push(good[index].clone());
        assert_eq!(refusal(&with_members(twice)), MALFORMED, "{index}");
        let mut mistyped = good.clone();
        mistyped[index].1 = 7.into();
        assert_eq!(refusal(&with_members(mistyped)), MALFORMED, "{index}");
    }
    assert_eq!(refusal(&cbor(&Cbor::Array(Vec::new()))), MALFORMED);
    let mut trailing = with_members(good);
    trailing.push(0);
    assert_eq!(refusal(&trailing), MALFORMED);
}

/// How authenticator data are refused, in a registration.
fn data_refusal(data: Vec<u8>) -> Option<CredentialError> {
    let mut members = Registration::new(&Key::es256()).members();
    members[2].1 = Cbor::Bytes(data);
    refusal(&with_members(members))
}

#[test]
fn authenticator_data_end_where_they_should() {
    let extensions = cbor(&Cbor::Map(vec![("credProtect".into(), 2.into())]));
    let registration = Registration {
        flags: UP | AT | ED,
        behind: extensions,
        ..Registration::new(&Key::es256())
    };
    let data = registration.authenticator_data();
    assert_eq!(data_refusal(data.clone()), None);
    for length in 0..data.len() {
        assert_eq!(data_refusal(data[..length].to_vec()), MALFORMED, "{length}");
    }
    let mut trailing = data;
    trailing.push(0);
    assert_eq!(data_refusal(trailing), MALFORMED);
}

#[test]
fn authenticator_data_have_what_their_flags_say() {
    let registration = |flags, behind: &[u8]| Registration {
        flags,
        behind: behind.to_vec(),
        ..Registration::new(&Key::es256())
    };
    let extensions = &[0xA0];
    for (flags, behind, refusal) in [
        (UP | AT | ED, extensions.as_slice(), None),
        (UP | AT | ED, &[], MALFORMED),
        (UP | AT, extensions, MALFORMED),
        // A list is no map of extensions.
        (UP | AT | ED, &[0x80], MALFORMED),
        (UP, extensions, MALFORMED),
    ] {
        let data = registration(flags, behind).authenticator_data();
        assert_eq!(data_refusal(data), refusal, "{flags:x} {behind:?}");
    }
    // A length of the credential's id that leads behind the end.
    let mut data = registration(UP | AT, &[]).authenticator_data();
    data[53] = 0xFF;
    assert_eq!(data_refusal(data), MALFORMED);
}

#[test]
fn authenticator_data_are_bounded_in_attestation_objects_too() {
    let registration = Registration {
        flags: UP | AT | ED,
        behind: cbor(&Cbor::Map(vec![(
            "x".into(),
            Cbor::Bytes(vec![0; 16 * 1024]),
        )])),
        ..Registration::new(&Key::es256())
    };
    assert_eq!(data_refusal(registration.authenticator_data()), MALFORMED);
}

/// Lists in lists, maps in maps and tags on tags, some of them without an end: none may exhaust the stack.
#[test]
fn depth_is_bounded() {
    for opening in [
        &[0x81][..],
        &[0x9F],
        &[0xA1, 0x00],
        &[0xBF, 0x00],
        &[0xC1],
        &[0x5F],
    ] {
        let deep = opening.repeat(40_000 / opening.len());
        assert_eq!(refusal(&deep), MALFORMED, "{opening:?}");
        assert_eq!(data_refusal(deep), MALFORMED, "{opening:?}");
    }
    let nested =
        |levels| (0..levels).fold(Cbor::Map(Vec::new()), |inner, _| Cbor::Array(vec![inner]));
    for (levels, refused) in [(8, None), (20, MALFORMED)] {
        let registration = Registration {
            statement: nested(levels),
            ..Registration::new(&Key::es256())
        };
        assert_eq!(refusal(&with_members(registration.members())), refused);
    }
}

/// Lengths that promise more than there is: none may be believed and allocated.
#[test]
fn promised_lengths_are_not_believed() {
    for kind in [0x5B, 0x7B, 0x9B, 0xBB] {
        for length in [1 << 32, 1 << 62, u64::MAX] {
            let bytes = [&[kind][..], &length.to_be_bytes()].concat();
            assert_eq!(refusal(&bytes), MALFORMED, "{kind:x}");
        }
    }
}

/// Every bit of an attestation object, flipped: nothing panics, and what the options and the browser name is named once
/// more by the authenticator.
#[test]
fn no_flipped_bit_goes_through_or_panics() {
    let registration = Registration::new(&Key::ed25519());
    let good = with_members(registration.members());
    let position = |part: &[u8]| {
        let start = good.windows(part.len()).position(|window| window == part);
        start.unwrap()..start.unwrap() + part.len()
    };
    let relying_party = position(&hash::sha256(RELYING_PARTY.as_bytes()));
    let id = position(&registration.id);
    for bit in 0..good.len() * 8 {
        let (index, mut bytes) = (bit / 8, good.clone());
        bytes[index] ^= 1 << (bit % 8);
        let json = registration.json_with(&bytes);
        let credential = Credential::read(&json).unwrap();
        let verified = credential.registration().map(|new| new.verify(&EXPECTED));
        if relying_party.contains(&index) {
            assert_eq!(verified, Ok(Err(AuthenticatorError::RelyingParty)));
        } else if id.contains(&index) {
            assert_eq!(verified, Ok(Err(AuthenticatorError::CredentialId)));
        }
    }
}
