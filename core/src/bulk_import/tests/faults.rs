//! The rows of the table of messages.

use super::*;

/// The messages about a user of `method` alone.
fn of_method(method: Value) -> Vec<String> {
    refused(&with_method(method))
}

/// The messages about a user who is faultless but for `changes`.
fn of_user(changes: Value) -> Vec<String> {
    refused(&changed(with_method(email_password()), changes))
}

/// Case 321.
#[test]
fn the_user() {
    assert_eq!(refused(&json!({})), ["loginMethods is required."]);
    assert_eq!(
        refused(&json!({"loginMethods": []})),
        ["At least one loginMethod is required."]
    );
    for user in [json!(null), json!("x"), json!([{}]), json!(1)] {
        assert_eq!(refused(&user), ["users should be of type array of object."]);
    }
    let no_type = json!({
        "externalUserId": 1,
        "userMetadata": [],
        "userRoles": {},
        "totpDevices": [1],
        "loginMethods": "x",
    });
    let messages = [
        "externalUserId should be of type string.",
        "userMetadata should be of type object.",
        "userRoles should be of type array of object.",
        "totpDevices should be of type array of object.",
        "loginMethods should be of type array of object.",
    ];
    assert_eq!(refused(&no_type), messages);
    // `null` is not the absence of a field.
    let fields = no_type.as_object().unwrap().keys();
    let nulls: Value = fields.map(|field| (field.clone(), Value::Null)).collect();
    assert_eq!(refused(&nulls), messages);
    assert_eq!(of_user(json!({"externalUserId": " \t"})), messages[..1]);
}

#[test]
fn the_totp_devices() {
    let of_device = |device: Value| of_user(json!({"totpDevices": [device]}));
    assert_eq!(
        of_device(json!({})),
        ["secretKey is required for a totp device."]
    );
    for [secret_key, period, skew, device_name] in [
        json!([1, "30", true, {}]),
        json!(["", 1.5, 2_147_483_648_i64, " "]),
        json!([null, null, null, null]),
    ]
    .map(|values| [0, 1, 2, 3].map(|index: usize| values[index].clone()))
    {
        let device = json!({
            "secretKey": secret_key,
            "period": period,
            "skew": skew,
            "deviceName": device_name,
        });
        assert_eq!(
            of_device(device),
            [
                "secretKey should be of type string for a totp device.",
                "period should be of type integer for a totp device.",
                "skew should be of type integer for a totp device.",
                "deviceName should be of type string for a totp device.",
            ]
        );
    }
    for period in [0, -1] {
        assert_eq!(
            of_device(json!({"secretKey": "s", "period": period, "skew": -1})),
            [
                "period should be > 0 for a totp device.",
                "skew should be >= 0 for a totp device.",
            ]
        );
    }
    let least = json!({"secretKey": "s", "period": 1, "skew": 0});
    let user = changed(
        with_method(email_password()),
        json!({"totpDevices": [least]}),
    );
    let device = &accepted(&user).totp_devices[0];
    assert_eq!((device.period, device.skew), (1, 0));
}

/// Case 323, and what all login methods have.
#[test]
fn the_login_methods() {
    assert_eq!(
        of_method(json!({})),
        ["recipeId is required for a loginMethod."]
    );
    let no_type = json!({
        "recipeId": 1,
        "tenantIds": "public",
        "isVerified": "true",
        "isPrimary": 1,
        "timeJoinedInMSSinceEpoch": "0",
    });
    assert_eq!(
        of_method(no_type),
        [
            "recipeId should be of type string for a loginMethod.",
            "tenantIds should be of type array of string for a loginMethod.",
            "isVerified should be of type boolean for a loginMethod.",
            "isPrimary should be of type boolean for a loginMethod.",
            "timeJoinedInMSSinceEpoch should be of type integer for a loginMethod",
        ]
    );
    for tenant_ids in [json!([]), json!([" "]), json!(["public", null])] {
        assert_eq!(
            of_method(changed(email_password(), json!({"tenantIds": tenant_ids}))),
            ["tenantIds should be of type array of string for a loginMethod."]
        );
    }
    for recipe_id in ["webauthn", "EmailPassword", " passwordless"] {
        assert_eq!(
            of_method(json!({"recipeId": recipe_id, "tenantIds": ["t9"]})),
            [
                "Invalid recipeId for loginMethod. Pass one of emailpassword, thirdparty or, passwordless!".to_owned(),
                format!("Invalid tenantId: t9 for {recipe_id} recipe."),
            ]
        );
    }
    assert_eq!(
        of_method(json!({"tenantIds": ["t9"]})).last().unwrap(),
        "Invalid tenantId: t9 for null recipe."
    );
    for (method, recipe_id) in [
        (email_password(), "emailpassword"),
        (third_party(), "thirdparty"),
        (passwordless(), "passwordless"),
    ] {
        assert_eq!(
            of_method(changed(method, json!({"tenantIds": ["T1", "T9", "users"]}))),
            [
                format!("Invalid tenantId: T9 for {recipe_id} recipe."),
                format!("Invalid tenantId: users for {recipe_id} recipe."),
            ]
        );
    }
    let marked = changed(passwordless(), json!({"isPrimary": true}));
    for methods in [vec![&marked; 2], vec![&marked; 3]] {
        assert_eq!(
            refused(&json!({"loginMethods": methods})),
            ["No two loginMethods can have isPrimary as true."]
        );
    }
}

