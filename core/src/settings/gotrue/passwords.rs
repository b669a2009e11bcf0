//! Passwords and what guards them (5.3).

use super::*;

pub(super) const SETTINGS: &[Setting] = &[
    integer(
        "password_min_length",
        "PASSWORD_MIN_LENGTH",
        6,
        (6, crate::password_rules::MAX_BYTES as i64),
        "The fewest characters that a password may have.",
    ),
    text(
        "password_required_characters",
        "PASSWORD_REQUIRED_CHARACTERS",
        "Sets of characters, with colons between them, of each of which a password needs one.",
    )
    .checked(check::verbatim),
    flag(
        "password_hibp_enabled",
        "PASSWORD_HIBP_ENABLED",
        false,
        "Whether new passwords are looked up among those that have leaked (Have I Been Pwned).",
    ),
    flag(
        "password_hibp_fail_closed",
        "PASSWORD_HIBP_FAIL_CLOSED",
        false,
        "Whether a password is refused when it cannot be looked up.",
    ),
    text(
        "password_hibp_url",
        "",
        "Where leaked passwords are looked up; the first five digits of a password's hash are put behind it.",
    )
    .defaulting(Literal::Text("https://api.pwnedpasswords.com/range/"))
    .checked(check::web_url)
    .own(),
    text(
        "password_hibp_user_agent",
        "PASSWORD_HIBP_USER_AGENT",
        "What the one who looks passwords up calls itself.",
    ),
    flag(
        "update_password_require_reauthentication",
        "SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION",
        false,
        "Whether a new password needs a nonce of a reauthentication, unless the session is young.",
    ),
    flag(
        "update_password_require_current_password",
        "SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD",
        false,
        "Whether a new password needs the current one.",
    ),
    flag(
        "manual_linking_enabled",
        "SECURITY_MANUAL_LINKING_ENABLED",
        false,
        "Whether users can link and unlink identities themselves.",
    ),
    flag(
        "captcha_enabled",
        "SECURITY_CAPTCHA_ENABLED",
        false,
        "Whether requests need a CAPTCHA.",
    ),
    text(
        "captcha_provider",
        "SECURITY_CAPTCHA_PROVIDER",
        "Whose CAPTCHA it is.",
    )
    .defaulting(Literal::Text("hcaptcha"))
    .one_of(&["hcaptcha", "turnstile"]),
    text(
        "captcha_url",
        "",
        "Where CAPTCHAs are verified, if not at their provider: at a service that answers in the same form.",
    )
    .checked(check::web_url)
    .own(),
    secret(
        "captcha_secret",
        "SECURITY_CAPTCHA_SECRET",
        "The secret that CAPTCHAs are verified with.",
    ),
    duration(
        "captcha_timeout",
        "SECURITY_CAPTCHA_TIMEOUT",
        "10s",
        0.001,
        "How long the verification of a CAPTCHA may take.",
    ),
    flag(
        "sb_forwarded_for_enabled",
        "SECURITY_SB_FORWARDED_FOR_ENABLED",
        false,
        "Whether the header Sb-Forwarded-For tells the client's address.",
    ),
    flag(
        "db_encryption_encrypt",
        "SECURITY_DB_ENCRYPTION_ENCRYPT",
        false,
        "Whether password hashes and TOTP secrets are stored encrypted as GoTrue encrypts them.",
    ),
    text(
        "db_encryption_key_id",
        "SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY_ID",
        "The name of the key that they are encrypted under.",
    ),
    secret(
        "db_encryption_key",
        "SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY",
        "The key that they are encrypted under.",
    )
    .protected(),
    secret(
        "db_decryption_keys",
        "SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS",
        "The keys, as id:key pairs with commas between them, that they are decrypted under.",
    )
    .protected(),
];
