//! Changing a user's address and number (GoTrue reference, 4.6).

use serde_json::Map;

use super::audit::{self, Action, Actor};
use super::identities::Identity;
use super::notifications::{self, Happening};
use super::{Context, Refusal, Result, accounts};
use crate::recipes::account;
use crate::store::auth_users::{self, AuthUser};
use crate::store::identities::{self, MethodRow};
use crate::store::login_methods::{self, Contact};
use crate::store::users::Recipe;

/// Gives a user who is locked the address that it wanted, which has been confirmed.
///
/// # Errors
/// [`Refusal`] when somebody else has got it meanwhile.
pub fn confirm_email_change(context: &Context, user: &mut AuthUser) -> Result<()> {
    let Some(email) = user.email_change.take() else {
        return Err(Refusal::otp_expired(super::codes::WRONG).into());
    };
    user.email_change_is_half_confirmed = false;
    user.is_anonymous = false;
    let old = user.email.clone();
    set_email(context, user, &email, true)?;
    if let Some(old) = &old {
        notifications::tell(context, user, &Happening::EmailChanged { old })?;
    }
    audit::note(
        context,
        Actor::User(user),
        Action::UserModified,
        serde_json::Value::Null,
    );
    Ok(())
}

/// Gives a user who is locked the number that it wanted, which has been confirmed.
///
/// # Errors
/// [`Refusal`] when somebody else has got it meanwhile.
pub fn confirm_phone_change(context: &Context, user: &mut AuthUser) -> Result<()> {
    let Some(phone) = user.phone_change.take() else {
        return Err(Refusal::otp_expired(super::codes::WRONG).into());
    };
    user.is_anonymous = false;
    let old = user.phone.clone();
    set_phone(context, user, &phone, true)?;
    let old = old.as_deref();
    notifications::tell(context, user, &Happening::PhoneChanged { old })?;
    audit::note(
        context,
        Actor::User(user),
        Action::UserModified,
        serde_json::Value::Null,
    );
    Ok(())
}

/// Gives a user who is locked an address at once: its login methods by the former one go by the new one.
///
/// # Errors
/// [`Refusal`] when somebody else has it.
pub fn set_email(
    context: &Context,
    user: &mut AuthUser,
    email: &str,
    is_confirmed: bool,
) -> Result<()> {
    let tenant = context.tenant;
    auth_users::lock_address(&tenant.app_id, tenant.id(), email);
    if auth_users::email_is_taken(&tenant.app_id, tenant.id(), email, Some(user.id)) {
        return Err(Refusal::email_exists().into());
    }
    let methods = identities::methods_of(&tenant.app_id, user.id);
    let by_former = |method: &&MethodRow| {
        method.recipe != Recipe::ThirdParty && method.email.is_some() && method.email == user.email
    };
    let former: Vec<_> = methods.iter().filter(by_former).collect();
    for method in &former {
        let wanted = Contact {
            email: Some(email.to_owned()),
            phone: method.phone.clone(),
        };
        change(context, method, &wanted)?;
    }
    // The other door may have verified it before.
    let has_proven =
        |method: &MethodRow| method.email.as_deref() == Some(email) && method.email_is_verified;
    let is_confirmed = is_confirmed
        || identities::methods_of(&tenant.app_id, user.id)
            .iter()
            .any(has_proven);
    user.email = Some(email.to_owned());
    user.email_confirmed_at = is_confirmed.then_some(context.now);
    auth_users::update(user, context.now);
    if former.is_empty() {
        prepare_for_another(context, user, &methods)?;
        let data = accounts::identity_data(user.id, Some(email), None, &Map::new());
        // The password of a user goes with its address.
        let by_phone = methods
            .iter()
            .find(|m| m.phone.is_some() && m.password_hash.is_some());
        let hash = by_phone
            .and_then(|method| method.password_hash.clone())
            .or_else(|| auth_users::take_pending_password(user.id));
        accounts::add_email(context, user, email, hash.as_deref(), data)?;
        if let Some(method) = by_phone {
            identities::clear_password(method.id);
        }
    }
    settle(context, user, is_confirmed)
}

