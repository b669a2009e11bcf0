//! The settings of GoTrue (GoTrue reference, section 5), a file for each group.
//!
//! A key is GoTrue's name in lower case, without the prefixes `SECURITY_` and `EXPERIMENTAL_`; units and
//! defaults are GoTrue's, but for the audience and the role of users, which are those of Supabase. All are decided per
//! tenant: one GoTrue is a tenant here, and several on one database can share the users of an app.

mod check;
mod effective;
mod env;
mod general;
mod hooks;
mod mail;
mod passwords;
mod providers;
mod rates;
mod sessions;
mod sms;
mod without_effect;

pub use effective::{Hook, Provider};
pub use env::{EnvError, from_env, ignored as ignored_env};
pub use hooks::HOOKS;
pub use providers::PROVIDERS;
pub use without_effect::has_effect;

pub(super) use effective::check_combination;

use super::registry::BASE;
use super::{Format, Kind, Literal, Normalise, Range, Scope, Setting, text};

/// All of them.
pub(super) fn settings() -> impl Iterator<Item = Setting> {
    [
        general::SETTINGS,
        passwords::SETTINGS,
        sessions::SETTINGS,
        mail::SETTINGS,
        sms::SETTINGS,
        rates::SETTINGS,
    ]
    .into_iter()
    .flatten()
    .chain(providers::settings())
    .chain(mail::MAILS.iter().flatten())
    .chain(mail::NOTIFICATIONS.iter().flatten())
    .chain(hooks::SETTINGS.iter().flatten())
    .copied()
}

const HUNDRED_YEARS_S: f64 = 100.0 * 365.25 * 86_400.0;

/// A text that may be missing, with blanks around it cut off.
const fn text(key: &'static str, env: &'static str, description: &'static str) -> Setting {
    Setting {
        key,
        env: Some(env),
        scope: Scope::Tenant,
        description,
        normalise: Some(text::non_empty),
        ..BASE
    }
}

/// A text that may be missing and must not be seen, every blank of which counts.
const fn secret(key: &'static str, env: &'static str, description: &'static str) -> Setting {
    Setting {
        secret: true,
        ..text(key, env, description).checked(check::verbatim)
    }
}

const fn flag(
    key: &'static str,
    env: &'static str,
    default: bool,
    description: &'static str,
) -> Setting {
    Setting {
        kind: Kind::Boolean,
        default: Literal::Boolean(default),
        normalise: None,
        ..text(key, env, description)
    }
}

const fn integer(
    key: &'static str,
    env: &'static str,
    default: i64,
    ends: (i64, i64),
    description: &'static str,
) -> Setting {
    Setting {
        kind: Kind::Integer,
        default: Literal::Integer(default),
        range: between(ends.0 as f64, ends.1 as f64),
        normalise: None,
        ..text(key, env, description)
    }
}

const fn number(
    key: &'static str,
    env: &'static str,
    default: f64,
    ends: (f64, f64),
    description: &'static str,
) -> Setting {
    Setting {
        kind: Kind::Number,
        default: Literal::Number(default),
        range: between(ends.0, ends.1),
        normalise: None,
        ..text(key, env, description)
    }
}

/// A duration of at least so many seconds, and at most a hundred years.
const fn duration(
    key: &'static str,
    env: &'static str,
    default: &'static str,
    min_s: f64,
    description: &'static str,
) -> Setting {
    Setting {
        default: Literal::Text(default),
        format: Some(Format::Duration),
        unit: Some("duration"),
        range: between(min_s, HUNDRED_YEARS_S),
        normalise: None,
        ..text(key, env, description)
    }
}

const fn between(min: f64, max: f64) -> Option<Range> {
    Some(Range {
        min,
        max,
        below: "",
        above: "",
    })
}

impl Setting {
    const fn checked(self, normalise: Normalise) -> Self {
        Self {
            normalise: Some(normalise),
            ..self
        }
    }

    const fn defaulting(self, default: Literal) -> Self {
        Self { default, ..self }
    }

    const fn in_unit(self, unit: &'static str) -> Self {
        Self {
            unit: Some(unit),
            ..self
        }
    }

    const fn one_of(self, options: &'static [&'static str]) -> Self {
        Self {
            kind: Kind::Enum(options),
            normalise: None,
            ..self
        }
    }

    /// Makes it one that GoTrue has not.
    const fn own(self) -> Self {
        Self { env: None, ..self }
    }

    /// Lets only the operator change it over HTTP.
    const fn protected(self) -> Self {
        Self {
            protected: true,
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
