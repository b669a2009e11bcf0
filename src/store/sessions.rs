//! `sessions`.

use serde_json::Value;
use uuid::Uuid;

use crate::db::{self, Time};

/// A session's row.
#[derive(Debug, Clone)]
pub struct SessionRow {
    pub id: Uuid,
    pub tenant_id: String,
    pub subject: String,
    pub user_id: Option<Uuid>,
    pub refresh_hash: Vec<u8>,
    pub previous_refresh_hash: Option<Vec<u8>>,
    pub created_at: Time,
    pub expires_at: Time,
    pub use_static_key: bool,
    pub payload: Value,
    pub data: Value,
}

impl SessionRow {
    fn read(row: &db::Row) -> Self {
        Self {
            id: row.uuid(1),
            tenant_id: row.text(2),
            subject: row.text(3),
            user_id: row.uuid_opt(4),
            refresh_hash: row.bytes(5),
            previous_refresh_hash: row.bytes_opt(6),
            created_at: row.time(7),
            expires_at: row.time(8),
            use_static_key: row.bool(9),
            payload: row.json(10),
            data: row.json(11),
        }
    }
}

/// Writes a session; its user, unless the user has just been deleted. The lock keeps the user until this transaction
/// ends, as the foreign key would, and finds a deleted one where the foreign key would fail, and one that has just been
/// linked to another.
pub fn insert(app_id: &str, session: &SessionRow) -> Option<Uuid> {
    db::query_one(
        "INSERT INTO auth.sessions (id, app_id, tenant_id, subject, user_id, refresh_hash, created_at,
             expires_at, expiry_day, use_static_key, payload, data)
         VALUES ($1, $2, $3, $4, (SELECT coalesce(merged_into, id) FROM auth.users WHERE id = $5 FOR KEY SHARE), $6, $7, $8,
             ($8 AT TIME ZONE 'UTC')::date, $9, $10, $11)
         RETURNING user_id",
        &[
            session.id.into(),
            app_id.into(),
            (&session.tenant_id).into(),
            (&session.subject).into(),
            session.user_id.into(),
            session.refresh_hash.as_slice().into(),
            session.created_at.into(),
            session.expires_at.into(),
            session.use_static_key.into(),
            (&session.payload).into(),
            (&session.data).into(),
        ],
        |row| row.uuid_opt(1),
    )
}

pub fn find(app_id: &str, tenant_id: &str, id: Uuid) -> Option<SessionRow> {
    db::query_opt(
        "SELECT id, tenant_id, subject, user_id, refresh_hash, previous_refresh_hash,
                created_at, expires_at, use_static_key, payload, data
         FROM auth.sessions WHERE id = $1 AND app_id = $2 AND tenant_id = $3",
        &[id.into(), app_id.into(), tenant_id.into()],
        SessionRow::read,
    )
}

/// What a session that is live says of itself.
pub struct LiveSession {
    /// Whether it was opened at the GoTrue door.
    pub is_gotrues: bool,
    pub tenant_id: String,
    /// aal1 or aal2.
    pub aal: String,
    /// The Postgres role of its user, if it has one.
    pub role: Option<String>,
}

/// A session that is there, not expired, and whose user is not banned, as the calling query sees it; in any tenant, or in
/// the one that is given.
pub fn find_live(
    app_id: &str,
    tenant_id: Option<&str>,
    id: Uuid,
    now: Time,
) -> Option<LiveSession> {
    db::stable_query_opt(
        "SELECT s.refresh_hash = '', s.tenant_id, s.aal, u.role
         FROM auth.sessions s LEFT JOIN auth.users u ON u.id = s.user_id
         WHERE s.id = $1 AND s.app_id = $2 AND ($3 IS NULL OR s.tenant_id = $3) AND s.expires_at > $4
           AND (s.not_after IS NULL OR s.not_after > $4)
           AND (u.banned_until IS NULL OR u.banned_until <= $4)",
        &[id.into(), app_id.into(), tenant_id.into(), now.into()],
        |row| LiveSession {
            is_gotrues: row.bool(1),
            tenant_id: row.text(2),
            aal: row.text(3),
            role: row.text_opt(4),
        },
    )
}

/// What the refresh of a session writes.
pub struct Rotation<'a> {
    /// Hash of the new token in force.
    pub new_hash: &'a [u8; 32],
    pub now: Time,
    pub expires_at: Time,
}

