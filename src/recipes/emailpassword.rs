//! Sign-up and sign-in with e-mail address and password (CDI, "EmailPassword").

use auth_core::normalise;
use auth_core::one_time_token::OneTimeToken;
use auth_core::passwords::{self, ImportError};
use uuid::Uuid;

use super::account::{self, EmailChange, SignedIn};
use super::emailverification;
use crate::db::Time;
use crate::error::{Error, Result};
use crate::hashing;
use crate::store;
use crate::store::login_methods::{self, Contact, NewLogin};
use crate::store::one_time_tokens::Kind;
use crate::store::users::{Recipe, User};
use crate::tenant::Tenant;

/// Addresses that tests and demonstrations use: they count as verified.
const FAKE_ADDRESSES: [&str; 2] = ["@stfakeemail.supertokens.com", ".fakeemail.com"];

/// What came of a sign-up.
pub enum SignUp {
    Ok(SignedIn),
    EmailAlreadyExists,
}

/// Makes a user. The password is any text but the empty one; how good it must be is the application's rule.
///
/// # Errors
/// [`Error::Invalid`] for an empty password, [`Error::Busy`].
pub fn sign_up(tenant: &Tenant, email: &str, password: &str) -> Result<SignUp> {
    let email = new_address(email)?;
    refuse_empty(password)?;
    let hash = hashing::hash(tenant, password)?;
    match insert(tenant, &email, &hash)? {
        Some(id) => {
            store::active_users::mark(&tenant.app_id, &id.to_string(), Time::now());
            Ok(SignUp::Ok(account::signed_in(tenant, id, id)))
        }
        None => Ok(SignUp::EmailAlreadyExists),
    }
}

/// An address that is about to be stored.
fn new_address(email: &str) -> Result<String> {
    let email = normalise::email(email);
    normalise::check_length("email", &email, normalise::MAX_KEY)?;
    Ok(email)
}

fn refuse_empty(password: &str) -> Result<()> {
    if password.is_empty() {
        return Err(Error::invalid("Password cannot be an empty string"));
    }
    Ok(())
}

/// Makes the rows of a new user; `None` when the address is taken.
fn insert(tenant: &Tenant, email: &str, hash: &str) -> Result<Option<Uuid>> {
    let id = account::new_user_id(tenant, "email", email)?;
    let now = Time::now();
    tenant.hold()?;
    let login = NewLogin {
        id,
        recipe: Recipe::EmailPassword,
        email: Some(email),
        phone: None,
        third_party: None,
        password_hash: Some(hash),
    };
    if !login_methods::insert_with_user(tenant, &login, now) {
        return Ok(None);
    }
    if FAKE_ADDRESSES.iter().any(|ending| email.ends_with(ending)) {
        emailverification::mark_verified(tenant, &id.to_string(), email);
    }
    Ok(Some(id))
}

/// What came of a sign-in.
pub enum SignIn {
    Ok(SignedIn),
    WrongCredentials,
}

/// Checks an address and a password. An unknown address takes as long as a wrong password.
///
/// # Errors
/// [`Error::Busy`]; [`Error::Unconfigured`] when an imported Firebase hash has no signer key.
pub fn sign_in(tenant: &Tenant, email: &str, password: &str) -> Result<SignIn> {
    let email = normalise::email(email);
    let login = login_methods::find_with_password(&tenant.app_id, tenant.id(), &email);
    let stored = login.as_ref().map(|login| login.password_hash.as_str());
    let checked = hashing::check(tenant, password, stored)?;
    let Some(login) = login.filter(|_| checked.matches) else {
        return Ok(SignIn::WrongCredentials);
    };
    // Unless the user was deleted while we hashed.
    let Some(signed_in) = account::sign_in(tenant, login.login_method_id) else {
        return Ok(SignIn::WrongCredentials);
    };
    if let Some(stronger) = checked.rehashed {
        // Unless the password was changed while we hashed.
        let (id, former) = (login.login_method_id, &login.password_hash);
        login_methods::set_password_hash(id, &stronger, Some(former));
    }
    Ok(SignIn::Ok(signed_in))
}

/// What came of asking for a reset token.
pub enum ResetToken {
    Ok { token: String },
    UnknownUserId,
}

/// Makes a token with which the password can be reset. The id may be any login method's or user's; the address
/// is given back when the token is consumed.
///
/// # Errors
/// [`Error::TenantNotFound`] when the tenant is being removed.
pub fn create_reset_token(tenant: &Tenant, user_id: &str, email: &str) -> Result<ResetToken> {
    tenant.hold()?;
    let Some(found) = account::resolve(tenant, user_id) else {
        return Ok(ResetToken::UnknownUserId);
    };
    if !store::users::hold(found.user_id) {
        return Ok(ResetToken::UnknownUserId);
    }
    let token = OneTimeToken::new(auth_core::ids::Slot::of(found.id));
    let expires_at = Time::now().plus(tenant.settings.password_reset_token_lifetime_ms());
    store::one_time_tokens::insert(
        &tenant.app_id,
        tenant.id(),
        Kind::PasswordReset,
        &token,
        &found.id.to_string(),
        email,
        expires_at,
    );
    Ok(ResetToken::Ok { token: token.text })
}

/// The address of a user whose only login method is one with a password, for callers that do not name it.
///
/// # Errors
/// [`Error::Invalid`] when the user has several login methods.
pub fn only_address(tenant: &Tenant, user_id: &str) -> Result<Option<String>> {
    let id = account::find_user_id(tenant, user_id);
    let user = id.and_then(|id| store::users::load(&tenant.app_id, &[id]).pop());
    let Some(mut user) = user else {
        return Ok(None);
    };
    if user.login_methods.len() > 1 {
        return Err(Error::invalid("Please use CDI version >= 4.0"));
    }
    let method = user.login_methods.pop();
    let method = method.filter(|m| m.recipe == Recipe::EmailPassword);
    Ok(method.and_then(|method| method.email))
}

