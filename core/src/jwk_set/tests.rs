//! The keys of `tests_keys.json` are those of RFC 7515, appendices A.1 and A.3, and RFC 8037, appendix A; the RSA and
//! P-521 keys were made for these tests.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "37c304f8-51aa-419a-a1af-06154e63707a";
/// RFC 7515, appendices A.1 and A.3: their claims expire at this second.
const RFC_EXPIRY: i64 = 1_300_819_380;

/// The keys of these names, of which only the first may sign.
fn keys(kids: &[&str]) -> Value {
    let all: Value = serde_json::from_str(include_str!("tests_keys.json")).unwrap();
    let mut picked: Vec<Value> = kids
        .iter()
        .map(|kid| {
            all.as_array()
                .unwrap()
                .iter()
                .find(|key| key["kid"] == *kid)
                .unwrap()
                .clone()
        })
        .collect();
    for key in picked.iter_mut().skip(1) {
        key["key_ops"] = json!(["verify"]);
    }
    Value::from(picked)
}

fn set(kids: &[&str]) -> JwtKeys {
    JwtKeys::new(&keys(kids).to_string(), SECRET, "").unwrap()
}

fn error(jwt_keys: &Value) -> JwtKeysError {
    JwtKeys::new(&jwt_keys.to_string(), SECRET, "")
        .err()
        .unwrap()
}

/// A token that the secret signed under a header of one's own.
fn forged(header: &Value, claims: &Value) -> String {
    let key = Key::of_secret(SECRET.as_bytes(), None);
    compact(header, claims, |message| key.sign(message)).unwrap()
}

fn header_of(token: &str) -> Value {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap());
    serde_json::from_slice(&header.unwrap()).unwrap()
}

#[test]
fn every_kind_of_key_signs_what_it_verifies() {
    for (kid, algorithm) in [
        ("oct", Algorithm::Hs256),
        ("rsa", Algorithm::Rs256),
        ("ec", Algorithm::Es256),
        ("okp", Algorithm::EdDsa),
        ("ec512", Algorithm::Es512),
    ] {
        let keys = set(&[kid]);
        assert_eq!(keys.algorithm(), algorithm);
        let token = keys.sign(&json!({"sub": "ada"})).unwrap();
        let header = json!({"alg": algorithm.name(), "typ": "JWT", "kid": kid});
        assert_eq!(header_of(&token), header);
        assert_eq!(keys.verify(&token, 0).unwrap()["sub"], "ada");
        // A last digit may hold bits that nobody reads: alter the first.
        let (message, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        let altered = format!("{message}.{first}{}", &signature[1..]);
        assert_eq!(keys.verify(&altered, 0), Err(JwtError::Signature), "{kid}");
        let other = forged(&header, &json!({"sub": "eve"}));
        let refused = keys.verify(&other, 0).unwrap_err();
        assert_eq!(refused, JwtError::Signature, "{kid}");
    }
}

#[test]
fn an_rsa_key_may_ask_for_sha_512() {
    let mut document = keys(&["rsa"]);
    document[0]["alg"] = json!("RS512");
    let keys = JwtKeys::new(&document.to_string(), SECRET, "").unwrap();
    let token = keys.sign(&json!({})).unwrap();
    assert_eq!(header_of(&token)["alg"], "RS512");
    assert!(keys.verify(&token, 0).is_ok());
    assert_eq!(set(&["rsa"]).verify(&token, 0), Err(JwtError::UnknownKey));
}

/// RFC 7515, appendices A.1 and A.3; their headers have no `kid`, so the first is checked with the secret only.
#[test]
fn tokens_of_the_rfc() {
    const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let ec = &keys(&["ec"])[0];
    let key = Key::of_jwk(ec).unwrap();
    let message = format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}");
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert!(key.verifies(
        message.as_bytes(),
        &URL_SAFE_NO_PAD.decode(signature).unwrap()
    ));

    let oct = Key::of_jwk(&keys(&["oct"])[0]).unwrap();
    let message = format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}");
    let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(
        oct.sign(message.as_bytes()).unwrap(),
        URL_SAFE_NO_PAD.decode(signature).unwrap()
    );

    // RFC 8037, appendix A.4.
    let okp = Key::of_jwk(&keys(&["okp"])[0]).unwrap();
    let signature =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    assert_eq!(
        okp.sign(message).unwrap(),
        URL_SAFE_NO_PAD.decode(signature).unwrap()
    );
}