/// Puts the child of the token in force into its place (CDI up to 5.5): only while `parent_hash` is in
/// force, so one of several callers wins. `None` when it is not.
pub fn promote(
    app_id: &str,
    tenant_id: &str,
    id: Uuid,
    parent_hash: &[u8; 32],
    rotation: &Rotation,
) -> Option<SessionRow> {
    db::query_opt(
        "UPDATE auth.sessions
         SET refresh_hash = $5, previous_refresh_hash = refresh_hash, refreshed_at = $6,
             expires_at = $7, expiry_day = ($7 AT TIME ZONE 'UTC')::date, generation = generation + 1
         WHERE id = $1 AND app_id = $2 AND tenant_id = $3 AND refresh_hash = $4 AND expires_at >= $6
         RETURNING id, tenant_id, subject, user_id, refresh_hash, previous_refresh_hash,
                created_at, expires_at, use_static_key, payload, data",
        &[
            id.into(),
            app_id.into(),
            tenant_id.into(),
            parent_hash.into(),
            rotation.new_hash.into(),
            rotation.now.into(),
            rotation.expires_at.into(),
        ],
        SessionRow::read,
    )
}

/// A token that is presented for a rotation.
pub struct Presented<'a> {
    pub hash: &'a [u8; 32],
    pub parent_hash: Option<&'a [u8; 32]>,
    /// A token that was replaced before this moment is refused; without it every one that was replaced.
    pub grace_start: Option<Time>,
}

/// Rotates at the refresh itself (CDI 5.6): the presented token, or its parent, is in force; or the token was
/// replaced within its time of grace, and then only the new token changes, so that the time of grace
/// does not slide. `None` when the token is none of these.
pub fn rotate(
    app_id: &str,
    tenant_id: &str,
    id: Uuid,
    presented: &Presented,
    use_static_key: Option<bool>,
    rotation: &Rotation,
) -> Option<SessionRow> {
    db::query_opt(
        "UPDATE auth.sessions
         SET refresh_hash = $6,
             previous_refresh_hash =
                 CASE WHEN refresh_hash IN ($4, $5) THEN $4 ELSE previous_refresh_hash END,
             refreshed_at = CASE WHEN refresh_hash IN ($4, $5) THEN $7 ELSE refreshed_at END,
             expires_at = CASE WHEN refresh_hash IN ($4, $5) THEN $8 ELSE expires_at END,
             expiry_day = CASE WHEN refresh_hash IN ($4, $5)
                 THEN ($8 AT TIME ZONE 'UTC')::date ELSE expiry_day END,
             generation = generation + 1,
             use_static_key = coalesce($10, use_static_key)
         WHERE id = $1 AND app_id = $2 AND tenant_id = $3 AND expires_at >= $7
           AND (refresh_hash IN ($4, $5) OR (previous_refresh_hash = $4 AND refreshed_at >= $9))
         RETURNING id, tenant_id, subject, user_id, refresh_hash, previous_refresh_hash,
                created_at, expires_at, use_static_key, payload, data",
        &[
            id.into(),
            app_id.into(),
            tenant_id.into(),
            presented.hash.into(),
            presented.parent_hash.map(<[u8; 32]>::as_slice).into(),
            rotation.new_hash.into(),
            rotation.now.into(),
            rotation.expires_at.into(),
            presented.grace_start.into(),
            use_static_key.into(),
        ],
        SessionRow::read,
    )
}

pub fn set_use_static_key(app_id: &str, id: Uuid, use_static_key: bool) {
    db::execute(
        "UPDATE auth.sessions SET use_static_key = $3 WHERE id = $1 AND app_id = $2",
        &[id.into(), app_id.into(), use_static_key.into()],
    );
}

/// Replaces the payload of a session that has not expired; whether there is one.
pub fn set_payload(app_id: &str, tenant_id: &str, id: Uuid, payload: &Value, now: Time) -> bool {
    db::execute(
        "UPDATE auth.sessions SET payload = $4
         WHERE id = $1 AND app_id = $2 AND tenant_id = $3 AND expires_at > $5",
        &[
            id.into(),
            app_id.into(),
            tenant_id.into(),
            payload.into(),
            now.into(),
        ],
    ) == 1
}

/// Replaces the data of a session that has not expired; whether there is one.
pub fn set_data(app_id: &str, tenant_id: &str, id: Uuid, data: &Value, now: Time) -> bool {
    db::execute(
        "UPDATE auth.sessions SET data = $4
         WHERE id = $1 AND app_id = $2 AND tenant_id = $3 AND expires_at > $5",
        &[
            id.into(),
            app_id.into(),
            tenant_id.into(),
            data.into(),
            now.into(),
        ],
    ) == 1
}

