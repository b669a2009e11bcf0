//! Everything about one person: to hand it out, and to take it away (GDPR, articles 15, 17 and 20).

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{account, bulkimport, users};
use crate::error::{Error, Result};
use crate::store;
use crate::store::personal_data::{self, Keys, OwnContact};
use crate::tenant::Tenant;

/// The user that an id leads to; one without a login method is no user of theirs, but one of ours.
fn user_of(app: &Tenant, id: &str) -> Option<Uuid> {
    account::find_user_id(app, id).or_else(|| account::parse_id(id))
}

/// Under which keys rows of a person stand. Without a user there may be rows under the id alone: sessions, roles and metadata
/// need none.
fn keys(app: &Tenant, id: &str, user_ids: Vec<Uuid>) -> Keys {
    if user_ids.is_empty() {
        let ids = vec![id.to_owned()];
        return Keys { user_ids, ids };
    }
    // What is another's own id is not this one's, though a forced mapping may have made it so.
    let is_anothers = |text: &str| {
        account::parse_id(text).is_some_and(|id| {
            store::login_methods::exists(&app.app_id, id)
                || !personal_data::user_ids(&app.app_id, id).is_empty()
        })
    };
    let known = personal_data::ids(&app.app_id, &user_ids).into_iter();
    let ids = known.filter(|id| id.is_own || !is_anothers(&id.text));
    Keys {
        ids: ids.map(|id| id.text).collect(),
        user_ids,
    }
}

/// Everything that is kept about a person, but secrets: lists of rows by name, as the tables have them.
///
/// # Errors
/// [`Error::Keys`] when users that wait to be imported cannot be read.
pub fn export(app: &Tenant, user_id: &str) -> Result<Map<String, Value>> {
    let app_id = &app.app_id;
    let user_ids = user_of(app, user_id).map(|id| personal_data::user_ids(app_id, id));
    let keys = keys(app, user_id, user_ids.unwrap_or_default());
    let lists = personal_data::lists(app_id, &keys).into_iter();
    let mut data: Map<_, _> = lists.map(|(name, rows)| (name.to_owned(), rows)).collect();
    let contacts = personal_data::own_contacts(app_id, &keys.user_ids);
    let waiting = bulkimport::queued_about(app, &keys.ids, &emails(&contacts))?;
    data.insert(
        "imports".to_owned(),
        waiting.into_iter().map(|(_, user)| user).collect(),
    );
    Ok(data)
}

/// Deletes a user, what is kept under any of its ids, and what tells of it elsewhere. The audit log keeps what was done by
/// which id, and not who that was.
///
/// # Errors
/// [`Error::Invalid`] for the id that stands for administrators; [`Error::Keys`] as [`export`].
pub fn erase(app: &Tenant, user_id: &str) -> Result<()> {
    if account::parse_id(user_id) == Some(Uuid::nil()) {
        return Err(Error::invalid("argument \"user_id\" is nobody's id"));
    }
    let app_id = &app.app_id;
    // As whoever links does: nobody is linked meanwhile.
    store::tenants::lock_app(app_id);
    let head = user_of(app, user_id);
    let user_ids = head.map(|id| store::users::lock_with_linked(app_id, id));
    let keys = keys(app, user_id, user_ids.unwrap_or_default());
    let contacts = personal_data::own_contacts(app_id, &keys.user_ids);
    let queued = bulkimport::queued_about(app, &keys.ids, &emails(&contacts))?;
    let queued: Vec<_> = queued.into_iter().map(|(id, _)| id).collect();
    store::bulk_import_queue::delete(app_id, &queued);
    for OwnContact { tenant_id, contact } in &contacts {
        store::passwordless::delete_devices_of(app_id, std::slice::from_ref(tenant_id), contact);
        if let Some(email) = &contact.email {
            personal_data::delete_passkey_options(app_id, tenant_id, email);
        }
    }
    store::outbox::delete_of(&keys.user_ids);
    personal_data::blank_audit_log(app_id, &keys.ids);
    if let Some(id) = keys.user_ids.first() {
        users::delete(app, &id.to_string(), true);
    }
    users::delete_what_hangs_on(app_id, &keys.ids);
    Ok(())
}

fn emails(contacts: &[OwnContact]) -> Vec<&str> {
    let emails = contacts.iter().map(|own| own.contact.email.as_deref());
    emails.flatten().collect()
}