#[test]
fn times() {
    let of_time = |time: Value| {
        let method = changed(passwordless(), json!({"timeJoinedInMSSinceEpoch": time}));
        App::new().parse(&with_method(method))
    };
    for time in [json!(0), json!(NOW), json!(NOW as f64)] {
        assert!(of_time(time).is_ok());
    }
    for time in [json!(NOW + 1), json!(u64::MAX), json!(1e300)] {
        assert_eq!(of_time(time), Err(vec![Fault::JoinedInFuture]));
    }
    for time in [json!(-1), json!(-1e300)] {
        assert_eq!(of_time(time), Err(vec![Fault::JoinedBeforeEpoch]));
    }
    let texts = [Fault::JoinedInFuture, Fault::JoinedBeforeEpoch].map(|fault| fault.to_string());
    assert_eq!(
        texts,
        [
            "timeJoined cannot be in future for a loginMethod.",
            "timeJoined cannot be < 0 for a loginMethod.",
        ]
    );
}

/// Case 322.
#[test]
fn external_ids_that_are_not_unique() {
    let app = App::new();
    let users = [
        json!({"externalUserId": "id1"}), // Faulty otherwise, and the id is taken all the same.
        changed(
            with_method(passwordless()),
            json!({"externalUserId": "id1"}),
        ),
        changed(
            with_method(passwordless()),
            json!({"externalUserId": " id1 "}),
        ),
        changed(
            with_method(passwordless()),
            json!({"externalUserId": "ID1"}),
        ),
        with_method(passwordless()),
        with_method(passwordless()),
    ];
    let taken =
        |id| format!("externalUserId {id} is not unique. It is already used by another user.");
    let mut context = app.context();
    let messages = users
        .each_ref()
        .map(|user| match parse(user, &mut context) {
            Ok(_) => vec![],
            Err(faults) => faults.iter().map(Fault::to_string).collect(),
        });
    let expected = [
        vec!["loginMethods is required.".to_owned()],
        vec![taken("id1")],
        vec![taken(" id1 ")],
        vec![],
        vec![],
        vec![],
    ];
    assert_eq!(messages, expected);
    assert!(
        parse(&users[1], &mut app.context()).is_ok(),
        "another request"
    );
}

#[test]
fn several_at_once_in_the_order_of_the_fields() {
    let user = json!({
        "externalUserId": "x".repeat(129),
        "userMetadata": 1,
        "userRoles": [{"tenantIds": ["t1"]}, {"role": "admin", "tenantIds": ["t1"]}],
        "totpDevices": [{"secretKey": "s", "period": 0}, {"skew": -1}],
        "loginMethods": [
            {"recipeId": "passwordless", "isPrimary": true},
            {"recipeId": "x", "isPrimary": true},
        ],
    });
    assert_eq!(
        refused(&user),
        [
            "userMetadata should be of type object.",
            "role is required for a user role.",
            "period should be > 0 for a totp device.",
            "secretKey is required for a totp device.",
            "skew should be >= 0 for a totp device.",
            "No two loginMethods can have isPrimary as true.",
            "Either email or phoneNumber is required for a passwordless recipe.",
            "Invalid recipeId for loginMethod. Pass one of emailpassword, thirdparty or, passwordless!",
            &format!(
                "externalUserId {} is too long. Max length is 128.",
                "x".repeat(129)
            ),
            "TenantId t1 for a user role does not exist in loginMethods.",
        ]
    );
}
