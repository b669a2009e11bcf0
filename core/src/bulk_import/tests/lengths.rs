//! How long texts may be: the longest is taken, one more character is not.

use super::*;

/// Checks one field, of which `user` makes a user: the message names it as `what`, and `said` as the limit.
fn check(what: &str, max: usize, said: usize, user: impl Fn(&str) -> Value) {
    let mut app = App::new();
    // An `a` has one byte, an `ä` two, and the last is two of Java's characters in four bytes.
    for (character, units) in [("a", 1), ("ä", 1), ("🙂", 2)] {
        let longest = character.repeat(max / units);
        app.roles.insert(longest.clone());
        assert!(app.parse(&user(&longest)).is_ok(), "{what}: {character}");

        let longer = character.repeat(max / units + 1);
        app.roles.insert(longer.clone());
        let faults = app.parse(&user(&longer)).unwrap_err();
        let texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(
            texts,
            [format!(
                "{what} {longer} is too long. Max length is {said}."
            )]
        );
    }
}

/// A user whose login method has a field of the text.
fn of_method(method: fn() -> Value, field: &'static str) -> impl Fn(&str) -> Value {
    move |text| {
        let mut method = method();
        method[field] = text.into();
        with_method(method)
    }
}

#[test]
fn of_users_roles_and_devices() {
    let user = |changes: Value| changed(with_method(passwordless()), changes);
    check("externalUserId", 128, 128, |id| {
        user(json!({"externalUserId": id}))
    });
    check("role", 255, 255, |role| {
        user(json!({"userRoles": [{"role": role, "tenantIds": ["public"]}]}))
    });
    check("TOTP secretKey", 256, 256, |key| {
        user(json!({"totpDevices": [{"secretKey": key}]}))
    });
    check("TOTP deviceName", 256, 256, |name| {
        user(json!({"totpDevices": [{"secretKey": "s", "deviceName": name}]}))
    });
}

#[test]
fn of_login_methods() {
    for method in [email_password, third_party, passwordless] {
        check("email", 255, 256, of_method(method, "email"));
    }
    check(
        "thirdPartyId",
        28,
        28,
        of_method(third_party, "thirdPartyId"),
    );
    check(
        "thirdPartyUserId",
        256,
        256,
        of_method(third_party, "thirdPartyUserId"),
    );
    check(
        "phoneNumber",
        256,
        256,
        of_method(passwordless, "phoneNumber"),
    );
}

#[test]
fn of_hashes() {
    let user = |length: usize| {
        // Like SuperTokens, it is taken for bcrypt by its beginning.
        let hash = format!("$2a${}", "x".repeat(length - 4));
        let fields = json!({"passwordHash": hash, "hashingAlgorithm": "bcrypt"});
        with_method(changed(email_password(), fields))
    };
    assert!(App::new().parse(&user(256)).is_ok());
    assert_eq!(
        refused(&user(257)),
        ["passwordHash is too long. Max length is 256."]
    );
}

/// Passwords and metadata are as long as they are.
#[test]
fn of_what_has_no_limit() {
    let long = "x".repeat(10_000);
    let method = changed(email_password(), json!({"plainTextPassword": long}));
    let user = changed(with_method(method), json!({"userMetadata": {"text": long}}));
    assert_eq!(accepted(&user).user_metadata.unwrap()["text"], long);
}
