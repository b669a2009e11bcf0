//! Users of no sense. Always the same ones, so that a failure can be looked at.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

const FIELDS: [&str; 19] = [
    "externalUserId",
    "userMetadata",
    "userRoles",
    "role",
    "tenantIds",
    "totpDevices",
    "secretKey",
    "period",
    "skew",
    "deviceName",
    "loginMethods",
    "recipeId",
    "isPrimary",
    "timeJoinedInMSSinceEpoch",
    "email",
    "passwordHash",
    "hashingAlgorithm",
    "thirdPartyUserId",
    "phoneNumber",
];

const TEXTS: [&str; 14] = [
    "",
    " ",
    "public",
    "T1",
    "admin",
    "emailpassword",
    "thirdparty",
    "passwordless",
    "bcrypt",
    "FIREBASE_SCRYPT",
    "$f_scrypt$$$m=99$r=4294967296$s=",
    "$2a$",
    "+1 650",
    "İ🙂\u{202e}\u{fffd}",
];

fn one_of<T: Copy>(random: &mut StdRng, options: &[T]) -> T {
    options[random.random_range(0..options.len())]
}

fn number(random: &mut StdRng) -> Value {
    let numbers = [
        json!(0),
        json!(-1),
        json!(1.5),
        json!(-0.0),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(f64::MAX),
        json!(f64::MIN_POSITIVE),
        json!(NOW),
    ];
    numbers[random.random_range(0..numbers.len())].clone()
}

/// Any value at all, objects with fields that mean something somewhere.
fn value(random: &mut StdRng, depth: u32) -> Value {
    match random.random_range(0..if depth == 0 { 5 } else { 9 }) {
        0 => Value::Null,
        1 => random.random_bool(0.5).into(),
        2 => number(random),
        3 => one_of(random, &TEXTS).into(),
        4 => one_of(random, &TEXTS)
            .repeat(random.random_range(0..300))
            .into(),
        5 | 6 => (0..random.random_range(0..4))
            .map(|_| value(random, depth - 1))
            .collect(),
        _ => (0..random.random_range(0..6))
            .map(|_| (one_of(random, &FIELDS).to_owned(), value(random, depth - 1)))
            .collect(),
    }
}

/// Puts any value in the place of one somewhere in `document`.
fn spoil(random: &mut StdRng, document: &mut Value) {
    let members: Vec<&mut Value> = match document {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => vec![],
    };
    let count = members.len();
    if count == 0 || random.random_bool(0.2) {
        *document = value(random, 2);
    } else {
        let member = members.into_iter().nth(random.random_range(0..count));
        spoil(random, member.expect("it is one of them"));
    }
}

/// Reads `user`; returns whether it is one. A user can be stored and read back, and a fault can be said.
fn read(user: &Value) -> bool {
    let app = App::new();
    match app.parse(user) {
        Ok(read) => {
            assert_eq!(app.parse(&read.to_stored()).as_ref(), Ok(&read), "{user}");
            assert!(!read.primary().tenant_ids.is_empty(), "{user}");
            true
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "{user}");
            assert!(faults.iter().all(|fault| !fault.to_string().is_empty()));
            false
        }
    }
}

#[test]
fn any_value_at_all() {
    let mut random = StdRng::seed_from_u64(1843);
    for _ in 0..3000 {
        read(&value(&mut random, 4));
    }
}

#[test]
fn users_with_something_spoilt() {
    let mut random = StdRng::seed_from_u64(1852);
    let mut users = 0;
    for _ in 0..3000 {
        let mut user = whole();
        spoil(&mut random, &mut user);
        users += usize::from(read(&user));
    }
    // Neither branch goes untested.
    assert!((100..2900).contains(&users), "{users}");
}