#[test]
fn the_public_set_has_public_halves_only() {
    let published = set(&["oct", "rsa", "ec", "okp"]).public_set();
    let published = published["keys"].as_array().unwrap();
    let kids: Vec<_> = published.iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, ["rsa", "ec", "okp"]);
    for (key, names) in published.iter().zip([
        &["alg", "e", "key_ops", "kid", "kty", "n", "use"] as &[&str],
        &["alg", "crv", "key_ops", "kid", "kty", "use", "x", "y"],
        &["alg", "crv", "key_ops", "kid", "kty", "use", "x"],
    ]) {
        let mut members: Vec<_> = key.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, names);
        assert_eq!(
            (&key["use"], &key["key_ops"]),
            (&json!("sig"), &json!(["verify"]))
        );
    }
    // The key has no `alg` of its own.
    assert_eq!(published[1]["alg"], "ES256");
    for jwt_keys in ["", " ", &keys(&["oct"]).to_string()] {
        let keys = JwtKeys::new(jwt_keys, SECRET, "k").unwrap();
        assert_eq!(keys.public_set(), json!({"keys": []}));
    }
}

#[test]
fn without_keys_the_secret_signs() {
    let plain = JwtKeys::new("", SECRET, "").unwrap();
    let token = plain.sign(&json!({"a": 1})).unwrap();
    assert_eq!(header_of(&token), json!({"alg": "HS256", "typ": "JWT"}));
    assert_eq!(token, forged(&header_of(&token), &json!({"a": 1})));
    let named = JwtKeys::new("", SECRET, "name").unwrap();
    assert_eq!(header_of(&named.sign(&json!({})).unwrap())["kid"], "name");
    assert!(!named.algorithm().is_asymmetric());
    assert!(set(&["ec"]).algorithm().is_asymmetric());
}

/// Cases 13 and 16, and 7.1: the secret goes on beside the keys.
#[test]
fn which_key_verifies() {
    let claims = json!({"role": "service_role"});
    let header = |alg: &str, kid: Value| match kid {
        Value::Null => json!({"alg": alg}),
        kid => json!({"alg": alg, "kid": kid}),
    };
    let plain = JwtKeys::new("", SECRET, "").unwrap();
    let named = JwtKeys::new("", SECRET, "name").unwrap();
    let several = JwtKeys::new(&keys(&["rsa", "oct", "ec"]).to_string(), SECRET, "name").unwrap();
    for keys in [&plain, &named, &several] {
        for kid in [Value::Null, json!("name"), json!("unknown"), json!("")] {
            let token = forged(&header("HS256", kid), &claims);
            assert!(keys.verify(&token, 0).is_ok());
        }
        for (alg, kid) in [
            ("none", Value::Null),
            ("RS256", Value::Null),
            ("RS256", json!("unknown")),
            ("RS256", json!("name")),
            ("HS512", Value::Null),
            ("hs256", Value::Null),
        ] {
            let refused = keys
                .verify(&forged(&header(alg, kid), &claims), 0)
                .unwrap_err();
            assert_eq!(refused, JwtError::UnknownKey, "{alg}");
        }
    }
    // The secret is not the key of that name; and a public key is no secret.
    let refused = several.verify(&forged(&header("HS256", json!("oct")), &claims), 0);
    assert_eq!(refused, Err(JwtError::Signature));
    let refused = several.verify(&forged(&header("HS256", json!("rsa")), &claims), 0);
    assert_eq!(refused, Err(JwtError::UnknownKey));
    // Keys that only verify do.
    let token = set(&["ec"]).sign(&claims).unwrap();
    assert!(several.verify(&token, 0).is_ok());
    assert_eq!(plain.verify(&token, 0), Err(JwtError::UnknownKey));
}

/// Cases 14 and 15.
#[test]
fn times_of_tokens() {
    let keys = JwtKeys::new("", SECRET, "").unwrap();
    let check = |claims: Value, now: i64| keys.verify(&keys.sign(&claims).unwrap(), now).err();
    assert_eq!(check(json!({"exp": RFC_EXPIRY}), RFC_EXPIRY - 1), None);
    assert_eq!(
        check(json!({"exp": RFC_EXPIRY}), RFC_EXPIRY),
        Some(JwtError::Expired)
    );
    assert_eq!(
        check(json!({"exp": RFC_EXPIRY as f64 + 0.5}), RFC_EXPIRY),
        None
    );
    assert_eq!(check(json!({"exp": 0}), 1), Some(JwtError::Expired));
    assert_eq!(check(json!({"nbf": 10}), 9), Some(JwtError::NotYet));
    assert_eq!(check(json!({"nbf": 10}), 10), None);
    assert_eq!(check(json!({"iat": 1_000}), 0), None);
    assert_eq!(check(json!({"exp": null}), i64::MAX), None);
    assert_eq!(check(json!({"exp": "soon"}), 0), Some(JwtError::Malformed));
}