/// Notes what follows from a changed address or number of a user who is locked.
fn settle(context: &Context, user: &mut AuthUser, is_confirmed: bool) -> Result<()> {
    if is_confirmed {
        return accounts::verified(context, user);
    }
    if user.is_primary {
        accounts::become_primary(context, user)?;
    }
    accounts::recount_providers(context, user);
    auth_users::update(user, context.now);
    Ok(())
}

/// Gives a user who is locked a number at once.
///
/// # Errors
/// [`Refusal`] when somebody else has it.
pub fn set_phone(
    context: &Context,
    user: &mut AuthUser,
    phone: &str,
    is_confirmed: bool,
) -> Result<()> {
    let tenant = context.tenant;
    auth_users::lock_address(&tenant.app_id, tenant.id(), phone);
    if auth_users::phone_is_taken(&tenant.app_id, tenant.id(), phone, Some(user.id)) {
        return Err(Refusal::phone_exists().into());
    }
    let methods = identities::methods_of(&tenant.app_id, user.id);
    let former = methods
        .iter()
        .find(|method| method.phone.is_some() && method.phone == user.phone);
    if let Some(method) = former {
        let wanted = Contact {
            email: method.email.clone(),
            phone: Some(phone.to_owned()),
        };
        change(context, method, &wanted)?;
    }
    user.phone = Some(phone.to_owned());
    user.phone_confirmed_at = is_confirmed.then_some(context.now);
    auth_users::update(user, context.now);
    if former.is_none() {
        prepare_for_another(context, user, &methods)?;
        let data = accounts::identity_data(user.id, None, Some(phone), &Map::new());
        let hash = auth_users::take_pending_password(user.id);
        accounts::add_phone(context, user, phone, hash.as_deref(), data)?;
    }
    settle(context, user, is_confirmed)
}

/// Only primary users have several login methods.
pub fn prepare_for_another(
    context: &Context,
    user: &mut AuthUser,
    methods: &[MethodRow],
) -> Result<()> {
    if user.is_primary || methods.is_empty() {
        return Ok(());
    }
    accounts::become_primary(context, user)
}

fn change(context: &Context, method: &MethodRow, wanted: &Contact) -> Result<()> {
    let locked = account::lock_method_and_rivals(context.tenant, method.id, method.recipe, wanted);
    let locked = locked.ok_or(super::Failure::Overtaken)?;
    let app_id = &context.tenant.app_id;
    let changed = account::claim_contact(app_id, &locked, wanted)
        && login_methods::set_contact(&locked, wanted);
    account::contact_changed(app_id, &locked);
    if changed {
        Ok(())
    } else if wanted.phone == locked.contact.phone {
        Err(Refusal::email_exists().into())
    } else {
        Err(Refusal::phone_exists().into())
    }
}

/// Takes an identity away from a user who is locked: all login methods that it is made of. One with both an address and a
/// number keeps the other.
///
/// # Errors
/// [`super::Failure::Overtaken`].
pub fn remove_identity(context: &Context, user: &AuthUser, identity: &Identity) -> Result<()> {
    let app_id = &context.tenant.app_id;
    let methods = identities::methods_of(app_id, user.id);
    let is_made_of = |method: &&MethodRow| identity.method_ids.contains(&method.id);
    for method in methods.iter().filter(is_made_of) {
        match (&method.email, &method.phone) {
            (Some(email), Some(phone)) => {
                let by_phone = identity.provider == "phone";
                let rest = Contact {
                    email: by_phone.then(|| email.clone()),
                    phone: (!by_phone).then(|| phone.clone()),
                };
                change(context, method, &rest)?;
            }
            _ => {
                login_methods::delete(app_id, method.id);
            }
        }
    }
    crate::store::users::refresh(user.id);
    crate::store::primary_claims::release_unused(app_id, user.id);
    Ok(())
}
