//! Case numbers are those of the CDI reference, section 7.2. Known answers that are not from there
//! were made with argon2-cffi, bcrypt, and hashlib.scrypt with cryptography, all for Python.

use super::*;

const SIGNER_KEY: &str =
    "gRhC3eDeQOdyEn4bMd9c6kxguWVmcIVq/SKa0JDPFeM6TcEevkaW56sIWfx88OHbJKnCXdWscZx0l2WbCJ1wbg==";
const FIREBASE_HASH: &str =
    "qZM035es5AXYqavsKD6/rhtxg7t5PhcyRgv5blc3doYbChX8keMfQLq1ra96O2Pf2TP/eZrR5xtPCYN6mX3ESA==";

fn argon2id_cheap() -> Params {
    Params {
        argon2_memory_kib: 16,
        argon2_iterations: 1,
        ..Params::default()
    }
}

fn bcrypt_cheap() -> Params {
    Params {
        algorithm: Algorithm::Bcrypt,
        bcrypt_cost: 4,
        ..Params::default()
    }
}

fn firebase(parameters: &str) -> String {
    format!("$f_scrypt${FIREBASE_HASH}$/cj0jC1br5o4+w=={parameters}")
}

/// Whether the password fits, of a hash that needs no signer key.
fn fits(password: &str, stored: &str) -> bool {
    verify(password, stored, None).unwrap()
}

/// Case 34.
#[test]
fn same_password_different_hashes() {
    for params in [argon2id_cheap(), bcrypt_cheap()] {
        let (first, second) = (
            hash("secret", &params).unwrap(),
            hash("secret", &params).unwrap(),
        );
        assert_ne!(first, second);
        assert!(fits("secret", &first) && fits("secret", &second));
        assert!(!fits("Secret", &first) && !fits("secret ", &first) && !fits("", &first));
    }
}

/// Case 35, and the defaults.
#[test]
fn argon2id_as_phc_string() {
    let stored = hash("secret", &Params::default()).unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    // 16 and 32 bytes in base64 without padding.
    let lengths: Vec<_> = stored.split('$').skip(4).map(str::len).collect();
    assert_eq!(lengths, [22, 43]);
    assert!(fits("secret", &stored));
}

/// Case 36.
#[test]
fn bcrypt_cost_is_in_the_hash() {
    let four = hash("secret", &bcrypt_cheap()).unwrap();
    assert!(four.starts_with("$2a$04$"));
    assert_eq!(four.len(), 60);
    assert!(fits("secret", &four));
    let six = hash(
        "secret",
        &Params {
            bcrypt_cost: 6,
            ..bcrypt_cheap()
        },
    )
    .unwrap();
    assert!(six.starts_with("$2a$06$"));
    assert!(fits("secret", &six));
}

/// Case 37.
#[test]
fn bcrypt_ignores_what_follows_72_bytes() {
    let long = "0123456789".repeat(8);
    let stored = hash(&long, &bcrypt_cheap()).unwrap();
    assert!(fits(&long, &stored) && fits(&long[..72], &stored));
    assert!(!fits(&long[..71], &stored));

    let stored = hash(&long, &argon2id_cheap()).unwrap();
    assert!(fits(&long, &stored));
    assert!(!fits(&long[..72], &stored) && !fits(&long[..79], &stored));
}

#[test]
fn bcrypt_cuts_bytes_not_characters() {
    // The two bytes of the last character are the 72nd and the 73rd.
    let stored = hash(&format!("{}ä", "x".repeat(71)), &bcrypt_cheap()).unwrap();
    assert!(fits(&format!("{}ä and more", "x".repeat(71)), &stored));
    assert!(!fits(&format!("{}à", "x".repeat(70)), &stored));
}

/// Case 38.
#[test]
fn passwords_beyond_ascii() {
    for params in [argon2id_cheap(), bcrypt_cheap()] {
        let stored = hash("pässwörd🙂", &params).unwrap();
        assert!(fits("pässwörd🙂", &stored));
        assert!(!fits("password🙂", &stored) && !fits("p?ssw?rd?", &stored));
    }
    assert!(fits(
        "pässwörd🙂",
        "$argon2id$v=19$m=64,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$jbEXBG7HAJ72RDoDpR2EQBBYXktuei/FJ/bZ1Zzzb4E"
    ));
    assert!(fits(
        "pässwörd🙂",
        "$2b$04$abcdefghijklmnopqrstuukritATHgHMxdPTWSkkTqdeSkpo9tv7S"
    ));
}