#[test]
fn what_is_no_token() {
    let keys = JwtKeys::new("", SECRET, "").unwrap();
    let token = keys.sign(&json!({})).unwrap();
    for text in [
        "",
        "a",
        "a.b",
        "..",
        "a.b.c",
        &format!("{token}.x"),
        &format!(" {token}"),
        &format!("{token}="),
    ] {
        assert_eq!(keys.verify(text, 0), Err(JwtError::Malformed), "{text}");
    }
    for (header, claims) in [
        (json!([]), json!({})),
        (json!({}), json!({})),
        (json!({"alg": "HS256"}), json!("x")),
    ] {
        assert_eq!(
            keys.verify(&forged(&header, &claims), 0),
            Err(JwtError::Malformed)
        );
    }
    let critical = forged(&json!({"alg": "HS256", "crit": ["b64"]}), &json!({}));
    assert_eq!(keys.verify(&critical, 0), Err(JwtError::UnknownKey));
    assert!(
        JwtError::Expired
            .to_string()
            .starts_with("invalid JWT: unable to parse or verify signature, ")
    );
}

#[test]
fn settings_that_are_wrong() {
    assert_eq!(JwtKeys::new("", "", "").err(), Some(JwtKeysError::Secret));
    for text in ["x", "{}", "[]", "null", "[{}"] {
        let error = JwtKeys::new(text, SECRET, "").err();
        assert_eq!(error, Some(JwtKeysError::Array), "{text}");
    }
    let mut none = keys(&["rsa", "ec"]);
    none[0].as_object_mut().unwrap().remove("key_ops");
    assert_eq!(error(&none), JwtKeysError::NoSigningKey);
    let mut several = keys(&["rsa", "ec"]);
    several[1]["key_ops"] = json!(["sign"]);
    assert_eq!(error(&several), JwtKeysError::SeveralSigningKeys);
    let mut same = keys(&["rsa", "ec"]);
    same[1]["kid"] = json!("rsa");
    assert_eq!(error(&same), JwtKeysError::SameKid(2));
}

#[test]
fn keys_that_are_wrong() {
    for (kid, member, value, why) in [
        ("oct", "kid", Value::Null, JwkError::Member("kid")),
        ("oct", "kid", json!(""), JwkError::Member("kid")),
        ("oct", "k", json!("!"), JwkError::Member("k")),
        ("oct", "k", json!(""), JwkError::Member("k")),
        ("oct", "kty", json!("OCT"), JwkError::Unsupported),
        ("oct", "alg", json!("HS512"), JwkError::Unsupported),
        ("rsa", "alg", json!("HS256"), JwkError::Unsupported),
        ("rsa", "alg", json!("PS256"), JwkError::Unsupported),
        ("rsa", "d", Value::Null, JwkError::Member("d")),
        ("rsa", "dp", json!("AQAB"), JwkError::Rejected),
        ("rsa", "n", json!("AQAB"), JwkError::Rejected),
        ("ec", "crv", json!("P-384"), JwkError::Unsupported),
        ("ec", "crv", json!("secp256k1"), JwkError::Unsupported),
        ("ec", "x", json!("AQAB"), JwkError::Rejected),
        (
            "ec",
            "d",
            json!("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8"),
            JwkError::Rejected,
        ),
        ("okp", "crv", json!("X25519"), JwkError::Unsupported),
        (
            "okp",
            "x",
            json!("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            JwkError::Rejected,
        ),
    ] {
        let mut document = keys(&[kid]);
        document[0][member] = value;
        assert_eq!(
            error(&document),
            JwtKeysError::Key(1, why),
            "{kid} {member}"
        );
    }
    assert_eq!(
        error(&json!(["x"])),
        JwtKeysError::Key(1, JwkError::Unsupported)
    );
    // A key that only verifies needs no private half, and what is not looked at may be wrong.
    let mut public = keys(&["rsa", "ec", "okp"]);
    for (key, private) in [(1, "d"), (2, "d")] {
        public[key].as_object_mut().unwrap().remove(private);
    }
    assert!(JwtKeys::new(&public.to_string(), SECRET, "").is_ok());
}
