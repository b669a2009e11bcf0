//! Rows of many users at once: each statement writes those of a whole batch, which it gets as one JSON array.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::db;

/// A row of `users`.
#[derive(Serialize)]
pub struct UserRow<'a> {
    pub id: Uuid,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub email_is_confirmed: bool,
    pub phone_is_confirmed: bool,
    pub is_primary: bool,
    /// The user that this one is linked to.
    pub merged_into: Option<Uuid>,
    /// In milliseconds since 1970, as all times here.
    pub time_joined: i64,
}

/// A row of `login_methods`.
#[derive(Serialize)]
pub struct MethodRow<'a> {
    pub id: Uuid,
    pub user_id: Uuid,
    pub recipe: &'static str,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub third_party_id: Option<&'a str>,
    pub third_party_user_id: Option<&'a str>,
    pub password_hash: Option<&'a str>,
    pub time_joined: i64,
}

/// A row of `login_method_tenants`: what must be unique in one of the tenants of a login method.
#[derive(Serialize)]
pub struct KeyRow<'a> {
    pub tenant_id: &'a str,
    pub login_method_id: Uuid,
    pub user_id: Uuid,
    pub user_time_joined: i64,
    pub recipe: &'static str,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub third_party_id: Option<&'a str>,
    pub third_party_user_id: Option<&'a str>,
}

/// A row of `primary_claims`.
#[derive(Serialize)]
pub struct ClaimRow {
    pub user_id: Uuid,
    pub tenant_id: String,
    pub kind: &'static str,
    pub value: String,
}

/// A row of `user_id_mappings`.
#[derive(Serialize)]
pub struct MappingRow<'a> {
    pub user_id: Uuid,
    pub external_id: &'a str,
}

/// A row of `verified_emails`.
#[derive(Serialize)]
pub struct VerifiedRow<'a> {
    pub user_id: &'a str,
    pub email: &'a str,
}

/// A row of `user_metadata`.
#[derive(Serialize)]
pub struct MetadataRow<'a> {
    pub user_id: &'a str,
    pub metadata: &'a Map<String, Value>,
}

/// A row of `user_roles`.
#[derive(Serialize)]
pub struct RoleRow<'a> {
    pub user_id: &'a str,
    pub tenant_id: &'a str,
    pub role: &'a str,
}

/// A row of `totp_devices`, verified.
#[derive(Serialize)]
pub struct DeviceRow<'a> {
    pub user_id: &'a str,
    pub name: &'a str,
    /// Sealed, in hexadecimal digits.
    pub secret: String,
    pub period_s: i64,
    pub skew: i64,
}

/// The login methods of which another one has the address, the number or the provider's user in one of the tenants.
pub fn keys_taken(app_id: &str, keys: &[KeyRow]) -> Vec<Uuid> {
    db::query(
        "-- Each by itself through a unique index, and counted: with a join, or a LIMIT, the table as it is when the first
         -- users are imported decides that all of it is read for each.
         SELECT DISTINCT w.login_method_id
         FROM jsonb_to_recordset($2::jsonb) AS w (
             tenant_id text, login_method_id uuid, recipe text, email text, phone text, third_party_id text,
             third_party_user_id text)
         WHERE
             (SELECT count(*) FROM auth.login_method_tenants k
              WHERE k.app_id = $1 AND k.tenant_id = w.tenant_id AND k.email = w.email
                AND k.recipe = w.recipe AND k.recipe <> 'thirdparty') > 0
             OR (SELECT count(*) FROM auth.login_method_tenants k
                 WHERE k.app_id = $1 AND k.tenant_id = w.tenant_id AND k.phone = w.phone) > 0
             OR (SELECT count(*) FROM auth.login_method_tenants k
                 WHERE k.app_id = $1 AND k.tenant_id = w.tenant_id AND k.third_party_id = w.third_party_id
                   AND k.third_party_user_id = w.third_party_user_id) > 0",
        &[app_id.into(), (&json(keys)).into()],
        |row| row.uuid(1),
    )
}

/// The users who want a claim that another one holds.
pub fn claims_held(app_id: &str, claims: &[ClaimRow]) -> Vec<Uuid> {
    db::query(
        "SELECT DISTINCT w.user_id
         FROM jsonb_to_recordset($2::jsonb) AS w (user_id uuid, tenant_id text, kind text, value text)
         WHERE (SELECT true FROM auth.primary_claims c
                WHERE c.app_id = $1 AND c.tenant_id = w.tenant_id AND c.kind = w.kind AND c.value = w.value)",
        &[app_id.into(), (&json(claims)).into()],
        |row| row.uuid(1),
    )
}

