//! `login_methods` and `login_method_tenants`: ways to sign in, and the keys that must be unique in each tenant.

use uuid::Uuid;

use super::users::Recipe;
use crate::db::{self, Row, Time};
use crate::tenant::Tenant;

/// A login method that is about to be made. Values are normalised.
pub struct NewLogin<'a> {
    pub id: Uuid,
    pub recipe: Recipe,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    /// Provider and the user's id there.
    pub third_party: Option<(&'a str, &'a str)>,
    pub password_hash: Option<&'a str>,
}

/// Makes a user with one login method of the same id; `false` when what must be unique is taken. It gets audience and role
/// as the tenant's settings have them, so that the GoTrue door knows it.
pub fn insert_with_user(tenant: &Tenant, login: &NewLogin, now: Time) -> bool {
    // The row with the unique keys comes first and the others follow from it. Foreign keys are looked at when
    // the statement ends.
    db::execute(
        "WITH claim AS (
             INSERT INTO auth.login_method_tenants
                 (app_id, tenant_id, login_method_id, user_id, user_time_joined, recipe, email, phone,
                  third_party_id, third_party_user_id)
             VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT DO NOTHING RETURNING login_method_id),
         new_user AS (
             INSERT INTO auth.users (id, app_id, aud, role, email, phone, time_joined)
             SELECT $3, $1, $11, $12, $6, $7, $4 FROM claim)
         INSERT INTO auth.login_methods (id, user_id, app_id, recipe, email, phone, third_party_id,
             third_party_user_id, password_hash, time_joined)
         SELECT $3, $3, $1, $5, $6, $7, $8, $9, $10, $4 FROM claim",
        &[
            (&tenant.app_id).into(),
            tenant.id().into(),
            login.id.into(),
            now.into(),
            login.recipe.name().into(),
            login.email.into(),
            login.phone.into(),
            login.third_party.map(|(provider, _)| provider).into(),
            login.third_party.map(|(_, id)| id).into(),
            login.password_hash.into(),
            tenant.settings.jwt_aud().into(),
            tenant.settings.jwt_default_group_name().into(),
        ],
    ) == 1
}

/// What signing in with a password needs to know.
pub struct PasswordLogin {
    pub login_method_id: Uuid,
    pub user_id: Uuid,
    pub password_hash: String,
}

/// The e-mail-and-password login method with that address in a tenant.
pub fn find_with_password(app_id: &str, tenant_id: &str, email: &str) -> Option<PasswordLogin> {
    db::query_opt(
        "SELECT m.id, m.user_id, m.password_hash
         FROM auth.login_method_tenants t JOIN auth.login_methods m ON m.id = t.login_method_id
         WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.email = $3 AND t.recipe = 'emailpassword'",
        &[app_id.into(), tenant_id.into(), email.into()],
        |row| PasswordLogin {
            login_method_id: row.uuid(1),
            user_id: row.uuid(2),
            password_hash: row.text(3),
        },
    )
}

/// The passwordless login method with that address, or with that number, in a tenant.
pub fn find_passwordless(
    app_id: &str,
    tenant_id: &str,
    email: Option<&str>,
    phone: Option<&str>,
) -> Option<Uuid> {
    db::query_opt(
        "SELECT login_method_id FROM auth.login_method_tenants
         WHERE app_id = $1 AND tenant_id = $2 AND recipe = 'passwordless' AND email = $3
         UNION ALL
         SELECT login_method_id FROM auth.login_method_tenants
         WHERE app_id = $1 AND tenant_id = $2 AND recipe = 'passwordless' AND phone = $4",
        &[app_id.into(), tenant_id.into(), email.into(), phone.into()],
        |row| row.uuid(1),
    )
}

/// The login method of a provider's user in a tenant.
pub fn find_third_party(
    app_id: &str,
    tenant_id: &str,
    provider: &str,
    user_id: &str,
) -> Option<Uuid> {
    db::query_opt(
        "SELECT login_method_id FROM auth.login_method_tenants
         WHERE app_id = $1 AND tenant_id = $2 AND third_party_id = $3 AND third_party_user_id = $4",
        &[
            app_id.into(),
            tenant_id.into(),
            provider.into(),
            user_id.into(),
        ],
        |row| row.uuid(1),
    )
}

pub fn exists(app_id: &str, id: Uuid) -> bool {
    db::query_opt(
        "SELECT true FROM auth.login_methods WHERE id = $1 AND app_id = $2",
        &[id.into(), app_id.into()],
        |_| (),
    )
    .is_some()
}

