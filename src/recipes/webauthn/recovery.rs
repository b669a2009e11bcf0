//! Tokens for users who have lost their passkeys.

use auth_core::ids::Slot;
use auth_core::normalise::{self, MAX_KEY};
use auth_core::one_time_token::OneTimeToken;

use crate::db::Time;
use crate::error::Result;
use crate::recipes::account;
use crate::store;
use crate::store::one_time_tokens::{self, Kind};
use crate::store::users::{Recipe, User};
use crate::tenant::Tenant;

/// What came of asking for a token.
pub enum RecoveryToken {
    Ok { token: String },
    UnknownUserId,
}

/// Makes a token with which a user, of any recipe, can register another passkey.
///
/// # Errors
/// [`crate::error::Error::Invalid`] for an address that is too long; when the tenant is gone.
pub fn create_token(tenant: &Tenant, user_id: &str, email: &str) -> Result<RecoveryToken> {
    let email = normalise::email(email);
    normalise::check_length("email", &email, MAX_KEY)?;
    tenant.hold()?;
    let found = account::resolve(tenant, user_id);
    let Some(found) = found.filter(|found| store::users::hold(found.user_id)) else {
        return Ok(RecoveryToken::UnknownUserId);
    };
    let token = OneTimeToken::short(Slot::of(found.id));
    let lifetime = tenant.settings.webauthn_recover_account_token_lifetime_ms();
    one_time_tokens::insert(
        &tenant.app_id,
        tenant.id(),
        Kind::AccountRecovery,
        &token,
        &found.id.to_string(),
        &email,
        Time::now().plus(lifetime),
    );
    Ok(RecoveryToken::Ok { token: token.text })
}

/// The user that a token was made for, and the id by which callers know its login method of this recipe in the tenant,
/// if it has one. The token goes on working.
pub fn user_of_token(tenant: &Tenant, token: &str) -> Option<(User, Option<String>)> {
    let token = OneTimeToken::parse(token)?;
    let (app_id, kind) = (&tenant.app_id, Kind::AccountRecovery);
    let found = one_time_tokens::find(app_id, tenant.id(), kind, &token)?;
    if found.expires_at < Time::now() {
        return None;
    }
    let user_id = account::find_user_id(tenant, &found.subject)?;
    let user = store::users::load(app_id, &[user_id]).pop()?;
    let method = user.login_methods.iter().find(|method| {
        method.recipe == Recipe::WebAuthn && method.tenant_ids.iter().any(|id| id == tenant.id())
    });
    let recipe_user_id = method.map(|method| method.shown_id());
    Some((user, recipe_user_id))
}

/// Uses a token up, and with it every other of its address in the tenant; the id by which callers know the user, and the
/// address.
pub fn consume_token(tenant: &Tenant, token: &str) -> Option<(String, String)> {
    let token = OneTimeToken::parse(token)?;
    let consumed = one_time_tokens::consume_recovery(&tenant.app_id, tenant.id(), &token)?;
    if consumed.expires_at < Time::now() {
        return None;
    }
    let id = account::parse_id(&consumed.subject);
    let user_id = id.map_or(consumed.subject, |id| account::shown_id(tenant, id));
    Some((user_id, consumed.email.unwrap_or_default()))
}
