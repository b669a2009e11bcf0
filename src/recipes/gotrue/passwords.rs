//! Passwords (GoTrue reference, 4.4).

use auth_core::password_rules::{self, Weaknesses};

use super::refusal::Form;
use super::{Context, Refusal, Result};
use crate::hashing;

/// Refuses a password that is too long, or weaker than the settings want.
///
/// # Errors
/// [`Refusal`].
pub fn check_new(context: &Context, password: &str) -> Result<()> {
    check_maximum(password)?;
    let weaknesses = weaknesses(context, password);
    if weaknesses.is_empty() {
        return Ok(());
    }
    Err(Refusal {
        form: Form::WeakPassword(weaknesses.reasons()),
        ..Refusal::new(422, "weak_password", weaknesses.to_string())
    }
    .into())
}

/// Refuses a password that is too long.
///
/// # Errors
/// [`Refusal`].
pub fn check_maximum(password: &str) -> Result<()> {
    password_rules::check_maximum(password)
        .map_err(|error| Refusal::validation(error.to_string()).into())
}

/// What is weak about a password.
pub fn weaknesses(context: &Context, password: &str) -> Weaknesses {
    context
        .tenant
        .settings
        .password_rules()
        .weaknesses(password)
}

/// The hash of a new password.
///
/// # Errors
/// [`crate::error::Error::Busy`].
pub fn hash(context: &Context, password: &str) -> Result<String> {
    Ok(hashing::hash(context.tenant, password)?)
}

/// Whether a password is the one of a hash. With none it does the same work.
///
/// # Errors
/// [`crate::error::Error::Busy`].
pub fn matches(context: &Context, password: &str, stored: Option<&str>) -> Result<bool> {
    Ok(hashing::check(context.tenant, password, stored)?.matches)
}
