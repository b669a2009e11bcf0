//! `users`, with their login methods.

use uuid::Uuid;

use super::verified_emails::is_of_method;
use crate::db::{self, Time};

/// A recipe that login methods belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipe {
    EmailPassword,
    Passwordless,
    ThirdParty,
    WebAuthn,
}

impl Recipe {
    /// Its name in rows and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::EmailPassword => "emailpassword",
            Self::Passwordless => "passwordless",
            Self::ThirdParty => "thirdparty",
            Self::WebAuthn => "webauthn",
        }
    }

    /// The recipe of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::EmailPassword,
            Self::Passwordless,
            Self::ThirdParty,
            Self::WebAuthn,
        ]
        .into_iter()
        .find(|recipe| recipe.name() == name)
    }
}

/// A login method (recipe user).
#[derive(Debug, Clone)]
pub struct LoginMethod {
    pub id: Uuid,
    /// The id by which callers know it, if that is another.
    pub external_id: Option<String>,
    pub recipe: Recipe,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Provider and the user's id there.
    pub third_party: Option<(String, String)>,
    /// Ids of its passkeys.
    pub credential_ids: Vec<String>,
    pub tenant_ids: Vec<String>,
    pub verified: bool,
    pub time_joined: Time,
}

/// A user with all of its login methods, oldest first. There is at least one.
#[derive(Debug, Clone)]
pub struct User {
    pub id: Uuid,
    /// The id by which callers know it, if that is another.
    pub external_id: Option<String>,
    pub is_primary: bool,
    pub time_joined: Time,
    pub login_methods: Vec<LoginMethod>,
}

impl LoginMethod {
    /// The id that callers are shown.
    pub fn shown_id(&self) -> String {
        shown_id(self.id, self.external_id.as_ref())
    }

    /// The ids under which rows of the login method are kept, ours and another system's.
    pub fn all_ids(&self) -> Vec<String> {
        let own = [Some(self.id.to_string()), self.external_id.clone()];
        own.into_iter().flatten().collect()
    }
}

impl User {
    /// The id that callers are shown.
    pub fn shown_id(&self) -> String {
        shown_id(self.id, self.external_id.as_ref())
    }

    /// All ids under which rows of the user and of its login methods are kept, ours and another system's.
    pub fn all_ids(&self) -> Vec<String> {
        let methods = self.login_methods.iter().flat_map(LoginMethod::all_ids);
        let own = [Some(self.id.to_string()), self.external_id.clone()];
        own.into_iter().flatten().chain(methods).collect()
    }
}

fn shown_id(id: Uuid, external_id: Option<&String>) -> String {
    external_id.cloned().unwrap_or_else(|| id.to_string())
}

/// The users of these ids, in the order of the ids; ids that are no users are left out.
pub fn load(app_id: &str, ids: &[Uuid]) -> Vec<User> {
    let rows = db::query(
        "SELECT u.id, u.is_primary, u.time_joined, m.id, m.recipe, m.email, m.phone, m.third_party_id,
                m.third_party_user_id, m.time_joined,
                array(SELECT t.tenant_id FROM auth.login_method_tenants t
                      WHERE t.login_method_id = m.id ORDER BY t.tenant_id),
                CASE WHEN m.email IS NULL OR (m.recipe = 'passwordless' AND m.phone IS NOT NULL) THEN true
                     -- Not EXISTS, which could be done by reading all of the table.
                     ELSE coalesce((SELECT true FROM auth.verified_emails v
                                    WHERE v.app_id = $1 AND v.user_id = coalesce(known.external_id, m.id::text)
                                      AND v.email = m.email), false)
                END, known.external_id,
                CASE WHEN m.id = u.id THEN known.external_id
                     ELSE (SELECT k.external_id FROM auth.user_id_mappings k WHERE k.user_id = u.id) END,
                CASE WHEN m.recipe = 'webauthn' THEN
                    array(SELECT c.id FROM auth.webauthn_credentials c
                          WHERE c.login_method_id = m.id ORDER BY c.created_at, c.id)
                END
         FROM unnest($2) WITH ORDINALITY AS wanted (id, position)
         JOIN auth.users u ON u.id = wanted.id AND u.app_id = $1
         JOIN auth.login_methods m ON m.user_id = u.id
         LEFT JOIN auth.user_id_mappings known ON known.user_id = m.id
         ORDER BY wanted.position, m.time_joined, m.id",
        &[app_id.into(), ids.into()],
        |row| {
            let recipe = row.text(5);
            let method = LoginMethod {
                id: row.uuid(4),
                external_id: row.text_opt(13),
                recipe: Recipe::from_name(&recipe).expect("the table allows known recipes alone"),
                email: row.text_opt(6),
                phone: row.text_opt(7),
                third_party: row.text_opt(8).zip(row.text_opt(9)),
                credential_ids: row.texts_opt(15).unwrap_or_default(),
                time_joined: row.time(10),
                tenant_ids: row.texts_opt(11).unwrap_or_default(),
                verified: row.bool(12),
            };
            (row.uuid(1), row.text_opt(14), row.bool(2), row.time(3), method)
        },
    );
    let mut users: Vec<User> = Vec::new();
    for (id, external_id, is_primary, time_joined, method) in rows {
        match users.last_mut() {
            Some(user) if user.id == id => user.login_methods.push(method),
            _ => users.push(User {
                id,
                external_id,
                is_primary,
                time_joined,
                login_methods: vec![method],
            }),
        }
    }
    users
}

