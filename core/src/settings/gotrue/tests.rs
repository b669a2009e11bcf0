//! Sections and case numbers are those of the GoTrue reference.

use serde_json::{Map, Value, json};

use super::*;
use crate::duration::{GoDuration, Rate};
use crate::settings::{SettingError, Settings, all, find, parse, validate_base_config};

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

fn with(value: Value) -> Settings {
    Settings::resolve(&[&map(value)]).unwrap()
}

fn parsed(key: &str, value: Value) -> Result<Value, String> {
    parse(find(key).unwrap(), &value).map_err(|error| error.to_string())
}

/// What a variable, without `GOTRUE_`, gives.
fn env(name: &str, value: &str) -> Result<(&'static str, Value), EnvError> {
    from_env(&format!("GOTRUE_{name}"), value).unwrap_or_else(|| panic!("{name} is unknown"))
}

/// The tables of section 5, as `name=default` where there is one. `<P>` stands for each provider, `<H>` for each hook.
const SPECIFIED: &str = "
    API_EXTERNAL_URL API_MAX_REQUEST_DURATION=10s REQUEST_ID_HEADER DB_CLEANUP_ENABLED=false SITE_URL URI_ALLOW_LIST
    DISABLE_SIGNUP=false JWT_SECRET JWT_EXP=3600 JWT_AUD=authenticated JWT_ISSUER JWT_DEFAULT_GROUP_NAME=authenticated JWT_ADMIN_GROUP_NAME=admin
    JWT_ADMIN_ROLES=service_role,supabase_admin JWT_KEY_ID JWT_KEYS CORS_ALLOWED_HEADERS
    AUDIT_LOG_DISABLE_POSTGRES=false

    EXTERNAL_EMAIL_ENABLED=true EXTERNAL_EMAIL_MAGIC_LINK_ENABLED=true EXTERNAL_EMAIL_AUTHORIZED_ADDRESSES
    EXTERNAL_PHONE_ENABLED=false EXTERNAL_ANONYMOUS_USERS_ENABLED=false EXTERNAL_<P>_ENABLED=false
    EXTERNAL_<P>_CLIENT_ID EXTERNAL_<P>_SECRET EXTERNAL_<P>_REDIRECT_URI EXTERNAL_<P>_URL EXTERNAL_<P>_API_URL
    EXTERNAL_<P>_EMAIL_OPTIONAL=false EXTERNAL_<P>_SKIP_NONCE_CHECK=false EXTERNAL_IOS_BUNDLE_ID EXTERNAL_REDIRECT_URL
    EXTERNAL_ALLOWED_ID_TOKEN_ISSUERS=https://appleid.apple.com,https://accounts.google.com
    EXTERNAL_FLOW_STATE_EXPIRY_DURATION=300s EXTERNAL_WEB3_SOLANA_ENABLED=false EXTERNAL_WEB3_ETHEREUM_ENABLED=false
    EXTERNAL_WEB3_SOLANA_MAXIMUM_VALIDITY_DURATION=10m EXTERNAL_WEB3_ETHEREUM_MAXIMUM_VALIDITY_DURATION=10m
    CUSTOM_OAUTH_ENABLED=true CUSTOM_OAUTH_MAX_PROVIDERS=0 CUSTOM_OAUTH_EXTERNAL_URL OAUTH_SERVER_ENABLED=false
    OAUTH_SERVER_ALLOW_DYNAMIC_REGISTRATION=false OAUTH_SERVER_AUTHORIZATION_PATH OAUTH_SERVER_AUTHORIZATION_TTL=10m
    OAUTH_SERVER_DEFAULT_SCOPE=email SAML_ENABLED=false SAML_PRIVATE_KEY SAML_PRIVATE_KEY_NEXT
    SAML_ALLOW_ENCRYPTED_ASSERTIONS=false SAML_RELAY_STATE_VALIDITY_PERIOD=2m SAML_EXTERNAL_URL
    SAML_RATE_LIMIT_ASSERTION=15 PASSKEY_ENABLED=false PASSKEY_MAX_PASSKEYS_PER_USER=10 WEBAUTHN_RP_ID
    WEBAUTHN_RP_DISPLAY_NAME WEBAUTHN_RP_ORIGINS WEBAUTHN_CHALLENGE_EXPIRY_DURATION=5m

    PASSWORD_MIN_LENGTH=6 PASSWORD_REQUIRED_CHARACTERS PASSWORD_HIBP_ENABLED=false PASSWORD_HIBP_FAIL_CLOSED=false
    PASSWORD_HIBP_USER_AGENT SECURITY_CAPTCHA_ENABLED=false SECURITY_CAPTCHA_PROVIDER=hcaptcha SECURITY_CAPTCHA_SECRET
    SECURITY_CAPTCHA_TIMEOUT=10s SECURITY_REFRESH_TOKEN_ROTATION_ENABLED=true SECURITY_REFRESH_TOKEN_REUSE_INTERVAL=0
    SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=0 SECURITY_REFRESH_TOKEN_UPGRADE_PERCENTAGE=0
    SECURITY_REFRESH_TOKEN_ALLOW_REUSE=false SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION=false
    SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD=false SECURITY_MANUAL_LINKING_ENABLED=false
    SECURITY_SB_FORWARDED_FOR_ENABLED=false SECURITY_DB_ENCRYPTION_ENCRYPT=false SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY_ID
    SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS SESSIONS_TIMEBOX
    SESSIONS_INACTIVITY_TIMEOUT SESSIONS_ALLOW_LOW_AAL SESSIONS_SINGLE_PER_USER=false SESSIONS_TAGS
    MFA_CHALLENGE_EXPIRY_DURATION=300 MFA_FACTOR_EXPIRY_DURATION=300s MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY=15
    MFA_MAX_ENROLLED_FACTORS=10 MFA_MAX_VERIFIED_FACTORS=10 MFA_TOTP_ENROLL_ENABLED=true MFA_TOTP_VERIFY_ENABLED=true
    MFA_PHONE_ENROLL_ENABLED=false MFA_PHONE_VERIFY_ENABLED=false MFA_PHONE_OTP_LENGTH=6 MFA_PHONE_TEMPLATE=*
    MFA_PHONE_MAX_FREQUENCY=1m MFA_WEB_AUTHN_ENROLL_ENABLED=false MFA_WEB_AUTHN_VERIFY_ENABLED=false

    MAILER_AUTOCONFIRM=false MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS=false MAILER_SECURE_EMAIL_CHANGE_ENABLED=true
    MAILER_OTP_EXP=86400 MAILER_OTP_LENGTH=6 MAILER_EXTERNAL_HOSTS MAILER_URLPATHS_INVITE=/verify
    MAILER_URLPATHS_CONFIRMATION=/verify MAILER_URLPATHS_RECOVERY=/verify MAILER_URLPATHS_EMAIL_CHANGE=/verify
    MAILER_SUBJECTS_<M> MAILER_TEMPLATES_<M> MAILER_SUBJECTS_<N>_NOTIFICATION MAILER_TEMPLATES_<N>_NOTIFICATION
    MAILER_NOTIFICATIONS_<N>_ENABLED=false MAILER_EMAIL_VALIDATION_EXTENDED=false
    MAILER_EMAIL_VALIDATION_SERVICE_URL MAILER_EMAIL_VALIDATION_SERVICE_HEADERS MAILER_EMAIL_VALIDATION_BLOCKED_MX
    SMTP_HOST SMTP_PORT=587 SMTP_USER SMTP_PASS SMTP_ADMIN_EMAIL SMTP_SENDER_NAME SMTP_HEADERS SMTP_MAX_FREQUENCY=1m
    SMS_AUTOCONFIRM=false SMS_MAX_FREQUENCY=1m SMS_OTP_EXP=60 SMS_OTP_LENGTH=6 SMS_PROVIDER SMS_TEMPLATE=* SMS_TEST_OTP
    SMS_TEST_OTP_VALID_UNTIL SMS_TWILIO_ACCOUNT_SID SMS_TWILIO_AUTH_TOKEN SMS_TWILIO_MESSAGE_SERVICE_SID
    SMS_TWILIO_CONTENT_SID SMS_TWILIO_VERIFY_ACCOUNT_SID SMS_TWILIO_VERIFY_AUTH_TOKEN
    SMS_TWILIO_VERIFY_MESSAGE_SERVICE_SID SMS_MESSAGEBIRD_ACCESS_KEY SMS_MESSAGEBIRD_ORIGINATOR SMS_VONAGE_API_KEY
    SMS_VONAGE_API_SECRET SMS_VONAGE_FROM SMS_TEXTLOCAL_API_KEY SMS_TEXTLOCAL_SENDER HOOK_<H>_ENABLED=false HOOK_<H>_URI
    HOOK_<H>_SECRETS EXPERIMENTAL_PROVIDER_LINKING_DOMAINS EXPERIMENTAL_PROVIDERS_WITH_OWN_LINKING_DOMAIN
    EXPERIMENTAL_CURSOR_PAGINATION_ENABLED=false EXPERIMENTAL_SCIM_ENABLED=false
    EXPERIMENTAL_CREATE_EMAIL_IDENTITY_ON_PASSWORD_SET_ENABLED=false

    RATE_LIMIT_HEADER RATE_LIMIT_EMAIL_SENT=30 RATE_LIMIT_SMS_SENT=30 RATE_LIMIT_ANONYMOUS_USERS=30 RATE_LIMIT_OTP=30
    RATE_LIMIT_TOKEN_REFRESH=150 RATE_LIMIT_WEB3=30 RATE_LIMIT_VERIFY=30 RATE_LIMIT_SSO=30 RATE_LIMIT_PASSKEY=30
    RATE_LIMIT_OAUTH_DYNAMIC_CLIENT_REGISTER=10
