//! `verified_emails`.

use crate::db;

pub fn insert(app_id: &str, user_id: &str, email: &str) {
    db::execute(
        "INSERT INTO auth.verified_emails (app_id, user_id, email) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        &[app_id.into(), user_id.into(), email.into()],
    );
}
