//! Taking identities away (GoTrue reference, 4.12).

use serde_json::json;
use uuid::Uuid;

use super::audit::{self, Action, Actor};
use super::identities::{self, Identity};
use super::notifications::{self, Happening};
use super::{Context, Refusal, Result, accounts, contacts};
use crate::store::auth_users::{self, AuthUser};
use crate::store::one_time_codes;

/// Takes an identity from a user, who must keep another.
///
/// # Errors
/// [`Refusal`].
pub fn unlink(context: &Context, user: &AuthUser, identity_id: Uuid) -> Result<()> {
    let mut user = accounts::lock(context, user.id)?;
    let (gone, rest): (Vec<_>, Vec<_>) = identities::list(context, &user)
        .into_iter()
        .partition(|identity| identity.id == identity_id);
    if rest.is_empty() || gone.len() + rest.len() <= 1 {
        let message = "User must have at least 1 identity after unlinking";
        return Err(Refusal::new(422, "single_identity_not_deletable", message).into());
    }
    let Some(gone) = gone.first() else {
        let message = "Identity doesn't exist";
        return Err(Refusal::new(422, "identity_not_found", message).into());
    };
    let before = user.clone();
    contacts::remove_identity(context, &user, gone)?;
    if gone.provider == "phone" {
        user.phone = None;
        user.phone_confirmed_at = None;
    } else if gone.address.is_some() && gone.address == user.email {
        promote(context, &mut user, &rest)?;
    }
    accounts::recount_providers(context, &mut user);
    auth_users::update(&user, context.now);
    let traits = json!({
        "identity_id": gone.id, "provider": gone.provider, "provider_id": gone.provider_id,
    });
    audit::note(
        context,
        Actor::User(&user),
        Action::IdentityUnlinked,
        traits,
    );
    let provider = gone.provider.as_str();
    notifications::tell(context, &before, &Happening::IdentityUnlinked { provider })
}

/// Makes another identity's address the user's: a verified one first, then the oldest.
fn promote(context: &Context, user: &mut AuthUser, rest: &[Identity]) -> Result<()> {
    if rest.iter().any(|identity| identity.address == user.email) {
        return Ok(());
    }
    let is_verified = |identity: &&Identity| identity.is_verified;
    let with_email = || rest.iter().filter(|identity| identity.address.is_some());
    let next = with_email()
        .find(is_verified)
        .or_else(|| with_email().next());
    let email = next.and_then(|identity| identity.address.clone());
    let (app_id, tenant_id) = (&context.tenant.app_id, context.tenant.id());
    if let Some(email) = &email
        && auth_users::email_is_taken(app_id, tenant_id, email, Some(user.id))
    {
        let message = "Unable to unlink identity due to email conflict";
        return Err(Refusal::new(422, "email_conflict_identity_not_deletable", message).into());
    }
    one_time_codes::delete_of(user.id);
    let is_confirmed = next.as_ref().is_some_and(is_verified)
        || email.is_some() && context.tenant.settings.mailer_autoconfirm();
    user.email = email;
    if is_confirmed {
        user.email_confirmed_at.get_or_insert(context.now);
        return accounts::verified(context, user);
    }
    user.email_confirmed_at = None;
    accounts::set_member(&mut user.user_metadata, "email_verified", false.into());
    Ok(())
}
