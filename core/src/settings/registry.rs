//! Every setting there is: here those of the CDI (reference, sections 5.2 to 5.5), in [`super::gotrue`]
//! those of GoTrue.
//!
//! Where the defaults differ from those of the SuperTokens core: new passwords are hashed with
//! Argon2id at the parameters of OWASP's cheat sheet, and telemetry is off, for there is none. Ranges
//! are bounded above where SuperTokens leaves them open: lives at a hundred years, so that no time
//! computed from one overflows, and the cost of hashing at the ceilings of [`crate::passwords`].

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Kind, Literal, Normalise, Range, Scope, Setting, gotrue, text};
use crate::passwords;

/// The CDI versions that are answered, oldest first.
pub const SUPPORTED_CDI_VERSIONS: &[&str] = &[
    "2.7", "2.8", "2.9", "2.10", "2.11", "2.12", "2.13", "2.14", "2.15", "2.16", "2.17", "2.18",
    "2.19", "2.20", "2.21", "3.0", "3.1", "4.0", "5.0", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6",
];

/// All settings, grouped by what they are about.
pub fn all() -> &'static [Setting] {
    &ALL
}

/// Where in [`all`] the setting called `key` is.
pub(super) fn index(key: &str) -> Option<usize> {
    INDEX.get(key).copied()
}

/// The setting called `key`, also by the name that it had in older SuperTokens cores.
pub fn find(key: &str) -> Option<&'static Setting> {
    let key = match key {
        "access_token_signing_key_update_interval" => {
            "access_token_dynamic_signing_key_update_interval"
        }
        key => key,
    };
    index(key).map(|index| &ALL[index])
}

/// A setting of the SuperTokens core that there is no use for here.
#[derive(Debug, Clone, Copy)]
pub struct Ignored {
    /// Its name.
    pub key: &'static str,
    /// Why nothing here would honour it.
    pub reason: &'static str,
}

/// Settings of the SuperTokens core that configure its process, which does not exist here.
///
/// All of them can be set only in the file of that process, so a `coreConfig` that names one is
/// answered as the core answers it. Settings of the core that *could* be set in a `coreConfig` but
/// have no effect here (`postgresql_*`, `bulk_migration_*`, `oauth_provider_*`, its `saml_*`) are unknown
/// keys instead: to accept where a tenant's data shall be stored, say, and not to do so, would be
/// worse than to refuse.
pub fn ignored() -> &'static [Ignored] {
    IGNORED
}

static IGNORED: &[Ignored] = &[
    Ignored {
        key: "core_config_version",
        reason: "marks the format of a file that is not read",
    },
    Ignored {
        key: "port",
        reason: "the gateway listens, with a configuration of its own",
    },
    Ignored {
        key: "host",
        reason: "the gateway listens, with a configuration of its own",
    },
    Ignored {
        key: "max_server_pool_size",
        reason: "connections to Postgres bound what runs at once",
    },
    Ignored {
        key: "webserver_https_enabled",
        reason: "has no effect in the core either",
    },
    Ignored {
        key: "argon2_hashing_pool_size",
        reason: "the server setting auth.max_concurrent_hashes bounds all hashing",
    },
    Ignored {
        key: "firebase_password_hashing_pool_size",
        reason: "the server setting auth.max_concurrent_hashes bounds all hashing",
    },
    Ignored {
        key: "supertokens_saas_load_only_cud",
        reason: "nothing is loaded per domain",
    },
    Ignored {
        key: "info_log_path",
        reason: "Postgres logs",
    },
    Ignored {
        key: "error_log_path",
        reason: "Postgres logs",
    },
    Ignored {
        key: "log_level",
        reason: "Postgres logs, by log_min_messages",
    },
    Ignored {
        key: "otel_collector_connection_uri",
        reason: "a backend opens no connections",
    },
    Ignored {
        key: "deadlock_logger_enable",
        reason: "concerns the Java virtual machine",
    },
    Ignored {
        key: "oauth_client_secret_encryption_key",
        reason: "secrets are sealed under the key that the server setting auth.key_file names",
    },
];

