//! Which tenants a login method is in (CDI, "Multitenancy", "Associate / disassociate").

use super::account;
use crate::error::{Error, Result};
use crate::store;
use crate::store::login_methods::{self, Contact};
use crate::store::one_time_tokens::Kind;
use crate::store::primary_claims::{self, Conflict, Wanted};
use crate::store::users::{LoginMethod, Recipe};
use crate::tenant::Tenant;

/// What came of putting a login method into a tenant.
pub enum Associate {
    Ok {
        was_already_associated: bool,
    },
    UnknownUserId,
    EmailAlreadyExists,
    PhoneNumberAlreadyExists,
    ThirdPartyUserAlreadyExists,
    /// Another primary user of the tenant has the same account info.
    NotAllowed(Conflict),
}

/// Puts a login method, and nothing else of its user, into a tenant.
///
/// # Errors
/// [`Error::Invalid`] for an empty id, [`Error::TenantNotFound`] when the tenant is being removed.
pub fn associate(tenant: &Tenant, recipe_user_id: &str) -> Result<Associate> {
    let recipe_user_id = trimmed(recipe_user_id)?;
    tenant.hold()?;
    let app_id = &tenant.app_id;
    // As for linking: what a primary user holds in a tenant is decided by one request at a time.
    store::tenants::lock_app(app_id);
    let Some(found) = account::resolve(tenant, recipe_user_id) else {
        return Ok(Associate::UnknownUserId);
    };
    store::users::lock(&[found.user_id]);
    let user = store::users::load(app_id, &[found.user_id]).pop();
    let method = user.as_ref().and_then(|user| {
        user.login_methods
            .iter()
            .find(|method| method.id == found.id)
    });
    let (Some(user), Some(method)) = (&user, method) else {
        return Ok(Associate::UnknownUserId);
    };
    let tenant_id = tenant.id().to_owned();
    if method.tenant_ids.contains(&tenant_id) {
        return Ok(Associate::Ok {
            was_already_associated: true,
        });
    }
    if user.is_primary {
        let wanted = Wanted {
            users: &[user.id],
            tenants: &[tenant_id],
            contact: &Contact::default(),
        };
        if let Err(conflict) = primary_claims::claim(app_id, user.id, &wanted) {
            return Ok(Associate::NotAllowed(conflict));
        }
    }
    if login_methods::add_to_tenant(method.id, tenant.id()) {
        return Ok(Associate::Ok {
            was_already_associated: false,
        });
    }
    primary_claims::release_unused(app_id, user.id);
    Ok(taken(tenant, method))
}

fn trimmed(id: &str) -> Result<&str> {
    match id.trim() {
        "" => Err(Error::invalid(
            "Field name 'userId' cannot be an empty String",
        )),
        id => Ok(id),
    }
}

/// Which of a login method's keys another one of its recipe has in the tenant.
fn taken(tenant: &Tenant, method: &LoginMethod) -> Associate {
    let email_is_taken = || {
        let email = method.email.as_deref();
        login_methods::find_passwordless(&tenant.app_id, tenant.id(), email, None).is_some()
    };
    match method.recipe {
        Recipe::ThirdParty => Associate::ThirdPartyUserAlreadyExists,
        Recipe::Passwordless if !email_is_taken() => Associate::PhoneNumberAlreadyExists,
        _ => Associate::EmailAlreadyExists,
    }
}

/// Takes a login method out of a tenant, with the sessions, roles and tokens that it has there; whether there was
/// anything, or `None` for an id that nothing is known of. The user stays, even in no tenant at all.
///
/// # Errors
/// [`Error::Invalid`] for an empty id.
pub fn disassociate(tenant: &Tenant, recipe_user_id: &str) -> Result<Option<bool>> {
    let recipe_user_id = trimmed(recipe_user_id)?;
    let (app_id, tenant_id) = (&tenant.app_id, tenant.id());
    let found = account::resolve(tenant, recipe_user_id);
    let user = found.as_ref().and_then(|found| {
        store::users::lock(&[found.user_id]);
        store::users::load(app_id, &[found.user_id]).pop()
    });
    let method = user.as_ref().zip(found.as_ref()).and_then(|(user, found)| {
        let mut methods = user.login_methods.iter();
        methods.find(|method| method.id == found.id)
    });
    let ids = method.map_or_else(|| vec![recipe_user_id.to_owned()], LoginMethod::all_ids);
    // Other recipes have rows of ids that are no login methods.
    let is_known = method.is_some()
        || !store::user_id_mappings::recipes_using(app_id, recipe_user_id).is_empty();
    let was_in =
        method.is_some_and(|method| login_methods::remove_from_tenant(method.id, tenant_id));
    let sessions = store::sessions::delete_of_in_tenant(app_id, tenant_id, &ids);
    let roles = store::roles::unassign_all(app_id, tenant_id, &ids);
    let tokens = store::one_time_tokens::delete_of_in_tenant(
        app_id,
        tenant_id,
        Kind::EmailVerification,
        &ids,
    );
    let attempts = store::totp::delete_attempts_in_tenant(app_id, tenant_id, &ids);
    if let Some(user) = &user {
        primary_claims::release_unused(app_id, user.id);
    }
    let was_associated = was_in || sessions + roles + tokens + attempts > 0;
    Ok((was_associated || is_known).then_some(was_associated))
}
