//! The fields of recipes, and the messages about them.

use super::*;
use crate::passwords::ImportAlgorithm;

const NO_PASSWORD: &str = "Either (passwordHash, hashingAlgorithm) or plainTextPassword is required for an emailpassword recipe.";

fn of_method(method: Value) -> Vec<String> {
    refused(&with_method(method))
}

#[test]
fn email_and_password() {
    let none = json!({"recipeId": "emailpassword"});
    assert_eq!(
        of_method(none.clone()),
        [
            "email is required for an emailpassword recipe.",
            NO_PASSWORD
        ]
    );
    for wrong in [json!(1), json!(" "), json!([])] {
        let fields = json!({
            "email": wrong,
            "passwordHash": wrong,
            "hashingAlgorithm": wrong,
            "plainTextPassword": wrong,
        });
        assert_eq!(
            of_method(changed(none.clone(), fields)),
            [
                "email should be of type string for an emailpassword recipe.",
                "passwordHash should be of type string for an emailpassword recipe.",
                "hashingAlgorithm should be of type string for an emailpassword recipe.",
                "plainTextPassword should be of type string for an emailpassword recipe.",
                NO_PASSWORD,
            ]
        );
    }
}

#[test]
fn passwords() {
    let password = |changes: Value| {
        let method = changed(email_password(), changes);
        let user = accepted(&with_method(method));
        let Recipe::EmailPassword { password, .. } = &user.primary().recipe else {
            panic!("{user:?}");
        };
        password.clone()
    };
    let plain = |text: &str| Password::Plain {
        password: text.into(),
    };
    let hash = |text: &str, algorithm| Password::Hash {
        hash: text.into(),
        algorithm,
    };
    // Nothing about a password is normalised.
    assert_eq!(
        password(json!({"plainTextPassword": " ä B "})),
        plain(" ä B ")
    );
    for (text, name, algorithm) in [
        (BCRYPT, "bcrypt", ImportAlgorithm::Bcrypt),
        (FIREBASE, "Firebase_Scrypt", ImportAlgorithm::FirebaseScrypt),
        (
            "$argon2id$v=19$m=64,t=1,p=2$c2FsdHNhbHQ$aGFzaGhhc2g",
            "ARGON2",
            ImportAlgorithm::Argon2,
        ),
    ] {
        let given = json!({"passwordHash": text, "hashingAlgorithm": name});
        assert_eq!(
            password(given),
            hash(text, algorithm),
            "before the password"
        );
        let given =
            json!({"passwordHash": text, "hashingAlgorithm": name, "plainTextPassword": null});
        assert_eq!(password(given), hash(text, algorithm), "without a password");
    }
    // Half a hash is none.
    assert_eq!(
        password(json!({"passwordHash": BCRYPT})),
        plain("Engine-1843")
    );
    assert_eq!(
        password(json!({"hashingAlgorithm": "bcrypt"})),
        plain("Engine-1843")
    );
}

#[test]
fn hashes() {
    let of_hash = |hash: Value, algorithm: Value| {
        let mut method = json!({"recipeId": "emailpassword", "email": "a@b.c"});
        method["passwordHash"] = hash;
        method["hashingAlgorithm"] = algorithm;
        let nulls = method.as_object_mut().unwrap();
        nulls.retain(|_, value| !value.is_null());
        of_method(method)
    };
    assert_eq!(of_hash(json!(BCRYPT), json!(null)), [NO_PASSWORD]);
    assert_eq!(of_hash(json!(null), json!("bcrypt")), [NO_PASSWORD]);
    let unknown = "Invalid hashingAlgorithm for emailpassword recipe. Pass one of bcrypt, argon2 or, firebase_scrypt!";
    assert_eq!(of_hash(json!(BCRYPT), json!("scrypt")), [unknown]);
    assert_eq!(
        of_hash(json!(null), json!("scrypt")),
        [unknown, NO_PASSWORD]
    );
    for (algorithm, message) in [
        ("bcrypt", "Password hash is in invalid BCrypt format"),
        ("argon2", "Password hash is in invalid Argon2 format"),
        (
            "firebase_scrypt",
            "Password hash is in invalid Firebase SCrypt format",
        ),
    ] {
        assert_eq!(of_hash(json!("hash"), json!(algorithm)), [message]);
        let long = "h".repeat(257);
        assert_eq!(
            of_hash(json!(long), json!(algorithm)),
            ["passwordHash is too long. Max length is 256.", message]
        );
    }
}

#[test]
fn hashes_of_firebase_need_its_key() {
    let fields = json!({"passwordHash": FIREBASE, "hashingAlgorithm": "firebase_scrypt"});
    let user = with_method(changed(email_password(), fields));
    let mut app = App::new();
    assert!(app.parse(&user).is_ok());
    app.firebase_signer_key = None;
    let faults = app.parse(&user).unwrap_err();
    let texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert_eq!(
        texts,
        ["'firebase_password_hashing_signer_key' cannot be null"]
    );
}

#[test]
fn providers() {
    assert_eq!(
        of_method(json!({"recipeId": "thirdparty"})),
        [
            "email is required for a thirdparty recipe.",
            "thirdPartyId is required for a thirdparty recipe.",
            "thirdPartyUserId is required for a thirdparty recipe.",
        ]
    );
    for wrong in [json!(1), json!("\n"), json!(null)] {
        let method = json!({
            "recipeId": "thirdparty",
            "email": wrong,
            "thirdPartyId": wrong,
            "thirdPartyUserId": wrong,
        });
        assert_eq!(
            of_method(method),
            [
                "email should be of type string for a thirdparty recipe.",
                "thirdPartyId should be of type string for a thirdparty recipe.",
                "thirdPartyUserId should be of type string for a thirdparty recipe.",
            ]
        );
    }
}

#[test]
fn codes() {
    let no_contact = "Either email or phoneNumber is required for a passwordless recipe.";
    let wrong_email = "email should be of type string for a passwordless recipe.";
    let wrong_phone = "phoneNumber should be of type string for a passwordless recipe.";
    let method = |fields: Value| changed(json!({"recipeId": "passwordless"}), fields);
    assert_eq!(of_method(method(json!({}))), [no_contact]);
    assert_eq!(
        of_method(method(json!({"email": 1, "phoneNumber": " "}))),
        [wrong_email, wrong_phone, no_contact]
    );
    // The other one would do, but what is given must be right.
    assert_eq!(
        of_method(method(json!({"email": "", "phoneNumber": "+16502530000"}))),
        [wrong_email]
    );
    assert_eq!(
        of_method(method(json!({"email": "a@b.c", "phoneNumber": 1}))),
        [wrong_phone]
    );
    for fields in [json!({"email": "a@b.c"}), json!({"phoneNumber": "123"})] {
        accepted(&with_method(method(fields)));
    }
}
