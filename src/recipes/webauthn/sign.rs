//! Signing up and in with a passkey.

use auth_core::webauthn::{Credential, StoredCredential};
use serde_json::Value;
use uuid::Uuid;

use super::credentials::{insert, verify_registration};
use super::{Refusal, check_unexpired, expected, options};
use crate::db::Time;
use crate::error::Result;
use crate::recipes::account::{self, SignedIn};
use crate::store;
use crate::store::login_methods::{self, NewLogin};
use crate::store::users::Recipe;
use crate::store::webauthn::{self as rows, Options};
use crate::tenant::Tenant;

/// What came of a sign-up.
pub enum SignUp {
    Ok(Box<SignedUp>),
    EmailAlreadyExists,
    Refused(Refusal),
}

/// A new user with a passkey.
pub struct SignedUp {
    pub signed_in: SignedIn,
    pub credential_id: String,
    pub options: Options,
}

/// Makes a user with the address that the options were made for, who signs in with this passkey.
///
/// # Errors
/// When the tenant is gone, or the keys are unusable.
pub fn sign_up(tenant: &Tenant, options_id: &str, credential: &Value) -> Result<SignUp> {
    let Some(options) = options(tenant, options_id) else {
        return Ok(SignUp::Refused(Refusal::OptionsNotFound));
    };
    let verified = match verify_registration(&options, credential) {
        Ok(verified) => verified,
        Err(refusal) => return Ok(SignUp::Refused(refusal)),
    };
    let Some(email) = options.email.as_deref() else {
        let reason = "The options are not for a registration".to_owned();
        return Ok(SignUp::Refused(Refusal::InvalidOptions(reason)));
    };
    let id = account::new_user_id(tenant, "email", email)?;
    tenant.hold()?;
    let login = NewLogin {
        id,
        recipe: Recipe::WebAuthn,
        email: Some(email),
        phone: None,
        third_party: None,
        password_hash: None,
    };
    let now = Time::now();
    if !login_methods::insert_with_user(tenant, &login, now) {
        return Ok(SignUp::EmailAlreadyExists);
    }
    if !insert(&tenant.app_id, &options, id, &verified) {
        // A user without a passkey could never sign in: both or neither.
        store::users::delete(&tenant.app_id, &[id]);
        let reason = "credential is registered already!".to_owned();
        return Ok(SignUp::Refused(Refusal::InvalidCredentials(reason)));
    }
    store::active_users::mark(&tenant.app_id, &id.to_string(), now);
    Ok(SignUp::Ok(Box::new(SignedUp {
        signed_in: account::signed_in(tenant, id, id),
        credential_id: verified.id.text(),
        options,
    })))
}

/// What came of a sign-in.
pub enum SignIn {
    Ok(SignedIn),
    CredentialNotFound,
    UnknownUserId,
    Refused(Refusal),
}

/// Signs in the user whose passkey has answered. With `single_use` the options are gone then; without, the very same
/// answer is accepted again while they hold, since older SDKs send it twice.
///
/// # Errors
/// When something cannot be read.
pub fn sign_in(
    tenant: &Tenant,
    options_id: &str,
    credential: &Value,
    single_use: bool,
) -> Result<SignIn> {
    let Some(options) = options(tenant, options_id) else {
        return Ok(SignIn::Refused(Refusal::OptionsNotFound));
    };
    let read = match Credential::read(credential) {
        Ok(read) => read,
        Err(error) => return Ok(SignIn::Refused(error.into())),
    };
    let (app_id, party, id) = (&tenant.app_id, &options.relying_party_id, read.id().text());
    let Some(login_method_id) = rows::login_method_of(app_id, party, &id) else {
        return Ok(SignIn::CredentialNotFound);
    };
    // The user first, as everywhere: whoever deletes it comes before us or after.
    if account::hold_user_of(tenant, login_method_id).is_none() {
        return Ok(SignIn::UnknownUserId);
    }
    let Some(key) = rows::lock_key(app_id, party, &id, login_method_id) else {
        return Ok(SignIn::CredentialNotFound);
    };
    // Options that were used up while we waited.
    let Some(options) = self::options(tenant, options_id) else {
        return Ok(SignIn::Refused(Refusal::OptionsNotFound));
    };
    let verified = match verify(&options, &read, &key) {
        Ok(verified) => verified,
        Err(refusal) => return Ok(SignIn::Refused(refusal)),
    };
    if !is_in(tenant, login_method_id) {
        return Ok(SignIn::UnknownUserId);
    }
    if single_use {
        if !rows::delete_options(app_id, tenant.id(), options.id) {
            return Ok(SignIn::Refused(Refusal::OptionsNotFound));
        }
    } else {
        rows::set_accepted_assertion(options.id, &verified.digest);
    }
    let count = verified.sign_count.into();
    rows::set_used(app_id, party, &id, count, verified.backed_up, Time::now());
    Ok(match account::sign_in(tenant, login_method_id) {
        Some(signed_in) => SignIn::Ok(signed_in),
        None => SignIn::UnknownUserId,
    })
}

fn verify(
    options: &Options,
    credential: &Credential,
    key: &rows::Key,
) -> std::result::Result<auth_core::webauthn::VerifiedAssertion, Refusal> {
    check_unexpired(options)?;
    let stored = StoredCredential {
        public_key: &key.public_key,
        // The column has room for more than what authenticators count with.
        sign_count: u32::try_from(key.sign_count).unwrap_or(u32::MAX),
    };
    let accepted = options.accepted_assertion.as_deref();
    let accepted = accepted.and_then(|digest| digest.try_into().ok());
    let assertion = credential.assertion()?;
    Ok(assertion.verify(&expected(options), &stored, accepted)?)
}

/// Whether a login method may be used in the tenant.
fn is_in(tenant: &Tenant, login_method_id: Uuid) -> bool {
    let tenants = login_methods::tenants_of(login_method_id);
    tenants.iter().any(|tenant_id| tenant_id == tenant.id())
}