";

/// [`SPECIFIED`] with every name written out.
fn specified() -> Vec<(String, Option<&'static str>)> {
    const PROVIDERS: &str = "APPLE AZURE BITBUCKET DISCORD FACEBOOK SNAPCHAT FIGMA FLY GITHUB GITLAB GOOGLE KAKAO \
        KEYCLOAK LINKEDIN LINKEDIN_OIDC NOTION SLACK SLACK_OIDC SPOTIFY TWITCH TWITTER X WORKOS ZOOM VERCEL_MARKETPLACE";
    const HOOKS: &str = "CUSTOM_ACCESS_TOKEN MFA_VERIFICATION_ATTEMPT PASSWORD_VERIFICATION_ATTEMPT SEND_SMS SEND_EMAIL \
        BEFORE_USER_CREATED AFTER_USER_CREATED";
    const MAILS: &str = "INVITE CONFIRMATION RECOVERY MAGIC_LINK EMAIL_CHANGE REAUTHENTICATION";
    const NOTIFICATIONS: &str = "PASSWORD_CHANGED EMAIL_CHANGED PHONE_CHANGED IDENTITY_LINKED IDENTITY_UNLINKED \
        MFA_FACTOR_ENROLLED MFA_FACTOR_UNENROLLED";
    let families = [
        ("<P>", PROVIDERS),
        ("<H>", HOOKS),
        ("<M>", MAILS),
        ("<N>", NOTIFICATIONS),
    ];
    let mut all = Vec::new();
    for entry in SPECIFIED.split_whitespace() {
        let (name, default) = match entry.split_once('=') {
            Some((name, default)) => (name, Some(default)),
            None => (entry, None),
        };
        match families.iter().find(|(mark, _)| name.contains(mark)) {
            Some((mark, members)) => all.extend(
                members
                    .split_whitespace()
                    .map(|member| (name.replace(mark, member), default)),
            ),
            None => all.push((name.to_owned(), default)),
        }
    }
    all
}

