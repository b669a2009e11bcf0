//! Case numbers are those of the CDI reference, section 7.14.

mod faults;
mod lengths;
mod random;
mod recipes;
mod roles;

use std::collections::HashSet;

use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_700_000_000_000;
const BCRYPT: &str = "$2a$10$GzEm3vKoAqnJCTWesRARCe/ovjt/07qjvcH9jbLUg44Fn77gMZkmm";
const FIREBASE: &str = "$f_scrypt$aGFzaA==$c2FsdA==$m=14$r=8$s=Bw==";

/// What users are checked against here: the tenants `public` and `t1`, and the role `admin`.
struct App {
    tenants: HashSet<String>,
    roles: HashSet<String>,
    firebase_signer_key: Option<&'static str>,
}

impl App {
    fn new() -> Self {
        Self {
            tenants: ["public".to_owned(), "t1".to_owned()].into(),
            roles: ["admin".to_owned()].into(),
            firebase_signer_key: Some("a2V5"),
        }
    }

    fn context(&self) -> Context<'_> {
        Context::new(&self.tenants, &self.roles, NOW, self.firebase_signer_key)
    }

    fn parse(&self, user: &Value) -> Result<ImportUser, Vec<Fault>> {
        parse(user, &mut self.context())
    }
}

fn accepted(user: &Value) -> ImportUser {
    App::new().parse(user).unwrap()
}

/// The messages that `user` is refused with.
fn refused(user: &Value) -> Vec<String> {
    let faults = App::new().parse(user).unwrap_err();
    faults.iter().map(Fault::to_string).collect()
}

/// A user of one login method.
fn with_method(method: Value) -> Value {
    json!({"loginMethods": [method]})
}

/// `document` with some fields replaced, and those without whose new value is `null`.
fn changed(document: Value, changes: Value) -> Value {
    let mut document = document;
    let object = document.as_object_mut().unwrap();
    for (field, value) in changes.as_object().unwrap().clone() {
        match value {
            Value::Null => object.remove(&field),
            value => object.insert(field, value),
        };
    }
    document
}

fn email_password() -> Value {
    json!({"recipeId": "emailpassword", "email": "ada@example.org", "plainTextPassword": "Engine-1843"})
}

fn third_party() -> Value {
    json!({
        "recipeId": "thirdparty",
        "email": "ada@example.org",
        "thirdPartyId": "google",
        "thirdPartyUserId": "g-1",
    })
}

fn passwordless() -> Value {
    json!({"recipeId": "passwordless", "phoneNumber": "+16502530000"})
}

/// Everything that a user may have, in forms that are not the normal ones.
fn whole() -> Value {
    json!({
        "externalUserId": " ext-1 ",
        "userMetadata": {"plan": {"name": " pro ", "seats": 3.5}, "tags": []},
        "userRoles": [{"role": " admin ", "tenantIds": ["T1", " public "], "since": 1}],
        "totpDevices": [
            {"secretKey": " JBSWY3DPEHPK3PXP ", "period": 60, "skew": 0, "deviceName": " phone "},
            {"secretKey": "JBSWY3DPEHPK3PXP"},
        ],
        "loginMethods": [
            {
                "recipeId": "emailpassword",
                "tenantIds": [" T1", "public", "t1"],
                "isVerified": true,
                "isPrimary": true,
                "timeJoinedInMSSinceEpoch": 1_600_000_000_000.0,
                "email": " Ada@Example.ORG ",
                "passwordHash": format!(" {BCRYPT}\n"),
                "hashingAlgorithm": " BcRypt ",
            },
            changed(third_party(), json!({"email": "ADA@x.y", "thirdPartyId": " Google "})),
            changed(passwordless(), json!({"phoneNumber": " +1 (650) 253-0000 ", "email": "A@b "})),
            email_password(),
        ],
        "favouriteColour": null,
    })
}

#[test]
fn defaults() {
    let user = accepted(&with_method(email_password()));
    let expected = ImportUser {
        external_user_id: None,
        user_metadata: None,
        user_roles: vec![],
        totp_devices: vec![],
        login_methods: vec![LoginMethod {
            recipe: Recipe::EmailPassword {
                email: "ada@example.org".to_owned(),
                password: Password::Plain {
                    password: "Engine-1843".into(),
                },
            },
            tenant_ids: vec!["public".to_owned()],
            is_verified: false,
            is_primary: false,
            time_joined_ms: NOW,
        }],
    };
    assert_eq!(user, expected);
}