static ALL: LazyLock<Vec<Setting>> =
    LazyLock::new(|| SETTINGS.iter().copied().chain(gotrue::settings()).collect());

static INDEX: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
    let keys = ALL.iter().enumerate();
    keys.map(|(index, setting)| (setting.key, index)).collect()
});

/// What most entries have in common.
pub(super) const BASE: Setting = Setting {
    key: "",
    kind: Kind::Text,
    default: Literal::Null,
    unit: None,
    format: None,
    range: None,
    scope: Scope::Core,
    description: "",
    dashboard: false,
    protected: false,
    secret: false,
    env: None,
    normalise: None,
};

const fn range(min: f64, max: f64, text: &'static str) -> Option<Range> {
    Some(Range {
        min,
        max,
        below: text,
        above: text,
    })
}

const fn range_with(min: f64, max: f64, below: &'static str, above: &'static str) -> Option<Range> {
    Some(Range {
        min,
        max,
        below,
        above,
    })
}

/// A life of at least a millisecond and at most a hundred years.
const fn life_ms(below: &'static str, above: &'static str) -> Option<Range> {
    range_with(1.0, 100.0 * 365.25 * 86_400_000.0, below, above)
}

const fn normalised(normalise: Normalise) -> Option<Normalise> {
    Some(normalise)
}