/// Replaces a password hash; with `only_if`, only while that is still the hash.
pub fn set_password_hash(id: Uuid, new: &str, only_if: Option<&str>) {
    db::execute(
        "UPDATE auth.login_methods SET password_hash = $2
         WHERE id = $1 AND ($3 IS NULL OR password_hash = $3)",
        &[id.into(), new.into(), only_if.into()],
    );
}

/// How a user is reached through a login method. Values are normalised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// A login method that is about to be changed.
#[derive(Debug)]
pub struct LockedMethod {
    pub id: Uuid,
    pub user_id: Uuid,
    pub user_is_primary: bool,
    pub contact: Contact,
    pub tenant_ids: Vec<String>,
}

/// Locks a login method of a recipe until the transaction ends.
pub fn lock(app_id: &str, id: Uuid, recipe: Recipe) -> Option<LockedMethod> {
    db::query_opt(
        "SELECT m.id, m.user_id, u.is_primary, m.email, m.phone,
                array(SELECT t.tenant_id FROM auth.login_method_tenants t
                      WHERE t.login_method_id = m.id ORDER BY t.tenant_id)
         FROM auth.login_methods m JOIN auth.users u ON u.id = m.user_id
         WHERE m.id = $1 AND m.app_id = $2 AND m.recipe = $3 FOR NO KEY UPDATE OF m",
        &[id.into(), app_id.into(), recipe.name().into()],
        |row: &Row| LockedMethod {
            id: row.uuid(1),
            user_id: row.uuid(2),
            user_is_primary: row.bool(3),
            contact: Contact {
                email: row.text_opt(4),
                phone: row.text_opt(5),
            },
            tenant_ids: row.texts_opt(6).unwrap_or_default(),
        },
    )
}

/// Locks a login method that wants another address or number, together with those of its recipe that have them in its
/// tenants: in the order of their ids, so that two who want each other's address wait for one another instead of
/// deadlocking.
pub fn lock_rivals(app_id: &str, id: Uuid, wanted: &Contact) {
    db::execute(
        "SELECT FROM auth.login_methods m
         WHERE m.app_id = $1 AND m.id = ANY (ARRAY(
             SELECT $2
             UNION SELECT rival.login_method_id FROM auth.login_method_tenants own CROSS JOIN LATERAL (
                 SELECT t.login_method_id FROM auth.login_method_tenants t
                 WHERE t.app_id = $1 AND t.tenant_id = own.tenant_id AND t.email = $3
                   AND t.recipe = own.recipe AND t.recipe <> 'thirdparty' OFFSET 0) AS rival
             WHERE own.login_method_id = $2
             UNION SELECT rival.login_method_id FROM auth.login_method_tenants own CROSS JOIN LATERAL (
                 SELECT t.login_method_id FROM auth.login_method_tenants t
                 WHERE t.app_id = $1 AND t.tenant_id = own.tenant_id AND t.phone = $4 OFFSET 0) AS rival
             WHERE own.login_method_id = $2))
         ORDER BY m.id FOR NO KEY UPDATE",
        &[
            app_id.into(),
            id.into(),
            wanted.email.as_deref().into(),
            wanted.phone.as_deref().into(),
        ],
    );
}

/// Gives a login method another address or number in all of its tenants, or, where one is taken in one of them, in
/// none; whether it did.
pub fn set_contact(method: &LockedMethod, new: &Contact) -> bool {
    let tenants = &method.tenant_ids;
    if replace_keys(method.id, new, tenants) < tenants.len() as u64 {
        // Whoever wants the old ones meanwhile waits for this transaction: they are still ours to take back.
        replace_keys(method.id, &method.contact, tenants);
        return false;
    }
    write_contact(method, new);
    true
}

/// Gives a login method of the third-party recipe, whose addresses need not be unique, another one.
pub fn set_third_party_email(method: &LockedMethod, email: &str) {
    let new = Contact {
        email: Some(email.to_owned()),
        phone: None,
    };
    db::execute(
        "UPDATE auth.login_method_tenants SET email = $2 WHERE login_method_id = $1",
        &[method.id.into(), email.into()],
    );
    write_contact(method, &new);
}

