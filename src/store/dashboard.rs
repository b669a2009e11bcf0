//! `dashboard_users` and `dashboard_sessions`.

use uuid::Uuid;

use crate::db::{self, Row, Time};

/// Somebody who may sign in to the dashboard.
#[derive(Debug, Clone)]
pub struct DashboardUser {
    pub id: Uuid,
    pub email: String,
    pub created_at: Time,
}

impl DashboardUser {
    fn read(row: &Row) -> Self {
        Self {
            id: row.uuid(1),
            email: row.text(2),
            created_at: row.time(3),
        }
    }
}

/// Adds a user; `false` when the address is taken. The app is locked.
pub fn insert(app_id: &str, user: &DashboardUser, password_hash: &str) -> bool {
    db::execute(
        "INSERT INTO auth.dashboard_users (id, app_id, email, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        &[
            user.id.into(),
            app_id.into(),
            (&user.email).into(),
            password_hash.into(),
            user.created_at.into(),
        ],
    ) == 1
}

pub fn find(app_id: &str, id: Uuid) -> Option<DashboardUser> {
    db::query_opt(
        "SELECT id, email, created_at FROM auth.dashboard_users WHERE app_id = $1 AND id = $2",
        &[app_id.into(), id.into()],
        DashboardUser::read,
    )
}

pub fn find_by_email(app_id: &str, email: &str) -> Option<DashboardUser> {
    db::query_opt(
        "SELECT id, email, created_at FROM auth.dashboard_users WHERE app_id = $1 AND email = $2",
        &[app_id.into(), email.into()],
        DashboardUser::read,
    )
}

/// Id and password hash of the user with that address.
pub fn find_with_password(app_id: &str, email: &str) -> Option<(Uuid, String)> {
    db::query_opt(
        "SELECT id, password_hash FROM auth.dashboard_users WHERE app_id = $1 AND email = $2",
        &[app_id.into(), email.into()],
        |row| (row.uuid(1), row.text(2)),
    )
}

/// All users of an app, oldest first.
pub fn list(app_id: &str) -> Vec<DashboardUser> {
    db::query(
        "SELECT id, email, created_at FROM auth.dashboard_users
         WHERE app_id = $1 ORDER BY created_at, id",
        &[app_id.into()],
        DashboardUser::read,
    )
}

/// Locks a user who is about to be changed; whether there is one.
pub fn lock(app_id: &str, id: Uuid) -> bool {
    db::query_opt(
        "SELECT true FROM auth.dashboard_users WHERE app_id = $1 AND id = $2 FOR NO KEY UPDATE",
        &[app_id.into(), id.into()],
        |_| (),
    )
    .is_some()
}

/// Changes the address; `false` when another user has it. The app is locked.
pub fn set_email(id: Uuid, app_id: &str, email: &str) -> bool {
    db::execute(
        "UPDATE auth.dashboard_users SET email = $3
         WHERE id = $1 AND NOT EXISTS (
             SELECT FROM auth.dashboard_users WHERE app_id = $2 AND email = $3 AND id <> $1)",
        &[id.into(), app_id.into(), email.into()],
    ) == 1
}

pub fn set_password_hash(id: Uuid, password_hash: &str) {
    db::execute(
        "UPDATE auth.dashboard_users SET password_hash = $2 WHERE id = $1",
        &[id.into(), password_hash.into()],
    );
}

/// Removes a user with their sessions; whether there was one.
pub fn delete(app_id: &str, id: Uuid) -> bool {
    db::execute(
        "DELETE FROM auth.dashboard_users WHERE app_id = $1 AND id = $2",
        &[app_id.into(), id.into()],
    ) == 1
}

/// A session.
pub struct DashboardSession {
    pub id_hash: [u8; 32],
    pub user_id: Uuid,
    /// Its id, sealed.
    pub sealed_id: Vec<u8>,
    pub created_at: Time,
    pub expires_at: Time,
}

/// Adds a session; `false` when the user is gone, or has another address or password by now.
pub fn insert_session(
    app_id: &str,
    session: &DashboardSession,
    email: &str,
    password_hash: &str,
) -> bool {
    db::execute(
        "INSERT INTO auth.dashboard_sessions (id_hash, user_id, app_id, sealed_id, created_at, expires_at)
         SELECT $1, id, $3, $4, $5, $6 FROM auth.dashboard_users
         WHERE id = $2 AND password_hash = $7 AND email = $8 FOR SHARE",
        &[
            (&session.id_hash).into(),
            session.user_id.into(),
            app_id.into(),
            session.sealed_id.as_slice().into(),
            session.created_at.into(),
            session.expires_at.into(),
            password_hash.into(),
            email.into(),
        ],
    ) == 1
}

/// The address of the user whose live session this is.
pub fn session_email(app_id: &str, id_hash: &[u8; 32], now: Time) -> Option<String> {
    db::query_opt(
        "SELECT u.email FROM auth.dashboard_sessions s JOIN auth.dashboard_users u ON u.id = s.user_id
         WHERE s.id_hash = $2 AND s.app_id = $1 AND s.expires_at > $3",
        &[app_id.into(), id_hash.into(), now.into()],
        |row| row.text(1),
    )
}

/// A user's sessions, oldest first, expired ones included.
pub fn sessions(app_id: &str, user_id: Uuid) -> Vec<DashboardSession> {
    db::query(
        "SELECT id_hash, user_id, sealed_id, created_at, expires_at FROM auth.dashboard_sessions
         WHERE user_id = $2 AND app_id = $1 ORDER BY created_at, id_hash",
        &[app_id.into(), user_id.into()],
        |row| DashboardSession {
            id_hash: row.bytes(1).try_into().unwrap_or_default(),
            user_id: row.uuid(2),
            sealed_id: row.bytes(3),
            created_at: row.time(4),
            expires_at: row.time(5),
        },
    )
}

pub fn delete_session(app_id: &str, id_hash: &[u8; 32]) {
    db::execute(
        "DELETE FROM auth.dashboard_sessions WHERE id_hash = $2 AND app_id = $1",
        &[app_id.into(), id_hash.into()],
    );
}

pub fn delete_sessions_of(user_id: Uuid) {
    db::execute(
        "DELETE FROM auth.dashboard_sessions WHERE user_id = $1",
        &[user_id.into()],
    );
}

/// Removes at most `limit` expired sessions; how many.
pub fn delete_expired(now: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.dashboard_sessions WHERE id_hash = ANY (ARRAY(
             SELECT id_hash FROM auth.dashboard_sessions WHERE expires_at <= $1
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[now.into(), limit.into()],
    )
}
