//! Login methods as the GoTrue door sees them: identities, and the password of a user.

use serde_json::Value;
use uuid::Uuid;

use super::users::Recipe;
use super::verified_emails::is_of_method;
use crate::db::{self, Row, Time};

/// A login method of a user.
#[derive(Debug, Clone)]
pub struct MethodRow {
    pub id: Uuid,
    pub recipe: Recipe,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Provider and the user's id there.
    pub third_party: Option<(String, String)>,
    pub password_hash: Option<String>,
    pub identity_data: Value,
    pub created_at: Time,
    /// Whether its address was verified.
    pub email_is_verified: bool,
}

impl MethodRow {
    /// Whether an address or a number, in the form in which it is stored, is its.
    pub fn has(&self, address: &str) -> bool {
        [&self.email, &self.phone]
            .map(Option::as_deref)
            .contains(&Some(address))
    }

    fn read(row: &Row) -> Self {
        let recipe = row.text(2);
        Self {
            id: row.uuid(1),
            recipe: Recipe::from_name(&recipe).expect("the table allows known recipes alone"),
            email: row.text_opt(3),
            phone: row.text_opt(4),
            third_party: row.text_opt(5).zip(row.text_opt(6)),
            password_hash: row.text_opt(7).filter(|hash| !hash.is_empty()),
            identity_data: row.json(8),
            created_at: row.time(9),
            email_is_verified: row.bool(10),
        }
    }
}

/// The login methods of a user, oldest first.
pub fn methods_of(app_id: &str, user_id: Uuid) -> Vec<MethodRow> {
    db::query(
        concat!(
            "SELECT m.id, m.recipe, m.email, m.phone, m.third_party_id, m.third_party_user_id, m.password_hash,
                m.identity_data, m.time_joined,
                coalesce((SELECT true FROM auth.verified_emails v
                          WHERE v.app_id = $1 AND v.email = m.email AND ",
            is_of_method!("m.id"),
            "), false)
         FROM auth.login_methods m WHERE m.user_id = $2 AND m.app_id = $1 ORDER BY m.time_joined, m.email IS NULL, m.id"),
        &[app_id.into(), user_id.into()],
        MethodRow::read,
    )
}

/// A login method that is about to be made for a user who is there. Values are normalised.
pub struct NewMethod<'a> {
    pub id: Uuid,
    pub recipe: Recipe,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    /// Provider and the user's id there.
    pub third_party: Option<(&'a str, &'a str)>,
    pub password_hash: Option<&'a str>,
    pub identity_data: &'a Value,
}

/// Gives a user a login method in a tenant; `false` when what must be unique is taken.
pub fn insert(app_id: &str, tenant_id: &str, user_id: Uuid, method: &NewMethod, now: Time) -> bool {
    db::execute(
        "WITH claim AS (
             INSERT INTO auth.login_method_tenants
                 (app_id, tenant_id, login_method_id, user_id, user_time_joined, recipe, email, phone,
                  third_party_id, third_party_user_id)
             SELECT $1, $2, $4, u.id, u.time_joined, $5, $6, $7, $11, $12 FROM auth.users u WHERE u.id = $3
             ON CONFLICT DO NOTHING RETURNING login_method_id)
         INSERT INTO auth.login_methods (id, user_id, app_id, recipe, email, phone, password_hash, identity_data,
             time_joined, third_party_id, third_party_user_id)
         SELECT $4, $3, $1, $5, $6, $7, $8, $9, $10, $11, $12 FROM claim",
        &[
            app_id.into(),
            tenant_id.into(),
            user_id.into(),
            method.id.into(),
            method.recipe.name().into(),
            method.email.into(),
            method.phone.into(),
            method.password_hash.into(),
            method.identity_data.into(),
            now.into(),
            method.third_party.map(|(provider, _)| provider).into(),
            method.third_party.map(|(_, id)| id).into(),
        ],
    ) == 1
}

/// Replaces what a provider said of the user.
pub fn set_data(id: Uuid, data: &Value) {
    db::execute(
        "UPDATE auth.login_methods SET identity_data = $2 WHERE id = $1",
        &[id.into(), data.into()],
    );
}

/// Takes a password away, where one is not needed.
pub fn clear_password(id: Uuid) {
    db::execute(
        "UPDATE auth.login_methods SET password_hash = NULL WHERE id = $1 AND recipe <> 'emailpassword'",
        &[id.into()],
    );
}