#[test]
fn every_variable_maps_and_has_its_default() {
    let specified = specified();
    for (name, default) in &specified {
        let (key, value) = env(name, "").unwrap();
        assert_eq!(value, Value::Null, "{name}");
        let short = name
            .strip_prefix("SECURITY_")
            .or_else(|| name.strip_prefix("EXPERIMENTAL_"))
            .unwrap_or(name);
        let short = short.replace("DB_ENCRYPTION_ENCRYPTION_", "DB_ENCRYPTION_");
        let short = short.replace("DB_ENCRYPTION_DECRYPTION_", "DB_DECRYPTION_");
        assert_eq!(key, short.to_lowercase());
        let setting = find(key).unwrap();
        assert_eq!(setting.scope, Scope::Tenant, "{key}");
        let shown = match setting.default_value() {
            Value::Null => None,
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.as_f64().unwrap().to_string()),
            other => Some(other.to_string()),
        };
        let default = match *default {
            Some("*") => Some("Your code is {{ .Code }}"),
            default => default,
        };
        assert_eq!(shown.as_deref(), default, "{name}");
        if let Some(default) = default {
            let given = env(name, default).unwrap();
            assert_eq!(
                given,
                (key, parse(setting, &default.into()).unwrap()),
                "{name}"
            );
        }
    }
    let ours = all().iter().filter(|setting| setting.env.is_some());
    assert_eq!(ours.count(), specified.len(), "none is of our invention");
}

