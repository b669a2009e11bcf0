//! Passwords (GoTrue reference, 4.4).

use auth_core::password_rules::{self, Weaknesses};
use auth_core::pwned_passwords::PwnedRange;

use super::refusal::Form;
use super::{Context, Refusal, Result, accounts};
use crate::fetch::{Fetch, Response};
use crate::hashing;
use crate::store::auth_users::AuthUser;
use crate::store::identities::{self as methods, MethodRow};
use crate::store::users::Recipe;
use crate::store::{login_methods, one_time_codes};

/// Refuses a password that is too long, or weaker than the settings want.
///
/// # Errors
/// [`Refusal`].
pub fn check_new(context: &Context, password: &str) -> Result<()> {
    check_maximum(password)?;
    let weaknesses = weaknesses(context, password, false)?;
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

/// What is weak about a password, which is one to sign in with already or a new one.
///
/// # Errors
/// [`Refusal`] when a new one has to be looked up and cannot be, [`super::Failure::Needs`] when it was not looked up yet.
pub fn weaknesses(context: &Context, password: &str, is_known: bool) -> Result<Weaknesses> {
    let mut weaknesses = context
        .tenant
        .settings
        .password_rules()
        .weaknesses(password);
    if context.is_on("password_hibp_enabled") && has_leaked(context, password, is_known)? {
        weaknesses.add_pwned();
    }
    Ok(weaknesses)
}

/// Whether a password is among those that have leaked. Whoever is asked learns one in a million of its hash's forms.
fn has_leaked(context: &Context, password: &str, is_known: bool) -> Result<bool> {
    let settings = &context.tenant.settings;
    let range = PwnedRange::of(password);
    let base = settings.setting_text("password_hibp_url");
    let mut fetch = Fetch::get(format!("{}{}", base.unwrap_or_default(), range.prefix()));
    let agent = settings.setting_text("password_hibp_user_agent");
    let agent = agent.or(settings.api_external_url()).unwrap_or("auth");
    fetch.headers = vec![
        ("user-agent", agent.to_owned()),
        ("add-padding", "true".to_owned()),
    ];
    match context.fetch(fetch)? {
        Ok(Response { status: 200, body }) => Ok(range.is_listed(body)),
        _ if !is_known && context.is_on("password_hibp_fail_closed") => {
            Err(Refusal::new(500, "", "The password cannot be looked up at the moment").into())
        }
        _ => Ok(false),
    }
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

/// The login method that a user's password stands on: that of its address, or any with one.
pub fn method_of<'a>(user: &AuthUser, methods: &'a [MethodRow]) -> Option<&'a MethodRow> {
    let with_password = |method: &&MethodRow| method.password_hash.is_some();
    methods
        .iter()
        .filter(with_password)
        .find(|method| method.email.is_some() && method.email == user.email)
        .or_else(|| methods.iter().find(with_password))
}

/// Gives a user who is locked another password, or the first: on the address if it has one, else on the number. What was
/// mailed to the user before is worth nothing any more.
///
/// # Errors
/// [`Refusal`] for a user with neither; [`Failure::Overtaken`].
pub fn set(context: &Context, user: &mut AuthUser, hash: &str) -> Result<()> {
    let app_id = &context.tenant.app_id;
    let methods = methods::methods_of(app_id, user.id);
    let with_password = methods
        .iter()
        .find(|method| method.recipe == Recipe::EmailPassword && method.email == user.email)
        .or_else(|| methods.iter().find(|m| m.recipe == Recipe::EmailPassword));
    let by_phone = methods
        .iter()
        .find(|method| method.recipe == Recipe::Passwordless && method.phone.is_some());
    match (with_password, &user.email, by_phone) {
        (Some(method), _, _) => login_methods::set_password_hash(method.id, hash, None),
        (None, Some(email), _) => {
            let email = email.clone();
            let known = methods.iter().find(|m| m.email.as_ref() == Some(&email));
            let data = known.and_then(|method| method.identity_data.as_object().cloned());
            let data = data.unwrap_or_default();
            let data = accounts::identity_data(user.id, Some(&email), None, &data);
            if !user.is_primary && !methods.is_empty() {
                accounts::become_primary(context, user)?;
            }
            accounts::add_email(context, user, &email, Some(hash), data)?;
            if user.email_confirmed_at.is_some() {
                accounts::verified(context, user)?;
            }
        }
        (None, None, Some(method)) => login_methods::set_password_hash(method.id, hash, None),
        (None, None, None) => {
            return Err(Refusal::new(
                422,
                "validation_failed",
                "Updating password of an anonymous user without an email or phone is not allowed",
            )
            .into());
        }
    }
    for method in &methods {
        if with_password.is_some() || user.email.is_some() {
            methods::clear_password(method.id);
        }
    }
    one_time_codes::delete_of(user.id);
    user.confirmation_sent_at = None;
    user.recovery_sent_at = None;
    user.reauthentication_sent_at = None;
    user.email_change_sent_at = None;
    user.email_change_is_half_confirmed = false;
    user.phone_change_sent_at = None;
    Ok(())
}
