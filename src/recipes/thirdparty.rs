//! Sign-in with an account at a provider (CDI, "ThirdParty"). Whoever calls has asked the provider.

use auth_core::normalise::{self, MAX_KEY};
use uuid::Uuid;

use super::account::{self, SignedIn};
use super::emailverification;
use crate::db::Time;
use crate::error::{Error, Result};
use crate::store;
use crate::store::login_methods::{self, Contact, LockedMethod, NewLogin};
use crate::store::users::Recipe;
use crate::tenant::Tenant;

/// How many bytes the name of a provider has at most.
const MAX_PROVIDER: usize = 255;

/// What a provider says of a user.
pub struct ProviderUser<'a> {
    pub provider: &'a str,
    pub user_id: &'a str,
    pub email: &'a str,
    /// Whether the provider vouches for the address. False takes nothing back.
    pub is_verified: bool,
}

/// What came of a sign-in or sign-up.
pub enum SignInUp {
    Ok {
        signed_in: SignedIn,
        created_new_user: bool,
    },
    EmailChangeNotAllowed {
        reason: &'static str,
    },
}

/// Signs a provider's user in, or up when it is new to this tenant. An address that has changed at the provider is
/// taken over.
///
/// # Errors
/// [`Error::Invalid`] for texts that are too long, [`Error::Busy`] when others made and deleted the same user all the
/// while.
pub fn sign_in_up(tenant: &Tenant, user: &ProviderUser) -> Result<SignInUp> {
    normalise::check_length("thirdPartyId", user.provider, MAX_PROVIDER)?;
    normalise::check_length("thirdPartyUserId", user.user_id, MAX_KEY)?;
    let email = normalise::email(user.email);
    normalise::check_length("email", &email, MAX_KEY)?;
    let app_id = &tenant.app_id;
    tenant.hold()?;
    for _ in 0..3 {
        let known =
            login_methods::find_third_party(app_id, tenant.id(), user.provider, user.user_id);
        let method = match known {
            Some(id) => account::lock_method(tenant, id, Recipe::ThirdParty),
            None => {
                let Some(id) = insert(tenant, user, &email)? else {
                    continue; // another request made it meanwhile: sign in
                };
                if user.is_verified {
                    verify(tenant, id, &email);
                }
                store::active_users::mark(app_id, &id.to_string(), Time::now());
                return Ok(SignInUp::Ok {
                    signed_in: account::signed_in(tenant, id, id),
                    created_new_user: true,
                });
            }
        };
        // Deleted between the two statements: sign up.
        let Some(method) = method else { continue };
        if !take_over(app_id, &method, &email) {
            let reason = "Email already associated with another primary user.";
            return Ok(SignInUp::EmailChangeNotAllowed { reason });
        }
        if user.is_verified {
            verify(tenant, method.id, &email);
        }
        if let Some(signed_in) = account::sign_in(tenant, method.id) {
            return Ok(SignInUp::Ok {
                signed_in,
                created_new_user: false,
            });
        }
    }
    Err(Error::Busy)
}

fn insert(tenant: &Tenant, user: &ProviderUser, email: &str) -> Result<Option<Uuid>> {
    let identity = format!("{}|{}", user.provider, user.user_id);
    let id = account::new_user_id(tenant, "thirdparty", &identity)?;
    let login = NewLogin {
        id,
        recipe: Recipe::ThirdParty,
        email: Some(email),
        phone: None,
        third_party: Some((user.provider, user.user_id)),
        password_hash: None,
    };
    let made = login_methods::insert_with_user(tenant, &login, Time::now());
    Ok(made.then_some(id))
}

/// Gives the login method the address that the provider now names; `false` when another primary user has it.
pub fn take_over(app_id: &str, method: &LockedMethod, email: &str) -> bool {
    if method.contact.email.as_deref() == Some(email) {
        return true;
    }
    let wanted = Contact {
        email: Some(email.to_owned()),
        phone: None,
    };
    if !account::claim_contact(app_id, method, &wanted) {
        return false;
    }
    login_methods::set_third_party_email(method, email);
    account::contact_changed(app_id, method);
    true
}

/// Notes that the provider vouches for an address.
pub fn verify(tenant: &Tenant, id: Uuid, email: &str) {
    emailverification::mark_verified(tenant, &account::shown_id(tenant, id), email);
}
