//! Case numbers are those of the CDI reference, section 7.9.

use serde_json::{Map, Value, json};

use super::*;
use crate::passwords;

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// The text that `value` is refused with.
fn refusal(key: &str, value: Value) -> String {
    parse(find(key).unwrap(), &value).unwrap_err().to_string()
}

fn accepted(key: &str, value: Value) -> Value {
    parse(find(key).unwrap(), &value).unwrap()
}

/// A change of an app that has nothing stored.
fn app_change(update: Value) -> Result<Value, String> {
    validate_core_config(&map(update), &Map::new(), &[], true)
        .map(Value::Object)
        .map_err(|error| error.to_string())
}

#[test]
fn the_registry_is_sound() {
    for (index, setting) in all().iter().enumerate() {
        let key = setting.key;
        assert!(
            !all()[..index].iter().any(|other| other.key == key),
            "{key} twice"
        );
        assert!(
            !ignored().iter().any(|ignored| ignored.key == key),
            "{key} is not ignored"
        );
        assert!(setting.description.ends_with('.'), "{key}");
        // What the core alone decides is not shown as if a tenant could have it.
        assert!(
            !(setting.scope == Scope::Core && setting.dashboard),
            "{key}"
        );
        let default = setting.default_value();
        assert_eq!(parse(setting, &default), Ok(default.clone()), "{key}");
        assert_eq!(setting.nullable(), default.is_null());
    }
    assert!(ignored().iter().all(|ignored| !ignored.reason.is_empty()));
}

#[test]
fn defaults() {
    let settings = Settings::default();
    assert_eq!(settings.access_token_validity_s(), 3600);
    assert_eq!(settings.refresh_token_validity_ms(), 100 * 86_400_000);
    assert_eq!(settings.refresh_token_rotation_grace_period_s(), 30);
    assert_eq!(settings.access_token_validity_jitter(), 0.05);
    assert!(settings.recent_token_reuse_is_theft());
    assert_eq!(
        settings.dynamic_signing_key_update_interval_ms(),
        7 * 86_400_000
    );
    assert!(!settings.access_token_blacklisting());
    assert!(settings.access_token_signing_key_dynamic());
    assert_eq!(
        settings.cdi_access_token_algorithm(),
        crate::signing::Algorithm::Rs256
    );
    assert_eq!(
        settings.sql_access_token_algorithm(),
        crate::signing::Algorithm::Es256
    );
    assert_eq!(settings.password_params(), passwords::Params::default());
    assert_eq!(settings.password_reset_token_lifetime_ms(), 3_600_000);
    assert_eq!(settings.email_verification_token_lifetime_ms(), 86_400_000);
    assert_eq!(settings.passwordless_max_code_input_attempts(), 5);
    assert_eq!(settings.passwordless_code_lifetime_ms(), 900_000);
    assert_eq!(settings.totp_max_attempts(), 5);
    assert_eq!(settings.totp_rate_limit_cooldown_s(), 900);
    assert_eq!(
        settings.webauthn_recover_account_token_lifetime_ms(),
        3_600_000
    );
    assert_eq!(settings.firebase_signer_key(), None);
    assert!(settings.api_keys().is_empty());
    assert_eq!(settings.saas_secret(), None);
    assert_eq!(
        (settings.min_cdi_version(), settings.max_cdi_version()),
        (None, None)
    );
    assert_eq!(
        (settings.ip_allow_regex(), settings.ip_deny_regex()),
        (None, None)
    );
    assert!(settings.ip_is_allowed("203.0.113.7"));
    assert!(settings.disable_telemetry());
    assert_eq!(settings.base_path(), "");
    let resolved = Settings::resolve(&[]).unwrap();
    assert!(
        all()
            .iter()
            .all(|setting| resolved.get(setting.key) == settings.get(setting.key))
    );
}

#[test]
fn the_first_layer_with_a_key_wins() {
    let tenant = map(json!({"password_reset_token_lifetime": 1}));
    let app = map(json!({"password_reset_token_lifetime": 2, "access_token_validity": 60}));
    let base = map(json!({"access_token_validity": 70, "bcrypt_log_rounds": 5, "unknown": 1}));
    let settings = Settings::resolve(&[&tenant, &app, &base]).unwrap();
    assert_eq!(settings.password_reset_token_lifetime_ms(), 1);
    assert_eq!(settings.access_token_validity_s(), 60);
    assert_eq!(settings.password_params().bcrypt_cost, 5);
    assert_eq!(settings.get("totp_max_attempts"), &json!(5));
}

