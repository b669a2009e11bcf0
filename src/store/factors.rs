//! `totp_devices` and `phone_factors` as second factors of a user, and `mfa_challenges`.

use uuid::Uuid;

use crate::db::{self, Row, Time};

/// What a factor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactorKind {
    Totp,
    /// With its number.
    Phone(String),
}

/// A second factor.
#[derive(Debug, Clone)]
pub struct Factor {
    pub id: Uuid,
    pub kind: FactorKind,
    pub friendly_name: String,
    pub is_verified: bool,
    pub created_at: Time,
    pub updated_at: Time,
    pub last_challenged_at: Option<Time>,
}

impl Factor {
    fn read(row: &Row) -> Self {
        Self {
            id: row.uuid(1),
            kind: row.text_opt(2).map_or(FactorKind::Totp, FactorKind::Phone),
            friendly_name: row.text(3),
            is_verified: row.bool(4),
            created_at: row.time(5),
            updated_at: row.time(6),
            last_challenged_at: row.time_opt(7),
        }
    }
}

/// The factors of a user, oldest first; `subject` is the id that authenticator apps are kept under.
pub fn list(app_id: &str, user_id: Uuid, subject: &str) -> Vec<Factor> {
    db::query(
        "SELECT id, NULL::text, name::text, is_verified, created_at, coalesce(updated_at, created_at) AS updated_at,
                last_challenged_at
         FROM auth.totp_devices WHERE app_id = $1 AND user_id = $3
         UNION ALL
         SELECT id, phone, friendly_name, is_verified, created_at, updated_at, last_challenged_at
         FROM auth.phone_factors WHERE user_id = $2
         ORDER BY 5, 1",
        &[app_id.into(), user_id.into(), subject.into()],
        Factor::read,
    )
}

/// Writes a new authenticator app, its secret sealed; `false` when the user has one of that name.
pub fn insert_totp(
    app_id: &str,
    subject: &str,
    factor: &Factor,
    secret: &[u8],
    period_s: i64,
    skew: i64,
) -> bool {
    db::execute(
        "INSERT INTO auth.totp_devices (id, app_id, user_id, name, secret, period_s, skew, is_verified, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, false, $8) ON CONFLICT DO NOTHING",
        &[
            factor.id.into(),
            app_id.into(),
            subject.into(),
            (&factor.friendly_name).into(),
            secret.into(),
            period_s.into(),
            skew.into(),
            factor.created_at.into(),
        ],
    ) == 1
}

/// Writes a new phone; `false` when the user has one with that number.
pub fn insert_phone(app_id: &str, user_id: Uuid, factor: &Factor, phone: &str) -> bool {
    db::execute(
        "INSERT INTO auth.phone_factors (id, app_id, user_id, friendly_name, phone, is_verified, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, false, $6, $6) ON CONFLICT DO NOTHING",
        &[
            factor.id.into(),
            app_id.into(),
            user_id.into(),
            (&factor.friendly_name).into(),
            phone.into(),
            factor.created_at.into(),
        ],
    ) == 1
}

/// Has a factor count from now on.
pub fn set_verified(id: Uuid, now: Time) {
    db::execute(
        "UPDATE auth.totp_devices SET is_verified = true, updated_at = $2 WHERE id = $1 AND NOT is_verified",
        &[id.into(), now.into()],
    );
    db::execute(
        "UPDATE auth.phone_factors SET is_verified = true, updated_at = $2 WHERE id = $1 AND NOT is_verified",
        &[id.into(), now.into()],
    );
}

/// Notes that a factor was asked for.
pub fn set_challenged(id: Uuid, now: Time) {
    db::execute(
        "UPDATE auth.totp_devices SET last_challenged_at = $2 WHERE id = $1",
        &[id.into(), now.into()],
    );
    db::execute(
        "UPDATE auth.phone_factors SET last_challenged_at = $2 WHERE id = $1",
        &[id.into(), now.into()],
    );
}

/// Gives a factor another name and, if it is a phone, another number.
pub fn update(id: Uuid, friendly_name: &str, phone: Option<&str>, now: Time) {
    db::execute(
        "UPDATE auth.totp_devices SET name = $2, updated_at = $3 WHERE id = $1",
        &[id.into(), friendly_name.into(), now.into()],
    );
    db::execute(
        "UPDATE auth.phone_factors SET friendly_name = $2, phone = coalesce($3, phone), updated_at = $4 WHERE id = $1",
        &[id.into(), friendly_name.into(), phone.into(), now.into()],
    );
}

/// Removes factors, and what was asked of them.
pub fn delete(ids: &[Uuid]) {
    db::execute(
        "DELETE FROM auth.mfa_challenges WHERE factor_id = ANY ($1)",
        &[ids.into()],
    );
    db::execute(
        "DELETE FROM auth.totp_devices WHERE id = ANY ($1)",
        &[ids.into()],
    );
    db::execute(
        "DELETE FROM auth.phone_factors WHERE id = ANY ($1)",
        &[ids.into()],
    );
}

/// A question for a factor.
#[derive(Debug)]
pub struct Challenge {
    pub id: Uuid,
    pub factor_id: Uuid,
    pub ip_address: String,
    /// Of the code that was sent, if one was.
    pub code_hash: Option<Vec<u8>>,
    pub wrong_attempts: i32,
    pub created_at: Time,
    pub verified_at: Option<Time>,
}

pub fn insert_challenge(app_id: &str, user_id: Uuid, challenge: &Challenge) {
    db::execute(
        "INSERT INTO auth.mfa_challenges (id, app_id, user_id, factor_id, ip_address, code_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            challenge.id.into(),
            app_id.into(),
            user_id.into(),
            challenge.factor_id.into(),
            (&challenge.ip_address).into(),
            challenge.code_hash.as_deref().into(),
            challenge.created_at.into(),
        ],
    );
}

/// A question for that factor, locked.
pub fn lock_challenge(factor_id: Uuid, id: Uuid) -> Option<Challenge> {
    db::query_opt(
        "SELECT id, factor_id, ip_address, code_hash, wrong_attempts, created_at, verified_at
         FROM auth.mfa_challenges WHERE id = $2 AND factor_id = $1 FOR UPDATE",
        &[factor_id.into(), id.into()],
        |row| Challenge {
            id: row.uuid(1),
            factor_id: row.uuid(2),
            ip_address: row.text(3),
            code_hash: row.bytes_opt(4),
            wrong_attempts: row.int(5),
            created_at: row.time(6),
            verified_at: row.time_opt(7),
        },
    )
}

/// Notes that a question was answered, or answered wrong.
pub fn settle_challenge(id: Uuid, is_right: bool, now: Time) {
    db::execute(
        "UPDATE auth.mfa_challenges SET verified_at = CASE WHEN $2 THEN $3 END,
             wrong_attempts = wrong_attempts + CASE WHEN $2 THEN 0 ELSE 1 END
         WHERE id = $1",
        &[id.into(), is_right.into(), now.into()],
    );
}

pub fn delete_challenge(id: Uuid) {
    db::execute(
        "DELETE FROM auth.mfa_challenges WHERE id = $1",
        &[id.into()],
    );
}

/// Removes at most `limit` questions that were asked before then; how many.
pub fn delete_challenges_before(then: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.mfa_challenges WHERE id = ANY (ARRAY(
             SELECT id FROM auth.mfa_challenges WHERE created_at < $1
             ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[then.into(), limit.into()],
    )
}