#[test]
fn normal_forms_and_what_a_queue_shows() {
    let given = whole();
    let shown = json!({
        "externalUserId": "ext-1",
        "userMetadata": given["userMetadata"],
        "userRoles": [{"role": "admin", "tenantIds": ["t1", "public"]}],
        "totpDevices": [
            {"secretKey": " JBSWY3DPEHPK3PXP ", "period": 60, "skew": 0, "deviceName": "phone"},
            {"secretKey": "JBSWY3DPEHPK3PXP", "period": 30, "skew": 1},
        ],
        "loginMethods": [
            {
                "recipeId": "emailpassword",
                "tenantIds": ["t1", "public"],
                "isVerified": true,
                "isPrimary": true,
                "timeJoinedInMSSinceEpoch": 1_600_000_000_000_i64,
                "email": "ada@example.org",
                "passwordHash": BCRYPT,
                "hashingAlgorithm": "BCRYPT",
            },
            {
                "recipeId": "thirdparty",
                "tenantIds": ["public"],
                "isVerified": false,
                "isPrimary": false,
                "timeJoinedInMSSinceEpoch": NOW,
                "email": "ada@x.y",
                "thirdPartyId": " Google ",
                "thirdPartyUserId": "g-1",
            },
            {
                "recipeId": "passwordless",
                "tenantIds": ["public"],
                "isVerified": false,
                "isPrimary": false,
                "timeJoinedInMSSinceEpoch": NOW,
                "email": "a@b",
                "phoneNumber": "+16502530000",
            },
            {
                "recipeId": "emailpassword",
                "tenantIds": ["public"],
                "isVerified": false,
                "isPrimary": false,
                "timeJoinedInMSSinceEpoch": NOW,
                "email": "ada@example.org",
            },
        ],
    });
    assert_eq!(json!(accepted(&given)), shown);
}

/// What is in the queue comes out as it went in, later and with its password.
#[test]
fn the_stored_form_is_read_back() {
    let user = accepted(&whole());
    let stored = user.to_stored();
    assert_eq!(
        stored["loginMethods"][3]["plainTextPassword"],
        "Engine-1843"
    );
    let app = App::new();
    let mut later = Context::new(&app.tenants, &app.roles, NOW + 1000, Some("a2V5"));
    assert_eq!(parse(&stored, &mut later), Ok(user));
}

#[test]
fn no_secret_is_printed() {
    let printed = format!("{:?}", accepted(&whole()));
    for secret in ["Engine-1843", BCRYPT, "JBSWY3DPEHPK3PXP"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert!(printed.contains("ada@example.org"));

    // Everything about the login method is wrong but the password.
    let faulty = json!({
        "email": 1,
        "recipeId": "emailpassword",
        "hashingAlgorithm": "rot13",
        "passwordHash": 5,
        "plainTextPassword": "Engine-1843",
    });
    let faults = App::new().parse(&with_method(faulty)).unwrap_err();
    assert_eq!(faults.len(), 3);
    assert!(!format!("{faults:?}").contains("Engine"));
}

/// Case 325, its pure part.
#[test]
fn the_primary_login_method() {
    let user = |times: &[i64], marked: Option<usize>| {
        let methods = times.iter().enumerate().map(|(index, time)| {
            let changes = json!({
                "timeJoinedInMSSinceEpoch": time,
                "isPrimary": marked == Some(index),
            });
            changed(third_party(), changes)
        });
        accepted(&json!({"loginMethods": methods.collect::<Vec<_>>()}))
    };
    for (times, marked, index, becomes_primary) in [
        (&[5][..], None, 0, false),
        (&[5], Some(0), 0, true),
        (&[5, 3, 4], None, 1, true),
        (&[5, 3, 3], None, 1, true),
        (&[3, 3], None, 0, true),
        (&[5, 3, 4], Some(2), 2, true),
        (&[5, 3, 4], Some(0), 0, true),
    ] {
        let user = user(times, marked);
        assert_eq!(user.primary_index(), index, "{times:?}, {marked:?}");
        assert_eq!(user.primary().time_joined_ms, times[index]);
        assert_eq!(user.becomes_primary_user(), becomes_primary, "{times:?}");
    }
}
