//! Sessions, their refresh tokens and second factors (5.3).

use super::*;

pub(super) const SETTINGS: &[Setting] = &[
    flag(
        "refresh_token_rotation_enabled",
        "SECURITY_REFRESH_TOKEN_ROTATION_ENABLED",
        true,
        "Whether the reuse of a refresh token ends its session.",
    ),
    integer(
        "refresh_token_reuse_interval",
        "SECURITY_REFRESH_TOKEN_REUSE_INTERVAL",
        0,
        (0, i32::MAX as i64),
        "How long a used refresh token is taken once more.",
    )
    .in_unit("s"),
    integer(
        "refresh_token_algorithm_version",
        "SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION",
        0,
        (0, 2),
        "How refresh tokens of new sessions are made: rows of a table (0, 1) or counters (2).",
    ),
    integer(
        "refresh_token_upgrade_percentage",
        "SECURITY_REFRESH_TOKEN_UPGRADE_PERCENTAGE",
        0,
        (0, 100),
        "How many of a hundred sessions change over to counters when they are refreshed.",
    ),
    flag(
        "refresh_token_allow_reuse",
        "SECURITY_REFRESH_TOKEN_ALLOW_REUSE",
        false,
        "Whether used counter tokens are taken at any time.",
    ),
    lapse(
        "sessions_timebox",
        "SESSIONS_TIMEBOX",
        "How long after its beginning a session can be refreshed.",
    ),
    lapse(
        "sessions_inactivity_timeout",
        "SESSIONS_INACTIVITY_TIMEOUT",
        "How long after its last refresh a session can be refreshed.",
    ),
    lapse(
        "sessions_allow_low_aal",
        "SESSIONS_ALLOW_LOW_AAL",
        "How long a session may last without the second factor that its user has.",
    ),
    flag(
        "sessions_single_per_user",
        "SESSIONS_SINGLE_PER_USER",
        false,
        "Whether only a user's newest session, per tag, can be refreshed.",
    ),
    text(
        "sessions_tags",
        "SESSIONS_TAGS",
        "The tags, with commas between them, that sessions may have; the first is for the rest.",
    ),
    number(
        "mfa_challenge_expiry_duration",
        "MFA_CHALLENGE_EXPIRY_DURATION",
        300.0,
        (300.0, HUNDRED_YEARS_S),
        "Life of a challenge to a second factor.",
    )
    .in_unit("s"),
    duration(
        "mfa_factor_expiry_duration",
        "MFA_FACTOR_EXPIRY_DURATION",
        "300s",
        300.0,
        "How long a second factor may wait for its verification.",
    ),
    integer(
        "mfa_max_enrolled_factors",
        "MFA_MAX_ENROLLED_FACTORS",
        10,
        (0, 10_000),
        "How many second factors a user may have enrolled.",
    ),
    integer(
        "mfa_max_verified_factors",
        "MFA_MAX_VERIFIED_FACTORS",
        10,
        (0, 10_000),
        "How many second factors a user may have verified.",
    ),
    flag(
        "mfa_totp_enroll_enabled",
        "MFA_TOTP_ENROLL_ENABLED",
        true,
        "Whether TOTP can be enrolled as a second factor.",
    ),
    flag(
        "mfa_totp_verify_enabled",
        "MFA_TOTP_VERIFY_ENABLED",
        true,
        "Whether TOTP is taken as a second factor.",
    ),
    flag(
        "mfa_phone_enroll_enabled",
        "MFA_PHONE_ENROLL_ENABLED",
        false,
        "Whether a phone can be enrolled as a second factor.",
    ),
    flag(
        "mfa_phone_verify_enabled",
        "MFA_PHONE_VERIFY_ENABLED",
        false,
        "Whether a phone is taken as a second factor.",
    ),
    integer(
        "mfa_phone_otp_length",
        "MFA_PHONE_OTP_LENGTH",
        6,
        (6, 10),
        "How many digits the codes of second factors have.",
    ),
    text(
        "mfa_phone_template",
        "MFA_PHONE_TEMPLATE",
        "The text message that brings the code of a second factor, as a Go template.",
    )
    .defaulting(Literal::Text(sms::TEMPLATE))
    .checked(check::sms_template),
    duration(
        "mfa_phone_max_frequency",
        "MFA_PHONE_MAX_FREQUENCY",
        "1m",
        0.0,
        "How long after one message another can be sent to a second factor.",
    ),
    flag(
        "mfa_web_authn_enroll_enabled",
        "MFA_WEB_AUTHN_ENROLL_ENABLED",
        false,
        "Whether WebAuthn can be enrolled as a second factor.",
    ),
    flag(
        "mfa_web_authn_verify_enabled",
        "MFA_WEB_AUTHN_VERIFY_ENABLED",
        false,
        "Whether WebAuthn is taken as a second factor.",
    ),
];

/// A duration above zero that there may be none of.
const fn lapse(key: &'static str, env: &'static str, description: &'static str) -> Setting {
    duration(key, env, "", 0.001, description).defaulting(Literal::Null)
}