/// The user (group) that an id belongs to: a login method's id, or that of the user itself, which may have
/// lost the login method it began with.
pub fn find_user_id(app_id: &str, id: Uuid) -> Option<Uuid> {
    identify(app_id, id).map(|(user_id, _)| user_id)
}

/// The same, with the id by which callers know `id`, if that is another.
pub fn identify(app_id: &str, id: Uuid) -> Option<(Uuid, Option<String>)> {
    db::query_opt(
        "SELECT found.user_id, k.external_id FROM (
             SELECT user_id FROM auth.login_methods WHERE id = $1 AND app_id = $2
             UNION ALL
             SELECT user_id FROM auth.login_methods WHERE user_id = $1 AND app_id = $2
             LIMIT 1) AS found
         LEFT JOIN auth.user_id_mappings k ON k.user_id = $1",
        &[id.into(), app_id.into()],
        |row| (row.uuid(1), row.text_opt(2)),
    )
}

/// Whether this is a user without a login method, and not one that was linked into another.
pub fn is_nameless(app_id: &str, id: Uuid) -> bool {
    db::query_opt(
        "SELECT true FROM auth.users u WHERE u.id = $1 AND u.app_id = $2 AND u.merged_into IS NULL
           AND NOT EXISTS (SELECT FROM auth.login_methods m WHERE m.user_id = u.id)",
        &[id.into(), app_id.into()],
        |_| (),
    )
    .is_some()
}

/// Keeps a user from being deleted until this transaction ends; whether it is there.
pub fn hold(id: Uuid) -> bool {
    db::query_opt(
        "SELECT true FROM auth.users WHERE id = $1 FOR KEY SHARE",
        &[id.into()],
        |_| (),
    )
    .is_some()
}

/// Locks a user of whom something is about to be changed; whether it is there. Whoever locks login methods or devices,
/// too, locks their user first.
pub fn lock_for_change(id: Uuid) -> bool {
    db::query_opt(
        "SELECT true FROM auth.users WHERE id = $1 FOR NO KEY UPDATE",
        &[id.into()],
        |_| (),
    )
    .is_some()
}

/// Locks users that are about to be deleted or linked.
pub fn lock(ids: &[Uuid]) {
    db::execute(
        "SELECT FROM auth.users WHERE id = ANY ($1) ORDER BY id FOR UPDATE",
        &[ids.into()],
    );
}

/// The user with that id, and those that were linked into it, locked in this order, for they are about to be deleted: their
/// ids.
pub fn lock_with_linked(app_id: &str, id: Uuid) -> Vec<Uuid> {
    let head = "SELECT id FROM auth.users WHERE app_id = $1 AND id = $2 FOR UPDATE";
    let linked =
        "SELECT id FROM auth.users WHERE app_id = $1 AND merged_into = $2 ORDER BY id FOR UPDATE";
    let params = [app_id.into(), id.into()];
    let mut ids = db::query(head, &params, |row| row.uuid(1));
    ids.extend(db::query(linked, &params, |row| row.uuid(1)));
    ids
}

/// Makes a user primary, or no longer so.
pub fn set_primary(id: Uuid, is_primary: bool) {
    db::execute(
        "UPDATE auth.users SET is_primary = $2, updated_at = now() WHERE id = $1",
        &[id.into(), is_primary.into()],
    );
}

