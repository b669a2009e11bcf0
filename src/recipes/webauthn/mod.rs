//! Passkeys (CDI, "WebAuthn"): options for the browser, and what is done with its answers.
//!
//! Options are here; what an answer is worth is in [`sign`]'s file and [`credentials`]', and [`recovery`] is for users who
//! have lost theirs.

mod credentials;
mod recovery;
mod sign;

use auth_core::normalise::{self, MAX_KEY};
use auth_core::webauthn::{
    self, AuthenticatorError, CeremonyOptions, CeremonyRequest, CredentialError, Expected,
    OptionsError, RegisterOptions, RegisterRequest, Requirement,
};
use auth_core::{ids, webauthn::new_challenge};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::account;
use super::users::{AccountInfoQuery, by_account_info};
use crate::db::Time;
use crate::error::Result;
use crate::store::webauthn::{self as rows, Options};
use crate::tenant::Tenant;

pub use self::credentials::{Register, UpdateEmail, find, list, register, remove, update_email};
pub use self::recovery::{RecoveryToken, consume_token, create_token, user_of_token};
pub use self::sign::{SignIn, SignUp, sign_in, sign_up};

/// Options hold for a hundred years at most, so that their end can be written down.
const MAX_LIFE_MS: i64 = 100 * 365 * 86_400_000;

/// Why an answer of a browser is refused.
pub enum Refusal {
    OptionsNotFound,
    InvalidOptions(String),
    InvalidCredentials(String),
    InvalidAuthenticator(String),
}

impl From<OptionsError> for Refusal {
    fn from(error: OptionsError) -> Self {
        Self::InvalidOptions(error.to_string())
    }
}

impl From<CredentialError> for Refusal {
    fn from(error: CredentialError) -> Self {
        Self::InvalidCredentials(error.to_string())
    }
}

impl From<AuthenticatorError> for Refusal {
    fn from(error: AuthenticatorError) -> Self {
        Self::InvalidAuthenticator(error.to_string())
    }
}

/// Options for a registration, as they are kept and as they were asked for.
pub struct RegistrationOptions<'a> {
    pub row: Options,
    /// What the authenticator is to call the user: in base64url.
    pub user_handle: String,
    pub asked: RegisterOptions<'a>,
}

/// Makes options for registering a passkey.
///
/// # Errors
/// [`crate::error::Error::Invalid`] for an address that is too long; when the tenant is gone.
pub fn register_options<'a>(
    tenant: &Tenant,
    request: RegisterRequest<'a>,
) -> Result<std::result::Result<RegistrationOptions<'a>, OptionsError>> {
    let email = normalise::email(request.email);
    normalise::check_length("email", &email, MAX_KEY)?;
    let asked = match request.validate() {
        Ok(asked) => asked,
        Err(error) => return Ok(Err(error)),
    };
    let known = AccountInfoQuery {
        email: Some(email.clone()),
        ..Default::default()
    };
    let known = by_account_info(tenant, &known)?;
    let row = insert(tenant, &asked.ceremony, Some(email))?;
    let handle = known.first().map_or(row.id, |user| user.id).to_string();
    Ok(Ok(RegistrationOptions {
        user_handle: URL_SAFE_NO_PAD.encode(handle),
        row,
        asked,
    }))
}

/// Makes options for signing in with a passkey.
///
/// # Errors
/// When the tenant is gone.
pub fn sign_in_options(
    tenant: &Tenant,
    request: CeremonyRequest,
) -> Result<std::result::Result<Options, OptionsError>> {
    Ok(match request.validate() {
        Ok(asked) => Ok(insert(tenant, &asked, None)?),
        Err(error) => Err(error),
    })
}

fn insert(tenant: &Tenant, asked: &CeremonyOptions, email: Option<String>) -> Result<Options> {
    tenant.hold()?;
    let now = Time::now();
    let row = Options {
        id: ids::new_id(ids::Slot::random()),
        relying_party_id: asked.relying_party_id.to_owned(),
        relying_party_name: asked.relying_party_name.to_owned(),
        origin: asked.origin.to_owned(),
        email,
        challenge: new_challenge(),
        timeout_ms: asked.timeout_ms,
        user_verification: asked.user_verification.name().to_owned(),
        user_presence: asked.user_presence,
        accepted_assertion: None,
        created_at: now,
        expires_at: now.plus(asked.timeout_ms.min(MAX_LIFE_MS)),
    };
    rows::insert_options(&tenant.app_id, tenant.id(), &row);
    Ok(row)
}

/// Options of a tenant by their id, expired ones too.
pub fn options(tenant: &Tenant, id: &str) -> Option<Options> {
    rows::find_options(&tenant.app_id, tenant.id(), parse_id(id)?)
}

/// Removes options; whether they were there.
pub fn remove_options(tenant: &Tenant, id: &str) -> bool {
    parse_id(id).is_some_and(|id| rows::delete_options(&tenant.app_id, tenant.id(), id))
}

fn parse_id(id: &str) -> Option<Uuid> {
    account::parse_id(id)
}

/// Refuses options that hold no longer.
fn check_unexpired(options: &Options) -> std::result::Result<(), OptionsError> {
    webauthn::check_unexpired(options.expires_at.0, Time::now().0)
}

/// What the options demand of an answer.
fn expected(options: &Options) -> Expected<'_> {
    let requirement = Requirement::from_name(&options.user_verification);
    Expected {
        challenge: &options.challenge,
        origin: &options.origin,
        relying_party_id: &options.relying_party_id,
        user_verification: requirement.unwrap_or(Requirement::Required),
        user_presence: options.user_presence,
    }
}
