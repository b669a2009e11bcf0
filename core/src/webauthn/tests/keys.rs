use super::*;
use crate::webauthn::cose::PublicKey;

/// Registers a key and signs in with it.
fn sign_in(key: &Key) -> Result<VerifiedAssertion, AuthenticatorError> {
    let new = Registration::new(key).verify(&EXPECTED)?;
    let stored = StoredCredential {
        public_key: &new.public_key,
        sign_count: new.sign_count,
    };
    verify_assertion(&Assertion::new().json(key), &EXPECTED, &stored)
}

#[test]
fn every_algorithm_signs_in() {
    for algorithm in [-7, -35, -36] {
        assert!(sign_in(&Key::ec(algorithm)).is_ok(), "{algorithm}");
    }
    for algorithm in [-257, -258, -259] {
        assert!(sign_in(&Key::rsa(algorithm)).is_ok(), "{algorithm}");
    }
    assert!(sign_in(&Key::ed25519()).is_ok());
}

/// A signature by a key of one kind is none by a key of another.
#[test]
fn a_stored_key_of_another_kind_refuses() {
    let (ec, ed25519, rsa) = (Key::es256(), Key::ed25519(), Key::rsa(-257));
    for signer in [&ec, &ed25519, &rsa] {
        for holder in [&ec, &ed25519, &rsa] {
            let stored = StoredCredential {
                public_key: &holder.cose(),
                sign_count: 0,
            };
            let verified = verify_assertion(&Assertion::new().json(signer), &EXPECTED, &stored);
            if std::ptr::eq(signer, holder) {
                assert!(verified.is_ok());
            } else {
                assert_eq!(verified, Err(AuthenticatorError::Signature));
            }
        }
    }
}

fn refusal(members: &[(i64, Cbor)]) -> Option<KeyError> {
    let new = Registration {
        key: cose(members),
        ..Registration::new(&Key::es256())
    };
    match new.verify(&EXPECTED) {
        Err(AuthenticatorError::Key(error)) => Some(error),
        other => {
            assert!(other.is_ok(), "{other:?}");
            None
        }
    }
}

/// The members of a key, but for one that has another value or, with `None`, is not there.
fn changed(key: &Key, label: i64, value: Option<Cbor>) -> Vec<(i64, Cbor)> {
    let mut members = key.members();
    members.retain(|(name, _)| *name != label);
    members.extend(value.map(|value| (label, value)));
    members
}

#[test]
fn a_key_names_its_type_and_an_algorithm_that_is_known() {
    let key = Key::es256();
    assert_eq!(refusal(&changed(&key, 1, None)), Some(KeyError::Malformed));
    let unknown = Some(KeyError::Algorithm);
    assert_eq!(refusal(&changed(&key, 3, None)), unknown);
    // ES256K, PS256, RS1, one for private use, and a text.
    let algorithms = [-47, -37, -65535, -70000].map(Cbor::from);
    for algorithm in algorithms.into_iter().chain(["ES256".into()]) {
        let members = changed(&key, 3, Some(algorithm));
        assert_eq!(refusal(&members), unknown, "{members:?}");
    }
    // A number that nobody has registered, or a type that is none.
    for (label, value) in [(3, Cbor::from(12345)), (3, true.into()), (1, 12345.into())] {
        let members = changed(&key, label, Some(value));
        assert_eq!(refusal(&members), Some(KeyError::Malformed), "{members:?}");
    }
}

#[test]
fn type_and_curve_and_algorithm_belong_together() {
    let invalid = Some(KeyError::Invalid);
    let (ec, ed25519, rsa) = (Key::es256(), Key::ed25519(), Key::rsa(-257));
    for (key, label, value) in [
        (&ec, 1, 1),
        (&ec, 1, 3),
        (&ec, 3, -8),
        (&ec, 3, -35),
        (&ec, 3, -257),
        (&ec, -1, 2),
        (&ec, -1, 8),
        (&ed25519, 1, 2),
        (&ed25519, 3, -7),
        (&ed25519, -1, 4),
        (&ed25519, -1, 7),
        (&rsa, 1, 2),
        (&rsa, 3, -7),
    ] {
        let members = changed(key, label, Some(value.into()));
        assert_eq!(refusal(&members), invalid, "{members:?}");
    }
}

