//! Users on their way in from another system: what a caller sends for one of them, checked and typed (CDI reference,
//! section 3.14, "Bulk import: one user object").
//!
//! [`parse`] finds everything that can be known to be wrong without a look at the users that exist, and says it all at
//! once: whoever imports a million users wants to repair a file once.

mod fault;
mod fields;
mod login_method;
mod secret;
mod user;

pub use fault::Fault;
pub use login_method::{LoginMethod, Password, Recipe};
pub use secret::Secret;
pub use user::{ImportUser, TotpDevice, UserRole, parse};

use std::collections::HashSet;

use crate::normalise::{self, PUBLIC};

/// What a user is checked against. One serves all users of a request, since no two of them may have the same external id.
pub struct Context<'a> {
    /// The tenants of the app, in normal form. The public one need not be among them.
    pub tenants: &'a HashSet<String>,
    /// The roles of the app.
    pub roles: &'a HashSet<String>,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
    /// The setting `firebase_password_hashing_signer_key`, without which no hash of Firebase's is taken.
    pub firebase_signer_key: Option<&'a str>,
    /// The external ids of the users read so far, faulty ones too.
    external_ids: HashSet<&'a str>,
}

impl<'a> Context<'a> {
    /// For the users of a new request.
    pub fn new(
        tenants: &'a HashSet<String>,
        roles: &'a HashSet<String>,
        now_ms: i64,
        firebase_signer_key: Option<&'a str>,
    ) -> Self {
        Self {
            tenants,
            roles,
            now_ms,
            firebase_signer_key,
            external_ids: HashSet::new(),
        }
    }

    /// The tenants that `given` names, each once. Those that do not exist are left out and become the faults that
    /// `unknown` makes of them.
    fn tenant_ids(
        &self,
        given: &[&str],
        faults: &mut Vec<Fault>,
        unknown: impl Fn(&str) -> Fault,
    ) -> Vec<String> {
        let mut ids = Vec::with_capacity(given.len());
        for text in given {
            let id = normalise::tenant_id(text)
                .ok()
                .filter(|id| id == PUBLIC || self.tenants.contains(id));
            match id {
                Some(id) if ids.contains(&id) => {}
                Some(id) => ids.push(id),
                None => faults.push(unknown(text)),
            }
        }
        ids
    }
}

#[cfg(test)]
mod tests;
