//! `users` as the GoTrue door sees them: one row a person, with what is asked of an account.

use serde_json::{Value, json};
use uuid::Uuid;

use super::verified_emails::is_of_method;
use crate::db::{self, Row, Time};

/// A row of `users` that is not linked into another.
#[derive(Debug, Clone)]
pub struct AuthUser {
    pub id: Uuid,
    pub aud: String,
    pub role: String,
    pub email: Option<String>,
    /// In E.164 form, with its plus.
    pub phone: Option<String>,
    pub email_confirmed_at: Option<Time>,
    pub phone_confirmed_at: Option<Time>,
    pub invited_at: Option<Time>,
    pub confirmation_sent_at: Option<Time>,
    pub recovery_sent_at: Option<Time>,
    pub reauthentication_sent_at: Option<Time>,
    pub email_change: Option<String>,
    pub email_change_sent_at: Option<Time>,
    /// Whether the first of two addresses has confirmed the change.
    pub email_change_is_half_confirmed: bool,
    pub phone_change: Option<String>,
    pub phone_change_sent_at: Option<Time>,
    pub app_metadata: Value,
    pub user_metadata: Value,
    pub is_anonymous: bool,
    pub is_sso_user: bool,
    pub is_primary: bool,
    pub banned_until: Option<Time>,
    pub deleted_at: Option<Time>,
    pub last_sign_in_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl AuthUser {
    /// A new user, of whom nothing is known.
    pub fn new(id: Uuid, aud: &str, role: &str, now: Time) -> Self {
        Self {
            id,
            aud: aud.to_owned(),
            role: role.to_owned(),
            email: None,
            phone: None,
            email_confirmed_at: None,
            phone_confirmed_at: None,
            invited_at: None,
            confirmation_sent_at: None,
            recovery_sent_at: None,
            reauthentication_sent_at: None,
            email_change: None,
            email_change_sent_at: None,
            email_change_is_half_confirmed: false,
            phone_change: None,
            phone_change_sent_at: None,
            app_metadata: json!({}),
            user_metadata: json!({}),
            is_anonymous: false,
            is_sso_user: false,
            is_primary: false,
            banned_until: None,
            deleted_at: None,
            last_sign_in_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Forgets which address and number the user wanted to have.
    pub fn drop_changes(&mut self) {
        self.email_change = None;
        self.email_change_is_half_confirmed = false;
        self.phone_change = None;
    }

    fn read(row: &Row) -> Self {
        Self {
            id: row.uuid(1),
            aud: row.text(2),
            role: row.text(3),
            email: row.text_opt(4),
            phone: row.text_opt(5),
            email_confirmed_at: row.time_opt(6),
            phone_confirmed_at: row.time_opt(7),
            invited_at: row.time_opt(8),
            confirmation_sent_at: row.time_opt(9),
            recovery_sent_at: row.time_opt(10),
            reauthentication_sent_at: row.time_opt(11),
            email_change: row.text_opt(12),
            email_change_sent_at: row.time_opt(13),
            email_change_is_half_confirmed: row.bool(14),
            phone_change: row.text_opt(15),
            phone_change_sent_at: row.time_opt(16),
            app_metadata: row.json(17),
            user_metadata: row.json(18),
            is_anonymous: row.bool(19),
            is_sso_user: row.bool(20),
            is_primary: row.bool(21),
            banned_until: row.time_opt(22),
            deleted_at: row.time_opt(23),
            last_sign_in_at: row.time_opt(24),
            created_at: row.time(25),
            updated_at: row.time(26),
        }
    }

    /// Whether the user may not sign in at that time.
    pub fn is_banned(&self, now: Time) -> bool {
        self.banned_until.is_some_and(|until| now < until)
    }
}

macro_rules! select {
    ($($rest:expr),+) => {
        concat!(
            "SELECT u.id, u.aud, u.role, u.email, u.phone, u.email_confirmed_at, u.phone_confirmed_at, u.invited_at,
                    u.confirmation_sent_at, u.recovery_sent_at, u.reauthentication_sent_at, u.email_change,
                    u.email_change_sent_at, u.email_change_confirm_status > 0, u.phone_change, u.phone_change_sent_at,
                    u.raw_app_meta_data, u.raw_user_meta_data, u.is_anonymous, u.is_sso_user, u.is_primary,
                    u.banned_until, u.deleted_at, u.last_sign_in_at, u.time_joined, u.updated_at
             FROM ",
            $($rest),+
        )
    };
}

/// The user of that id.
pub fn find(app_id: &str, id: Uuid) -> Option<AuthUser> {
    db::query_opt(
        select!("auth.users u WHERE u.id = $1 AND u.app_id = $2 AND u.merged_into IS NULL"),
        &[id.into(), app_id.into()],
        AuthUser::read,
    )
}

/// The same, locked until this transaction ends: nobody else changes the user meanwhile.
pub fn lock(app_id: &str, id: Uuid) -> Option<AuthUser> {
    db::query_opt(
        select!(
            "auth.users u WHERE u.id = $1 AND u.app_id = $2 AND u.merged_into IS NULL FOR NO KEY UPDATE"
        ),
        &[id.into(), app_id.into()],
        AuthUser::read,
    )
}

/// The user with that address and audience in a tenant, the likeliest where there are several: the primary user that holds
/// it, then one who has proven it, of these the one with a password, then one who only says so, which the word of a
/// provider that does not vouch for it is not enough for.
pub fn find_by_email(app_id: &str, tenant_id: &str, aud: &str, email: &str) -> Option<AuthUser> {
    db::query_opt(
        select!(
            "(SELECT c.user_id, 1 AS place, NULL AS recipe FROM auth.primary_claims c
              WHERE c.app_id = $1 AND c.tenant_id = $2 AND c.kind = 'email' AND c.value = $4
              UNION ALL
              -- Two, for the two indexes that addresses have.
              SELECT t.user_id, CASE WHEN v.email IS NULL THEN 3 ELSE 2 END, t.recipe FROM auth.login_method_tenants t
              LEFT JOIN auth.verified_emails v ON v.app_id = $1 AND v.email = t.email AND ",
            is_of_method!("t.login_method_id"),
            "
              WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.email = $4 AND t.recipe <> 'thirdparty'
              UNION ALL
              SELECT t.user_id, 2, t.recipe FROM auth.login_method_tenants t
              JOIN auth.verified_emails v ON v.app_id = $1 AND v.email = t.email AND ",
            is_of_method!("t.login_method_id"),
            "
              WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.email = $4 AND t.recipe = 'thirdparty') AS found
             JOIN auth.users u ON u.id = found.user_id
             WHERE u.aud = $3 AND NOT u.is_sso_user
             ORDER BY found.place, found.recipe IS DISTINCT FROM 'emailpassword', u.time_joined, u.id LIMIT 1"
        ),
        &[app_id.into(), tenant_id.into(), aud.into(), email.into()],
        AuthUser::read,
    )
}

/// The user with that number and audience in a tenant.
pub fn find_by_phone(app_id: &str, tenant_id: &str, aud: &str, phone: &str) -> Option<AuthUser> {
    db::query_opt(
        select!(
            "auth.login_method_tenants t JOIN auth.users u ON u.id = t.user_id
             WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.phone = $4 AND u.aud = $3 AND NOT u.is_sso_user"
        ),
        &[app_id.into(), tenant_id.into(), aud.into(), phone.into()],
        AuthUser::read,
    )
}

/// Whether there is a user with that address in a tenant, other than `except`, whatever its audience; the word of a provider
/// counts if it vouches for it.
pub fn email_is_taken(app_id: &str, tenant_id: &str, email: &str, except: Option<Uuid>) -> bool {
    db::query_opt(
        concat!(
            "SELECT true FROM (
             SELECT c.user_id FROM auth.primary_claims c
             WHERE c.app_id = $1 AND c.tenant_id = $2 AND c.kind = 'email' AND c.value = $3
             UNION ALL
             SELECT t.user_id FROM auth.login_method_tenants t
             WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.email = $3 AND t.recipe <> 'thirdparty'
             UNION ALL
             SELECT t.user_id FROM auth.login_method_tenants t
             JOIN auth.verified_emails v ON v.app_id = $1 AND v.email = t.email AND ",
            is_of_method!("t.login_method_id"),
            "
             WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.email = $3 AND t.recipe = 'thirdparty') AS found
         WHERE found.user_id IS DISTINCT FROM $4 LIMIT 1"),
        &[app_id.into(), tenant_id.into(), email.into(), except.into()],
        |_| (),
    )
    .is_some()
}

/// Whether there is a user with that number in a tenant, other than `except`.
pub fn phone_is_taken(app_id: &str, tenant_id: &str, phone: &str, except: Option<Uuid>) -> bool {
    db::query_opt(
        "SELECT true FROM auth.login_method_tenants t
         WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.phone = $3 AND t.user_id IS DISTINCT FROM $4 LIMIT 1",
        &[app_id.into(), tenant_id.into(), phone.into(), except.into()],
        |_| (),
    )
    .is_some()
}

/// Users who signed in without a name before `then`, the oldest first.
pub fn anonymous_before(app_id: &str, then: Time, limit: i64) -> Vec<Uuid> {
    db::query(
        "SELECT id FROM auth.users WHERE app_id = $1 AND is_anonymous AND created_at < $2
         ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED",
        &[app_id.into(), then.into(), limit.into()],
        |row| row.uuid(1),
    )
}

/// Has those who are about to make a user with this address or number take turns until their transactions end.
pub fn lock_address(app_id: &str, tenant_id: &str, value: &str) {
    db::execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('address/' || $1 || '/' || $2 || '/' || $3, 5020))",
        &[app_id.into(), tenant_id.into(), value.into()],
    );
}