fn write_contact(method: &LockedMethod, new: &Contact) {
    let (old_email, old_phone) = (&method.contact.email, &method.contact.phone);
    db::execute(
        "UPDATE auth.login_methods SET email = $2, phone = $3 WHERE id = $1",
        &[
            method.id.into(),
            new.email.as_deref().into(),
            new.phone.as_deref().into(),
        ],
    );
    db::execute(
        "UPDATE auth.users SET email = $3, email_confirmed_at = NULL, updated_at = now()
         WHERE id = $1 AND email IS NOT DISTINCT FROM $2 AND $2 IS DISTINCT FROM $3",
        &[
            method.user_id.into(),
            old_email.as_deref().into(),
            new.email.as_deref().into(),
        ],
    );
    db::execute(
        "UPDATE auth.users SET phone = $3, phone_confirmed_at = NULL, updated_at = now()
         WHERE id = $1 AND phone IS NOT DISTINCT FROM $2 AND $2 IS DISTINCT FROM $3",
        &[
            method.user_id.into(),
            old_phone.as_deref().into(),
            new.phone.as_deref().into(),
        ],
    );
    // Another login method may have what this one had, and the new address may have been verified before.
    super::users::refresh_contact(method.user_id);
}

/// Claims address and number for a login method in each of the tenants, in place of what it holds there; in how many
/// it got them. Conflicts are decided by the unique indexes, which an UPDATE could only report as an error.
fn replace_keys(id: Uuid, contact: &Contact, tenant_ids: &[String]) -> u64 {
    db::execute(
        "DELETE FROM auth.login_method_tenants WHERE login_method_id = $1",
        &[id.into()],
    );
    db::execute(
        "INSERT INTO auth.login_method_tenants
             (app_id, tenant_id, login_method_id, user_id, user_time_joined, recipe, email, phone)
         SELECT m.app_id, wanted.tenant_id, m.id, m.user_id, u.time_joined, m.recipe, $2, $3
         FROM unnest($4) AS wanted (tenant_id), auth.login_methods m, auth.users u
         WHERE m.id = $1 AND u.id = m.user_id
         ON CONFLICT DO NOTHING",
        &[
            id.into(),
            contact.email.as_deref().into(),
            contact.phone.as_deref().into(),
            tenant_ids.into(),
        ],
    )
}

/// Whether a passwordless login method other than `id` has this number in one of the tenants.
pub fn phone_is_taken(app_id: &str, tenant_ids: &[String], phone: &str, id: Uuid) -> bool {
    db::query_opt(
        "SELECT true FROM auth.login_method_tenants
         WHERE app_id = $1 AND tenant_id = ANY ($2) AND phone = $3 AND login_method_id <> $4 LIMIT 1",
        &[
            app_id.into(),
            tenant_ids.into(),
            phone.into(),
            id.into(),
        ],
        |_| (),
    )
    .is_some()
}

/// Whether a login method of the recipe other than `id` has this address in one of the tenants.
pub fn email_is_taken(
    app_id: &str,
    tenant_ids: &[String],
    recipe: Recipe,
    email: &str,
    id: Uuid,
) -> bool {
    db::query_opt(
        "SELECT true FROM auth.login_method_tenants
         WHERE app_id = $1 AND tenant_id = ANY ($2) AND email = $4 AND recipe = $3
           AND recipe <> 'thirdparty' AND login_method_id <> $5 LIMIT 1",
        &[
            app_id.into(),
            tenant_ids.into(),
            recipe.name().into(),
            email.into(),
            id.into(),
        ],
        |_| (),
    )
    .is_some()
}

/// The tenants of a login method.
pub fn tenants_of(id: Uuid) -> Vec<String> {
    db::query(
        "SELECT tenant_id FROM auth.login_method_tenants WHERE login_method_id = $1",
        &[id.into()],
        |row| row.text(1),
    )
}

/// Puts a login method into a tenant with what it has; `false` when another one of its recipe has that there.
pub fn add_to_tenant(id: Uuid, tenant_id: &str) -> bool {
    db::execute(
        "INSERT INTO auth.login_method_tenants (app_id, tenant_id, login_method_id, user_id, user_time_joined, recipe,
             email, phone, third_party_id, third_party_user_id)
         SELECT m.app_id, $2, m.id, m.user_id, u.time_joined, m.recipe, m.email, m.phone, m.third_party_id,
             m.third_party_user_id
         FROM auth.login_methods m JOIN auth.users u ON u.id = m.user_id WHERE m.id = $1
         ON CONFLICT DO NOTHING",
        &[id.into(), tenant_id.into()],
    ) == 1
}

/// Takes a login method out of a tenant; whether it was there.
pub fn remove_from_tenant(id: Uuid, tenant_id: &str) -> bool {
    db::execute(
        "DELETE FROM auth.login_method_tenants WHERE login_method_id = $1 AND tenant_id = $2",
        &[id.into(), tenant_id.into()],
    ) == 1
}

/// Removes a login method; whether it was there.
pub fn delete(app_id: &str, id: Uuid) -> bool {
    db::execute(
        "DELETE FROM auth.login_methods WHERE id = $1 AND app_id = $2",
        &[id.into(), app_id.into()],
    ) == 1
}