/// Case 64, and the texts of case 63.
#[test]
fn imports_that_are_refused() {
    for (hash, algorithm, text) in [
        ("", None, "Password hash cannot be an empty string"),
        (
            "  ",
            Some("random"),
            "Password hash cannot be an empty string",
        ),
        (
            "invalidPasswordHash",
            None,
            "Password hash is in invalid format",
        ),
        (
            "invalidPasswordHash",
            Some(" "),
            "Hashing Algorithm cannot be an empty string",
        ),
        (
            "invalidPasswordHash",
            Some("random"),
            "Unsupported password hashing algorithm",
        ),
        (
            "invalidPasswordHash",
            Some("bcrypt"),
            "Password hash is in invalid BCrypt format",
        ),
        (
            "invalidPasswordHash",
            Some("argon2"),
            "Password hash is in invalid Argon2 format",
        ),
        (
            "invalidPasswordHash",
            Some("firebase_scrypt"),
            "Password hash is in invalid Firebase SCrypt format",
        ),
        (
            "$2a$04$x",
            Some("argon2"),
            "Password hash is in invalid Argon2 format",
        ),
        (
            "$argon2id$",
            Some("bcrypt"),
            "Password hash is in invalid BCrypt format",
        ),
    ] {
        let error = check_import(hash, algorithm, Some(SIGNER_KEY)).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn imports_that_are_taken() {
    let bcrypt = hash("secret", &bcrypt_cheap()).unwrap();
    for (given, algorithm) in [
        (format!(" {bcrypt}\n"), None),
        (bcrypt.clone(), Some(" BcRypt ")),
        (bcrypt.clone(), Some("BCRYPT")),
    ] {
        assert_eq!(check_import(&given, algorithm, None), Ok(bcrypt.clone()));
    }
    // Only the prefix counts; such a hash matches nothing.
    assert_eq!(check_import("$2a", None, None).as_deref(), Ok("$2a"));
    assert!(!fits("", "$2a"));
}

/// Case 65.
#[test]
fn bcrypt_identifiers_all_mean_the_same() {
    for identifier in ["2a", "2b", "2x", "2y"] {
        let stored =
            format!("${identifier}$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.");
        assert_eq!(check_import(&stored, None, None), Ok(stored.clone()));
        assert!(fits("testPass123", &stored));
        assert!(!fits("incorrectpassword", &stored));
    }
}

/// Case 66.
#[test]
fn argon2_variants_with_short_hashes() {
    for stored in [
        "$argon2id$v=19$m=16,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$PtYnXe3WQD5oYGcE+uBYzA",
        "$argon2i$v=19$m=16,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$afw0VuaOgdIs/maGgM0eow",
        "$argon2d$v=19$m=16,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$ZEkLfC3SBZuDj6Hxj4JfrQ",
    ] {
        assert_eq!(
            check_import(stored, Some("argon2"), None).as_deref(),
            Ok(stored)
        );
        assert!(fits("testPass123", stored));
        assert!(!fits("incorrectpassword", stored));
    }
}

/// Cases 67 and 68.
#[test]
fn firebase_hashes() {
    for parameters in ["$m=14$r=8$s=Bw==", "$s=Bw==$r=8$m=14", "$r=8$m=14$s=Bw=="] {
        let stored = firebase(parameters);
        assert_eq!(
            check_import(&stored, None, Some(SIGNER_KEY)),
            Ok(stored.clone())
        );
        assert_eq!(verify("testPass123", &stored, Some(SIGNER_KEY)), Ok(true));
        assert_eq!(
            verify("incorrectpassword", &stored, Some(SIGNER_KEY)),
            Ok(false)
        );
    }
}

/// Case 68.
#[test]
fn what_is_no_firebase_hash() {
    let well_formed = firebase("$m=14$r=8$s=Bw==");
    for stored in [
        firebase("$m=14$r=8"),
        firebase("$m=14$s=Bw=="),
        firebase("$r=8$s=Bw=="),
        firebase("$m=14$m=14$s=Bw=="),
        firebase("$m=x$r=8$s=Bw=="),
        firebase("$m=14$r=8$s=Bw==$x=1"),
        format!("x{well_formed}"),
        well_formed.replace("f_scrypt", "scrypt"),
    ] {
        let error = check_import(&stored, None, Some(SIGNER_KEY)).unwrap_err();
        assert_eq!(error, ImportError::InvalidFormat);
        // No key is needed for what is no such hash.
        assert!(!fits("testPass123", &stored));
    }
}

/// Case 69.
#[test]
fn firebase_without_its_signer_key() {
    let stored = firebase("$m=4$r=8$s=Bw==");
    for wrong in ["AAAA", "not base64!", ""] {
        assert_eq!(verify("testPass123", &stored, Some(wrong)), Ok(false));
    }
    let missing = "'firebase_password_hashing_signer_key' cannot be null";
    for algorithm in [None, Some("firebase_scrypt")] {
        let error = check_import(&stored, algorithm, None).unwrap_err();
        assert_eq!(error, ImportError::FirebaseSignerKeyMissing);
        assert_eq!(error.to_string(), missing);
    }
    assert_eq!(
        check_import(&stored, Some("bcrypt"), None),
        Err(ImportError::InvalidBcrypt)
    );
    let error = verify("testPass123", &stored, None).unwrap_err();
    assert_eq!(error, PasswordError::FirebaseSignerKeyMissing);
    assert_eq!(error.to_string(), missing);
}

#[test]
fn firebase_takes_passwords_as_utf8() {
    let stored = "$f_scrypt$5ppSB/MBJ8KUKgyFOic+dWAabLsMiYMgreKT0ew89L89jImMTjetaqluK24s1vFJoY6Qr+R/MuEyopMh74TUkw==\
                  $/cj0jC1br5o4+w==$m=4$r=8$s=Bw==";
    assert_eq!(verify("pässwörd🙂", stored, Some(SIGNER_KEY)), Ok(true));
    assert_eq!(verify("p?ssw?rd?", stored, Some(SIGNER_KEY)), Ok(false));
}

#[test]
fn costs_beyond_the_ceilings_are_neither_imported_nor_computed() {
    let argon2 = |m, t, p| {
        format!("$argon2id$v=19$m={m},t={t},p={p}$MDEyMzQ1Njc4OWFiY2RlZg$PtYnXe3WQD5oYGcE+uBYzA")
    };
    let bcrypt = |cost| format!("$2a${cost}$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.");
    for (stored, algorithm, error) in [
        (
            argon2(1_048_577u64, 1, 1),
            "argon2",
            ImportError::InvalidArgon2,
        ),
        (
            argon2(4_294_967_295, 1, 1),
            "argon2",
            ImportError::InvalidArgon2,
        ),
        (argon2(16, 101, 1), "argon2", ImportError::InvalidArgon2),
        (argon2(1024, 1, 65), "argon2", ImportError::InvalidArgon2),
        (bcrypt(17), "bcrypt", ImportError::InvalidBcrypt),
        (bcrypt(99), "bcrypt", ImportError::InvalidBcrypt),
        (
            firebase("$m=21$r=8$s=Bw=="),
            "firebase_scrypt",
            ImportError::InvalidFirebaseScrypt,
        ),
        (
            firebase("$m=20$r=9$s=Bw=="),
            "firebase_scrypt",
            ImportError::InvalidFirebaseScrypt,
        ),
        (
            firebase("$m=2$r=65$s=Bw=="),
            "firebase_scrypt",
            ImportError::InvalidFirebaseScrypt,
        ),
        (
            firebase("$m=255$r=4294967295$s="),
            "firebase_scrypt",
            ImportError::InvalidFirebaseScrypt,
        ),
    ] {
        assert_eq!(
            check_import(&stored, Some(algorithm), Some(SIGNER_KEY)),
            Err(error)
        );
        let none = check_import(&stored, None, Some(SIGNER_KEY));
        assert_eq!(none, Err(ImportError::InvalidFormat));
        assert_eq!(verify("testPass123", &stored, Some(SIGNER_KEY)), Ok(false));
    }
    assert!(check_import(&argon2(1_048_576, 100, 64), None, None).is_ok());
    assert!(check_import(&bcrypt(16), None, None).is_ok());
    let largest = firebase("$m=20$r=8$s=Bw==");
    assert!(check_import(&largest, None, Some(SIGNER_KEY)).is_ok());

    for params in [
        Params {
            argon2_memory_kib: 1_048_577,
            ..argon2id_cheap()
        },
        Params {
            argon2_memory_kib: 7,
            ..argon2id_cheap()
        },
        Params {
            argon2_iterations: 0,
            ..argon2id_cheap()
        },
        Params {
            bcrypt_cost: 3,
            ..bcrypt_cheap()
        },
        Params {
            bcrypt_cost: 17,
            ..bcrypt_cheap()
        },
    ] {
        assert_eq!(hash("secret", &params), Err(PasswordError::InvalidParams));
    }
}

#[test]
fn unusable_hashes_match_nothing() {
    for stored in [
        "",
        "testPass123",
        "$",
        "$argon2id",
        "$argon2id$v=19$m=16,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$v=19$m=16,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$!!",
        "$argon2id$v=19$m=0,t=0,p=0$MDEyMzQ1Njc4OWFiY2RlZg$PtYnXe3WQD5oYGcE+uBYzA",
        "$argon2xd$v=19$m=16,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$PtYnXe3WQD5oYGcE+uBYzA",
        "$2a$04$short",
        "$2a$00$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.",
        "$2a$04$äääääääääääääääääääääuG6VOuWh0gXFKIfmp9oEh",
        "$2c$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.",
    ] {
        assert!(!fits("testPass123", stored), "{stored}");
    }
}

/// What an unknown user's password is compared with must be computed like any other hash, and not be refused at
/// sight: with the right result in place of its zeros it verifies.
#[test]
fn an_unknown_user_costs_what_a_known_one_does() {
    let params = argon2id_cheap();
    let impossible = argon2::impossible(&params);
    let mut computed = [0; 32];
    let library_params = ::argon2::Params::new(16, 1, 1, Some(32)).unwrap();
    ::argon2::Argon2::new(
        ::argon2::Algorithm::Argon2id,
        ::argon2::Version::V0x13,
        library_params,
    )
    .hash_password_into(b"wrong", &[0; 16], &mut computed)
    .unwrap();
    assert_same_work(
        "wrong",
        &impossible,
        &argon2::phc_string(&params, &[0; 16], &computed),
    );

    let params = bcrypt_cheap();
    let impossible = bcrypt::impossible(params.bcrypt_cost);
    let computed = ::bcrypt::hash_with_salt("wrong", params.bcrypt_cost, [0; 16]).unwrap();
    let computed = computed.format_for_version(::bcrypt::Version::TwoA);
    assert_same_work("wrong", &impossible, &computed);
}

/// Both have the same parameters and salt, and the password fits the second.
fn assert_same_work(password: &str, impossible: &str, computed: &str) {
    // 32 bytes are 43 digits of base64, and the 23 of bcrypt are 31.
    let result_length = if computed.starts_with("$argon2") {
        43
    } else {
        31
    };
    let head = computed.len() - result_length;
    assert_eq!(impossible.len(), computed.len());
    assert_eq!(impossible[..head], computed[..head]);
    assert!(fits(password, computed) && !fits(password, impossible));
}

#[test]
fn weaker_and_foreign_hashes_are_replaced() {
    let argon2id_of = |m, t, p| {
        format!("$argon2id$v=19$m={m},t={t},p={p}$MDEyMzQ1Njc4OWFiY2RlZg$PtYnXe3WQD5oYGcE+uBYzA")
    };
    let bcrypt_of =
        |cost| format!("$2b${cost:02}$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.");

    let asked = Params::default();
    for (stored, replaced) in [
        (argon2id_of(19456, 2, 1), false),
        (argon2id_of(19456, 1, 1), true),
        (argon2id_of(19455, 2, 1), true),
        // Stronger, such as with the defaults of SuperTokens, or in one respect much more than it
        // is weaker in the other.
        (argon2id_of(87795, 1, 2), false),
        (argon2id_of(19456, 3, 1), false),
        (argon2id_of(16384, 100, 1), false),
        // More passes do not make up for memory.
        (argon2id_of(4096, 10, 1), true),
        (
            argon2id_of(19456, 2, 1).replace("argon2id", "argon2i"),
            true,
        ),
        (argon2id_of(19456, 2, 1).replace("v=19", "v=16"), true),
        (bcrypt_of(16), true),
        (firebase("$m=14$r=8$s=Bw=="), true),
        ("unusable".to_owned(), true),
    ] {
        assert_eq!(needs_rehash("x", &stored, &asked), replaced, "{stored}");
    }

    let asked = Params {
        bcrypt_cost: 11,
        ..bcrypt_cheap()
    };
    for (stored, replaced) in [
        (bcrypt_of(11), false),
        (bcrypt_of(12), false),
        (bcrypt_of(10), true),
        (argon2id_of(19456, 2, 1), true),
        (firebase("$m=14$r=8$s=Bw=="), true),
    ] {
        assert_eq!(needs_rehash("x", &stored, &asked), replaced, "{stored}");
    }
}

#[test]
fn a_password_that_bcrypt_cuts_off_keeps_its_hash() {
    let argon2 = Params::default();
    let bcrypt = Params {
        algorithm: Algorithm::Bcrypt,
        bcrypt_cost: 4,
        ..argon2
    };
    for (length, expected) in [(71, true), (72, false), (80, false)] {
        let password = "p".repeat(length);
        let stored = hash(&password, &bcrypt).unwrap();
        assert_eq!(
            needs_rehash(&password, &stored, &argon2),
            expected,
            "{length}"
        );
    }
}