/// Makes the login methods of a user those of another. The former's row stays, for applications' tables refer to it.
pub fn link(from: Uuid, to: Uuid) {
    db::execute(
        "UPDATE auth.login_methods SET user_id = $2 WHERE user_id = $1",
        &[from.into(), to.into()],
    );
    db::execute(
        "UPDATE auth.login_method_tenants SET user_id = $2 WHERE user_id = $1",
        &[from.into(), to.into()],
    );
    db::execute(
        "UPDATE auth.users SET merged_into = $2, updated_at = now() WHERE id = $1",
        &[from.into(), to.into()],
    );
    refresh(to);
}

/// Makes a login method that was linked to `former` a user of its own again.
pub fn unlink(login_method_id: Uuid, former: Uuid) {
    ensure_row(login_method_id);
    db::execute(
        "UPDATE auth.users SET merged_into = NULL, is_primary = false, updated_at = now() WHERE id = $1",
        &[login_method_id.into()],
    );
    db::execute(
        "UPDATE auth.login_methods SET user_id = id WHERE id = $1",
        &[login_method_id.into()],
    );
    db::execute(
        "UPDATE auth.login_method_tenants SET user_id = login_method_id WHERE login_method_id = $1",
        &[login_method_id.into()],
    );
    refresh(login_method_id);
    refresh(former);
}

/// Gives a login method a row of its own among users, which one has that was a user before it was linked, and one does not
/// have that was added to a user.
pub fn ensure_row(login_method_id: Uuid) {
    db::execute(
        "INSERT INTO auth.users (id, app_id, email, phone, aud, role, time_joined, merged_into)
         SELECT m.id, m.app_id, m.email, m.phone, u.aud, u.role, m.time_joined, u.id
         FROM auth.login_methods m JOIN auth.users u ON u.id = m.user_id
         WHERE m.id = $1 AND m.id <> m.user_id
         ON CONFLICT (id) DO NOTHING",
        &[login_method_id.into()],
    );
}

/// Computes anew what follows from a user's login methods: when it joined, and how it is reached.
pub fn refresh(id: Uuid) {
    refresh_contact(id);
    db::execute(
        "UPDATE auth.users u SET time_joined = oldest.time_joined
         FROM (SELECT min(time_joined) AS time_joined FROM auth.login_methods WHERE user_id = $1) AS oldest
         WHERE u.id = $1 AND u.time_joined IS DISTINCT FROM oldest.time_joined AND oldest.time_joined IS NOT NULL",
        &[id.into()],
    );
    db::execute(
        "UPDATE auth.login_method_tenants t SET user_time_joined = u.time_joined
         FROM auth.users u WHERE t.user_id = $1 AND u.id = $1 AND t.user_time_joined <> u.time_joined",
        &[id.into()],
    );
}