/// Writes the row of a new user; its login methods follow. `false` when there is a user of that id.
pub fn insert(app_id: &str, user: &AuthUser) -> bool {
    db::execute(
        "INSERT INTO auth.users (id, app_id, aud, role, email, phone, email_confirmed_at, phone_confirmed_at,
             raw_app_meta_data, raw_user_meta_data, is_anonymous, is_primary, banned_until, time_joined, created_at,
             updated_at, invited_at)
         VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $14, $15)
         ON CONFLICT (id) DO NOTHING",
        &[
            app_id.into(),
            user.id.into(),
            (&user.aud).into(),
            (&user.role).into(),
            user.email.as_deref().into(),
            user.phone.as_deref().into(),
            user.email_confirmed_at.into(),
            user.phone_confirmed_at.into(),
            (&user.app_metadata).into(),
            (&user.user_metadata).into(),
            user.is_anonymous.into(),
            user.is_primary.into(),
            user.banned_until.into(),
            user.created_at.into(),
            user.invited_at.into(),
        ],
    ) == 1
}

/// Writes what has been changed of a user who is locked.
pub fn update(user: &AuthUser, now: Time) {
    db::execute(
        "UPDATE auth.users SET aud = $2, role = $3, email = $4, phone = $5, email_confirmed_at = $6,
             phone_confirmed_at = $7, invited_at = $8, confirmation_sent_at = $9, recovery_sent_at = $10,
             reauthentication_sent_at = $11, email_change = $12, email_change_sent_at = $13,
             email_change_confirm_status = CASE WHEN $14 THEN 1 ELSE 0 END, phone_change = $15,
             phone_change_sent_at = $16, raw_app_meta_data = $17, raw_user_meta_data = $18, is_anonymous = $19,
             banned_until = $20, deleted_at = $21, updated_at = $22
         WHERE id = $1",
        &[
            user.id.into(),
            (&user.aud).into(),
            (&user.role).into(),
            user.email.as_deref().into(),
            user.phone.as_deref().into(),
            user.email_confirmed_at.into(),
            user.phone_confirmed_at.into(),
            user.invited_at.into(),
            user.confirmation_sent_at.into(),
            user.recovery_sent_at.into(),
            user.reauthentication_sent_at.into(),
            user.email_change.as_deref().into(),
            user.email_change_sent_at.into(),
            user.email_change_is_half_confirmed.into(),
            user.phone_change.as_deref().into(),
            user.phone_change_sent_at.into(),
            (&user.app_metadata).into(),
            (&user.user_metadata).into(),
            user.is_anonymous.into(),
            user.banned_until.into(),
            user.deleted_at.into(),
            now.into(),
        ],
    );
}

