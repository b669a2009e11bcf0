//! Many users from another system at once (CDI, "Bulk import").
//!
//! Each user is imported whole or not at all, and one that cannot be stands in nobody's way. Rows are written for a
//! batch at a time: a statement for each user would take most of the time.

mod batch;
mod prepare;
mod queue;

use std::collections::HashSet;

use auth_core::bulk_import::{Context, parse};
use serde_json::Value;
use uuid::Uuid;

use self::batch::import_batch;
use self::prepare::{Prepared, prepare};
pub use self::queue::{Entry, MAX_QUEUED, Queued, count, import_queued, list, queue, remove};
use crate::db::Time;
use crate::error::Result;
use crate::store;
use crate::tenant::{self, Tenant};

/// How many users are written at once.
const BATCH: usize = 1000;

/// The id of a new user, or everything that is wrong with what was to become one.
pub type Outcome = std::result::Result<Uuid, Vec<String>>;

/// The tenants and roles of an app, which users to be imported may name.
struct Known {
    tenants: HashSet<String>,
    roles: HashSet<String>,
}

impl Known {
    fn of(app: &Tenant) -> Self {
        let tenants = store::tenants::list(&app.app_id);
        Self {
            tenants: tenants.into_iter().map(|tenant| tenant.id).collect(),
            roles: store::roles::list(&app.app_id).into_iter().collect(),
        }
    }

    fn context<'a>(&'a self, app: &'a Tenant) -> Context<'a> {
        let signer_key = app.settings.firebase_signer_key();
        Context::new(&self.tenants, &self.roles, Time::now().0, signer_key)
    }
}

/// Imports users; for each, in their order, what came of it.
///
/// # Errors
/// [`crate::error::Error::Busy`] while too many passwords are being hashed, [`crate::error::Error::Keys`]; nothing is
/// imported then.
pub fn import(app: &Tenant, users: &[Value]) -> Result<Vec<Outcome>> {
    let known = Known::of(app);
    let mut context = known.context(app);
    let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(users.len());
    let mut prepared = Vec::new();
    for (index, user) in users.iter().enumerate() {
        let ready = match parse(user, &mut context) {
            Ok(user) => prepare(app, index, user, None)?,
            Err(faults) => Err(faults.iter().map(ToString::to_string).collect()),
        };
        outcomes.push(match ready {
            Ok(ready) => {
                prepared.push(ready);
                None
            }
            Err(errors) => Some(Err(errors)),
        });
    }
    for (index, outcome) in write(app, &prepared)? {
        outcomes[index] = Some(outcome);
    }
    let outcomes = outcomes.into_iter();
    Ok(outcomes
        .map(|outcome| outcome.expect("each user was refused or written"))
        .collect())
}

/// Writes users batch by batch; what came of each.
fn write(app: &Tenant, users: &[Prepared]) -> Result<Vec<(usize, Outcome)>> {
    let mut tenant_ids: Vec<_> = users.iter().flat_map(Prepared::tenant_ids).collect();
    tenant_ids.sort_unstable();
    tenant_ids.dedup();
    for tenant_id in tenant_ids {
        tenant::find(&app.app_id, tenant_id)?.hold()?;
    }
    let mut outcomes = Vec::with_capacity(users.len());
    for users in users.chunks(BATCH) {
        import_batch(&app.app_id, users.iter().collect(), &mut outcomes);
    }
    Ok(outcomes)
}
