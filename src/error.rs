//! Faults and refusals, and how they reach a SQL caller.
//!
//! What a caller should expect (a wrong password, a taken address) is no error: recipes return it as data.

use auth_core::normalise::IdentifierError;
use auth_core::settings::SettingError;
use pgrx::prelude::*;
use thiserror::Error;

use crate::tenant::split_app_id;

/// Why a recipe did nothing. No text carries a secret.
#[derive(Debug, Error)]
pub enum Error {
    /// An argument is malformed. The message names it; it is what CDI clients see, too.
    #[error("{0}")]
    Invalid(String),
    /// The caller may not do this from where it stands.
    #[error("{0}")]
    Forbidden(String),
    /// No such app, or no such tenant in it.
    #[error(
        "Tenant with the following connectionURIDomain, appId and tenantId combination not found: \
         ({}, {}, {tenant_id})",
        split_app_id(app_id).0, split_app_id(app_id).1
    )]
    TenantNotFound { app_id: String, tenant_id: String },
    /// No such app.
    #[error(
        "App with the following connectionURIDomain and appId combination not found: ({}, {})",
        split_app_id(app_id).0, split_app_id(app_id).1
    )]
    AppNotFound { app_id: String },
    /// Too many passwords are being hashed; nothing was done, and a retry may succeed.
    #[error("too many passwords are being hashed at the moment")]
    Busy,
    /// The server lacks a setting that the call needs.
    #[error("{0}")]
    Unconfigured(String),
    /// A setting is stored that cannot be read. Falling back to the default could open a door that it closes.
    #[error("the stored settings cannot be used: {0}")]
    StoredSettings(SettingError),
    /// The keys are unusable: the key file is missing, unreadable or not the one that sealed them.
    #[error("{0}")]
    Keys(String),
}

/// What recipes return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An argument is malformed.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    fn sqlstate(&self) -> PgSqlErrorCode {
        match self {
            Self::Invalid(_) => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            Self::Forbidden(_) => PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            Self::TenantNotFound { .. } | Self::AppNotFound { .. } => {
                PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT
            }
            Self::Busy => PgSqlErrorCode::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
            Self::Unconfigured(_) => PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            Self::StoredSettings(_) => PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            Self::Keys(_) => PgSqlErrorCode::ERRCODE_CONFIG_FILE_ERROR,
        }
    }

    /// Raises the error to the SQL caller.
    pub fn raise(self) -> ! {
        ereport!(ERROR, self.sqlstate(), self.to_string());
    }
}

impl From<SettingError> for Error {
    fn from(error: SettingError) -> Self {
        Self::invalid(format!("Invalid core config: {error}"))
    }
}

impl From<IdentifierError> for Error {
    fn from(error: IdentifierError) -> Self {
        Self::invalid(error.to_string())
    }
}
