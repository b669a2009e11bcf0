//! The floors that `bench/` compares against: what the libraries below us take, in microseconds a call, on
//! one core. `cargo run --release -p auth-core --example floors`.

use std::hint::black_box;
use std::time::Instant;

use auth_core::access_token::{AccessToken, Unverified, Version};
use auth_core::passwords::{self, Params};
use auth_core::signing::{Algorithm, SigningKey, VerifyingKey, generate};
use jsonwebtoken::{DecodingKey, Validation, decode};
use serde_json::{Map, Value};

fn main() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        tokens(algorithm);
    }
    let params = Params::default();
    let stored =
        passwords::hash("correct horse", &params).expect("the default parameters are valid");
    report("argon2id verify", 40, || {
        passwords::verify("correct horse", &stored, None)
    });
}

fn tokens(algorithm: Algorithm) {
    let made = generate(algorithm).expect("the system gives a key");
    let signing = SigningKey::from_der("d-1", algorithm, &made.private_der).expect("it is ours");
    let verifying = VerifyingKey::from_jwk(&made.public_jwk).expect("it is ours");
    let token = token();
    let text = token.sign(&signing).expect("the key signs");

    let jwk = serde_json::from_value(made.public_jwk).expect("it is a key");
    let key = DecodingKey::from_jwk(&jwk).expect("it is a key");
    let mut validation = Validation::new(match algorithm {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
    });
    validation.leeway = 0;
    let name = algorithm.name();
    report(&format!("{name} jsonwebtoken verify"), 4000, || {
        decode::<Map<String, Value>>(&text, &key, &validation).expect("the token is good")
    });
    report(&format!("{name} our verify"), 4000, || {
        Unverified::parse(&text)
            .expect("the token is good")
            .verify(&verifying)
    });
    report(&format!("{name} sign"), 1000, || token.sign(&signing));
}

fn token() -> AccessToken {
    let Ok(Value::Object(payload)) = serde_json::from_str(
        r#"{"iss":"https://api.example.org/auth","st-ev":{"v":true,"t":1700000000000},
            "st-role":{"v":["admin"],"t":1700000000000}}"#,
    ) else {
        unreachable!("it is an object")
    };
    AccessToken {
        version: Version::V5,
        session_handle: "3f0c7a52-7a8f-4c0e-9a58-6f6a1d0c2b11".into(),
        user_id: "5d1f0c2e-8a57-4b55-9c53-0c1d5c6d0b11".into(),
        recipe_user_id: "5d1f0c2e-8a57-4b55-9c53-0c1d5c6d0b11".into(),
        tenant_id: "public".into(),
        refresh_token_hash: "ab".repeat(32),
        parent_refresh_token_hash: None,
        anti_csrf: None,
        payload,
        issued_at: 1_700_000_000,
        expires_at: 4_000_000_000,
    }
}

/// Prints the median of nine rounds: `name<tab>microseconds`.
fn report<T>(name: &str, calls: u32, mut call: impl FnMut() -> T) {
    let mut rounds: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls.div_ceil(9) {
                black_box(call());
            }
            start.elapsed().as_secs_f64() * 1e6 / f64::from(calls.div_ceil(9))
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{name}\t{:.1}", rounds[4]);
}
