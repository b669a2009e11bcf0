//! One key: reading it, signing and verifying with it, publishing it (RFC 7518, section 6; RFC 8037).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey, RsaKeyPair};
use aws_lc_rs::{error::KeyRejected, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use thiserror::Error;

use crate::signing::KeyError;

/// Why a JSON Web Key is refused. Says nothing about the key itself.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
pub enum JwkError {
    /// Not an object, or a member that is missing, not text or not base64url; the member.
    #[error("`{0}` is missing or malformed")]
    Member(&'static str),
    /// Neither HS256, RS256, RS512, ES256, ES512 nor EdDSA, or not with this kind of key.
    #[error("this kind of key or algorithm is not supported")]
    Unsupported,
    /// The parts are no key of the kind, or do not belong together.
    #[error("the key cannot be used")]
    Rejected,
}

impl From<KeyRejected> for JwkError {
    fn from(_: KeyRejected) -> Self {
        Self::Rejected
    }
}

/// What tokens are signed with (RFC 7518, section 3.1; RFC 8037, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Its name in JOSE headers and keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether its keys have a public half.
    pub fn is_asymmetric(self) -> bool {
        self != Self::Hs256
    }

    /// That of a key: what its `alg` says, if that goes with its kind, else the usual one.
    fn of_jwk(jwk: &Value) -> Result<Self, JwkError> {
        let possible: &[Self] = match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
            (Some("oct"), _) => &[Self::Hs256],
            (Some("RSA"), _) => &[Self::Rs256, Self::Rs512],
            (Some("EC"), Some("P-256")) => &[Self::Es256],
            (Some("EC"), Some("P-521")) => &[Self::Es512],
            (Some("OKP"), Some("Ed25519")) => &[Self::EdDsa],
            _ => &[],
        };
        let asked = &jwk["alg"];
        let mut matching = possible
            .iter()
            .filter(|algorithm| asked.is_null() || asked == algorithm.name());
        matching.next().copied().ok_or(JwkError::Unsupported)
    }

    /// The members of a public key of its kind, beside `kty`.
    fn public_members(self) -> &'static [&'static str] {
        match self {
            Self::Hs256 => &[],
            Self::Rs256 | Self::Rs512 => &["n", "e"],
            Self::Es256 | Self::Es512 => &["crv", "x", "y"],
            Self::EdDsa => &["crv", "x"],
        }
    }
}