#[test]
fn the_numbers_of_a_key_are_there_and_are_bytes() {
    let invalid = Some(KeyError::Invalid);
    for (key, labels) in [
        (Key::es256(), [-1, -2, -3].as_slice()),
        (Key::ed25519(), &[-1, -2]),
        (Key::rsa(-257), &[-1, -2]),
    ] {
        assert_eq!(refusal(&key.members()), None);
        for &label in labels {
            assert_eq!(refusal(&changed(&key, label, None)), invalid, "{label}");
            let empty = Some(Cbor::Bytes(Vec::new()));
            assert_eq!(refusal(&changed(&key, label, empty)), invalid, "{label}");
            let text = Some("x".into());
            assert_eq!(refusal(&changed(&key, label, text)), invalid, "{label}");
        }
    }
}

/// The library that verifies would take these: the same point, divided elsewhere, and a key in the form of certificates
/// (RFC 8410, section 4).
#[test]
fn the_numbers_of_a_key_have_their_own_length_and_form() {
    let key = Key::es256();
    let mut members = key.members();
    let coordinate =
        |members: &[(i64, Cbor)], index: usize| members[index].1.as_bytes().unwrap().clone();
    let (mut x, mut y) = (coordinate(&members, 3), coordinate(&members, 4));
    y.insert(0, x.pop().unwrap());
    members[3].1 = Cbor::Bytes(x);
    members[4].1 = Cbor::Bytes(y);
    assert_eq!(refusal(&members), Some(KeyError::Invalid));

    let key = Key::ed25519();
    let prefix = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
    let spki = [prefix, &coordinate(&key.members(), 3)[..]].concat();
    let members = changed(&key, -2, Some(Cbor::Bytes(spki)));
    assert_eq!(refusal(&members), Some(KeyError::Invalid));
}

/// A compressed point has the sign of y instead of y (RFC 9053, section 7.1.1).
#[test]
fn points_are_on_their_curve_and_not_compressed() {
    let key = Key::es256();
    for y in [
        Cbor::Bytes(vec![1; 32]),
        Cbor::Bool(true),
        Cbor::Bool(false),
    ] {
        assert_eq!(
            refusal(&changed(&key, -3, Some(y))),
            Some(KeyError::Invalid)
        );
    }
}

#[test]
fn rsa_keys_are_neither_small_nor_huge() {
    let key = Key::rsa(-257);
    let modulus = |bytes: usize, first: u8| {
        let mut modulus = vec![0xFF; bytes];
        modulus[0] = first;
        Some(Cbor::Bytes(modulus))
    };
    for (bytes, first, result) in [
        (128, 0xFF, Some(KeyError::Invalid)),
        (256, 0x7F, Some(KeyError::Invalid)),
        (256, 0x80, None),
        (1024, 0xFF, None),
        (1025, 0x01, Some(KeyError::Invalid)),
        (257, 0x00, Some(KeyError::Invalid)),
        (2048, 0xFF, Some(KeyError::Malformed)),
    ] {
        let members = changed(&key, -1, modulus(bytes, first));
        assert_eq!(refusal(&members), result, "{bytes} {first}");
    }
}

#[test]
fn a_key_has_no_label_twice() {
    let mut members = Key::es256().members();
    members.push((3, (-8).into()));
    assert_eq!(refusal(&members), Some(KeyError::Malformed));
    let mut members = Key::es256().members();
    members.push((-2, Cbor::Bytes(vec![1; 32])));
    assert_eq!(refusal(&members), Some(KeyError::Malformed));
}

#[test]
fn what_is_stored_is_one_map_and_nothing_else() {
    let key = Key::es256().cose();
    assert!(PublicKey::from_cose(&key).is_ok());
    for bytes in [
        &[] as &[u8],
        b"rubbish",
        &[0x80],
        &key[..key.len() - 1],
        &[&key[..], &[0]].concat(),
    ] {
        assert_eq!(
            PublicKey::from_cose(bytes).err(),
            Some(KeyError::Malformed),
            "{bytes:?}"
        );
    }
}
