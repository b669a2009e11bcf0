//! `sessions` as the GoTrue door opens and refreshes them.

use serde_json::Value;
use uuid::Uuid;

use crate::db::{self, Row, Time};

/// A session.
#[derive(Debug, Clone)]
pub struct AuthSession {
    pub id: Uuid,
    pub user_id: Uuid,
    pub created_at: Time,
    pub refreshed_at: Option<Time>,
    /// How often it was refreshed; the refresh token in force follows from it.
    pub generation: i32,
    /// "aal1" or "aal2".
    pub aal: String,
    /// Array of {method, timestamp}, newest first.
    pub amr: Value,
    pub not_after: Option<Time>,
    pub tag: Option<String>,
    /// Where it was opened.
    pub tenant_id: String,
}

impl AuthSession {
    fn read(row: &Row) -> Self {
        Self {
            id: row.uuid(1),
            user_id: row.uuid(2),
            created_at: row.time(3),
            refreshed_at: row.time_opt(4),
            generation: row.int(5),
            aal: row.text(6),
            amr: row.json(7),
            not_after: row.time_opt(8),
            tag: row.text_opt(9),
            tenant_id: row.text(10),
        }
    }
}

/// What is noted of a client.
#[derive(Debug, Clone, Copy, Default)]
pub struct Client<'a> {
    pub user_agent: Option<&'a str>,
    pub address: Option<&'a str>,
}

/// Opens a session of a user, through a login method if it is one's; whether the user is still there, and in the tenant, as
/// one who has no login method is in all.
pub fn insert(
    app_id: &str,
    session: &AuthSession,
    login_method_id: Option<Uuid>,
    client: Client,
    expires_at: Time,
) -> bool {
    db::execute(
        "INSERT INTO auth.sessions (id, app_id, tenant_id, subject, user_id, refresh_hash, created_at, expires_at,
             expiry_day, aal, amr, user_agent, ip, not_after)
         SELECT $3, $1, $2,
                coalesce((SELECT k.external_id FROM auth.user_id_mappings k WHERE k.user_id = coalesce($5, u.id)),
                         coalesce($5, u.id)::text),
                u.id, '', $6, $7, ($7 AT TIME ZONE 'UTC')::date, $8, $9, $10, $11::inet, $12
         FROM auth.users u
         WHERE u.id = $4 AND u.app_id = $1 AND u.merged_into IS NULL
           AND (EXISTS (SELECT FROM auth.login_method_tenants t
                        WHERE t.user_id = u.id AND t.app_id = $1 AND t.tenant_id = $2)
                OR NOT EXISTS (SELECT FROM auth.login_method_tenants t WHERE t.user_id = u.id))
         FOR KEY SHARE OF u",
        &[
            app_id.into(),
            (&session.tenant_id).into(),
            session.id.into(),
            session.user_id.into(),
            login_method_id.into(),
            session.created_at.into(),
            expires_at.into(),
            (&session.aal).into(),
            (&session.amr).into(),
            client.user_agent.into(),
            client.address.into(),
            session.not_after.into(),
        ],
    ) == 1
}

/// The session of that id, if a user of ours has it.
pub fn find(app_id: &str, id: Uuid) -> Option<AuthSession> {
    db::query_opt(
        "SELECT id, user_id, created_at, refreshed_at, generation, aal, amr, not_after, tag, tenant_id
         FROM auth.sessions WHERE id = $1 AND app_id = $2 AND user_id IS NOT NULL",
        &[id.into(), app_id.into()],
        AuthSession::read,
    )
}

/// Moves a session on from that generation; for one of several callers only.
pub fn advance(
    app_id: &str,
    id: Uuid,
    generation: i32,
    client: Client,
    now: Time,
    expires_at: Time,
) -> bool {
    db::execute(
        "UPDATE auth.sessions SET generation = generation + 1, refreshed_at = $4, expires_at = $5,
             expiry_day = ($5 AT TIME ZONE 'UTC')::date, user_agent = $6, ip = $7::inet
         WHERE id = $1 AND app_id = $2 AND generation = $3",
        &[
            id.into(),
            app_id.into(),
            generation.into(),
            now.into(),
            expires_at.into(),
            client.user_agent.into(),
            client.address.into(),
        ],
    ) == 1
}

/// The newest session of a user among those with this tag, or, with `tags`, among those whose tag counts as this: what
/// is not in the list counts as its first.
pub fn newest_of(user_id: Uuid, tag: Option<&str>, tags: &[String]) -> Option<Uuid> {
    db::query_opt(
        "SELECT id FROM auth.sessions
         WHERE user_id = $1 AND refresh_hash = ''
           AND CASE WHEN tag = ANY ($3) THEN tag ELSE ($3)[1] END
               IS NOT DISTINCT FROM CASE WHEN $2 = ANY ($3) THEN $2 ELSE ($3)[1] END
         ORDER BY created_at DESC, id DESC LIMIT 1",
        &[user_id.into(), tag.into(), tags.into()],
        |row| row.uuid(1),
    )
}

/// Ends a session; whether it was there.
pub fn delete(app_id: &str, id: Uuid) -> bool {
    db::execute(
        "DELETE FROM auth.sessions WHERE id = $1 AND app_id = $2",
        &[id.into(), app_id.into()],
    ) == 1
}

/// Ends all sessions of a user but one.
pub fn delete_of(user_id: Uuid, except: Option<Uuid>) {
    db::execute(
        "WITH locked AS (
             SELECT id FROM auth.sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2 ORDER BY id FOR UPDATE)
         DELETE FROM auth.sessions s USING locked WHERE s.id = locked.id",
        &[user_id.into(), except.into()],
    );
}

/// Ends the sessions of a user at this door that have shown one factor only, but for one.
pub fn delete_low_of(user_id: Uuid, except: Uuid) {
    db::execute(
        "WITH locked AS (
             SELECT id FROM auth.sessions
             WHERE user_id = $1 AND id <> $2 AND aal = 'aal1' AND refresh_hash = '' ORDER BY id FOR UPDATE)
         DELETE FROM auth.sessions s USING locked WHERE s.id = locked.id",
        &[user_id.into(), except.into()],
    );
}

/// Makes a session one of two factors. Refresh tokens from before lie two steps behind, where none is taken any more.
pub fn raise(id: Uuid, factor_id: Uuid, amr: &Value) -> Option<AuthSession> {
    db::query_opt(
        "UPDATE auth.sessions SET aal = 'aal2', factor_id = $2, amr = $3, generation = generation + 2
         WHERE id = $1
         RETURNING id, user_id, created_at, refreshed_at, generation, aal, amr, not_after, tag, tenant_id",
        &[id.into(), factor_id.into(), amr.into()],
        AuthSession::read,
    )
}

/// Makes the sessions that a factor has raised ones of a single factor again.
pub fn lower(user_id: Uuid, factor_id: Uuid, method: &str) {
    db::execute(
        "UPDATE auth.sessions SET aal = 'aal1', factor_id = NULL, amr = (
             SELECT coalesce(jsonb_agg(entry ORDER BY place), '[]')
             FROM jsonb_array_elements(amr) WITH ORDINALITY AS entries (entry, place)
             WHERE entry ->> 'method' <> $3)
         WHERE user_id = $1 AND factor_id = $2",
        &[user_id.into(), factor_id.into(), method.into()],
    );
}
