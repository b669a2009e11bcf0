//! Everything about one person: to hand it out, and to take it away (GDPR, articles 15, 17 and 20).

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{account, outbox, users};
use crate::error::Result;
use crate::store;
use crate::store::personal_data::{self, Keys};
use crate::tenant::Tenant;

/// A person, as far as somebody's id leads: a user, or nobody but the id. Sessions, roles and metadata need no user.
struct Person {
    user_id: Option<Uuid>,
    keys: Keys,
}

fn find(app: &Tenant, id: &str) -> Person {
    let app_id = &app.app_id;
    // One without a login method is no user of theirs, but one of ours.
    let wanted = account::find_user_id(app, id).or_else(|| account::parse_id(id));
    let found = wanted.map(|id| personal_data::user_ids(app_id, id));
    let user_ids = found.unwrap_or_default();
    if user_ids.is_empty() {
        let ids = vec![id.to_owned()];
        let keys = Keys {
            addresses: personal_data::addresses(app_id, &[], &ids),
            ids,
            user_ids,
        };
        return Person {
            user_id: None,
            keys,
        };
    }
    // What is another's own id is not this one's, though a forced mapping may have made it so.
    let is_anothers = |text: &str| {
        account::parse_id(text).is_some_and(|id| store::login_methods::exists(app_id, id))
    };
    let known = personal_data::ids(app_id, &user_ids).into_iter();
    let ids: Vec<_> = known
        .filter(|id| id.is_own || !is_anothers(&id.text))
        .map(|id| id.text)
        .collect();
    Person {
        user_id: wanted,
        keys: Keys {
            addresses: personal_data::addresses(app_id, &user_ids, &ids),
            user_ids,
            ids,
        },
    }
}

/// Everything that is kept about a person, but secrets: lists of rows by name, as the tables have them.
///
/// # Errors
/// [`crate::error::Error::Keys`] when messages that wait cannot be read.
pub fn export(app: &Tenant, user_id: &str) -> Result<Map<String, Value>> {
    let person = find(app, user_id);
    let lists = personal_data::lists(&app.app_id, &person.keys).into_iter();
    let mut data: Map<_, _> = lists.map(|(name, rows)| (name.to_owned(), rows)).collect();
    let messages = outbox::about(app, &names_of(&person.keys))?;
    data.insert("messages".to_owned(), personal_data::messages(&messages));
    Ok(data)
}

/// Deletes a user, what is kept under any of its ids, and what tells of it elsewhere. The audit log keeps what was done by
/// which id, and not who that was.
///
/// # Errors
/// [`crate::error::Error::Keys`] when messages that wait cannot be read.
pub fn erase(app: &Tenant, user_id: &str) -> Result<()> {
    let app_id = &app.app_id;
    let person = loop {
        let held = find(app, user_id).keys.user_ids;
        store::users::lock(&held);
        let person = find(app, user_id);
        // Unless it was linked to another while we waited.
        if person.keys.user_ids == held {
            break person;
        }
    };
    let keys = &person.keys;
    for message in outbox::about(app, &names_of(keys))? {
        store::outbox::delete(message);
    }
    personal_data::blank_audit_log(app_id, &keys.ids);
    personal_data::delete_begun(app_id, &keys.addresses);
    if let Some(id) = person.user_id {
        users::delete(app, &id.to_string(), true);
    }
    users::delete_what_hangs_on(app_id, &keys.ids);
    Ok(())
}

fn names_of(keys: &Keys) -> Vec<&str> {
    let names = keys.ids.iter().chain(&keys.addresses);
    names.map(String::as_str).collect()
}
