//! Verification of e-mail addresses (CDI, "EmailVerification"): pairs of an id and an address. Ids are used exactly as
//! given, known as users or not.

use auth_core::normalise::{self, MAX_KEY};
use auth_core::one_time_token::OneTimeToken;

use super::account;
use crate::db::Time;
use crate::error::Result;
use crate::store;
use crate::store::one_time_tokens::Kind;
use crate::tenant::Tenant;

/// What came of asking for a token.
pub enum VerificationToken {
    Ok { token: String },
    AlreadyVerified,
}

/// Makes a token that proves, when it comes back, that its bearer reads the mail of the address.
///
/// # Errors
/// [`crate::error::Error::Invalid`] for an id or an address that is too long.
pub fn create_token(tenant: &Tenant, user_id: &str, email: &str) -> Result<VerificationToken> {
    let email = normalise::email(email);
    normalise::check_length("userId", user_id, MAX_KEY)?;
    normalise::check_length("email", &email, MAX_KEY)?;
    tenant.hold()?;
    if store::verified_emails::exists(&tenant.app_id, user_id, &email) {
        return Ok(VerificationToken::AlreadyVerified);
    }
    let token = OneTimeToken::new(account::slot_of_subject(user_id));
    let expires_at = Time::now().plus(tenant.settings.email_verification_token_lifetime_ms());
    store::one_time_tokens::insert(
        &tenant.app_id,
        tenant.id(),
        Kind::EmailVerification,
        &token,
        user_id,
        &email,
        expires_at,
    );
    Ok(VerificationToken::Ok { token: token.text })
}

/// What came of using a token.
pub enum Verification {
    Ok { user_id: String, email: String },
    InvalidToken,
}

/// Uses a token of this tenant up, and with it every other of the same pair, and notes that the address is verified.
pub fn verify(tenant: &Tenant, token: &str) -> Verification {
    let (app_id, kind) = (&tenant.app_id, Kind::EmailVerification);
    let consumed = OneTimeToken::parse(token).and_then(|token| {
        // The user first: a deletion, which takes the tokens along, keeps to the same order.
        let presented = store::one_time_tokens::find(app_id, tenant.id(), kind, &token)?;
        if let Some(found) = account::resolve(tenant, &presented.subject) {
            store::users::lock_for_change(found.user_id);
        }
        store::one_time_tokens::consume_pair(app_id, tenant.id(), kind, &token)
    });
    match consumed {
        Some(consumed) if consumed.expires_at >= Time::now() => {
            let (user_id, email) = (consumed.subject, consumed.email.unwrap_or_default());
            mark_verified(tenant, &user_id, &email);
            Verification::Ok { user_id, email }
        }
        _ => Verification::InvalidToken,
    }
}

/// Whether the address is verified; compared as it is given.
pub fn is_verified(app: &Tenant, user_id: &str, email: &str) -> bool {
    store::verified_emails::exists(&app.app_id, user_id, email)
}

/// Makes the outstanding tokens of a pair in a tenant worthless.
pub fn revoke_tokens(tenant: &Tenant, user_id: &str, email: &str) {
    store::one_time_tokens::delete_pair(
        &tenant.app_id,
        tenant.id(),
        Kind::EmailVerification,
        user_id,
        &normalise::email(email),
    );
}

/// Notes that the address is verified: for the id that was given, and, if it is that of a user of ours with this address,
/// in the user's row, which the other doors look at.
pub fn mark_verified(app: &Tenant, user_id: &str, email: &str) {
    store::verified_emails::insert(&app.app_id, user_id, email);
    if let Some(found) = account::resolve(app, user_id) {
        store::users::confirm_email(found.user_id, email, Time::now());
    }
}

/// Forgets that the address was verified.
pub fn unverify(app: &Tenant, user_id: &str, email: &str) {
    let email = normalise::email(email);
    if let Some(found) = account::resolve(app, user_id) {
        // It may be about to get this address.
        store::users::lock_for_change(found.user_id);
        store::users::unconfirm_email(found.user_id, &email);
    }
    store::verified_emails::delete(&app.app_id, user_id, &email);
}