/// Computes anew which address and number a user has, and whether they are confirmed. Those that it has stay while a login
/// method has them; then come proven ones and the oldest. Nothing may go to an address that is not the user's any more.
pub fn refresh_contact(id: Uuid) {
    db::execute(
        concat!(
            "UPDATE auth.users u
         SET email = now.email, phone = now.phone,
             email_confirmed_at = CASE WHEN NOT now.is_verified THEN NULL
                                       WHEN u.email = now.email THEN coalesce(u.email_confirmed_at, now())
                                       ELSE now() END,
             phone_confirmed_at = CASE WHEN u.phone = now.phone THEN u.phone_confirmed_at
                                       ELSE now.phone_confirmed_at END,
             updated_at = now()
         FROM (
             SELECT mail.email, coalesce(mail.is_verified, false) AS is_verified, number.phone, number.phone_confirmed_at
             FROM auth.users old
             LEFT JOIN LATERAL (
                 SELECT m.email, coalesce((
                            SELECT true FROM auth.verified_emails v
                            WHERE v.app_id = m.app_id AND v.email = m.email AND ",
            is_of_method!("m.id"),
            "), false) AS is_verified
                 FROM auth.login_methods m WHERE m.user_id = old.id AND m.email IS NOT NULL
                 ORDER BY m.email IS DISTINCT FROM old.email, is_verified DESC, m.time_joined, m.id LIMIT 1) AS mail ON true
             LEFT JOIN LATERAL (
                 SELECT m.phone, former.phone_confirmed_at
                 FROM auth.login_methods m
                 LEFT JOIN auth.users former ON former.id = m.id AND former.phone = m.phone
                 WHERE m.user_id = old.id AND m.phone IS NOT NULL
                 ORDER BY m.phone IS DISTINCT FROM old.phone, former.phone_confirmed_at IS NULL, m.time_joined, m.id
                 LIMIT 1) AS number ON true
             WHERE old.id = $1) AS now
         WHERE u.id = $1 AND (
             (u.email, u.phone) IS DISTINCT FROM (now.email, now.phone)
             OR (u.email_confirmed_at IS NOT NULL) <> now.is_verified)"),
        &[id.into()],
    );
}

/// Notes that a user's address is confirmed, if it is its address and was not before.
pub fn confirm_email(id: Uuid, email: &str, now: Time) {
    db::execute(
        "UPDATE auth.users SET email_confirmed_at = $3, updated_at = $3
         WHERE id = $1 AND email = $2 AND email_confirmed_at IS NULL",
        &[id.into(), email.into(), now.into()],
    );
}

/// Forgets that.
pub fn unconfirm_email(id: Uuid, email: &str) {
    db::execute(
        "UPDATE auth.users SET email_confirmed_at = NULL, updated_at = now()
         WHERE id = $1 AND email = $2 AND email_confirmed_at IS NOT NULL",
        &[id.into(), email.into()],
    );
}

/// Notes that a user's number is confirmed, if it is its number and was not before. Whoever signed up with it and a password
/// without confirming it was perhaps somebody else: the password goes.
pub fn confirm_phone(id: Uuid, phone: &str, now: Time) {
    db::execute(
        "WITH confirmed AS (
             UPDATE auth.users SET phone_confirmed_at = $3, updated_at = $3
             WHERE id = $1 AND phone = $2 AND phone_confirmed_at IS NULL RETURNING id)
         UPDATE auth.login_methods m SET password_hash = NULL FROM confirmed
         WHERE m.user_id = confirmed.id AND m.recipe = 'passwordless' AND m.password_hash IS NOT NULL",
        &[id.into(), phone.into(), now.into()],
    );
}

/// Notes a sign-in, at most once in five minutes.
pub fn mark_signed_in(user_id: Uuid, now: Time) {
    db::execute(
        "UPDATE auth.users SET last_sign_in_at = $2
         WHERE id = $1 AND (last_sign_in_at IS NULL OR last_sign_in_at < $3)",
        &[user_id.into(), now.into(), now.plus(-5 * 60 * 1000).into()],
    );
}

/// Which way a list of users runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    OldestFirst,
    NewestFirst,
}

/// Where a page begins: with this user, who joined then.
#[derive(Debug, Clone, Copy)]
pub struct PageStart {
    pub time_joined: Time,
    pub user_id: Uuid,
}

/// A page of the users of a tenant, as (id, time joined), by time joined and, for equal times, by id
/// descending. A user appears once, however many login methods it has.
pub fn page(
    app_id: &str,
    tenant_id: &str,
    recipes: Option<&[String]>,
    order: Order,
    start: Option<PageStart>,
    limit: i64,
) -> Vec<(Uuid, Time)> {
    // Always a bound: a plan for "from there, or from the beginning" would read all users before the page.
    let start = start.unwrap_or(PageStart {
        time_joined: match order {
            Order::OldestFirst => Time::MIN,
            Order::NewestFirst => Time::MAX,
        },
        user_id: Uuid::max(),
    });
    let statement = match order {
        Order::OldestFirst => {
            "SELECT DISTINCT user_time_joined, user_id FROM auth.login_method_tenants
             WHERE app_id = $1 AND tenant_id = $2 AND ($3 IS NULL OR recipe = ANY ($3))
               AND user_time_joined >= $4 AND (user_time_joined > $4 OR user_id <= $5)
             ORDER BY user_time_joined, user_id DESC LIMIT $6"
        }
        Order::NewestFirst => {
            "SELECT DISTINCT user_time_joined, user_id FROM auth.login_method_tenants
             WHERE app_id = $1 AND tenant_id = $2 AND ($3 IS NULL OR recipe = ANY ($3))
               AND user_time_joined <= $4 AND (user_time_joined < $4 OR user_id <= $5)
             ORDER BY user_time_joined DESC, user_id DESC LIMIT $6"
        }
    };
    db::query(
        statement,
        &[
            app_id.into(),
            tenant_id.into(),
            recipes.into(),
            start.time_joined.into(),
            start.user_id.into(),
            limit.into(),
        ],
        |row| (row.uuid(2), row.time(1)),
    )
}

/// How many users a tenant has.
pub fn count_in_tenant(app_id: &str, tenant_id: &str, recipes: Option<&[String]>) -> i64 {
    db::query_one(
        "SELECT count(DISTINCT user_id) FROM auth.login_method_tenants
         WHERE app_id = $1 AND tenant_id = $2 AND ($3 IS NULL OR recipe = ANY ($3))",
        &[app_id.into(), tenant_id.into(), recipes.into()],
        |row| row.bigint(1),
    )
}

/// How many users an app has, those without a tenant included.
pub fn count_in_app(app_id: &str, recipes: Option<&[String]>) -> i64 {
    db::query_one(
        "SELECT count(*) FROM auth.users u WHERE u.app_id = $1 AND EXISTS (
             SELECT FROM auth.login_methods m
             WHERE m.user_id = u.id AND ($2 IS NULL OR m.recipe = ANY ($2)))",
        &[app_id.into(), recipes.into()],
        |row| row.bigint(1),
    )
}

