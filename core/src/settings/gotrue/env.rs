//! GoTrue's settings by the names of its environment.

use serde_json::Value;
use thiserror::Error;

use super::check;
use crate::duration::GoDuration;
use crate::settings::{Format, Ignored, Kind, Setting, SettingError, all, parse};

/// Why a variable of GoTrue's environment gives no setting.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnvError {
    /// It is known and means nothing here: the reason.
    #[error("not used here: {0}")]
    Ignored(&'static str),
    /// Its value is not accepted.
    #[error(transparent)]
    Invalid(#[from] SettingError),
}

const PREFIX: &str = "GOTRUE_";

/// These are read with and without `GOTRUE_`.
const BARE: &[&str] = &[
    "API_EXTERNAL_URL",
    "PORT",
    "DATABASE_URL",
    "DB_NAMESPACE",
    "REQUEST_ID_HEADER",
];

/// Numbers and durations below the least of these settings mean their defaults, in the case of the lengths of
/// codes those above the greatest, too.
const LENIENT: &[&str] = &[
    "jwt_exp",
    "password_min_length",
    "mailer_otp_exp",
    "sms_otp_exp",
    "mfa_challenge_expiry_duration",
    "mfa_factor_expiry_duration",
    "external_flow_state_expiry_duration",
];
const LENGTHS: &[&str] = &[
    "mailer_otp_length",
    "sms_otp_length",
    "mfa_phone_otp_length",
];

/// Where no waiting at all means the default.
const NEVER_ZERO: &[&str] = &[
    "smtp_max_frequency",
    "sms_max_frequency",
    "mfa_phone_max_frequency",
];

/// Variables of GoTrue that configure its process, or what there is another way for here. A `*` at the end stands for
/// any rest.
pub fn ignored() -> &'static [Ignored] {
    IGNORED
}

const fn ignore(key: &'static str, reason: &'static str) -> Ignored {
    Ignored { key, reason }
}

const LISTENER: &str = "the gateway listens, with a configuration of its own";
const LOGS: &str = "Postgres and the gateway log, with configurations of their own";
const TEMPLATES: &str = "nothing is fetched; the setting takes the template itself";
const BLOOM: &str = "a filter in memory, which changes no answer";

static IGNORED: &[Ignored] = &[
    ignore("API_HOST", LISTENER),
    ignore("API_PORT", LISTENER),
    ignore("PORT", LISTENER),
    ignore("DATABASE_URL", "this is the database"),
    ignore("DB_DATABASE_URL", "this is the database"),
    ignore("DB_DRIVER", "this is the database"),
    ignore("DB_NAMESPACE", "the schema is always auth"),
    ignore("DB_MAX_POOL_SIZE", "the gateway has a pool of its own"),
    ignore("DB_MIGRATIONS_PATH", "the extension brings its own"),
    ignore("LOG_*", LOGS),
    ignore("TRACING_*", LOGS),
    ignore("METRICS_*", LOGS),
    ignore("PROFILER_*", LOGS),
    ignore("OPERATOR_TOKEN", "has no effect in GoTrue either"),
    ignore("PASSWORD_HIBP_BLOOM_ENABLED", BLOOM),
    ignore("PASSWORD_HIBP_BLOOM_ITEMS", BLOOM),
    ignore("PASSWORD_HIBP_BLOOM_FALSE_POSITIVES", BLOOM),
];

/// The setting that a variable of GoTrue's environment gives, and its value in the form to store; `null` when the
/// variable asks for the default, as an empty one does. `None` when GoTrue has no such variable.
///
/// Whether the settings go together is for [`super::super::validate_base_config`] to say.
pub fn from_env(name: &str, value: &str) -> Option<Result<(&'static str, Value), EnvError>> {
    let name = match name.strip_prefix(PREFIX) {
        Some(name) => name,
        None => BARE.iter().find(|bare| **bare == name)?,
    };
    if let Some(ignored) = IGNORED.iter().find(|ignored| covers(ignored.key, name)) {
        return Some(Err(EnvError::Ignored(ignored.reason)));
    }
    let setting = all().iter().find(|setting| setting.env == Some(name))?;
    if name.starts_with("MAILER_TEMPLATES_") && check::is_place(value) {
        return Some(Err(EnvError::Ignored(TEMPLATES)));
    }
    Some(
        convert(setting, value)
            .map(|value| (setting.key, value))
            .map_err(EnvError::Invalid),
    )
}

pub(super) fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn convert(setting: &Setting, text: &str) -> Result<Value, SettingError> {
    if text.is_empty() || means_default(setting, text) {
        return Ok(Value::Null);
    }
    let value = match (setting.kind, text) {
        // As Go reads them.
        (Kind::Boolean, "1" | "t" | "T") => Value::Bool(true),
        (Kind::Boolean, "0" | "f" | "F") => Value::Bool(false),
        _ => Value::from(text),
    };
    parse(setting, &value)
}

fn means_default(setting: &Setting, text: &str) -> bool {
    let number: Option<f64> = match setting.format {
        Some(Format::Duration) => text
            .parse()
            .ok()
            .map(|duration: GoDuration| duration.nanos() as f64 / 1e9),
        _ => text.parse().ok(),
    };
    let (Some(number), Some(range)) = (number, setting.range) else {
        return false;
    };
    let key = &setting.key;
    (number < range.min && (LENIENT.contains(key) || LENGTHS.contains(key)))
        || (number > range.max && LENGTHS.contains(key))
        || (number == 0.0 && NEVER_ZERO.contains(key))
}