/// An expression that cannot be read must not leave the door open.
#[test]
fn stored_values_that_are_wrong_are_errors() {
    let layer = map(json!({"ip_deny_regex": "("}));
    assert!(Settings::resolve(&[&layer]).is_err());
}

#[test]
fn units() {
    let layer = map(json!({
        "refresh_token_validity": 61.5,
        "access_token_dynamic_signing_key_update_interval": 1.5,
    }));
    let settings = Settings::resolve(&[&layer]).unwrap();
    assert_eq!(settings.refresh_token_validity_ms(), 3_690_000);
    assert_eq!(settings.dynamic_signing_key_update_interval_ms(), 5_400_000);
}

/// Case 204 and section 5.1.
#[test]
fn conversion_to_the_type_of_the_setting() {
    for (key, given, stored) in [
        ("access_token_validity", json!("7200"), json!(7200)),
        ("access_token_validity", json!(7200.0), json!(7200)),
        ("totp_max_attempts", json!("7"), json!(7)),
        ("refresh_token_validity", json!("61.5"), json!(61.5)),
        ("refresh_token_validity", json!("61"), json!(61)),
        ("disable_telemetry", json!("false"), json!(false)),
        (
            "firebase_password_hashing_signer_key",
            json!(12),
            json!("12"),
        ),
        (
            "firebase_password_hashing_signer_key",
            json!(true),
            json!("true"),
        ),
        (
            "firebase_password_hashing_signer_key",
            json!(null),
            json!(null),
        ),
        ("password_hashing_alg", json!("bcrypt"), json!("BCRYPT")),
        (
            "recent_token_reuse_behaviour",
            json!("unauthorised"),
            json!("UNAUTHORISED"),
        ),
        ("sql_access_token_algorithm", json!("rs256"), json!("RS256")),
    ] {
        assert_eq!(accepted(key, given), stored, "{key}");
    }
    for (key, given, type_name) in [
        ("access_token_validity", json!("abcd"), "long"),
        ("access_token_validity", json!(1.5), "long"),
        ("access_token_validity", json!("1.5"), "long"),
        ("access_token_validity", json!(true), "long"),
        ("access_token_validity", json!(null), "long"),
        ("access_token_validity", json!(1e300), "long"),
        ("totp_max_attempts", json!(2_147_483_648u64), "int"),
        ("totp_max_attempts", json!([5]), "int"),
        ("refresh_token_validity", json!("x"), "double"),
        ("refresh_token_validity", json!("inf"), "double"),
        ("refresh_token_validity", json!("NaN"), "double"),
        ("refresh_token_validity", json!(false), "double"),
        ("disable_telemetry", json!("yes"), "boolean"),
        ("disable_telemetry", json!(1), "boolean"),
        ("api_keys", json!({}), "String"),
        ("password_hashing_alg", json!([]), "String"),
    ] {
        assert_eq!(
            refusal(key, given),
            format!("'{key}' must be of type {type_name}")
        );
    }
}

#[test]
fn ranges() {
    let access = "'access_token_validity' must be between 1 and 86400000 seconds inclusive.";
    let hundred_years = "'password_reset_token_lifetime' must be at most 100 years";
    for (key, value, text) in [
        ("access_token_validity", json!(0), access),
        ("access_token_validity", json!(86_400_001), access),
        (
            "refresh_token_validity",
            json!(-1),
            "'refresh_token_validity' must be strictly greater than 'access_token_validity'.",
        ),
        (
            "password_reset_token_lifetime",
            json!(0),
            "'password_reset_token_lifetime' must be >= 0",
        ),
        (
            "password_reset_token_lifetime",
            json!(i64::MAX),
            hundred_years,
        ),
        (
            "email_verification_token_lifetime",
            json!(0),
            "'email_verification_token_lifetime' must be >= 0",
        ),
        (
            "password_hashing_alg",
            json!("md5"),
            "'password_hashing_alg' must be one of 'ARGON2' or 'BCRYPT'",
        ),
        (
            "bcrypt_log_rounds",
            json!(3),
            "'bcrypt_log_rounds' must be between 4 and 16 inclusive.",
        ),
    ] {
        assert_eq!(refusal(key, value), text);
    }
    for (key, value) in [
        ("access_token_validity", json!(1)),
        ("access_token_validity", json!(86_400_000)),
        ("refresh_token_rotation_grace_period", json!(0)),
        ("refresh_token_rotation_grace_period", json!(300)),
        ("access_token_validity_jitter", json!(0)),
        ("access_token_validity_jitter", json!(0.25)),
        ("access_token_dynamic_signing_key_update_interval", json!(1)),
    ] {
        accepted(key, value);
    }
    for (key, value) in [
        ("refresh_token_rotation_grace_period", json!(301)),
        ("access_token_validity_jitter", json!(0.26)),
        (
            "access_token_dynamic_signing_key_update_interval",
            json!(0.9),
        ),
        ("passwordless_code_lifetime", json!(0)),
        ("totp_max_attempts", json!(0)),
    ] {
        assert!(refusal(key, value).contains(key));
    }
}

