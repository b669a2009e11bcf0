//! How often things may happen (1.5, 5.4).

use super::*;

pub(super) const SETTINGS: &[Setting] = &[
    text(
        "rate_limit_header",
        "RATE_LIMIT_HEADER",
        "The request header that tells clients apart; without it there are no limits per client.",
    ),
    sent(
        "rate_limit_email_sent",
        "RATE_LIMIT_EMAIL_SENT",
        "How many mails are sent: a number an hour, or as in 10/1m a bucket and its refill.",
    ),
    sent(
        "rate_limit_sms_sent",
        "RATE_LIMIT_SMS_SENT",
        "How many text messages are sent: a number an hour, or as in 10/1m a bucket and its refill.",
    ),
    per_client(
        "rate_limit_anonymous_users",
        "RATE_LIMIT_ANONYMOUS_USERS",
        30.0,
        "Anonymous sign-ins of a client an hour.",
    ),
    per_client(
        "rate_limit_otp",
        "RATE_LIMIT_OTP",
        30.0,
        "Requests of a client in five minutes, of each kind that sends a code.",
    ),
    per_client(
        "rate_limit_token_refresh",
        "RATE_LIMIT_TOKEN_REFRESH",
        150.0,
        "Requests of a client for tokens in five minutes.",
    ),
    per_client(
        "rate_limit_web3",
        "RATE_LIMIT_WEB3",
        30.0,
        "Sign-ins of a client with a wallet in five minutes.",
    ),
    per_client(
        "rate_limit_verify",
        "RATE_LIMIT_VERIFY",
        30.0,
        "Verifications of a client in five minutes.",
    ),
    per_client(
        "rate_limit_sso",
        "RATE_LIMIT_SSO",
        30.0,
        "Sign-ins of a client by SSO in five minutes.",
    ),
    per_client(
        "rate_limit_passkey",
        "RATE_LIMIT_PASSKEY",
        30.0,
        "Requests of a client in five minutes to sign in with a passkey.",
    ),
    per_client(
        "rate_limit_oauth_dynamic_client_register",
        "RATE_LIMIT_OAUTH_DYNAMIC_CLIENT_REGISTER",
        10.0,
        "Registrations of OAuth clients by a client in five minutes.",
    ),
    per_client(
        "mfa_rate_limit_challenge_and_verify",
        "MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY",
        15.0,
        "Challenges, and verifications, of second factors by a client a minute.",
    ),
    per_client(
        "saml_rate_limit_assertion",
        "SAML_RATE_LIMIT_ASSERTION",
        15.0,
        "SAML assertions of a client in five minutes.",
    ),
];

const fn per_client(
    key: &'static str,
    env: &'static str,
    default: f64,
    description: &'static str,
) -> Setting {
    number(key, env, default, (0.0, 1e9), description)
}

const fn sent(key: &'static str, env: &'static str, description: &'static str) -> Setting {
    Setting {
        format: Some(Format::Rate),
        default: Literal::Text("30"),
        normalise: None,
        ..text(key, env, description)
    }
    .in_unit("rate")
}