/// Locks sessions that are about to be removed, in the order that all who lock several keep to.
pub fn lock(app_id: &str, ids: &[Uuid]) {
    db::execute(
        "SELECT FROM auth.sessions WHERE app_id = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE",
        &[app_id.into(), ids.into()],
    );
}

/// Locks the sessions of a user and of these subjects, in the same order.
pub fn lock_of(app_id: &str, subjects: &[String], user_id: Uuid) {
    db::execute(
        "SELECT FROM auth.sessions WHERE id IN (
             SELECT id FROM auth.sessions WHERE app_id = $1 AND subject = ANY ($2)
             UNION SELECT id FROM auth.sessions WHERE user_id = $3)
         ORDER BY id FOR UPDATE",
        &[app_id.into(), subjects.into(), user_id.into()],
    );
}

/// Removes a session; its subject, when there was one.
pub fn delete(app_id: &str, tenant_id: &str, id: Uuid) -> Option<String> {
    db::query_opt(
        "DELETE FROM auth.sessions WHERE id = $1 AND app_id = $2 AND tenant_id = $3 RETURNING subject",
        &[id.into(), app_id.into(), tenant_id.into()],
        |row| row.text(1),
    )
}

/// The live sessions of these subjects, as (id, tenant), in one tenant or in all.
pub fn list_of(
    app_id: &str,
    subjects: &[String],
    tenant_id: Option<&str>,
    now: Time,
) -> Vec<(Uuid, String)> {
    db::query(
        "SELECT id, tenant_id FROM auth.sessions
         WHERE app_id = $1 AND subject = ANY ($2) AND ($3 IS NULL OR tenant_id = $3)
           AND expires_at > $4
         ORDER BY created_at, id",
        &[app_id.into(), subjects.into(), tenant_id.into(), now.into()],
        |row| (row.uuid(1), row.text(2)),
    )
}

/// Removes the live sessions of these subjects, in one tenant or in all; their (id, tenant).
pub fn delete_live_of(
    app_id: &str,
    subjects: &[String],
    tenant_id: Option<&str>,
    now: Time,
) -> Vec<(Uuid, String)> {
    db::query(
        "WITH locked AS (
             SELECT id FROM auth.sessions
             WHERE app_id = $1 AND subject = ANY ($2) AND ($3 IS NULL OR tenant_id = $3)
               AND expires_at > $4
             ORDER BY id FOR UPDATE)
         DELETE FROM auth.sessions s USING locked WHERE s.id = locked.id
         RETURNING s.id, s.tenant_id",
        &[app_id.into(), subjects.into(), tenant_id.into(), now.into()],
        |row| (row.uuid(1), row.text(2)),
    )
}

/// Removes all sessions of these subjects, expired or not.
pub fn delete_of(app_id: &str, subjects: &[String]) {
    db::execute(
        "DELETE FROM auth.sessions WHERE app_id = $1 AND subject = ANY ($2)",
        &[app_id.into(), subjects.into()],
    );
}

/// Removes all sessions of these subjects in a tenant, expired or not; how many.
pub fn delete_of_in_tenant(app_id: &str, tenant_id: &str, subjects: &[String]) -> u64 {
    db::execute(
        "WITH locked AS (
             SELECT id FROM auth.sessions
             WHERE app_id = $1 AND tenant_id = $2 AND subject = ANY ($3) ORDER BY id FOR UPDATE)
         DELETE FROM auth.sessions s USING locked WHERE s.id = locked.id",
        &[app_id.into(), tenant_id.into(), subjects.into()],
    )
}

/// Removes all sessions of a tenant that can be removed.
pub fn delete_of_tenant(app_id: &str, tenant_id: &str) {
    db::execute(
        "DELETE FROM auth.sessions WHERE app_id = $1 AND tenant_id = $2
           AND NOT (app_id = 'public' AND tenant_id = 'public')",
        &[app_id.into(), tenant_id.into()],
    );
}

/// Removes all sessions of an app that can be removed.
pub fn delete_of_app(app_id: &str) {
    db::execute(
        "DELETE FROM auth.sessions WHERE app_id = $1
           AND NOT (app_id = 'public' AND tenant_id = 'public')",
        &[app_id.into()],
    );
}

/// Removes at most `limit` expired sessions; how many. Skips what others work on.
pub fn delete_expired(now: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.sessions WHERE id = ANY (ARRAY(
             SELECT id FROM auth.sessions
             WHERE expiry_day <= ($1 AT TIME ZONE 'UTC')::date AND expires_at <= $1
             ORDER BY expiry_day LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[now.into(), limit.into()],
    )
}