#[test]
fn names_that_are_read_without_prefix() {
    let url = json!("https://a.example/auth");
    for name in ["API_EXTERNAL_URL", "GOTRUE_API_EXTERNAL_URL"] {
        let given = from_env(name, "https://a.example/auth");
        assert_eq!(given, Some(Ok(("api_external_url", url.clone()))));
    }
    assert!(matches!(from_env("REQUEST_ID_HEADER", "x"), Some(Ok(_))));
    for name in ["PORT", "DATABASE_URL", "DB_NAMESPACE", "GOTRUE_PORT"] {
        assert!(
            matches!(from_env(name, "1"), Some(Err(EnvError::Ignored(_)))),
            "{name}"
        );
    }
}

#[test]
fn unknown_and_meaningless_names() {
    for name in [
        "SITE_URL",
        "PATH",
        "GOTRUE_",
        "GOTRUE_NONE",
        "GOTRUE_site_url",
        // Known to the registry, but not as GoTrue's.
        "GOTRUE_ACCESS_TOKEN_VALIDITY",
        "GOTRUE_REFRESH_TOKEN_REUSE_INTERVAL",
        "GOTRUE_EXTERNAL_MYSPACE_ENABLED",
    ] {
        assert_eq!(from_env(name, "1"), None, "{name}");
    }
    for name in ["API_HOST", "LOG_LEVEL", "PASSWORD_HIBP_BLOOM_ITEMS"] {
        assert!(matches!(env(name, "x"), Err(EnvError::Ignored(_))));
    }
    for ignored in ignored_env() {
        assert!(!ignored.reason.is_empty());
        let is_setting = all()
            .iter()
            .any(|setting| setting.env == Some(ignored.key.trim_end_matches('*')));
        assert!(!is_setting, "{}", ignored.key);
    }
}

#[test]
fn values_as_go_reads_them() {
    for (text, value) in [("1", true), ("T", true), ("TRUE", true), ("0", false)] {
        assert_eq!(
            env("DISABLE_SIGNUP", text),
            Ok(("disable_signup", json!(value)))
        );
    }
    // What GoTrue puts right itself.
    for (name, text) in [
        ("PASSWORD_MIN_LENGTH", "3"),
        ("MAILER_OTP_LENGTH", "5"),
        ("MAILER_OTP_LENGTH", "11"),
        ("SMS_OTP_LENGTH", "0"),
        ("MFA_PHONE_OTP_LENGTH", "12"),
        ("MFA_CHALLENGE_EXPIRY_DURATION", "299"),
        ("MFA_FACTOR_EXPIRY_DURATION", "10s"),
        ("EXTERNAL_FLOW_STATE_EXPIRY_DURATION", "1m"),
        ("JWT_EXP", "0"),
        ("SMTP_MAX_FREQUENCY", "0s"),
    ] {
        assert_eq!(env(name, text).unwrap().1, Value::Null, "{name}");
    }
    for (name, text, value) in [
        ("PASSWORD_MIN_LENGTH", "8", json!(8)),
        ("MFA_CHALLENGE_EXPIRY_DURATION", "301.5", json!(301.5)),
        ("SMTP_MAX_FREQUENCY", "1s", json!("1s")),
        ("RATE_LIMIT_EMAIL_SENT", "10/1m", json!("10/1m")),
        ("JWT_SECRET", " blanks count ", json!(" blanks count ")),
        ("SMS_PROVIDER", "twilio_verify", json!("twilio_verify")),
    ] {
        assert_eq!(env(name, text).unwrap().1, value, "{name}");
    }
    for (name, text) in [
        ("DISABLE_SIGNUP", "yes"),
        ("JWT_EXP", "1h"),
        ("PASSWORD_MIN_LENGTH", "73"),
        ("SESSIONS_TIMEBOX", "0s"),
        ("SESSIONS_TIMEBOX", "-1h"),
        ("SESSIONS_TIMEBOX", "24"),
        ("SMS_PROVIDER", "pigeon"),
    ] {
        assert!(
            matches!(env(name, text), Err(EnvError::Invalid(_))),
            "{name}"
        );
    }
}