/// What users are looked up by. Values are normalised.
#[derive(Debug, Clone)]
pub enum AccountInfo {
    Email(String),
    Phone(String),
    ThirdParty(String, String),
    /// The id of a passkey.
    Credential(String),
}

/// The users of a tenant that have this account info through any recipe.
pub fn find_by_account_info(app_id: &str, tenant_id: &str, info: &AccountInfo) -> Vec<Uuid> {
    let user_id = |row: &db::Row| row.uuid(1);
    match info {
        AccountInfo::Email(email) => db::query(
            "SELECT user_id FROM auth.login_method_tenants
             WHERE app_id = $1 AND tenant_id = $2 AND email = $3 AND recipe <> 'thirdparty'
             UNION SELECT user_id FROM auth.login_method_tenants
             WHERE app_id = $1 AND tenant_id = $2 AND email = $3 AND recipe = 'thirdparty'",
            &[app_id.into(), tenant_id.into(), email.into()],
            user_id,
        ),
        AccountInfo::Phone(phone) => db::query(
            "SELECT user_id FROM auth.login_method_tenants
             WHERE app_id = $1 AND tenant_id = $2 AND phone = $3",
            &[app_id.into(), tenant_id.into(), phone.into()],
            user_id,
        ),
        AccountInfo::ThirdParty(provider, id) => db::query(
            "SELECT user_id FROM auth.login_method_tenants
             WHERE app_id = $1 AND tenant_id = $2 AND third_party_id = $3 AND third_party_user_id = $4",
            &[app_id.into(), tenant_id.into(), provider.into(), id.into()],
            user_id,
        ),
        AccountInfo::Credential(id) => super::webauthn::users_with(app_id, tenant_id, id),
    }
}

/// Removes users with all of their login methods, and the rows of those that were linked into them.
pub fn delete(app_id: &str, ids: &[Uuid]) {
    db::execute(
        "DELETE FROM auth.users WHERE app_id = $1 AND (id = ANY ($2) OR merged_into = ANY ($2))",
        &[app_id.into(), ids.into()],
    );
}

/// Takes out of the rows of those who were linked into a user what tells who they were.
pub fn blank_linked(app_id: &str, id: Uuid) {
    db::execute(
        "UPDATE auth.users SET email = NULL, phone = NULL, email_confirmed_at = NULL, phone_confirmed_at = NULL,
             email_change = NULL, phone_change = NULL, pending_password_hash = NULL, raw_app_meta_data = '{}',
             raw_user_meta_data = '{}', updated_at = now()
         WHERE app_id = $1 AND merged_into = $2",
        &[app_id.into(), id.into()],
    );
}

/// Removes what is kept under these ids without being tied to users by a key: metadata, roles and verified
/// addresses.
pub fn delete_loose_ends(app_id: &str, ids: &[String]) {
    db::execute(
        "DELETE FROM auth.user_metadata WHERE app_id = $1 AND user_id = ANY ($2)",
        &[app_id.into(), ids.into()],
    );
    db::execute(
        "DELETE FROM auth.verified_emails WHERE app_id = $1 AND user_id = ANY ($2)",
        &[app_id.into(), ids.into()],
    );
    db::execute(
        "DELETE FROM auth.user_roles WHERE app_id = $1 AND user_id = ANY ($2)",
        &[app_id.into(), ids.into()],
    );
}
