//! The queue: users are checked and given ids when they are put in, and imported in the background.

use std::collections::BTreeMap;

use auth_core::bulk_import::{ImportUser, parse};
use serde_json::{Value, json};
use uuid::Uuid;

use super::prepare::{new_ids, prepare};
use super::{Known, write};
use crate::db::Time;
use crate::error::{Error, Result};
use crate::keyring::keyring;
use crate::recipes::account;
use crate::recipes::users::{decode_page_start, encode_page_start, limit_too_small};
use crate::store::bulk_import_queue::{self as rows, QueuedUser};
use crate::store::users::PageStart;
use crate::tenant::{self, Tenant};

/// How many users one call puts into the queue at most.
pub const MAX_QUEUED: usize = 10_000;
/// How many entries a page has at most.
const MAX_PAGE: i64 = 500;
/// How many entries one call removes at most.
const MAX_REMOVED: usize = 500;

/// A user in the queue, and the ids that its login methods will have.
pub struct Queued {
    pub user: ImportUser,
    pub ids: Vec<Uuid>,
}

impl Queued {
    fn id(&self) -> Uuid {
        self.ids[self.user.primary_index()]
    }
}

/// A user that cannot be queued: its place, and all that is wrong with it.
pub struct Faulty {
    pub index: usize,
    pub errors: Vec<String>,
}

/// Puts users into the queue: all, or, when something is wrong with some, none.
///
/// # Errors
/// [`Error::Invalid`] for more users than [`MAX_QUEUED`], [`Error::Keys`].
pub fn queue(
    app: &Tenant,
    users: &[Value],
) -> Result<std::result::Result<Vec<Queued>, Vec<Faulty>>> {
    let known = Known::of(app);
    let mut context = known.context(app);
    let (mut queued, mut faulty) = (Vec::with_capacity(users.len()), Vec::new());
    for (index, user) in users.iter().enumerate() {
        match parse(user, &mut context) {
            Ok(user) => {
                let ids = new_ids(app, &user)?;
                queued.push(Queued { user, ids });
            }
            Err(faults) => {
                let errors = faults.iter().map(ToString::to_string).collect();
                faulty.push(Faulty { index, errors });
            }
        }
    }
    if !faulty.is_empty() {
        return Ok(Err(faulty));
    }
    app.hold()?;
    let keyring = keyring()?;
    let now = Time::now();
    for entry in &queued {
        let stored = json!({"user": entry.user.to_stored(), "ids": entry.ids});
        let sealed = keyring.seal(&purpose(&app.app_id), stored.to_string().as_bytes());
        rows::insert(&app.app_id, entry.id(), &sealed, now);
    }
    Ok(Ok(queued))
}

/// What an entry is sealed for.
fn purpose(app_id: &str) -> String {
    format!("bulk-import/{app_id}")
}

/// The user of an entry, as the caller sent it, and its ids; or why it cannot be read.
///
/// # Errors
/// [`Error::Keys`] when there are no keys at all.
fn open(entry: &QueuedUser) -> Result<std::result::Result<(Value, Vec<Uuid>), String>> {
    let keyring = keyring()?;
    let read = || {
        let stored = keyring
            .open(&purpose(&entry.app_id), &entry.sealed_user)
            .map_err(|error| error.to_string())?;
        let mut stored: Value =
            serde_json::from_slice(&stored).map_err(|_| "the entry is no JSON")?;
        let ids =
            serde_json::from_value(stored["ids"].take()).map_err(|_| "the entry has no ids")?;
        Ok((stored["user"].take(), ids))
    };
    Ok(read())
}

/// An entry as callers see it.
pub struct Entry {
    pub row: QueuedUser,
    /// As it was sent, without passwords.
    pub user: Value,
}

/// A page of entries, and the token of the next one, if there is one.
pub struct Page {
    pub entries: Vec<Entry>,
    pub next: Option<String>,
}

/// The states that callers may ask for. An entry that is being imported shows as new until that is done.
const STATES: [&str; 3] = ["NEW", "PROCESSING", "FAILED"];

fn check_status(status: Option<&str>) -> Result<()> {
    match status {
        Some(status) if !STATES.contains(&status) => Err(Error::invalid(
            "Invalid value for status. Pass one of NEW, PROCESSING, or FAILED!",
        )),
        _ => Ok(()),
    }
}

/// Entries, newest first.
///
/// # Errors
/// [`Error::Invalid`] for a limit, a status or a token that is none; [`Error::Keys`].
pub fn list(
    app: &Tenant,
    status: Option<&str>,
    limit: i64,
    pagination_token: Option<&str>,
) -> Result<Page> {
    check_status(status)?;
    if limit > MAX_PAGE {
        return Err(Error::invalid(format!("Max limit allowed is {MAX_PAGE}")));
    }
    if limit < 1 {
        return Err(limit_too_small());
    }
    let start = pagination_token.map(decode_page_start).transpose()?;
    let start = start.map(|start| (start.time_joined, start.user_id));
    let mut found = rows::page(&app.app_id, status, start, limit + 1);
    let next = (found.len() as i64 > limit)
        .then(|| found.pop())
        .flatten()
        .map(|entry| {
            encode_page_start(PageStart {
                time_joined: entry.created_at,
                user_id: entry.id,
            })
        });
    let entries = found.into_iter().map(|row| {
        // One that cannot be read is shown all the same: somebody has to remove it.
        let mut user = open(&row)?.map_or_else(|_| json!({}), |(user, _)| user);
        remove_members(&mut user, "loginMethods", &["plainTextPassword"]);
        Ok(Entry { row, user })
    });
    let entries = entries.collect::<Result<_>>()?;
    Ok(Page { entries, next })
}

