//! Signing keys: making them, signing with them, publishing them (RFC 7515, RFC 7517, RFC 7518).

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde_json::{Value, json};
use thiserror::Error;

/// The algorithms that our own keys have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
    Rs256,
    /// ECDSA on P-256 with SHA-256: signs about twenty times faster.
    Es256,
}

impl Algorithm {
    /// Its name in JOSE headers and keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    fn jose(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
        }
    }
}

/// A key could not be made or read, or would not sign. Says nothing about the key itself.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the signing key cannot be used")]
pub struct KeyError;

/// A new private key, before it is sealed and stored.
pub struct GeneratedKey {
    /// PKCS #8 (RFC 5958) in DER. Secret.
    pub private_der: Vec<u8>,
    /// The public half, without `kid`.
    pub public_jwk: Value,
}

/// Makes a key. RSA takes some 50 to 500 ms of processor time, EC well under one.
///
/// # Errors
/// [`KeyError`] when the cryptographic library fails.
pub fn generate(algorithm: Algorithm) -> Result<GeneratedKey, KeyError> {
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    match algorithm {
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
            let der =
                AsDer::<aws_lc_rs::encoding::Pkcs8V1Der>::as_der(&pair).map_err(|_| KeyError)?;
            let public = pair.public_key();
            let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
            let exponent = public.exponent().big_endian_without_leading_zero().to_vec();
            Ok(GeneratedKey {
                private_der: der.as_ref().to_vec(),
                public_jwk: json!({"kty": "RSA", "n": b64(&modulus), "e": b64(&exponent),
                                   "alg": "RS256", "use": "sig"}),
            })
        }
        Algorithm::Es256 => {
            let pair =
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError)?;
            let der = pair.to_pkcs8v1().map_err(|_| KeyError)?;
            // SEC 1, section 2.3.3: 0x04, then the two coordinates.
            let point = pair.public_key().as_ref();
            let (x, y) = point
                .get(1..)
                .ok_or(KeyError)?
                .split_at_checked(32)
                .ok_or(KeyError)?;
            Ok(GeneratedKey {
                private_der: der.as_ref().to_vec(),
                public_jwk: json!({"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y),
                                   "alg": "ES256", "use": "sig"}),
            })
        }
    }
}

/// A private key, parsed and ready. (`jsonwebtoken` would parse and check it again for every signature, which is
/// half of the work of signing with ES256.)
pub struct SigningKey {
    /// Names the key in token headers.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    pair: KeyPair,
}

enum KeyPair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl SigningKey {
    /// Reads a key that [`generate`] made.
    ///
    /// # Errors
    /// [`KeyError`] when the DER is not such a key.
    pub fn from_der(kid: &str, algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(der).map(KeyPair::Rsa),
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(KeyPair::Ec)
            }
        };
        Ok(Self {
            kid: kid.to_owned(),
            algorithm,
            pair: pair.map_err(|_| KeyError)?,
        })
    }

    /// Signs claims under a header that has `alg`, `typ`, `kid` and the given further members.
    ///
    /// # Errors
    /// [`KeyError`] when the key would not sign.
    pub fn sign(&self, extra_header: &[(&str, &str)], claims: &Value) -> Result<String, KeyError> {
        let mut header = json!({"alg": self.algorithm.name(), "typ": "JWT", "kid": self.kid});
        for (name, value) in extra_header {
            header[*name] = Value::from(*value);
        }
        compact(&header, claims, |message| self.pair.sign(message))
    }
}

/// A token in the compact form (RFC 7515, section 7.1).
pub(crate) fn compact(
    header: &Value,
    claims: &Value,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, KeyError>,
) -> Result<String, KeyError> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut token = format!("{}.{}", part(header), part(claims));
    let signature = sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

impl KeyPair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| KeyError)?;
                Ok(signature)
            }
            Self::Ec(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| KeyError)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

/// The public half of a key, parsed and ready.
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl VerifyingKey {
    /// Reads a JSON Web Key of ours.
    ///
    /// # Errors
    /// [`KeyError`] when it is none.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let algorithm = jwk["alg"]
            .as_str()
            .and_then(Algorithm::from_name)
            .ok_or(KeyError)?;
        let text = |member: &str| jwk[member].as_str().ok_or(KeyError);
        let key = match algorithm {
            Algorithm::Rs256 => DecodingKey::from_rsa_components(text("n")?, text("e")?),
            Algorithm::Es256 => DecodingKey::from_ec_components(text("x")?, text("y")?),
        };
        Ok(Self {
            algorithm,
            key: key.map_err(|_| KeyError)?,
        })
    }

    /// Whether `signature` (base64url) is this key's over `message`. `alg` is what the token's header
    /// says: it must be the key's own algorithm, or a token could choose how it is checked
    /// (RFC 8725, section 3.1).
    pub fn verifies(&self, alg: &str, message: &str, signature: &str) -> bool {
        alg == self.algorithm.name()
            && jsonwebtoken::crypto::verify(
                signature,
                message.as_bytes(),
                &self.key,
                self.algorithm.jose(),
            )
            .unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_token_verifies_with_the_published_key_and_with_no_other() {
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let made = generate(algorithm).unwrap();
            let key = SigningKey::from_der("k", algorithm, &made.private_der).unwrap();
            let token = key
                .sign(&[("version", "5")], &json!({"sub": "ada"}))
                .unwrap();
            let (message, signature) = token.rsplit_once('.').unwrap();
            let public = VerifyingKey::from_jwk(&made.public_jwk).unwrap();
            assert!(public.verifies(algorithm.name(), message, signature));
            assert!(!public.verifies("HS256", message, signature));
            assert!(!public.verifies("none", message, ""));
            assert!(!public.verifies(algorithm.name(), &format!("{message}x"), signature));
            let other = VerifyingKey::from_jwk(&generate(algorithm).unwrap().public_jwk).unwrap();
            assert!(!other.verifies(algorithm.name(), message, signature));
        }
    }

    #[test]
    fn jwks_members_are_what_clients_need() {
        let rsa = generate(Algorithm::Rs256).unwrap().public_jwk;
        assert_eq!(rsa["e"], "AQAB");
        // 2048 bits without a leading zero byte are 342 digits of base64url.
        assert_eq!(rsa["n"].as_str().unwrap().len(), 342);
        let ec = generate(Algorithm::Es256).unwrap().public_jwk;
        assert_eq!(
            (
                ec["x"].as_str().unwrap().len(),
                ec["y"].as_str().unwrap().len()
            ),
            (43, 43)
        );
    }

    #[test]
    fn rubbish_is_no_key() {
        assert!(SigningKey::from_der("k", Algorithm::Rs256, b"rubbish").is_err());
        assert!(VerifyingKey::from_jwk(&json!({"alg": "RS256", "n": "!"})).is_err());
        assert!(VerifyingKey::from_jwk(&json!({"alg": "HS256", "k": "x"})).is_err());
    }
}
