//! What an application's server keeps about its users (CDI, "UserMetadata"). Ids are used exactly as given, known as
//! users or not.

use std::collections::HashMap;

use auth_core::normalise::{self, MAX_KEY};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::store;
use crate::tenant::Tenant;

/// How many users [`get_many`] looks up at most.
const MAX_USERS: usize = 500;

/// The metadata of a user; empty for one that has none.
pub fn get(app: &Tenant, user_id: &str) -> Value {
    store::user_metadata::find(&app.app_id, user_id).unwrap_or_else(|| Value::Object(Map::new()))
}

/// The metadata of several users, in the order of the ids; `None` for those that have none.
///
/// # Errors
/// [`Error::Invalid`] for more than 500 ids.
pub fn get_many(app: &Tenant, user_ids: &[String]) -> Result<Vec<Option<Value>>> {
    if user_ids.len() > MAX_USERS {
        return Err(Error::invalid(format!(
            "You can only query up to {MAX_USERS} users at a time."
        )));
    }
    let found: HashMap<_, _> = store::user_metadata::find_many(&app.app_id, user_ids)
        .into_iter()
        .collect();
    Ok(user_ids.iter().map(|id| found.get(id).cloned()).collect())
}

/// Merges `update` into the metadata at its top level: null removes a member, anything else replaces it; the outcome.
///
/// # Errors
/// [`Error::Invalid`] for an id that is too long.
pub fn update(app: &Tenant, user_id: &str, update: Map<String, Value>) -> Result<Value> {
    normalise::check_length("userId", user_id, MAX_KEY)?;
    app.hold()?;
    let (unset, set): (Map<_, _>, Map<_, _>) =
        update.into_iter().partition(|(_, value)| value.is_null());
    let unset: Vec<String> = unset.into_iter().map(|(name, _)| name).collect();
    Ok(store::user_metadata::merge(
        &app.app_id,
        user_id,
        &Value::Object(set),
        &unset,
    ))
}

/// Removes all metadata of a user.
pub fn remove(app: &Tenant, user_id: &str) {
    store::user_metadata::delete(&app.app_id, user_id);
}