/// What came of using a reset token.
pub enum Reset {
    Ok {
        /// Our id of the user or login method that the token was made for.
        id: Option<Uuid>,
        /// The id by which callers know it.
        user_id: String,
        email: Option<String>,
    },
    InvalidToken,
}

/// Uses a reset token up, and with it every other of the same user. The password stays.
pub fn consume_reset_token(tenant: &Tenant, token: &str) -> Reset {
    let consumed = OneTimeToken::parse(token).and_then(|token| {
        store::one_time_tokens::consume_all(&tenant.app_id, Kind::PasswordReset, &token)
    });
    match consumed {
        Some(consumed) if consumed.expires_at >= Time::now() => {
            let id = account::parse_id(&consumed.subject);
            Reset::Ok {
                id,
                user_id: id.map_or(consumed.subject, |id| account::shown_id(tenant, id)),
                email: consumed.email,
            }
        }
        _ => Reset::InvalidToken,
    }
}

/// Uses a reset token up and sets the password of the user that it was made for. For a user without a
/// password nothing is set.
///
/// # Errors
/// [`Error::Invalid`] for an empty password, [`Error::Busy`].
pub fn reset_password(tenant: &Tenant, token: &str, new_password: &str) -> Result<Reset> {
    refuse_empty(new_password)?;
    // A token that cannot be one of ours is not worth a hash.
    if OneTimeToken::parse(token).is_none() {
        return Ok(Reset::InvalidToken);
    }
    let hash = hashing::hash(tenant, new_password)?;
    let reset = consume_reset_token(tenant, token);
    if let Reset::Ok { id: Some(id), .. } = reset
        && account::lock_method(tenant, id, Recipe::EmailPassword).is_some()
    {
        login_methods::set_password_hash(id, &hash, None);
    }
    Ok(reset)
}

/// What came of changing address or password.
pub enum Update {
    Ok,
    UnknownUserId,
    EmailAlreadyExists,
    EmailChangeNotAllowed { reason: &'static str },
}

/// Changes the address, the password or both of a login method: all or nothing.
///
/// # Errors
/// [`Error::Invalid`] when neither is given, [`Error::Busy`].
pub fn update(
    app: &Tenant,
    recipe_user_id: &str,
    email: Option<&str>,
    password: Option<&str>,
) -> Result<Update> {
    if email.is_none() && password.is_none() {
        return Err(Error::invalid(
            "You have to provide either email or password.",
        ));
    }
    let email = email.map(new_address).transpose()?;
    // Hashed before the row is locked.
    let hash = password
        .map(|password| hashing::hash(app, password))
        .transpose()?;
    let app_id = &app.app_id;
    let Some(id) = account::resolve(app, recipe_user_id).map(|found| found.id) else {
        return Ok(Update::UnknownUserId);
    };
    let wanted = Contact {
        email,
        ..Default::default()
    };
    let Some(method) = account::lock_method_and_rivals(app, id, Recipe::EmailPassword, &wanted)
    else {
        return Ok(Update::UnknownUserId);
    };
    match account::change_email(app_id, &method, &wanted) {
        EmailChange::Ok => {}
        EmailChange::Taken => return Ok(Update::EmailAlreadyExists),
        EmailChange::HeldByOther => {
            let reason = "New email is associated with another primary user ID";
            return Ok(Update::EmailChangeNotAllowed { reason });
        }
    }
    if let Some(hash) = hash {
        login_methods::set_password_hash(id, &hash, None);
    }
    Ok(Update::Ok)
}

/// An imported user, and whether there was one with that address already.
pub struct Imported {
    pub user: User,
    pub did_user_already_exist: bool,
}

fn import_refusal(error: ImportError) -> Error {
    match error {
        ImportError::FirebaseSignerKeyMissing => Error::Unconfigured(error.to_string()),
        _ => Error::invalid(error.to_string()),
    }
}

/// Refuses an import that names no hash, or an algorithm that does not exist.
///
/// # Errors
/// [`Error::Invalid`].
pub fn refuse_malformed_import(password_hash: &str, algorithm: Option<&str>) -> Result<()> {
    passwords::read_import(password_hash, algorithm)
        .map(drop)
        .map_err(import_refusal)
}

/// Makes a user with a hash from another system, or gives an existing one that hash.
///
/// # Errors
/// [`Error::Invalid`] for a hash that could never match, [`Error::Unconfigured`] for a Firebase hash without
/// signer key.
pub fn import(
    tenant: &Tenant,
    email: &str,
    password_hash: &str,
    algorithm: Option<&str>,
) -> Result<Imported> {
    let email = new_address(email)?;
    let signer_key = tenant.settings.firebase_signer_key();
    let hash =
        passwords::check_import(password_hash, algorithm, signer_key).map_err(import_refusal)?;
    if let Some(id) = insert(tenant, &email, &hash)? {
        let user = account::signed_in(tenant, id, id).user;
        return Ok(Imported {
            user,
            did_user_already_exist: false,
        });
    }
    let login = login_methods::find_with_password(&tenant.app_id, tenant.id(), &email);
    let login = login.ok_or(Error::Busy)?; // deleted between the two statements: worth a retry
    login_methods::set_password_hash(login.login_method_id, &hash, None);
    let user = account::signed_in(tenant, login.user_id, login.login_method_id).user;
    Ok(Imported {
        user,
        did_user_already_exist: true,
    })
}
