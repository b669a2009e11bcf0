//! The settings: which there are, what they accept, and what is in effect for a tenant.
//!
//! A setting has a value per level: the base, an app (its public tenant), a tenant. The first level
//! that has the key wins, key by key (CDI reference, section 5.1):
//! own tenant → public tenant of the app → base → default.
//!
//! [`all`] is the registry of known keys, [`parse`] checks one value, [`validate_core_config`] a
//! change at one level, and [`Settings`] is the outcome for one tenant. Names, units and defaults are
//! those of the SuperTokens core (sections 5.2 to 5.5) except where the registry says otherwise, and
//! those of GoTrue under names of our own (GoTrue reference, section 5), which [`from_env`] knows by
//! the names of its environment as well.

mod change;
mod effective;
mod gotrue;
mod registry;
mod text;
mod value;

pub use change::{validate_base_config, validate_core_config};
pub use effective::Settings;
pub use gotrue::{EnvError, HOOKS, Hook, PROVIDERS, Provider, from_env, has_effect, ignored_env};
pub use registry::{Ignored, SUPPORTED_CDI_VERSIONS, all, find, ignored};
pub use value::parse;

use serde_json::Value;

/// Where a setting may have a value of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// At the base only.
    Core,
    /// At the base and per app; all tenants of an app share it.
    App,
    /// At every level.
    Tenant,
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A text.
    Text,
    /// One of these texts, given in any case.
    Enum(&'static [&'static str]),
}

impl Kind {
    /// The name of the type in messages of the protocol.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Integer => "int",
            Self::Long => "long",
            Self::Number => "double",
            Self::Boolean => "boolean",
            Self::Text | Self::Enum(_) => "String",
        }
    }
}

/// What a text has to be, where that is more than its [`Kind`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A [`crate::duration::GoDuration`]; a range counts its seconds.
    Duration,
    /// A [`crate::duration::Rate`].
    Rate,
}

/// A value that can stand in the registry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Literal {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A text.
    Text(&'static str),
}

impl From<Literal> for Value {
    fn from(literal: Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Integer(value) => value.into(),
            Literal::Number(value) => value.into(),
            Literal::Boolean(value) => value.into(),
            Literal::Text(value) => value.into(),
        }
    }
}

/// The numbers that a setting accepts, both ends included, and what is said of others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// The message for a number below the least; empty for one that names both ends.
    pub below: &'static str,
    /// The message for a number above the greatest; likewise.
    pub above: &'static str,
}

/// Checks a text and brings it into the form that is stored, `None` meaning no value.
type Normalise = fn(&str) -> Result<Option<String>, &'static str>;

/// One entry of the registry.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name.
    pub key: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Its value where no level has one.
    pub default: Literal,
    /// The unit of its values: `s`, `ms`, `min`, `h`, `KiB`, `fraction` or `log2`; for texts that tell
    /// their unit, `duration` or `rate`.
    pub unit: Option<&'static str>,
    /// What texts it takes.
    pub format: Option<Format>,
    /// The numbers accepted, for numeric settings that do not accept all.
    pub range: Option<Range>,
    /// Where it may be set.
    pub scope: Scope,
    /// What it does.
    pub description: &'static str,
    /// Whether the dashboard lists it.
    pub dashboard: bool,
    /// Whether only the holder of `supertokens_saas_secret`, when there is one, may see and change it
    /// (section 5.6).
    pub protected: bool,
    /// Whether its value is a secret, to be shown to nobody.
    pub secret: bool,
    /// Its name in GoTrue's environment, without `GOTRUE_`, if it is one of GoTrue's.
    pub env: Option<&'static str>,
    normalise: Option<Normalise>,
}

impl Setting {
    /// Whether it may have no value.
    pub fn nullable(&self) -> bool {
        self.default == Literal::Null
    }

    /// Its value where no level has one.
    pub fn default_value(&self) -> Value {
        self.default.into()
    }
}

/// Why a setting is not accepted. The text is what the protocol puts behind `Invalid core config: `;
/// it never has the value in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no such setting.
    #[error("Invalid config key: {0}")]
    UnknownKey(String),
    /// The value is of another type and cannot be converted.
    #[error("'{key}' must be of type {type_name}")]
    WrongType {
        /// The setting.
        key: &'static str,
        /// The type that it has.
        type_name: &'static str,
    },
    /// The value, or its combination with other settings, is not accepted.
    #[error("{0}")]
    Invalid(String),
    /// The setting can be set at the base only.
    #[error("{0} can only be set via the core's base config setting")]
    CoreOnly(&'static str),
    /// A tenant asks for another value than its app has, of a setting that they must share.
    #[error("You cannot set different values for {0} for the same appId")]
    DiffersInApp(&'static str),
}

#[cfg(test)]
mod tests;