#[test]
fn api_keys() {
    let (one, two) = ("a".repeat(20), "B-=9".repeat(5));
    let stored = accepted("api_keys", json!(format!(" {one} ,{two}")));
    assert_eq!(stored, json!(format!("{one},{two}")));
    let layer = map(json!({"api_keys": stored}));
    assert_eq!(
        Settings::resolve(&[&layer]).unwrap().api_keys(),
        [one.as_str(), two.as_str()]
    );

    assert_eq!(accepted("api_keys", json!("  ")), Value::Null);
    let short = "One of the API keys is too short. Please use at least 20 characters";
    assert_eq!(refusal("api_keys", json!("short")), short);
    assert_eq!(refusal("api_keys", json!(format!("{one},"))), short);
    assert_eq!(
        refusal("api_keys", json!("abcdefghijklmnopqrst!")),
        "Invalid characters in API key. Please only use '=', '-' and alpha-numeric (including capitals)"
    );
}

#[test]
fn ip_expressions_match_whole_addresses() {
    assert_eq!(accepted("ip_allow_regex", json!("  ")), Value::Null);
    for invalid in ["(", "a)(b", "*"] {
        assert_eq!(
            refusal("ip_allow_regex", json!(invalid)),
            "Provided regular expression is invalid for ip_allow_regex config"
        );
    }
    let layer = map(json!({"ip_allow_regex": r"10\.0\.0\.\d+|::1", "ip_deny_regex": "10.0.0.7"}));
    let settings = Settings::resolve(&[&layer]).unwrap();
    assert!(settings.ip_is_allowed("10.0.0.1"));
    assert!(settings.ip_is_allowed("::1"));
    assert!(!settings.ip_is_allowed("10.0.0.7"), "deny wins");
    assert!(!settings.ip_is_allowed("110.0.0.1"));
    assert!(!settings.ip_is_allowed("10.0.0.1\n"));
    assert!(!settings.ip_is_allowed(""));
}

#[test]
fn base_paths() {
    for (given, stored) in [("", ""), ("/", ""), ("auth", "/auth"), ("/a//b/", "/a/b")] {
        assert_eq!(accepted("base_path", json!(given)), json!(stored));
    }
    assert_eq!(
        refusal("base_path", json!("/a b")),
        "base_path must not contain spaces"
    );
}

/// Case 203.
#[test]
fn a_change_is_merged_and_null_removes() {
    let current = map(json!({"access_token_validity": 7200, "totp_max_attempts": 3}));
    let change = |update| {
        validate_core_config(&map(update), &current, &[], true)
            .map(Value::Object)
            .unwrap()
    };
    assert_eq!(
        change(json!({})),
        json!({"access_token_validity": 7200, "totp_max_attempts": 3})
    );
    assert_eq!(
        change(json!({"access_token_validity": null})),
        json!({"totp_max_attempts": 3})
    );
    assert_eq!(
        change(json!({"access_token_validity": "60"})),
        json!({"access_token_validity": 60, "totp_max_attempts": 3})
    );
    assert_eq!(
        change(json!({"access_token_signing_key_update_interval": 24})),
        json!({
            "access_token_validity": 7200,
            "totp_max_attempts": 3,
            "access_token_dynamic_signing_key_update_interval": 24,
        })
    );
}

