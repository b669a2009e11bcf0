//! Hooks (4.19). They are protected: a hook runs a function of the database, or sends users' data away.

use super::*;

/// The names of all hooks; the settings of one are `hook_<name>_enabled` and so on.
pub const HOOKS: [&str; 7] = [
    "custom_access_token",
    "mfa_verification_attempt",
    "password_verification_attempt",
    "send_sms",
    "send_email",
    "before_user_created",
    "after_user_created",
];

macro_rules! hook {
    ($name:literal, $env:literal, $what:literal) => {
        [
            flag(
                concat!("hook_", $name, "_enabled"),
                concat!("HOOK_", $env, "_ENABLED"),
                false,
                concat!("Whether there is a hook ", $what, "."),
            )
            .protected(),
            text(
                concat!("hook_", $name, "_uri"),
                concat!("HOOK_", $env, "_URI"),
                concat!("The function or the endpoint of the hook ", $what, "."),
            )
            .checked(check::hook_uri)
            .protected(),
            secret(
                concat!("hook_", $name, "_secrets"),
                concat!("HOOK_", $env, "_SECRETS"),
                concat!("What calls are signed with of the hook ", $what, "."),
            )
            .checked(check::hook_secrets)
            .protected(),
        ]
    };
}

pub(super) const SETTINGS: &[[Setting; 3]] = &[
    hook!(
        "custom_access_token",
        "CUSTOM_ACCESS_TOKEN",
        "that makes the claims of access tokens"
    ),
    hook!(
        "mfa_verification_attempt",
        "MFA_VERIFICATION_ATTEMPT",
        "that may reject a second factor"
    ),
    hook!(
        "password_verification_attempt",
        "PASSWORD_VERIFICATION_ATTEMPT",
        "that may reject a password"
    ),
    hook!("send_sms", "SEND_SMS", "that sends text messages"),
    hook!("send_email", "SEND_EMAIL", "that sends mails"),
    hook!(
        "before_user_created",
        "BEFORE_USER_CREATED",
        "that may reject a new user"
    ),
    hook!(
        "after_user_created",
        "AFTER_USER_CREATED",
        "that is told of new users"
    ),
];
