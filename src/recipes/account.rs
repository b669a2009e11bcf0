//! What recipes share: ids that callers give, and what they mean; what a sign-in leaves behind.

use auth_core::ids::{self, Slot};
use uuid::Uuid;

use crate::db::Time;
use crate::error::Result;
use crate::keyring::keyring;
use crate::store;
use crate::store::login_methods::{self, Contact, LockedMethod};
use crate::store::primary_claims::{self, Wanted};
use crate::store::users::{Recipe, User};
use crate::tenant::Tenant;

/// A user, and the login method that was used.
pub struct SignedIn {
    pub user: User,
    pub recipe_user_id: Uuid,
}

/// The user that this transaction has just made, or holds.
pub fn signed_in(tenant: &Tenant, user_id: Uuid, recipe_user_id: Uuid) -> SignedIn {
    let user = store::users::load(&tenant.app_id, &[user_id]).pop();
    SignedIn {
        user: user.expect("the user was just seen in this transaction"),
        recipe_user_id,
    }
}

/// Notes a sign-in; `None` when the user has been deleted meanwhile. A deletion that comes later waits for what is
/// written here.
pub fn sign_in(tenant: &Tenant, recipe_user_id: Uuid) -> Option<SignedIn> {
    let user_id = hold_user_of(tenant, recipe_user_id)?;
    let now = Time::now();
    store::users::mark_signed_in(user_id, now);
    let user = store::users::load(&tenant.app_id, &[user_id]).pop()?;
    store::active_users::mark(&tenant.app_id, &user_id.to_string(), now);
    Some(SignedIn {
        user,
        recipe_user_id,
    })
}

/// An id in the form in which we give ids out: callers' texts in any other form are not ids of ours.
pub fn parse_id(text: &str) -> Option<Uuid> {
    // A hyphenated UUID has 36 characters; other lengths are other forms.
    let id = (text.len() == 36).then(|| Uuid::parse_str(text).ok())??;
    (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(id)
}

/// The user that an id belongs to: its own or that of one of its login methods, ours or another system's. An id of ours
/// comes before the same text as another system's (CDI, "Resolving a user id").
pub fn find_user_id(app: &Tenant, id: &str) -> Option<Uuid> {
    resolve(app, id).map(|found| found.user_id)
}

/// What an id stands for.
pub struct Resolved {
    /// Our id of the same: a login method's, or that of a user whose first login method is gone.
    pub id: Uuid,
    /// The user that it belongs to.
    pub user_id: Uuid,
    /// The id by which callers know it.
    pub shown_id: String,
}

/// Looks an id up, as [`find_user_id`] does.
pub fn resolve(app: &Tenant, text: &str) -> Option<Resolved> {
    let known = |id: Uuid| {
        let (user_id, external_id) = store::users::identify(&app.app_id, id)?;
        Some(Resolved {
            id,
            user_id,
            shown_id: external_id.unwrap_or_else(|| id.to_string()),
        })
    };
    parse_id(text).and_then(known).or_else(|| {
        let mapping = store::user_id_mappings::of_external_id(&app.app_id, text)?;
        known(mapping.user_id)
    })
}

/// The id by which callers know a login method or a user of ours.
pub fn shown_id(app: &Tenant, id: Uuid) -> String {
    store::user_id_mappings::of_user(&app.app_id, id)
        .map_or_else(|| id.to_string(), |mapping| mapping.external_id)
}

/// The slot in which rows made for `subject` live: that of the id, if it is one of ours.
pub fn slot_of_subject(subject: &str) -> Slot {
    parse_id(subject).map_or_else(Slot::random, Slot::of)
}

/// Keeps the user of a login method from being deleted or linked elsewhere until this transaction ends.
pub fn hold_user_of(app: &Tenant, recipe_user_id: Uuid) -> Option<Uuid> {
    loop {
        let user_id = store::users::find_user_id(&app.app_id, recipe_user_id)?;
        store::users::hold(user_id);
        // Unless it was linked elsewhere while we waited.
        if store::users::find_user_id(&app.app_id, recipe_user_id) == Some(user_id) {
            return Some(user_id);
        }
    }
}

/// Locks a login method of a recipe and, before it, its user.
pub fn lock_method(app: &Tenant, id: Uuid, recipe: Recipe) -> Option<LockedMethod> {
    lock_method_and_rivals(app, id, recipe, &Contact::default())
}

/// The same, together with the login methods that have what it wants.
pub fn lock_method_and_rivals(
    app: &Tenant,
    id: Uuid,
    recipe: Recipe,
    wanted: &Contact,
) -> Option<LockedMethod> {
    loop {
        let user_id = store::users::find_user_id(&app.app_id, id)?;
        store::users::lock_for_change(user_id);
        if *wanted != Contact::default() {
            login_methods::lock_rivals(&app.app_id, id, wanted);
        }
        let method = login_methods::lock(&app.app_id, id, recipe)?;
        // Unless it was linked elsewhere while we waited.
        if method.user_id == user_id {
            return Some(method);
        }
    }
}

/// Claims an address or number that a login method is about to have, if its user is a primary one; whether no other
/// primary user has it. To be followed by [`contact_changed`].
pub fn claim_contact(app_id: &str, method: &LockedMethod, contact: &Contact) -> bool {
    let wanted = Wanted {
        users: &[method.user_id],
        tenants: &[],
        contact,
    };
    !method.user_is_primary || primary_claims::claim(app_id, method.user_id, &wanted).is_ok()
}

/// Lets go of what a primary user held by a login method that has been changed, or was not changed after all.
pub fn contact_changed(app_id: &str, method: &LockedMethod) {
    if method.user_is_primary {
        primary_claims::release_unused(app_id, method.user_id);
    }
}

/// What came of changing the address of a login method.
pub enum EmailChange {
    Ok,
    /// Another login method of the recipe has it.
    Taken,
    /// Another primary user has it.
    HeldByOther,
}

/// Gives a locked login method, whose rivals are locked as well, another address.
pub fn change_email(app_id: &str, method: &LockedMethod, wanted: &Contact) -> EmailChange {
    if wanted.email.is_none() || wanted.email == method.contact.email {
        return EmailChange::Ok;
    }
    if !claim_contact(app_id, method, wanted) {
        return EmailChange::HeldByOther;
    }
    let changed = login_methods::set_contact(method, wanted);
    contact_changed(app_id, method);
    if changed {
        EmailChange::Ok
    } else {
        EmailChange::Taken
    }
}

/// An id for a user whose first identifier is `value`.
///
/// # Errors
/// [`crate::error::Error::Keys`] when the key file cannot be used.
pub fn new_user_id(tenant: &Tenant, kind: &str, value: &str) -> Result<Uuid> {
    let key = keyring()?.slot_key();
    Ok(ids::new_id(Slot::of_identifier(
        &key,
        &tenant.app_id,
        tenant.id(),
        kind,
        value,
    )))
}