enum Signer {
    Hmac(Box<hmac::Key>),
    Rsa(RsaKeyPair, &'static dyn signature::RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

enum Verifier {
    Hmac(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

/// A key, parsed and ready.
pub(super) struct Key {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    signer: Option<Signer>,
    verifier: Verifier,
    public: Option<Value>,
}

impl Key {
    /// The key whose bytes a shared secret is.
    pub(super) fn of_secret(secret: &[u8], kid: Option<String>) -> Self {
        let key = Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret));
        Self {
            kid,
            algorithm: Algorithm::Hs256,
            signer: Some(Signer::Hmac(key.clone())),
            verifier: Verifier::Hmac(key),
            public: None,
        }
    }

    /// Reads a JSON Web Key. It signs if its `key_ops` say so, for which it must have its private half.
    pub(super) fn of_jwk(jwk: &Value) -> Result<Self, JwkError> {
        let algorithm = Algorithm::of_jwk(jwk)?;
        let kid = jwk["kid"].as_str().filter(|kid| !kid.is_empty());
        let kid = kid.ok_or(JwkError::Member("kid"))?;
        let signs = jwk["key_ops"]
            .as_array()
            .is_some_and(|operations| operations.iter().any(|operation| operation == "sign"));
        let (signer, verifier) = material(algorithm, jwk, signs)?;
        Ok(Self {
            kid: Some(kid.to_owned()),
            algorithm,
            signer,
            verifier,
            public: algorithm
                .is_asymmetric()
                .then(|| public(algorithm, kid, jwk)),
        })
    }

    pub(super) fn can_sign(&self) -> bool {
        self.signer.is_some()
    }

    /// The public half as it is published.
    pub(super) fn public_jwk(&self) -> Option<&Value> {
        self.public.as_ref()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match self.signer.as_ref().ok_or(KeyError)? {
            Signer::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Signer::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)
                    .map_err(|_| KeyError)?;
                Ok(signature)
            }
            Signer::Ec(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| KeyError)?;
                Ok(signature.as_ref().to_vec())
            }
            Signer::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.verifier {
            Verifier::Hmac(key) => hmac::verify(key, message, signature).is_ok(),
            Verifier::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }
}

/// What a key signs (if it is to) and verifies with.
fn material(
    algorithm: Algorithm,
    jwk: &Value,
    signs: bool,
) -> Result<(Option<Signer>, Verifier), JwkError> {
    let bytes = |member: &'static str| {
        jwk[member]
            .as_str()
            .and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok())
            .filter(|bytes| !bytes.is_empty())
            .ok_or(JwkError::Member(member))
    };
    // Some libraries write a zero byte before a number whose first bit is set.
    let number = |member| {
        let bytes = bytes(member)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Ok::<_, JwkError>(bytes[zeros..].to_vec())
    };
    match algorithm {
        Algorithm::Hs256 => {
            let key = Box::new(hmac::Key::new(hmac::HMAC_SHA256, &bytes("k")?));
            Ok((
                signs.then(|| Signer::Hmac(key.clone())),
                Verifier::Hmac(key),
            ))
        }
        Algorithm::Rs256 | Algorithm::Rs512 => {
            let (parameters, encoding): (_, &dyn signature::RsaEncoding) = match algorithm {
                Algorithm::Rs256 => (
                    &signature::RSA_PKCS1_2048_8192_SHA256,
                    &signature::RSA_PKCS1_SHA256,
                ),
                _ => (
                    &signature::RSA_PKCS1_2048_8192_SHA512,
                    &signature::RSA_PKCS1_SHA512,
                ),
            };
            let public_key = PublicKeyComponents {
                n: number("n")?,
                e: number("e")?,
            };
            let verifier = public_key.to_parsed_public_key(parameters)?;
            let signer = if signs {
                let pair = RsaKeyPair::from_components(&KeyPairComponents {
                    public_key,
                    d: bytes("d")?,
                    p: bytes("p")?,
                    q: bytes("q")?,
                    dP: bytes("dp")?,
                    dQ: bytes("dq")?,
                    qInv: bytes("qi")?,
                })?;
                Some(Signer::Rsa(pair, encoding))
            } else {
                None
            };
            Ok((signer, Verifier::Public(verifier)))
        }
        Algorithm::Es256 | Algorithm::Es512 => {
            let (signing, verification) = match algorithm {
                Algorithm::Es256 => (
                    &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                    &signature::ECDSA_P256_SHA256_FIXED,
                ),
                _ => (
                    &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
                    &signature::ECDSA_P521_SHA512_FIXED,
                ),
            };
            // SEC 1, section 2.3.3.
            let point = [vec![4], bytes("x")?, bytes("y")?].concat();
            let verifier = ParsedPublicKey::new(verification, &point)?;
            let pair =
                |d: Vec<u8>| EcdsaKeyPair::from_private_key_and_public_key(signing, &d, &point);
            let signer = signs
                .then(|| bytes("d"))
                .transpose()?
                .map(pair)
                .transpose()?;
            Ok((signer.map(Signer::Ec), Verifier::Public(verifier)))
        }
        Algorithm::EdDsa => {
            let public_key = bytes("x")?;
            let verifier = ParsedPublicKey::new(&signature::ED25519, &public_key)?;
            let pair = |d: Vec<u8>| Ed25519KeyPair::from_seed_and_public_key(&d, &public_key);
            let signer = signs
                .then(|| bytes("d"))
                .transpose()?
                .map(pair)
                .transpose()?;
            Ok((signer.map(Signer::Ed25519), Verifier::Public(verifier)))
        }
    }
}

/// What is published of a key.
fn public(algorithm: Algorithm, kid: &str, jwk: &Value) -> Value {
    let mut published = json!({
        "kty": jwk["kty"],
        "kid": kid,
        "alg": algorithm.name(),
        "use": "sig",
        "key_ops": ["verify"],
    });
    for member in algorithm.public_members() {
        published[*member] = jwk[*member].clone();
    }
    published
}
