//! `one_time_tokens`.

use auth_core::one_time_token::OneTimeToken;

use crate::db::{self, Row, Time};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    PasswordReset,
    EmailVerification,
    AccountRecovery,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
            Self::AccountRecovery => "account_recovery",
        }
    }
}

/// What a consumed token was made for.
pub struct Consumed {
    pub subject: String,
    pub email: Option<String>,
    pub expires_at: Time,
}

impl Consumed {
    fn read(row: &Row) -> Self {
        Self {
            subject: row.text(1),
            email: row.text_opt(2),
            expires_at: row.time(3),
        }
    }
}

pub fn insert(
    app_id: &str,
    tenant_id: &str,
    kind: Kind,
    token: &OneTimeToken,
    subject: &str,
    email: &str,
    expires_at: Time,
) {
    db::execute(
        "INSERT INTO auth.one_time_tokens
             (id, app_id, tenant_id, kind, subject, email, token_hash, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            token.id.into(),
            app_id.into(),
            tenant_id.into(),
            kind.name().into(),
            subject.into(),
            email.into(),
            (&token.row_hash()).into(),
            expires_at.into(),
        ],
    );
}

/// Consumes a token, and with it every other token of the same kind and subject: one statement, which one
/// caller wins. The rows are locked in the order of their ids, so that two callers with two tokens of one
/// subject wait for each other instead of deadlocking.
pub fn consume_all(app_id: &str, kind: Kind, token: &OneTimeToken) -> Option<Consumed> {
    db::query_opt(
        "WITH locked AS (
             SELECT id FROM auth.one_time_tokens
             WHERE app_id = $1 AND kind = $2 AND subject = (
                 SELECT subject FROM auth.one_time_tokens
                 WHERE id = $3 AND app_id = $1 AND kind = $2 AND token_hash = $4)
             ORDER BY id FOR UPDATE),
         gone AS (
             DELETE FROM auth.one_time_tokens t USING locked WHERE t.id = locked.id
             RETURNING t.id, t.subject, t.email, t.expires_at)
         SELECT subject, email, expires_at FROM gone WHERE id = $3",
        &[
            app_id.into(),
            kind.name().into(),
            token.id.into(),
            (&token.row_hash()).into(),
        ],
        Consumed::read,
    )
}

/// Consumes a token of a tenant, and with it every other of the same kind, subject and address there. Locks as
/// [`consume_all`] does.
pub fn consume_pair(
    app_id: &str,
    tenant_id: &str,
    kind: Kind,
    token: &OneTimeToken,
) -> Option<Consumed> {
    db::query_opt(
        "WITH presented AS (
             SELECT subject, email FROM auth.one_time_tokens
             WHERE id = $4 AND app_id = $1 AND tenant_id = $2 AND kind = $3 AND token_hash = $5),
         locked AS (
             SELECT t.id FROM auth.one_time_tokens t, presented p
             WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.kind = $3
               AND t.subject = p.subject AND t.email = p.email
             ORDER BY t.id FOR UPDATE OF t),
         gone AS (
             DELETE FROM auth.one_time_tokens t USING locked WHERE t.id = locked.id
             RETURNING t.id, t.subject, t.email, t.expires_at)
         SELECT subject, email, expires_at FROM gone WHERE id = $4",
        &[
            app_id.into(),
            tenant_id.into(),
            kind.name().into(),
            token.id.into(),
            (&token.row_hash()).into(),
        ],
        Consumed::read,
    )
}

/// What a token of a tenant was made for; it goes on working.
pub fn find(app_id: &str, tenant_id: &str, kind: Kind, token: &OneTimeToken) -> Option<Consumed> {
    db::query_opt(
        "SELECT subject, email, expires_at FROM auth.one_time_tokens
         WHERE id = $4 AND app_id = $1 AND tenant_id = $2 AND kind = $3 AND token_hash = $5",
        &[
            app_id.into(),
            tenant_id.into(),
            kind.name().into(),
            token.id.into(),
            (&token.row_hash()).into(),
        ],
        Consumed::read,
    )
}

/// Consumes a recovery token of a tenant, and with it every other of the same address there. Locks as [`consume_all`]
/// does.
pub fn consume_recovery(app_id: &str, tenant_id: &str, token: &OneTimeToken) -> Option<Consumed> {
    db::query_opt(
        "WITH presented AS (
             SELECT email FROM auth.one_time_tokens
             WHERE id = $3 AND app_id = $1 AND tenant_id = $2 AND kind = 'account_recovery' AND token_hash = $4),
         locked AS (
             SELECT t.id FROM auth.one_time_tokens t, presented p
             WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.kind = 'account_recovery' AND t.email = p.email
             ORDER BY t.id FOR UPDATE OF t),
         gone AS (
             DELETE FROM auth.one_time_tokens t USING locked WHERE t.id = locked.id
             RETURNING t.id, t.subject, t.email, t.expires_at)
         SELECT subject, email, expires_at FROM gone WHERE id = $3",
        &[
            app_id.into(),
            tenant_id.into(),
            token.id.into(),
            (&token.row_hash()).into(),
        ],
        Consumed::read,
    )
}

/// Removes the tokens of a subject and address in a tenant.
pub fn delete_pair(app_id: &str, tenant_id: &str, kind: Kind, subject: &str, email: &str) {
    db::execute(
        "WITH locked AS (
             SELECT id FROM auth.one_time_tokens
             WHERE app_id = $1 AND tenant_id = $2 AND kind = $3 AND subject = $4 AND email = $5
             ORDER BY id FOR UPDATE)
         DELETE FROM auth.one_time_tokens t USING locked WHERE t.id = locked.id",
        &[
            app_id.into(),
            tenant_id.into(),
            kind.name().into(),
            subject.into(),
            email.into(),
        ],
    );
}

/// Removes the tokens of these subjects in a tenant; how many.
pub fn delete_of_in_tenant(app_id: &str, tenant_id: &str, kind: Kind, subjects: &[String]) -> u64 {
    db::execute(
        "WITH locked AS (
             SELECT id FROM auth.one_time_tokens
             WHERE app_id = $1 AND tenant_id = $2 AND kind = $3 AND subject = ANY ($4)
             ORDER BY id FOR UPDATE)
         DELETE FROM auth.one_time_tokens t USING locked WHERE t.id = locked.id",
        &[
            app_id.into(),
            tenant_id.into(),
            kind.name().into(),
            subjects.into(),
        ],
    )
}

/// Removes all tokens of these subjects.
pub fn delete_of(app_id: &str, subjects: &[String]) {
    db::execute(
        "WITH locked AS (
             SELECT id FROM auth.one_time_tokens
             WHERE app_id = $1 AND kind IN ('password_reset', 'email_verification', 'account_recovery')
               AND subject = ANY ($2)
             ORDER BY id FOR UPDATE)
         DELETE FROM auth.one_time_tokens t USING locked WHERE t.id = locked.id",
        &[app_id.into(), subjects.into()],
    );
}

/// Removes at most `limit` tokens that no longer work; how many. Skips what others work on.
pub fn delete_expired(now: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.one_time_tokens WHERE id = ANY (ARRAY(
             SELECT id FROM auth.one_time_tokens WHERE expires_at < $1
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[now.into(), limit.into()],
    )
}