/// The users whose external id another one has.
pub fn mappings_taken(app_id: &str, mappings: &[MappingRow]) -> Vec<Uuid> {
    db::query(
        "SELECT w.user_id FROM jsonb_to_recordset($2::jsonb) AS w (user_id uuid, external_id text)
         WHERE (SELECT true FROM auth.user_id_mappings k
                WHERE k.app_id = $1 AND k.external_id = w.external_id)",
        &[app_id.into(), (&json(mappings)).into()],
        |row| row.uuid(1),
    )
}

/// Has those who import users into an app take turns, until this transaction ends: in different order they would want
/// each other's addresses.
pub fn lock_app(app_id: &str) {
    db::execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('bulk import/' || $1, 5020))",
        &[app_id.into()],
    );
}

/// Has Postgres count anew when the table of keys has doubled since it last did. To a planner that believes the table to be
/// as small as it was, reading a whole tenant is as good as looking one address up; and while one transaction fills the
/// table, nobody else counts.
pub fn count_if_grown() {
    let has_grown = db::query_one(
        "SELECT pg_relation_size(oid) > 2 * greatest(relpages, 16) * current_setting('block_size')::bigint
         FROM pg_class WHERE oid = 'auth.login_method_tenants'::regclass",
        &[],
        |row| row.bool(1),
    );
    if has_grown {
        db::execute(
            "ANALYZE auth.users, auth.login_methods, auth.login_method_tenants",
            &[],
        );
    }
}

/// Makes users with their login methods. The login methods that did not get a key, since somebody else has it; all of it
/// is to be undone then. Audience and role are what the GoTrue door knows the users by.
pub fn insert_users(
    app_id: &str,
    users: &[UserRow],
    methods: &[MethodRow],
    keys: &[KeyRow],
    (aud, role): (&str, &str),
) -> Vec<Uuid> {
    db::query(
        "WITH wanted AS MATERIALIZED (
             SELECT * FROM jsonb_to_recordset($4::jsonb) AS k (
                 tenant_id text, login_method_id uuid, user_id uuid, user_time_joined bigint, recipe text, email text,
                 phone text, third_party_id text, third_party_user_id text)),
         got AS (
             INSERT INTO auth.login_method_tenants
                 (app_id, tenant_id, login_method_id, user_id, user_time_joined, recipe, email, phone,
                  third_party_id, third_party_user_id)
             SELECT $1, tenant_id, login_method_id, user_id,
                    timestamptz 'epoch' + user_time_joined * interval '1 ms',
                    recipe, email, phone, third_party_id, third_party_user_id
             FROM wanted
             -- In one order, so that those who sign up meanwhile are waited for, and wait, instead of deadlocking.
             ORDER BY tenant_id, email, phone, third_party_id, third_party_user_id, recipe
             ON CONFLICT DO NOTHING RETURNING tenant_id, login_method_id),
         new_user AS (
             INSERT INTO auth.users (id, app_id, aud, role, email, phone, email_confirmed_at, phone_confirmed_at,
                 is_primary, merged_into, time_joined)
             SELECT id, $1, $5, $6, email, phone, CASE WHEN email_is_confirmed THEN now() END,
                    CASE WHEN phone_is_confirmed THEN now() END, is_primary, merged_into,
                    timestamptz 'epoch' + time_joined * interval '1 ms'
             FROM jsonb_to_recordset($2::jsonb) AS u (
                 id uuid, email text, phone text, email_is_confirmed boolean, phone_is_confirmed boolean,
                 is_primary boolean, merged_into uuid, time_joined bigint)),
         new_method AS (
             INSERT INTO auth.login_methods (id, user_id, app_id, recipe, email, phone, third_party_id,
                 third_party_user_id, password_hash, time_joined)
             SELECT id, user_id, $1, recipe, email, phone, third_party_id, third_party_user_id, password_hash,
                    timestamptz 'epoch' + time_joined * interval '1 ms'
             FROM jsonb_to_recordset($3::jsonb) AS m (
                 id uuid, user_id uuid, recipe text, email text, phone text, third_party_id text,
                 third_party_user_id text, password_hash text, time_joined bigint))
         SELECT DISTINCT login_method_id FROM (
             SELECT tenant_id, login_method_id FROM wanted EXCEPT SELECT tenant_id, login_method_id FROM got) AS missed",
        &[
            app_id.into(),
            (&json(users)).into(),
            (&json(methods)).into(),
            (&json(keys)).into(),
            aud.into(),
            role.into(),
        ],
        |row| row.uuid(1),
    )
}

