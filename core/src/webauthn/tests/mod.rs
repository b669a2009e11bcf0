//! A software authenticator, and the browser before it, whose every word can be changed.

mod assertion;
mod credential;
mod hostile;
mod keys;
mod options;
mod registration;
mod w3c;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::*;
use crate::hash;

const RELYING_PARTY: &str = "example.com";
const ORIGIN: &str = "https://app.example.com";
const CHALLENGE: &str = "q80SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKs";

const UP: u8 = 0x01;
const UV: u8 = 0x04;
const BE: u8 = 0x08;
const BS: u8 = 0x10;
const AT: u8 = 0x40;
const ED: u8 = 0x80;

/// Options that ask for as little as they can.
const EXPECTED: Expected = Expected {
    challenge: CHALLENGE,
    origin: ORIGIN,
    relying_party_id: RELYING_PARTY,
    user_verification: Requirement::Preferred,
    user_presence: false,
};

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// A map with labels that are numbers, like COSE keys.
fn cose(members: &[(i64, Cbor)]) -> Vec<u8> {
    let members = members.iter().cloned();
    cbor(&Cbor::Map(
        members
            .map(|(label, value)| (label.into(), value))
            .collect(),
    ))
}

/// The key of a credential.
enum Key {
    /// COSE algorithm, COSE curve.
    Ec(EcdsaKeyPair, i64, i64),
    Ed25519(Ed25519KeyPair),
    /// COSE algorithm.
    Rsa(RsaKeyPair, i64, &'static dyn RsaEncoding),
}

impl Key {
    fn es256() -> Self {
        Self::ec(-7)
    }

    fn ec(algorithm: i64) -> Self {
        let (signing, curve) = match algorithm {
            -7 => (&ECDSA_P256_SHA256_ASN1_SIGNING, 1),
            -35 => (&ECDSA_P384_SHA384_ASN1_SIGNING, 2),
            _ => (&ECDSA_P521_SHA512_ASN1_SIGNING, 3),
        };
        Self::Ec(EcdsaKeyPair::generate(signing).unwrap(), algorithm, curve)
    }

    fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    fn rsa(algorithm: i64) -> Self {
        let encoding = match algorithm {
            -257 => &RSA_PKCS1_SHA256,
            -258 => &RSA_PKCS1_SHA384,
            _ => &RSA_PKCS1_SHA512,
        };
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self::Rsa(pair, algorithm, encoding)
    }

    /// The labels and values of its COSE key.
    fn members(&self) -> Vec<(i64, Cbor)> {
        let bytes = |bytes: &[u8]| Cbor::Bytes(bytes.to_vec());
        match self {
            Self::Ec(pair, algorithm, curve) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                vec![
                    (1, 2.into()),
                    (3, (*algorithm).into()),
                    (-1, (*curve).into()),
                    (-2, bytes(x)),
                    (-3, bytes(y)),
                ]
            }
            Self::Ed25519(pair) => vec![
                (1, 1.into()),
                (3, (-8).into()),
                (-1, 6.into()),
                (-2, bytes(pair.public_key().as_ref())),
            ],
            Self::Rsa(pair, algorithm, _) => {
                let public = pair.public_key();
                let n = public.modulus().big_endian_without_leading_zero();
                let e = public.exponent().big_endian_without_leading_zero();
                vec![
                    (1, 3.into()),
                    (3, (*algorithm).into()),
                    (-1, bytes(n)),
                    (-2, bytes(e)),
                ]
            }
        }
    }

    fn cose(&self) -> Vec<u8> {
        cose(&self.members())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(pair, ..) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair, _, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }
}

/// Client data as a browser writes them.
fn client_data(ceremony: &str) -> Value {
    json!({"type": ceremony, "challenge": CHALLENGE, "origin": ORIGIN, "crossOrigin": false})
}

/// A registration: what is said in it can be changed before it is put into JSON.
struct Registration {
    client_data: Value,
    relying_party_id: &'static str,
    flags: u8,
    sign_count: u32,
    id: Vec<u8>,
    key: Vec<u8>,
    /// Follows the key: extensions, if the flags say so.
    behind: Vec<u8>,
    format: Cbor,
    statement: Cbor,
}

impl Registration {
    fn new(key: &Key) -> Self {
        Self {
            client_data: client_data("webauthn.create"),
            relying_party_id: RELYING_PARTY,
            flags: UP | UV | AT,
            sign_count: 0,
            id: vec![7; 32],
            key: key.cose(),
            behind: Vec::new(),
            format: "none".into(),
            statement: Cbor::Map(Vec::new()),
        }
    }

    fn authenticator_data(&self) -> Vec<u8> {
        let mut bytes = hash::sha256(self.relying_party_id.as_bytes()).to_vec();
        bytes.push(self.flags);
        bytes.extend(self.sign_count.to_be_bytes());
        if self.flags & AT != 0 {
            bytes.extend([0xAA; 16]);
            bytes.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            bytes.extend(&self.id);
            bytes.extend(&self.key);
        }
        bytes.extend(&self.behind);
        bytes
    }

    fn members(&self) -> Vec<(Cbor, Cbor)> {
        vec![
            ("fmt".into(), self.format.clone()),
            ("attStmt".into(), self.statement.clone()),
            ("authData".into(), Cbor::Bytes(self.authenticator_data())),
        ]
    }

    fn json(&self) -> Value {
        self.json_with(&cbor(&Cbor::Map(self.members())))
    }

    fn json_with(&self, attestation_object: &[u8]) -> Value {
        let id = b64(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": {
            "clientDataJSON": b64(self.client_data.to_string()),
            "attestationObject": b64(attestation_object),
            "transports": ["internal", "hybrid"]}})
    }

    fn verify(&self, expected: &Expected) -> Result<NewCredential, AuthenticatorError> {
        let json = self.json();
        let credential = Credential::read(&json).unwrap();
        credential.registration().unwrap().verify(expected)
    }
}

/// A sign-in: what is said in it can be changed before it is signed.
struct Assertion {
    client_data: Value,
    relying_party_id: &'static str,
    flags: u8,
    sign_count: u32,
}

impl Assertion {
    fn new() -> Self {
        Self {
            client_data: client_data("webauthn.get"),
            relying_party_id: RELYING_PARTY,
            flags: UP | UV,
            sign_count: 0,
        }
    }

    fn json(&self, key: &Key) -> Value {
        let client_data = self.client_data.to_string();
        let mut signed = hash::sha256(self.relying_party_id.as_bytes()).to_vec();
        signed.push(self.flags);
        signed.extend(self.sign_count.to_be_bytes());
        let authenticator_data = b64(&signed);
        signed.extend(hash::sha256(client_data.as_bytes()));
        let id = b64([7; 32]);
        json!({"id": id, "rawId": id, "type": "public-key", "response": {
            "clientDataJSON": b64(client_data),
            "authenticatorData": authenticator_data,
            "signature": b64(key.sign(&signed)),
            "userHandle": null}})
    }
}

fn verify_assertion(
    json: &Value,
    expected: &Expected,
    stored: &StoredCredential,
) -> Result<VerifiedAssertion, AuthenticatorError> {
    let assertion = Credential::read(json).unwrap().assertion().unwrap();
    assertion.verify(expected, stored, None)
}
