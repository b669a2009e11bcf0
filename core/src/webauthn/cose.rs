//! Public keys of credentials: COSE keys (RFC 9052, section 7; RFC 9053; RFC 8230) as W3C, section 5.8.5, has them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use ciborium::Value;
use coset::iana::{
    Algorithm, Ec2KeyParameter, EllipticCurve, EnumI64, KeyType, OkpKeyParameter, RsaKeyParameter,
};
use coset::{AsCborValue, CoseKey, Label, RegisteredLabel, RegisteredLabelWithPrivate};
use thiserror::Error;

use super::cbor;

/// How many bytes a key has at most; an RSA key of 8192 bits has some 1040.
const MAX_BYTES: usize = 2 * 1024;
/// Bits that RSA keys may have: what the verifying algorithms take.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No COSE key, or far too large a one.
    #[error("The public key is not a COSE key")]
    Malformed,
    /// It names no algorithm, or one that nobody here can verify.
    #[error("The algorithm of the public key is not supported")]
    Algorithm,
    /// Its type, curve or numbers are not those of a key of its algorithm.
    #[error("The public key does not fit its algorithm")]
    Invalid,
}

/// A key that verifies.
pub(super) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    /// Reads the CBOR of a COSE key.
    pub(super) fn from_cose(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() > MAX_BYTES {
            return Err(KeyError::Malformed);
        }
        let value = cbor::whole(bytes).ok_or(KeyError::Malformed)?;
        let key = CoseKey::from_cbor_value(value).map_err(|_| KeyError::Malformed)?;
        let Some(RegisteredLabelWithPrivate::Assigned(algorithm)) = key.alg else {
            return Err(KeyError::Algorithm);
        };
        match algorithm {
            Algorithm::ES256 => ec(&key, EllipticCurve::P_256, 32, &ECDSA_P256_SHA256_ASN1),
            Algorithm::ES384 => ec(&key, EllipticCurve::P_384, 48, &ECDSA_P384_SHA384_ASN1),
            Algorithm::ES512 => ec(&key, EllipticCurve::P_521, 66, &ECDSA_P521_SHA512_ASN1),
            Algorithm::EdDSA => ed25519(&key),
            Algorithm::RS256 => rsa(&key, &RSA_PKCS1_2048_8192_SHA256),
            Algorithm::RS384 => rsa(&key, &RSA_PKCS1_2048_8192_SHA384),
            Algorithm::RS512 => rsa(&key, &RSA_PKCS1_2048_8192_SHA512),
            _ => return Err(KeyError::Algorithm),
        }
        .map(Self)
        .ok_or(KeyError::Invalid)
    }

    /// Whether `signature` is this key's over `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

fn ec(
    key: &CoseKey,
    curve: EllipticCurve,
    coordinate_bytes: usize,
    algorithm: &'static dyn VerificationAlgorithm,
) -> Option<ParsedPublicKey> {
    check_type(key, KeyType::EC2)?;
    check_curve(key, Ec2KeyParameter::Crv, curve)?;
    let coordinate = |name| bytes(key, name).filter(|bytes| bytes.len() == coordinate_bytes);
    // The point, uncompressed (SEC 1, section 2.3.3). W3C allows no other form.
    let point = [
        &[4],
        coordinate(Ec2KeyParameter::X)?,
        coordinate(Ec2KeyParameter::Y)?,
    ]
    .concat();
    ParsedPublicKey::new(algorithm, point).ok()
}

/// With EdDSA, W3C allows this curve alone.
fn ed25519(key: &CoseKey) -> Option<ParsedPublicKey> {
    check_type(key, KeyType::OKP)?;
    check_curve(key, OkpKeyParameter::Crv, EllipticCurve::Ed25519)?;
    let x = bytes(key, OkpKeyParameter::X).filter(|x| x.len() == 32)?;
    ParsedPublicKey::new(&ED25519, x).ok()
}

fn rsa(key: &CoseKey, parameters: &'static RsaParameters) -> Option<ParsedPublicKey> {
    check_type(key, KeyType::RSA)?;
    let n = bytes(key, RsaKeyParameter::N)?;
    let e = bytes(key, RsaKeyParameter::E)?;
    let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
    if !RSA_BITS.contains(&bits) {
        return None;
    }
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(parameters)
        .ok()
}

fn check_type(key: &CoseKey, expected: KeyType) -> Option<()> {
    (key.kty == RegisteredLabel::Assigned(expected)).then_some(())
}

fn check_curve(key: &CoseKey, name: impl EnumI64, expected: EllipticCurve) -> Option<()> {
    (parameter(key, name)? == &Value::from(expected.to_i64())).then_some(())
}

fn bytes(key: &CoseKey, name: impl EnumI64) -> Option<&[u8]> {
    parameter(key, name)?.as_bytes().map(Vec::as_slice)
}

/// The parameter of that name. (`coset` lets no key have two.)
fn parameter(key: &CoseKey, name: impl EnumI64) -> Option<&Value> {
    let label = Label::Int(name.to_i64());
    key.params
        .iter()
        .find(|(name, _)| *name == label)
        .map(|(_, value)| value)
}