#[test]
fn ranges() {
    for (key, value, text) in [
        (
            "mailer_otp_length",
            json!(5),
            "'mailer_otp_length' must be between 6 and 10",
        ),
        (
            "jwt_exp",
            json!(0),
            "'jwt_exp' must be between 1 and 86400000 s",
        ),
        (
            "mfa_factor_expiry_duration",
            json!("299.9s"),
            "'mfa_factor_expiry_duration' must be between 300 and 3155760000 s",
        ),
        (
            "sessions_timebox",
            json!("24 hours"),
            "'sessions_timebox' must be a duration such as '1h30m'",
        ),
        (
            "rate_limit_sms_sent",
            json!("10/1"),
            "'rate_limit_sms_sent' must be a number of events, or such as '10/1m'",
        ),
        (
            "site_url",
            json!("here"),
            "'site_url' must be an absolute URL",
        ),
    ] {
        assert_eq!(parsed(key, value), Err(text.to_owned()));
    }
    assert_eq!(parsed("rate_limit_email_sent", json!(0)), Ok(json!("0")));
    assert_eq!(parsed("sessions_timebox", json!(" ")), Ok(Value::Null));
    assert_eq!(parsed("smtp_max_frequency", json!("0")), Ok(json!("0")));
}

#[test]
fn texts_that_are_more() {
    for (key, right, wrong) in [
        ("api_external_url", "https://a.example", "ftp://a.example"),
        ("site_url", "com.example.app://", "/path"),
        (
            "uri_allow_list",
            "https://*.a.example/**,app://{a,b}",
            "https://[a",
        ),
        (
            "jwt_keys",
            r#"[{"kty":"oct","k":"Z7-AyPyChGNcQsX16cPBV-pPBo4q-zckDxkq1VZjATo","kid":"a","alg":"HS256","key_ops":["sign","verify"]}]"#,
            "[]",
        ),
        ("mailer_urlpaths_invite", "/auth/v1/verify", "verify"),
        (
            "mailer_templates_invite",
            "<p>{{ .Token }}</p>",
            "https://a.example/t.html",
        ),
        ("mailer_subjects_invite", "Hello {{ .Email }}", "{{ .Email"),
        ("sms_template", "{{ .Code }}", " {{"),
        ("smtp_headers", r#"{"X-A":["b"]}"#, r#"{"X-A":1}"#),
        ("mailer_email_validation_blocked_mx", r#"["a"]"#, "a"),
        (
            "provider_linking_domains",
            "google=work,azure=work",
            "google",
        ),
        (
            "sms_test_otp",
            "+4369912345678:123456, 4369912345679:000000",
            "1234",
        ),
        (
            "sms_test_otp_valid_until",
            "2030-01-31T12:00:00.5+01:00",
            "2030-01-31",
        ),
        (
            "hook_send_sms_uri",
            "pg-functions://postgres/public/send",
            "pg-functions://postgres/send",
        ),
        (
            "hook_send_sms_uri",
            "https://a.example/hook",
            "file:///etc/passwd",
        ),
        (
            "hook_send_sms_secrets",
            "v1,whsec_c2VjcmV0|v1,whsec_b3RoZXI=",
            "secret",
        ),
        ("captcha_provider", "turnstile", "none"),
        ("saml_private_key", "MIIB", "no key!"),
    ] {
        assert_eq!(parsed(key, json!(right)), Ok(json!(right)), "{key}");
        let refusal = parsed(key, json!(wrong)).unwrap_err();
        assert!(refusal.starts_with(&format!("'{key}' must ")), "{refusal}");
    }
    assert!(parsed("sms_template", json!("")).is_err());
    assert!(parsed("jwt_admin_roles", json!(" ")).is_err());
}

#[test]
fn secrets_are_marked() {
    for setting in all().iter().filter(|setting| setting.env.is_some()) {
        let key = setting.key;
        let sounds_secret = [
            "_secret",
            "_secrets",
            "_pass",
            "_token",
            "_api_key",
            "_access_key",
        ]
        .iter()
        .any(|end| key.ends_with(end) && key != "sms_vonage_api_key");
        let is_known = [
            "jwt_keys",
            "sms_test_otp",
            "saml_private_key",
            "saml_private_key_next",
            "db_encryption_key",
            "db_decryption_keys",
            "mailer_email_validation_service_headers",
        ]
        .contains(&key);
        assert_eq!(setting.secret, sounds_secret || is_known, "{key}");
    }
}

#[test]
fn combinations() {
    let base = |update| validate_base_config(&map(update), &Map::new());
    for (update, text) in [
        (
            json!({"mailer_autoconfirm": true, "mailer_allow_unverified_email_sign_ins": true}),
            "mailer_autoconfirm and mailer_allow_unverified_email_sign_ins exclude each other",
        ),
        (
            json!({"saml_enabled": true}),
            "saml_enabled needs saml_private_key",
        ),
        (
            json!({"captcha_enabled": true}),
            "captcha_enabled needs captcha_secret",
        ),
        (
            json!({"passkey_enabled": true, "webauthn_rp_id": "a.example", "webauthn_rp_display_name": "A"}),
            "passkey_enabled needs webauthn_rp_origins",
        ),
        (
            json!({"hook_send_email_enabled": true}),
            "hook_send_email_enabled needs hook_send_email_uri",
        ),
    ] {
        assert_eq!(base(update), Err(SettingError::Invalid(text.to_owned())));
    }
    assert!(base(json!({"captcha_enabled": true, "captcha_secret": "s"})).is_ok());
}

#[test]
fn accessors() {
    let settings = Settings::default();
    assert_eq!(settings.duration("sessions_timebox"), None);
    assert_eq!(
        settings.duration("smtp_max_frequency"),
        Some("60s".parse::<GoDuration>().unwrap())
    );
    assert_eq!(
        settings.rate("rate_limit_email_sent"),
        Rate::Window { events: 30 }
    );
    assert!(settings.is_admin_role("service_role") && !settings.is_admin_role("anon"));
    assert!(settings.jwt_keys().is_err() && settings.redirect_policy().is_err());
    assert_eq!(
        (settings.jwt_exp_s(), settings.jwt_aud()),
        (3600, "authenticated")
    );
    assert_eq!(
        (settings.mailer_otp_exp_s(), settings.sms_otp_exp_s()),
        (86_400, 60)
    );
    assert!(settings.hook("send_sms").is_none());
    for name in PROVIDERS {
        assert!(!settings.provider(name).unwrap().enabled);
    }
    for name in HOOKS {
        assert!(settings.hook(name).is_none());
    }
    assert!(settings.provider("myspace").is_none());

    let settings = with(json!({
        "site_url": "https://a.example",
        "uri_allow_list": "https://b.example/*",
        "api_external_url": "https://a.example/auth/v1/",
        "jwt_secret": "37c304f8-51aa-419a-a1af-06154e63707a",
        "password_min_length": 8,
        "external_github_enabled": true,
        "external_github_client_id": "a, b",
        "external_redirect_url": "https://a.example/callback",
        "hook_send_sms_enabled": true,
        "hook_send_sms_uri": "pg-functions://postgres/public/send",
        "sms_test_otp": "+43 699 12345678:123456,1999:000000",
    }));
    assert!(
        settings
            .redirect_policy()
            .unwrap()
            .allows("https://b.example/x")
    );
    assert_eq!(
        settings.api_external_url(),
        Some("https://a.example/auth/v1")
    );
    assert!(settings.jwt_keys().is_ok());
    assert_eq!(
        settings.password_rules().weaknesses("1234567").reasons(),
        ["length"]
    );
    let github = settings.provider("github").unwrap();
    assert!(github.enabled && github.client_ids == ["a", "b"]);
    assert_eq!(github.redirect_uri, Some("https://a.example/callback"));
    let hook = settings.hook("send_sms").unwrap();
    assert!(hook.uri.ends_with("/send") && hook.secrets.is_empty());
    assert_eq!(settings.sms_test_otp("4369912345678"), Some("123456"));
    assert_eq!(settings.sms_test_otp("4369912345679"), None);
}
