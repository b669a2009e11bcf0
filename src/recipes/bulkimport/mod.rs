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
pub use self::queue::{
    Entry, MAX_QUEUED, Queued, count, import_queued, list, queue, queued_about, remove,
};
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
    for (index, outcome) in write(app, &prepared) {
        outcomes[index] = Some(outcome);
    }
    let outcomes = outcomes.into_iter();
    Ok(outcomes
        .map(|outcome| outcome.expect("each user was refused or written"))
        .collect())
}

/// Writes users batch by batch; what came of each.
fn write(app: &Tenant, users: &[Prepared]) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::with_capacity(users.len());
    if users.is_empty() {
        return outcomes;
    }
    let held = Held::new(app, users);
    store::bulk_import::lock_app(&app.app_id);
    let mut ready = Vec::with_capacity(users.len());
    for user in users {
        match held.missing(user) {
            None => ready.push(user),
            Some(error) => outcomes.push((user.index, Err(vec![error]))),
        }
    }
    for users in ready.chunks(BATCH) {
        import_batch(&app.app_id, users.to_vec(), &mut outcomes);
        store::bulk_import::count_if_grown();
    }
    outcomes
}

/// Tenants and roles that stay until the transaction ends.
struct Held {
    tenants: HashSet<String>,
    roles: HashSet<String>,
}

impl Held {
    /// Holds what the users name; some of it may be gone since they were checked.
    fn new(app: &Tenant, users: &[Prepared]) -> Self {
        let mut tenants: Vec<_> = users.iter().flat_map(Prepared::tenant_ids).collect();
        tenants.sort_unstable();
        tenants.dedup();
        tenants.retain(|id| tenant::find(&app.app_id, id).is_ok_and(|found| found.hold().is_ok()));
        let roles = users.iter().flat_map(|user| &user.user.user_roles);
        let roles: HashSet<_> = roles.map(|role| role.role.clone()).collect();
        let roles: Vec<_> = roles.into_iter().collect();
        Self {
            tenants: tenants.into_iter().map(str::to_owned).collect(),
            roles: store::roles::hold(&app.app_id, &roles)
                .into_iter()
                .collect(),
        }
    }

    /// What is said of a user that names something which is gone.
    fn missing(&self, user: &Prepared) -> Option<String> {
        if let Some(id) = user.tenant_ids().find(|id| !self.tenants.contains(*id)) {
            return Some(format!("Invalid tenantId: {id}."));
        }
        let mut roles = user.user.user_roles.iter();
        roles.any(|role| !self.roles.contains(&role.role)).then(|| {
            "E034: Role does not exist! You need to pre-create the role before assigning it to the user."
                .to_owned()
        })
    }
}
