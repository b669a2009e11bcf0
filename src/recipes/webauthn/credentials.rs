//! The passkeys of a login method.

use auth_core::normalise::{self, MAX_KEY};
use auth_core::webauthn::{Credential, NewCredential};
use serde_json::Value;
use uuid::Uuid;

use super::{Refusal, check_unexpired, expected, options};
use crate::db::Time;
use crate::error::Result;
use crate::recipes::account::{self, EmailChange};
use crate::store::login_methods::{self, Contact};
use crate::store::users::Recipe;
use crate::store::webauthn::{self as rows, Options};
use crate::tenant::Tenant;

/// Checks a browser's answer to options for a registration.
pub(super) fn verify_registration(
    options: &Options,
    credential: &Value,
) -> std::result::Result<NewCredential, Refusal> {
    let credential = Credential::read(credential)?;
    check_unexpired(options)?;
    Ok(credential.registration()?.verify(&expected(options))?)
}

/// Keeps a passkey; `false` when the relying party has one of that id.
pub(super) fn insert(
    app_id: &str,
    options: &Options,
    login_method_id: Uuid,
    credential: &NewCredential,
) -> bool {
    let row = rows::NewCredential {
        relying_party_id: &options.relying_party_id,
        id: &credential.id.text(),
        login_method_id,
        public_key: &credential.public_key,
        sign_count: credential.sign_count.into(),
        aaguid: credential.aaguid,
        transports: &credential.transports,
        backup_eligible: credential.backup_eligible,
        backed_up: credential.backed_up,
    };
    rows::insert_credential(app_id, &row, Time::now())
}

/// What came of registering a passkey.
pub enum Register {
    Ok(Box<Registered>),
    UnknownUserId,
    CredentialAlreadyExists,
    Refused(Refusal),
}

/// A passkey that was added.
pub struct Registered {
    pub credential_id: String,
    /// The id by which callers know the login method.
    pub recipe_user_id: String,
    pub email: String,
    pub options: Options,
}

/// Adds a passkey to a login method of this recipe.
///
/// # Errors
/// When something cannot be read.
pub fn register(
    tenant: &Tenant,
    recipe_user_id: &str,
    options_id: &str,
    credential: &Value,
) -> Result<Register> {
    let Some(options) = options(tenant, options_id) else {
        return Ok(Register::Refused(Refusal::OptionsNotFound));
    };
    let verified = match verify_registration(&options, credential) {
        Ok(verified) => verified,
        Err(refusal) => return Ok(Register::Refused(refusal)),
    };
    let method = account::resolve(tenant, recipe_user_id)
        .and_then(|found| account::lock_method(tenant, found.id, Recipe::WebAuthn));
    let Some(method) = method else {
        return Ok(Register::UnknownUserId);
    };
    if !insert(&tenant.app_id, &options, method.id, &verified) {
        return Ok(Register::CredentialAlreadyExists);
    }
    let own = method.contact.email.unwrap_or_default();
    Ok(Register::Ok(Box::new(Registered {
        credential_id: verified.id.text(),
        recipe_user_id: account::shown_id(tenant, method.id),
        email: options.email.clone().unwrap_or(own),
        options,
    })))
}

/// The passkeys of a login method, and the id by which callers know it; none for one that is unknown.
pub fn list(app: &Tenant, recipe_user_id: &str) -> (String, Vec<rows::Credential>) {
    match account::resolve(app, recipe_user_id) {
        Some(found) => (found.shown_id, rows::credentials(found.id)),
        None => (recipe_user_id.to_owned(), Vec::new()),
    }
}

/// One of them.
pub fn find(app: &Tenant, recipe_user_id: &str, id: &str) -> Option<(String, rows::Credential)> {
    let (shown_id, credentials) = list(app, recipe_user_id);
    let found = credentials.into_iter().find(|known| known.id == id)?;
    Some((shown_id, found))
}

/// Removes a passkey; whether it was there. The last one may be removed, too: the user stays, with no way to sign in.
pub fn remove(app: &Tenant, recipe_user_id: &str, id: &str) -> bool {
    account::resolve(app, recipe_user_id).is_some_and(|found| rows::delete_credential(found.id, id))
}

/// What came of changing the address.
pub enum UpdateEmail {
    Ok,
    UnknownUserId,
    EmailAlreadyExists,
    /// Another primary user has it.
    UserWithEmailAlreadyExists,
}

/// Gives a login method of this recipe another address.
///
/// # Errors
/// [`crate::error::Error::Invalid`] for an address that is too long.
pub fn update_email(app: &Tenant, recipe_user_id: &str, email: &str) -> Result<UpdateEmail> {
    // SDKs normalise; whoever does not would make a second user of an address that is another's.
    let email = normalise::email(email);
    normalise::check_length("email", &email, MAX_KEY)?;
    let wanted = Contact {
        email: Some(email.clone()),
        phone: None,
    };
    let method = account::resolve(app, recipe_user_id).and_then(|found| {
        account::lock_method_and_rivals(app, found.id, Recipe::WebAuthn, &wanted)
    });
    let Some(method) = method else {
        return Ok(UpdateEmail::UnknownUserId);
    };
    let (app_id, tenants) = (&app.app_id, &method.tenant_ids);
    if login_methods::email_is_taken(app_id, tenants, Recipe::WebAuthn, &email, method.id) {
        return Ok(UpdateEmail::EmailAlreadyExists);
    }
    Ok(match account::change_email(app_id, &method, &wanted) {
        EmailChange::Ok => UpdateEmail::Ok,
        EmailChange::Taken => UpdateEmail::EmailAlreadyExists,
        EmailChange::HeldByOther => UpdateEmail::UserWithEmailAlreadyExists,
    })
}