/// Replaces what the server notes about a user for its client.
pub fn set_app_metadata(id: Uuid, app_metadata: &Value) {
    db::execute(
        "UPDATE auth.users SET raw_app_meta_data = $2 WHERE id = $1",
        &[id.into(), app_metadata.into()],
    );
}

/// Keeps the hash of a password for when its user has an address or a number to sign in with.
pub fn set_pending_password(id: Uuid, hash: Option<&str>) {
    db::execute(
        "UPDATE auth.users SET pending_password_hash = $2 WHERE id = $1",
        &[id.into(), hash.into()],
    );
}

/// Takes that hash out.
pub fn take_pending_password(id: Uuid) -> Option<String> {
    let hash = db::query_opt(
        "SELECT pending_password_hash FROM auth.users WHERE id = $1",
        &[id.into()],
        |row| row.text_opt(1),
    )??;
    set_pending_password(id, None);
    Some(hash)
}

/// Notes a sign-in.
pub fn mark_signed_in(id: Uuid, now: Time) {
    db::execute(
        "UPDATE auth.users SET last_sign_in_at = $2 WHERE id = $1",
        &[id.into(), now.into()],
    );
}

/// A page of users with an audience, newest first.
pub struct Page<'a> {
    pub aud: &'a str,
    /// A part of the address, or of `full_name` in the user's metadata in any case.
    pub filter: Option<&'a str>,
    pub newest_first: bool,
    pub offset: i64,
    pub limit: i64,
}