/// Case 204.
#[test]
fn changes_that_are_refused() {
    for (update, text) in [
        (json!({"foo": 1}), "Invalid config key: foo"),
        (json!({"foo": null}), "Invalid config key: foo"),
        (
            json!({"postgresql_host": "db"}),
            "Invalid config key: postgresql_host",
        ),
        (
            json!({"access_token_validity": "abcd"}),
            "'access_token_validity' must be of type long",
        ),
        (
            json!({"access_token_validity": 3600, "refresh_token_validity": 3}),
            "'refresh_token_validity' must be strictly greater than 'access_token_validity'.",
        ),
        // 60 minutes are the access token's 3600 seconds.
        (
            json!({"refresh_token_validity": 60}),
            "'refresh_token_validity' must be strictly greater than 'access_token_validity'.",
        ),
        (
            json!({"bcrypt_log_rounds": 5}),
            "bcrypt_log_rounds can only be set via the core's base config setting",
        ),
        (
            json!({"port": 3567}),
            "port can only be set via the core's base config setting",
        ),
        (
            json!({"port": null}),
            "port can only be set via the core's base config setting",
        ),
        (
            json!({"supertokens_max_cdi_version": "9.9"}),
            "supertokens_max_cdi_version is not a supported CDI version",
        ),
        (
            json!({"supertokens_max_cdi_version": "2.9", "supertokens_min_cdi_version": "2.21"}),
            "supertokens_min_cdi_version must not be greater than supertokens_max_cdi_version",
        ),
    ] {
        assert_eq!(app_change(update), Err(text.to_owned()));
    }
    assert!(app_change(json!({"refresh_token_validity": 60.1})).is_ok());
    assert!(
        app_change(json!({
            "supertokens_min_cdi_version": "2.9",
            "supertokens_max_cdi_version": "2.21",
        }))
        .is_ok()
    );
}

/// The combination counts with what is inherited.
#[test]
fn inherited_values_count() {
    let base = map(json!({"refresh_token_validity": 100}));
    let update = map(json!({"access_token_validity": 6000}));
    assert!(validate_core_config(&update, &Map::new(), &[&base], true).is_err());
    assert!(validate_core_config(&update, &Map::new(), &[], true).is_ok());
}

#[test]
fn a_tenant_shares_the_settings_of_its_app() {
    let app = map(json!({"access_token_validity": 7200}));
    let change = |update| {
        validate_core_config(&map(update), &Map::new(), &[&app], false)
            .map(Value::Object)
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        change(json!({"access_token_validity": 3600})),
        Err("You cannot set different values for access_token_validity for the same appId".into())
    );
    // The same value is accepted, and stays the app's to change.
    assert_eq!(
        change(json!({"access_token_validity": "7200"})),
        Ok(json!({}))
    );
    assert_eq!(
        change(json!({"refresh_token_validity": 144000.0})),
        Ok(json!({}))
    );
    assert_eq!(
        change(json!({"access_token_validity": null})),
        Ok(json!({}))
    );
    assert_eq!(
        change(json!({"totp_max_attempts": 3})),
        Ok(json!({"totp_max_attempts": 3}))
    );
}

#[test]
fn the_base_takes_what_a_core_config_does_not() {
    let change = |update| {
        validate_base_config(&map(update), &Map::new())
            .map(Value::Object)
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        change(json!({"bcrypt_log_rounds": 5})),
        Ok(json!({"bcrypt_log_rounds": 5}))
    );
    assert_eq!(
        change(json!({"port": 1})),
        Err("Invalid config key: port".into())
    );
    assert_eq!(
        change(json!({"argon2_memory_kb": 16, "argon2_parallelism": 4})),
        Err("'argon2_memory_kb' must be at least 8 times 'argon2_parallelism'".into())
    );
    assert_eq!(
        change(json!({"supertokens_saas_secret": "s".repeat(40)})),
        Err("supertokens_saas_secret can only be used when api_keys is also defined".into())
    );
    assert!(
        change(json!({
            "supertokens_saas_secret": "s".repeat(40),
            "api_keys": "k".repeat(20),
        }))
        .is_ok()
    );
}

#[test]
fn no_message_has_a_secret_in_it() {
    let secret = "hunter2!";
    for setting in all().iter().filter(|setting| setting.secret) {
        if let Err(error) = parse(setting, &json!(secret)) {
            assert!(!error.to_string().contains(secret), "{}", setting.key);
        }
    }
    let layer = map(json!({"firebase_password_hashing_signer_key": secret}));
    assert!(!format!("{:?}", Settings::resolve(&[&layer]).unwrap()).contains(secret));
}