/// Claims for primary users; of those claims that others hold, the users who wanted them.
pub fn insert_claims(app_id: &str, claims: &[ClaimRow]) -> Vec<Uuid> {
    db::query(
        "WITH wanted AS MATERIALIZED (
             SELECT * FROM jsonb_to_recordset($2::jsonb) AS c (user_id uuid, tenant_id text, kind text, value text)),
         claim AS (
             INSERT INTO auth.primary_claims (app_id, tenant_id, kind, value, user_id)
             SELECT $1, tenant_id, kind, value, user_id FROM wanted ORDER BY 2, 3, 4
             ON CONFLICT DO NOTHING RETURNING tenant_id, kind, value, user_id)
         SELECT DISTINCT w.user_id FROM wanted w WHERE NOT EXISTS (
             SELECT FROM claim c WHERE c.tenant_id = w.tenant_id AND c.kind = w.kind
                 AND c.value = w.value AND c.user_id = w.user_id)",
        &[app_id.into(), (&json(claims)).into()],
        |row| row.uuid(1),
    )
}

/// Makes mappings; the users whose external id was taken.
pub fn insert_mappings(app_id: &str, mappings: &[MappingRow]) -> Vec<Uuid> {
    db::query(
        "WITH wanted AS MATERIALIZED (
             SELECT * FROM jsonb_to_recordset($2::jsonb) AS m (user_id uuid, external_id text)),
         made AS (
             INSERT INTO auth.user_id_mappings (user_id, app_id, external_id)
             SELECT user_id, $1, external_id FROM wanted ORDER BY external_id
             ON CONFLICT DO NOTHING RETURNING user_id)
         SELECT user_id FROM wanted EXCEPT SELECT user_id FROM made",
        &[app_id.into(), (&json(mappings)).into()],
        |row| row.uuid(1),
    )
}

/// Those of the ids that are login methods of ours.
pub fn login_methods_among(app_id: &str, ids: &[Uuid]) -> Vec<Uuid> {
    db::query(
        "SELECT id FROM auth.login_methods WHERE id = ANY ($2) AND app_id = $1",
        &[app_id.into(), ids.into()],
        |row| row.uuid(1),
    )
}

pub fn insert_verified(app_id: &str, verified: &[VerifiedRow]) {
    db::execute(
        "INSERT INTO auth.verified_emails (app_id, user_id, email)
         SELECT $1, user_id, email FROM jsonb_to_recordset($2::jsonb) AS v (user_id text, email text)
         ORDER BY user_id, email ON CONFLICT DO NOTHING",
        &[app_id.into(), (&json(verified)).into()],
    );
}

/// Sets metadata; what is there already under an id is kept as far as it has other names.
pub fn merge_metadata(app_id: &str, metadata: &[MetadataRow]) {
    db::execute(
        "INSERT INTO auth.user_metadata AS m (app_id, user_id, metadata)
         SELECT $1, user_id, metadata FROM jsonb_to_recordset($2::jsonb) AS d (user_id text, metadata jsonb)
         ORDER BY user_id
         ON CONFLICT (app_id, user_id) DO UPDATE SET metadata = m.metadata || excluded.metadata",
        &[app_id.into(), (&json(metadata)).into()],
    );
}

pub fn insert_roles(app_id: &str, roles: &[RoleRow]) {
    db::execute(
        "INSERT INTO auth.user_roles (app_id, tenant_id, user_id, role)
         SELECT $1, tenant_id, user_id, role
         FROM jsonb_to_recordset($2::jsonb) AS r (user_id text, tenant_id text, role text)
         ORDER BY user_id, tenant_id, role ON CONFLICT DO NOTHING",
        &[app_id.into(), (&json(roles)).into()],
    );
}

pub fn insert_devices(app_id: &str, devices: &[DeviceRow]) {
    db::execute(
        "INSERT INTO auth.totp_devices (app_id, user_id, name, secret, period_s, skew, is_verified, created_at)
         SELECT $1, user_id, name, decode(secret, 'hex'), period_s, skew, true, now()
         FROM jsonb_to_recordset($2::jsonb) AS d (
             user_id text, name text, secret text, period_s bigint, skew bigint)
         ORDER BY user_id, name
         -- What was kept under an external id before its user came.
         ON CONFLICT (app_id, user_id, name) DO UPDATE
         SET secret = excluded.secret, period_s = excluded.period_s, skew = excluded.skew, is_verified = true",
        &[app_id.into(), (&json(devices)).into()],
    );
}

fn json<T: Serialize>(rows: &[T]) -> String {
    serde_json::to_string(rows).expect("rows are made of texts, numbers and maps with text keys")
}