pub fn page(app_id: &str, page: &Page) -> Vec<AuthUser> {
    let statement = if page.newest_first {
        select!(
            "auth.users u WHERE u.app_id = $1 AND u.aud = $2 AND u.merged_into IS NULL
               AND ($3 IS NULL OR strpos(u.email, $3) > 0
                    OR strpos(lower(u.raw_user_meta_data ->> 'full_name'), lower($3)) > 0)
             ORDER BY u.time_joined DESC, u.id LIMIT $4 OFFSET $5"
        )
    } else {
        select!(
            "auth.users u WHERE u.app_id = $1 AND u.aud = $2 AND u.merged_into IS NULL
               AND ($3 IS NULL OR strpos(u.email, $3) > 0
                    OR strpos(lower(u.raw_user_meta_data ->> 'full_name'), lower($3)) > 0)
             ORDER BY u.time_joined, u.id DESC LIMIT $4 OFFSET $5"
        )
    };
    db::query(
        statement,
        &[
            app_id.into(),
            page.aud.into(),
            page.filter.into(),
            page.limit.into(),
            page.offset.into(),
        ],
        AuthUser::read,
    )
}

/// How many users such pages show in all.
pub fn count(app_id: &str, aud: &str, filter: Option<&str>) -> i64 {
    db::query_one(
        "SELECT count(*) FROM auth.users u
         WHERE u.app_id = $1 AND u.aud = $2 AND u.merged_into IS NULL
           AND ($3 IS NULL OR strpos(u.email, $3) > 0
                OR strpos(lower(u.raw_user_meta_data ->> 'full_name'), lower($3)) > 0)",
        &[app_id.into(), aud.into(), filter.into()],
        |row| row.bigint(1),
    )
}
