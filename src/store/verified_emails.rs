//! `verified_emails`.

use crate::db;

/// Whether a row `v` of the table is about the login method of an SQL expression: rows are kept under the id that callers
/// know it by.
macro_rules! is_of_method {
    ($id:literal) => {
        concat!(
            "v.user_id = coalesce((SELECT k.external_id FROM auth.user_id_mappings k WHERE k.user_id = ",
            $id,
            "), ",
            $id,
            "::text)"
        )
    };
}
pub(super) use is_of_method;

pub fn insert(app_id: &str, user_id: &str, email: &str) {
    db::execute(
        "INSERT INTO auth.verified_emails (app_id, user_id, email) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        &[app_id.into(), user_id.into(), email.into()],
    );
}

pub fn exists(app_id: &str, user_id: &str, email: &str) -> bool {
    db::query_opt(
        "SELECT true FROM auth.verified_emails WHERE app_id = $1 AND user_id = $2 AND email = $3",
        &[app_id.into(), user_id.into(), email.into()],
        |_| (),
    )
    .is_some()
}

pub fn delete(app_id: &str, user_id: &str, email: &str) {
    db::execute(
        "DELETE FROM auth.verified_emails WHERE app_id = $1 AND user_id = $2 AND email = $3",
        &[app_id.into(), user_id.into(), email.into()],
    );
}
