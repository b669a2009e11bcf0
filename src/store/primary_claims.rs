//! `primary_claims`: what a primary user holds in each tenant, which no other primary user can have there.

use uuid::Uuid;

use super::login_methods::Contact;
use crate::db::{self, Row};

/// What a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ThirdParty,
    Email,
    Phone,
}

/// Another primary user holds what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    pub kind: Kind,
    pub holder: Uuid,
}

impl Conflict {
    fn read(row: &Row) -> Self {
        let kind = match row.text(1).as_str() {
            "email" => Kind::Email,
            "phone" => Kind::Phone,
            _ => Kind::ThirdParty,
        };
        Self {
            kind,
            holder: row.uuid(2),
        }
    }
}

/// All account info of the users `$2`, in all of their tenants and those of `$3`, and further account info of `$4` and
/// `$5`. Third parties come first, as in the answers of SuperTokens' core.
macro_rules! wanted {
    ($rest:literal) => {
        concat!(
            "WITH info AS (
                 SELECT DISTINCT i.position, i.kind, i.value FROM (
                     SELECT 1, 'third_party', m.third_party_id || '::' || m.third_party_user_id
                     FROM auth.login_methods m WHERE m.user_id = ANY ($2) AND m.third_party_id IS NOT NULL
                     UNION ALL SELECT 2, 'email', m.email FROM auth.login_methods m WHERE m.user_id = ANY ($2)
                     UNION ALL SELECT 3, 'phone', m.phone FROM auth.login_methods m WHERE m.user_id = ANY ($2)
                     UNION ALL SELECT 2, 'email', $4
                     UNION ALL SELECT 3, 'phone', $5
                 ) AS i (position, kind, value) WHERE i.value IS NOT NULL),
             place AS (
                 SELECT t.tenant_id FROM auth.login_method_tenants t WHERE t.user_id = ANY ($2)
                 UNION SELECT unnest($3)),
             wanted AS (SELECT info.position, place.tenant_id, info.kind, info.value FROM info, place) ",
            $rest
        )
    };
}

/// What a group would hold.
pub struct Wanted<'a> {
    /// The users whose login methods make the group up.
    pub users: &'a [Uuid],
    /// Tenants that are about to be added.
    pub tenants: &'a [String],
    /// Addresses and numbers that are about to be added.
    pub contact: &'a Contact,
}

impl Wanted<'_> {
    fn params<'a>(&'a self, app_id: &'a str, holder: Uuid) -> [db::Param<'a>; 6] {
        [
            app_id.into(),
            self.users.into(),
            self.tenants.into(),
            self.contact.email.as_deref().into(),
            self.contact.phone.as_deref().into(),
            holder.into(),
        ]
    }
}

/// Whether a user other than `holder` holds any of this.
pub fn conflict(app_id: &str, holder: Uuid, wanted: &Wanted) -> Option<Conflict> {
    db::query_opt(
        wanted!(
            "SELECT w.kind, c.user_id FROM wanted w CROSS JOIN LATERAL (
                 SELECT h.user_id FROM auth.primary_claims h
                 WHERE h.app_id = $1 AND h.tenant_id = w.tenant_id AND h.kind = w.kind AND h.value = w.value
                 OFFSET 0) AS c
             WHERE c.user_id <> $6 ORDER BY w.position, w.tenant_id, w.value LIMIT 1"
        ),
        &wanted.params(app_id, holder),
        Conflict::read,
    )
}

/// Claims all of this for `holder`; waits for others who are about to claim or to release some of it. On a conflict
/// nothing stays claimed that was not before.
///
/// # Errors
/// [`Conflict`].
pub fn claim(app_id: &str, holder: Uuid, wanted: &Wanted) -> Result<(), Conflict> {
    if let Some(conflict) = conflict(app_id, holder, wanted) {
        return Err(conflict);
    }
    // In one order, so that two who want the same wait for one another instead of deadlocking.
    db::execute(
        wanted!(
            "INSERT INTO auth.primary_claims (app_id, tenant_id, kind, value, user_id)
             SELECT $1, w.tenant_id, w.kind, w.value, $6 FROM wanted w ORDER BY 2, 3, 4
             ON CONFLICT DO NOTHING"
        ),
        &wanted.params(app_id, holder),
    );
    match conflict(app_id, holder, wanted) {
        None => Ok(()),
        Some(conflict) => {
            release_unused(app_id, holder);
            Err(conflict)
        }
    }
}

/// Releases what a user holds and none of its login methods has; all of it when it is no primary user.
pub fn release_unused(app_id: &str, holder: Uuid) {
    let nothing = Wanted {
        users: &[holder],
        tenants: &[],
        contact: &Contact::default(),
    };
    db::execute(
        wanted!(
            "DELETE FROM auth.primary_claims c WHERE c.app_id = $1 AND c.user_id = $6 AND NOT (
                 EXISTS (SELECT FROM auth.users u WHERE u.id = $6 AND u.is_primary)
                 AND EXISTS (SELECT FROM wanted w
                             WHERE w.tenant_id = c.tenant_id AND w.kind = c.kind AND w.value = c.value))"
        ),
        &nothing.params(app_id, holder),
    );
}