static SETTINGS: &[Setting] = &[
    // Sessions and keys (5.2)
    Setting {
        key: "access_token_validity",
        kind: Kind::Long,
        default: Literal::Integer(3600),
        unit: Some("s"),
        range: range(
            1.0,
            86_400_000.0,
            "'access_token_validity' must be between 1 and 86400000 seconds inclusive.",
        ),
        scope: Scope::App,
        description: "Life of an access token.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "refresh_token_validity",
        kind: Kind::Number,
        default: Literal::Integer(144_000),
        unit: Some("min"),
        range: range_with(
            0.0,
            100.0 * 365.25 * 1440.0,
            "'refresh_token_validity' must be strictly greater than 'access_token_validity'.",
            "'refresh_token_validity' must be at most 100 years",
        ),
        scope: Scope::App,
        description: "Life of a refresh token and of its session, counted anew at each refresh.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "refresh_token_rotation_grace_period",
        kind: Kind::Long,
        default: Literal::Integer(30),
        unit: Some("s"),
        range: range(
            0.0,
            300.0,
            "'refresh_token_rotation_grace_period' must be between 0 and 300 seconds inclusive.",
        ),
        scope: Scope::App,
        description: "How long the refresh token before the current one is taken for a repeated \
                      request instead of a reuse. For sessions asked for in SQL or with CDI 5.6.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "access_token_validity_jitter",
        kind: Kind::Number,
        default: Literal::Number(0.05),
        unit: Some("fraction"),
        range: range(
            0.0,
            0.25,
            "'access_token_validity_jitter' must be between 0 and 0.25 inclusive.",
        ),
        scope: Scope::App,
        description: "By how much at most the life of each access token is shortened at random, \
                      so that refreshes do not come all at once. 0 turns it off.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "recent_token_reuse_behaviour",
        kind: Kind::Enum(&["TOKEN_THEFT", "UNAUTHORISED"]),
        default: Literal::Text("TOKEN_THEFT"),
        description: "What it means that the refresh token before the current one is used after \
                      its grace period: theft, which ends the session, or a mere refusal.",
        ..BASE
    },
    Setting {
        key: "access_token_dynamic_signing_key_update_interval",
        kind: Kind::Number,
        default: Literal::Integer(168),
        unit: Some("h"),
        range: range_with(
            1.0,
            100.0 * 365.25 * 24.0,
            "'access_token_dynamic_signing_key_update_interval' must be greater than, equal to 1 hour.",
            "'access_token_dynamic_signing_key_update_interval' must be at most 100 years",
        ),
        scope: Scope::App,
        description: "How long a dynamic key signs access tokens before a new one takes over.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "access_token_blacklisting",
        kind: Kind::Boolean,
        default: Literal::Boolean(false),
        scope: Scope::App,
        description: "Deprecated. Whether callers up to CDI 2.20 have access tokens checked \
                      against their sessions.",
        ..BASE
    },
    Setting {
        key: "access_token_signing_key_dynamic",
        kind: Kind::Boolean,
        default: Literal::Boolean(true),
        scope: Scope::App,
        description: "Deprecated. Whether callers up to CDI 2.20 get access tokens signed by a \
                      dynamic key.",
        ..BASE
    },
    Setting {
        key: "cdi_access_token_algorithm",
        kind: Kind::Enum(&["RS256", "ES256"]),
        default: Literal::Text("RS256"),
        scope: Scope::App,
        description: "How access tokens are signed that are asked for through the CDI. All \
                      SuperTokens SDKs verify RS256.",
        ..BASE
    },
    Setting {
        key: "sql_access_token_algorithm",
        kind: Kind::Enum(&["RS256", "ES256"]),
        default: Literal::Text("ES256"),
        scope: Scope::App,
        description: "How access tokens are signed that are asked for in SQL.",
        ..BASE
    },
    // Recipes (5.3)
    Setting {
        key: "password_reset_token_lifetime",
        kind: Kind::Long,
        default: Literal::Integer(3_600_000),
        unit: Some("ms"),
        range: life_ms(
            "'password_reset_token_lifetime' must be >= 0",
            "'password_reset_token_lifetime' must be at most 100 years",
        ),
        scope: Scope::Tenant,
        description: "Life of a password reset token.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "email_verification_token_lifetime",
        kind: Kind::Long,
        default: Literal::Integer(86_400_000),
        unit: Some("ms"),
        range: life_ms(
            "'email_verification_token_lifetime' must be >= 0",
            "'email_verification_token_lifetime' must be at most 100 years",
        ),
        scope: Scope::Tenant,
        description: "Life of an e-mail verification token.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "passwordless_max_code_input_attempts",
        kind: Kind::Integer,
        default: Literal::Integer(5),
        range: range(
            1.0,
            i32::MAX as f64,
            "'passwordless_max_code_input_attempts' must be > 0",
        ),
        scope: Scope::Tenant,
        description: "How many wrong codes a passwordless device takes before its flow must begin \
                      anew.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "passwordless_code_lifetime",
        kind: Kind::Long,
        default: Literal::Integer(900_000),
        unit: Some("ms"),
        range: life_ms(
            "'passwordless_code_lifetime' must be > 0",
            "'passwordless_code_lifetime' must be at most 100 years",
        ),
        scope: Scope::Tenant,
        description: "Life of a passwordless code.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "totp_max_attempts",
        kind: Kind::Integer,
        default: Literal::Integer(5),
        range: range(1.0, i32::MAX as f64, "'totp_max_attempts' must be > 0"),
        scope: Scope::Tenant,
        description: "How many wrong TOTP codes a user may give before having to wait.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "totp_rate_limit_cooldown_sec",
        kind: Kind::Integer,
        default: Literal::Integer(900),
        unit: Some("s"),
        range: range(
            1.0,
            i32::MAX as f64,
            "'totp_rate_limit_cooldown_sec' must be > 0",
        ),
        scope: Scope::Tenant,
        description: "How long a user waits after too many wrong TOTP codes.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "webauthn_recover_account_token_lifetime",
        kind: Kind::Long,
        default: Literal::Integer(3_600_000),
        unit: Some("ms"),
        range: life_ms(
            "'webauthn_recover_account_token_lifetime' must be > 0",
            "'webauthn_recover_account_token_lifetime' must be at most 100 years",
        ),
        scope: Scope::App,
        description: "Life of a WebAuthn account recovery token.",
        dashboard: true,
        ..BASE
    },
    // Password hashing (5.4)
    Setting {
        key: "password_hashing_alg",
        kind: Kind::Enum(&["ARGON2", "BCRYPT"]),
        default: Literal::Text("ARGON2"),
        scope: Scope::App,
        description: "How new passwords are hashed. Existing hashes of either kind stay valid.",
        dashboard: true,
        ..BASE
    },
    Setting {
        key: "bcrypt_log_rounds",
        kind: Kind::Integer,
        default: Literal::Integer(11),
        unit: Some("log2"),
        range: range(
            passwords::MIN_BCRYPT_COST as f64,
            passwords::MAX_BCRYPT_COST as f64,
            "'bcrypt_log_rounds' must be between 4 and 16 inclusive.",
        ),
        description: "Cost of bcrypt: the rounds are two to this power.",
        ..BASE
    },
    Setting {
        key: "argon2_iterations",
        kind: Kind::Integer,
        default: Literal::Integer(2),
        range: range_with(
            1.0,
            passwords::MAX_ARGON2_ITERATIONS as f64,
            "'argon2_iterations' must be >= 1",
            "'argon2_iterations' must be at most 100",
        ),
        description: "Passes of Argon2 over its memory.",
        ..BASE
    },
    Setting {
        key: "argon2_memory_kb",
        kind: Kind::Integer,
        default: Literal::Integer(19_456),
        unit: Some("KiB"),
        range: range_with(
            1.0,
            passwords::MAX_MEMORY_KIB as f64,
            "'argon2_memory_kb' must be >= 1",
            "'argon2_memory_kb' must be at most 1048576",
        ),
        description: "Memory of Argon2, at least 8 times its parallelism.",
        ..BASE
    },
    Setting {
        key: "argon2_parallelism",
        kind: Kind::Integer,
        default: Literal::Integer(1),
        range: range_with(
            1.0,
            passwords::MAX_ARGON2_PARALLELISM as f64,
            "'argon2_parallelism' must be >= 1",
            "'argon2_parallelism' must be at most 64",
        ),
        description: "Lanes of Argon2. A backend computes them one after the other.",
        ..BASE
    },
    Setting {
        key: "firebase_password_hashing_signer_key",
        scope: Scope::App,
        description: "The base64_signer_key of the Firebase project that password hashes are \
                      imported from.",
        dashboard: true,
        secret: true,
        normalise: normalised(text::non_empty),
        ..BASE
    },
    // Access and operation (5.5)
    Setting {
        key: "base_path",
        default: Literal::Text(""),
        description: "What all paths of the CDI begin with.",
        normalise: normalised(text::base_path),
        ..BASE
    },
    Setting {
        key: "api_keys",
        scope: Scope::App,
        description: "Keys, with commas between them, of which callers over HTTP must send one. \
                      With none, everything is open to whoever reaches the gateway.",
        secret: true,
        normalise: normalised(text::api_keys),
        ..BASE
    },
    Setting {
        key: "supertokens_saas_secret",
        description: "A key beside the API keys; once it is set, only who sends it sees and \
                      changes protected settings over HTTP.",
        secret: true,
        normalise: normalised(text::saas_secret),
        ..BASE
    },
    Setting {
        key: "supertokens_max_cdi_version",
        scope: Scope::App,
        description: "The newest CDI version that is answered.",
        normalise: normalised(text::max_cdi_version),
        ..BASE
    },
    Setting {
        key: "supertokens_min_cdi_version",
        scope: Scope::App,
        description: "The oldest CDI version that is answered.",
        normalise: normalised(text::min_cdi_version),
        ..BASE
    },
    Setting {
        key: "ip_allow_regex",
        scope: Scope::Tenant,
        description: "Only clients whose whole address matches this regular expression are \
                      answered over HTTP. No look-around, no back-references.",
        dashboard: true,
        protected: true,
        normalise: normalised(text::ip_allow_regex),
        ..BASE
    },
    Setting {
        key: "ip_deny_regex",
        scope: Scope::Tenant,
        description: "Clients whose whole address matches this regular expression are refused \
                      over HTTP, even if they are allowed. No look-around, no back-references.",
        dashboard: true,
        protected: true,
        normalise: normalised(text::ip_deny_regex),
        ..BASE
    },
    Setting {
        key: "disable_telemetry",
        kind: Kind::Boolean,
        default: Literal::Boolean(true),
        scope: Scope::App,
        description: "Whether the use of SDKs is kept from telemetry. Nothing is ever sent, \
                      whatever it says.",
        dashboard: true,
        ..BASE
    },
];
