//! Ending sessions, and listing those of a user (CDI, "Remove" and "List").

use std::collections::BTreeSet;

use super::{Handle, locate};
use crate::db::Time;
use crate::error::Result;
use crate::recipes::account;
use crate::store;
use crate::tenant::Tenant;

/// Ends the sessions of these handles; those that were there, expired ones included.
///
/// # Errors
/// [`crate::error::Error::TenantNotFound`] when a handle names an unknown tenant.
pub fn revoke(app: &Tenant, handles: &[String]) -> Result<Vec<String>> {
    let mut located = Vec::new();
    for text in handles {
        located.extend(locate(app, text)?.map(|(handle, _)| (text, handle)));
    }
    let ids: Vec<_> = located.iter().map(|(_, handle)| handle.id).collect();
    store::sessions::lock(&app.app_id, &ids);
    // In an order of their own, for the same reason.
    let mut subjects = BTreeSet::new();
    let mut revoked = Vec::new();
    for (text, handle) in located {
        let subject = store::sessions::delete(&app.app_id, &handle.tenant_id, handle.id);
        if let Some(subject) = subject {
            subjects.insert(subject);
            revoked.push(text.clone());
        }
    }
    for subject in subjects {
        mark_active(app, &subject);
    }
    Ok(revoked)
}

/// Which sessions of a user are meant.
pub struct Selection<'a> {
    pub user_id: &'a str,
    /// Only those opened in this tenant.
    pub tenant_id: Option<&'a str>,
    /// Also those of the user's other login methods.
    pub all_linked: bool,
}

impl Selection<'_> {
    /// The subjects whose sessions these are.
    fn subjects(&self, app: &Tenant) -> Vec<String> {
        let mut subjects = vec![self.user_id.to_owned()];
        if self.all_linked
            && let Some(id) = account::find_user_id(app, self.user_id)
            && let Some(user) = store::users::load(&app.app_id, &[id]).pop()
        {
            subjects.extend(user.all_ids());
            subjects.sort_unstable();
            subjects.dedup();
        }
        subjects
    }
}

/// Ends the sessions of a user that have not expired; their handles.
pub fn revoke_all(app: &Tenant, selection: &Selection) -> Vec<String> {
    let subjects = selection.subjects(app);
    let (tenant_id, now) = (selection.tenant_id, Time::now());
    let revoked = store::sessions::delete_live_of(&app.app_id, &subjects, tenant_id, now);
    if !revoked.is_empty() {
        mark_active(app, selection.user_id);
    }
    handles(revoked)
}

/// The handles of a user's sessions that have not expired.
pub fn list(app: &Tenant, selection: &Selection) -> Vec<String> {
    let subjects = selection.subjects(app);
    handles(store::sessions::list_of(
        &app.app_id,
        &subjects,
        selection.tenant_id,
        Time::now(),
    ))
}

fn handles(sessions: Vec<(uuid::Uuid, String)>) -> Vec<String> {
    let text = |(id, tenant_id)| Handle { id, tenant_id }.to_string();
    sessions.into_iter().map(text).collect()
}

fn mark_active(app: &Tenant, subject: &str) {
    let user_id = account::find_user_id(app, subject);
    let user_id = user_id.map_or_else(|| subject.to_owned(), |id| id.to_string());
    store::active_users::mark(&app.app_id, &user_id, Time::now());
}