/// How many entries there are.
///
/// # Errors
/// [`Error::Invalid`] for a status that is none.
pub fn count(app: &Tenant, status: Option<&str>) -> Result<i64> {
    check_status(status)?;
    Ok(rows::count(&app.app_id, status))
}

/// Removes entries; of these ids, those that were there and those that were not.
///
/// # Errors
/// [`Error::Invalid`] for an empty id, or more of them than [`MAX_REMOVED`].
pub fn remove(app: &Tenant, ids: &[String]) -> Result<(Vec<String>, Vec<String>)> {
    if ids.len() > MAX_REMOVED {
        return Err(Error::invalid(format!(
            "Field name 'ids' cannot contain more than {MAX_REMOVED} elements"
        )));
    }
    if ids.iter().any(String::is_empty) {
        return Err(Error::invalid(
            "Field name 'ids' cannot contain an empty string",
        ));
    }
    let known: Vec<_> = ids.iter().filter_map(|id| account::parse_id(id)).collect();
    let deleted = rows::delete(&app.app_id, &known);
    let was_there = |id: &String| account::parse_id(id).is_some_and(|id| deleted.contains(&id));
    Ok(ids.iter().cloned().partition(was_there))
}

/// Removes members of all objects in a list.
fn remove_members(user: &mut Value, list: &str, names: &[&str]) {
    for item in user[list].as_array_mut().into_iter().flatten() {
        if let Some(item) = item.as_object_mut() {
            item.retain(|name, _| !names.contains(&name.as_str()));
        }
    }
}

/// The entries of an app that are to become a user with one of these ids from another system, or one of these addresses:
/// their ids, and the users, without secrets. What cannot be read is left out.
///
/// # Errors
/// [`Error::Keys`] when there are no keys at all.
pub fn queued_about(
    app: &Tenant,
    external_ids: &[String],
    emails: &[&str],
) -> Result<Vec<(Uuid, Value)>> {
    let mut found = Vec::new();
    for row in rows::page(&app.app_id, None, None, i64::MAX) {
        let Ok((mut user, _)) = open(&row)? else {
            continue;
        };
        let external_id = user["externalUserId"].as_str();
        let methods = user["loginMethods"].as_array().into_iter().flatten();
        let mut addresses = methods.filter_map(|method| method["email"].as_str());
        if external_id.is_some_and(|id| external_ids.iter().any(|known| known == id))
            || addresses.any(|email| emails.contains(&email))
        {
            remove_members(
                &mut user,
                "loginMethods",
                &["plainTextPassword", "passwordHash"],
            );
            remove_members(&mut user, "totpDevices", &["secretKey"]);
            found.push((row.id, user));
        }
    }
    Ok(found)
}

/// What a round of work has done.
pub struct Progress {
    pub imported: usize,
    pub failed: usize,
    /// Whether there may be more to do.
    pub more: bool,
}

/// Imports at most `limit` users from the queue, of all apps. Several callers share the work.
///
/// # Errors
/// [`Error::Busy`] while too many passwords are being hashed, [`Error::Keys`]; nothing is done then.
pub fn import_queued(limit: i64) -> Result<Progress> {
    let taken = rows::take(limit);
    let more = taken.len() as i64 == limit;
    // In one order, as apps are locked.
    let mut by_app: BTreeMap<String, Vec<QueuedUser>> = BTreeMap::new();
    for entry in taken {
        by_app.entry(entry.app_id.clone()).or_default().push(entry);
    }
    let (mut imported, mut failed) = (0, 0);
    for (app_id, entries) in by_app {
        let app = tenant::find_app(&app_id)?;
        let known = Known::of(&app);
        let mut prepared = Vec::new();
        let mut refused = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let (user, ids) = match open(entry)? {
                Ok(opened) => opened,
                Err(unreadable) => {
                    refused.push((index, vec![unreadable]));
                    continue;
                }
            };
            // Roles and tenants may have gone since. Each had its own request, as far as external ids go.
            match parse(&user, &mut known.context(&app)) {
                Ok(user) => match prepare(&app, index, user, Some(ids))? {
                    Ok(ready) => prepared.push(ready),
                    Err(errors) => refused.push((index, errors)),
                },
                Err(faults) => {
                    refused.push((index, faults.iter().map(ToString::to_string).collect()));
                }
            }
        }
        let mut done = Vec::new();
        for (index, outcome) in write(&app, &prepared) {
            match outcome {
                Ok(_) => done.push(entries[index].id),
                Err(errors) => refused.push((index, errors)),
            }
        }
        rows::delete(&app_id, &done);
        for (index, errors) in &refused {
            rows::set_failed(entries[*index].id, &errors.join(" "), Time::now());
        }
        imported += done.len();
        failed += refused.len();
    }
    Ok(Progress {
        imported,
        failed,
        more,
    })
}
