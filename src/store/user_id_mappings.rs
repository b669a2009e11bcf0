//! `user_id_mappings`.

use uuid::Uuid;

use crate::db::{self, Row};

/// A mapping.
pub struct Mapping {
    pub user_id: Uuid,
    pub external_id: String,
    pub external_info: Option<String>,
}

impl Mapping {
    fn read(row: &Row) -> Self {
        Self {
            user_id: row.uuid(1),
            external_id: row.text(2),
            external_info: row.text_opt(3),
        }
    }
}

/// Makes a mapping; `false` when the user or the external id has one.
pub fn insert(app_id: &str, mapping: &Mapping) -> bool {
    db::execute(
        "INSERT INTO auth.user_id_mappings (user_id, app_id, external_id, external_info)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &[
            mapping.user_id.into(),
            app_id.into(),
            (&mapping.external_id).into(),
            mapping.external_info.as_deref().into(),
        ],
    ) == 1
}

pub fn of_user(app_id: &str, user_id: Uuid) -> Option<Mapping> {
    db::query_opt(
        "SELECT user_id, external_id, external_info FROM auth.user_id_mappings
         WHERE user_id = $1 AND app_id = $2",
        &[user_id.into(), app_id.into()],
        Mapping::read,
    )
}

pub fn of_external_id(app_id: &str, external_id: &str) -> Option<Mapping> {
    db::query_opt(
        "SELECT user_id, external_id, external_info FROM auth.user_id_mappings
         WHERE app_id = $1 AND external_id = $2",
        &[app_id.into(), external_id.into()],
        Mapping::read,
    )
}

pub fn set_info(user_id: Uuid, external_info: Option<&str>) {
    db::execute(
        "UPDATE auth.user_id_mappings SET external_info = $2 WHERE user_id = $1",
        &[user_id.into(), external_info.into()],
    );
}

/// Removes a mapping; whether it was there.
pub fn delete(user_id: Uuid) -> bool {
    db::execute(
        "DELETE FROM auth.user_id_mappings WHERE user_id = $1",
        &[user_id.into()],
    ) == 1
}

/// The recipes that keep rows under an id exactly as it is written, by the names that callers are told, in the order
/// in which they are told.
pub fn recipes_using(app_id: &str, id: &str) -> Vec<String> {
    db::query(
        "SELECT recipe FROM (VALUES
             (1, 'Session', EXISTS (SELECT FROM auth.sessions WHERE app_id = $1 AND subject = $2)),
             (2, 'UserMetadata', EXISTS (SELECT FROM auth.user_metadata WHERE app_id = $1 AND user_id = $2)),
             (3, 'UserRoles', EXISTS (SELECT FROM auth.user_roles WHERE app_id = $1 AND user_id = $2)),
             (4, 'EmailVerification',
                 EXISTS (SELECT FROM auth.verified_emails WHERE app_id = $1 AND user_id = $2)
                 OR EXISTS (SELECT FROM auth.one_time_tokens
                            WHERE app_id = $1 AND kind = 'email_verification' AND subject = $2)),
             (5, 'TOTP', EXISTS (SELECT FROM auth.totp_devices WHERE app_id = $1 AND user_id = $2)
                 OR EXISTS (SELECT FROM auth.totp_attempts WHERE app_id = $1 AND user_id = $2))
         ) AS used (position, recipe, is_used) WHERE is_used ORDER BY position",
        &[app_id.into(), id.into()],
        |row| row.text(1),
    )
}

/// Gives what is noted of verified addresses another id.
pub fn rekey_email_verification(app_id: &str, old: &str, new: &str) {
    db::execute(
        "WITH moved AS (DELETE FROM auth.verified_emails WHERE app_id = $1 AND user_id = $2
                        RETURNING email, verified_at)
         INSERT INTO auth.verified_emails (app_id, user_id, email, verified_at)
         SELECT $1, $3, email, verified_at FROM moved ON CONFLICT DO NOTHING",
        &[app_id.into(), old.into(), new.into()],
    );
    db::execute(
        "UPDATE auth.one_time_tokens SET subject = $3
         WHERE app_id = $1 AND kind = 'email_verification' AND subject = $2",
        &[app_id.into(), old.into(), new.into()],
    );
}
