//! Changing the address or number of a passwordless login method (CDI, "Passwordless", "Update").

use super::contact;
use crate::error::{Error, Result};
use crate::recipes::account;
use crate::store::login_methods::{self, Contact};
use crate::store::passwordless as rows;
use crate::store::users::Recipe;
use crate::tenant::Tenant;

/// What is to happen to an address or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    Keep,
    Clear,
    Set(&'a str),
}

/// What came of changing address or number.
pub enum Update {
    Ok,
    UnknownUserId,
    EmailAlreadyExists,
    PhoneNumberAlreadyExists,
    EmailChangeNotAllowed { reason: &'static str },
    PhoneNumberChangeNotAllowed { reason: &'static str },
}

/// Changes address, number or both of a login method: all or nothing.
///
/// # Errors
/// [`Error::Invalid`] when neither would be left.
pub fn update(app: &Tenant, recipe_user_id: &str, email: Change, phone: Change) -> Result<Update> {
    let app_id = &app.app_id;
    let Some(id) = account::resolve(app, recipe_user_id).map(|found| found.id) else {
        return Ok(Update::UnknownUserId);
    };
    let set = |change| match change {
        Change::Set(text) => Some(text),
        _ => None,
    };
    let wanted = contact(set(email), set(phone))?;
    let Some(method) = account::lock_method_and_rivals(app, id, Recipe::Passwordless, &wanted)
    else {
        return Ok(Update::UnknownUserId);
    };
    let pick = |change, new: &Option<String>, old: &Option<String>| match change {
        Change::Keep => old.clone(),
        Change::Clear => None,
        Change::Set(_) => new.clone(),
    };
    let new = Contact {
        email: pick(email, &wanted.email, &method.contact.email),
        phone: pick(phone, &wanted.phone, &method.contact.phone),
    };
    if new.email.is_none() && new.phone.is_none() {
        return Err(Error::invalid(
            "You cannot clear both email and phone number of a user",
        ));
    }
    if new == method.contact {
        return Ok(Update::Ok);
    }
    let only_email = Contact {
        email: new
            .email
            .clone()
            .filter(|_| new.email != method.contact.email),
        phone: None,
    };
    let only_phone = Contact {
        email: None,
        phone: new
            .phone
            .clone()
            .filter(|_| new.phone != method.contact.phone),
    };
    let tenants = &method.tenant_ids;
    // Before the keys: whoever signs up with a code holds the device while it asks for the key.
    let both = |old: &Option<String>, new: &Option<String>| -> Vec<String> {
        old.iter().chain(new).cloned().collect()
    };
    let emails = both(&method.contact.email, &new.email);
    let phones = both(&method.contact.phone, &new.phone);
    rows::lock_devices_of(app_id, tenants, &emails, &phones);
    if !account::claim_contact(app_id, &method, &only_email) {
        let reason = "New email is associated with another primary user ID";
        return Ok(Update::EmailChangeNotAllowed { reason });
    }
    if !account::claim_contact(app_id, &method, &only_phone) {
        account::contact_changed(app_id, &method);
        let reason = "New phone number is associated with another primary user ID";
        return Ok(Update::PhoneNumberChangeNotAllowed { reason });
    }
    let changed = login_methods::set_contact(&method, &new);
    account::contact_changed(app_id, &method);
    if !changed {
        let phone_is_taken = only_phone
            .phone
            .as_ref()
            .is_some_and(|phone| login_methods::phone_is_taken(app_id, tenants, phone, id));
        let email_is_taken = only_email.email.as_ref().is_some_and(|email| {
            tenants.iter().any(|tenant_id| {
                let found = login_methods::find_passwordless(app_id, tenant_id, Some(email), None);
                found.is_some_and(|found| found != id)
            })
        });
        return Ok(if phone_is_taken && !email_is_taken {
            Update::PhoneNumberAlreadyExists
        } else {
            Update::EmailAlreadyExists
        });
    }
    // Codes that were sent to what has changed are of no use, neither to the old owner nor to the new one.
    let changed = |old: &Option<String>, new: &Option<String>| old.clone().filter(|_| old != new);
    let old = Contact {
        email: changed(&method.contact.email, &new.email),
        phone: changed(&method.contact.phone, &new.phone),
    };
    for contact in [old, only_email, only_phone] {
        rows::delete_devices_of(app_id, tenants, &contact);
    }
    Ok(Update::Ok)
}
