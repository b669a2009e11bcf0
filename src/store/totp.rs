//! `totp_devices` and `totp_attempts`.

use uuid::Uuid;

use crate::db::{self, Row, Time};

/// A device, its secret sealed.
#[derive(Debug, Clone)]
pub struct Device {
    pub name: String,
    pub secret: Vec<u8>,
    pub period_s: i64,
    pub skew: i64,
    pub is_verified: bool,
}

impl Device {
    fn read(row: &Row) -> Self {
        Self {
            name: row.text(1),
            secret: row.bytes(2),
            period_s: row.bigint(3),
            skew: row.bigint(4),
            is_verified: row.bool(5),
        }
    }
}

/// A user's devices, by name.
pub fn devices(app_id: &str, user_id: &str) -> Vec<Device> {
    db::query(
        "SELECT name, secret, period_s, skew, is_verified FROM auth.totp_devices
         WHERE app_id = $1 AND user_id = $2 ORDER BY name",
        &[app_id.into(), user_id.into()],
        Device::read,
    )
}

/// Has those who do something with the devices of a user take turns, until this transaction ends. Not a lock on the rows:
/// they come and go and change the names that they would be locked by.
pub fn lock_user(app_id: &str, user_id: &str) {
    db::execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 6238))",
        &[app_id.into(), user_id.into()],
    );
}

/// Adds a device, in the place of an unverified one of its name; `false` when there is a verified one.
pub fn put_device(app_id: &str, user_id: &str, device: &Device, now: Time) -> bool {
    db::execute(
        "INSERT INTO auth.totp_devices (app_id, user_id, name, secret, period_s, skew, is_verified, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (app_id, user_id, name) DO UPDATE
         SET secret = excluded.secret, period_s = excluded.period_s, skew = excluded.skew,
             is_verified = excluded.is_verified, created_at = excluded.created_at
         WHERE NOT totp_devices.is_verified",
        &[
            app_id.into(),
            user_id.into(),
            (&device.name).into(),
            device.secret.as_slice().into(),
            device.period_s.into(),
            device.skew.into(),
            device.is_verified.into(),
            now.into(),
        ],
    ) == 1
}

pub fn rename_device(app_id: &str, user_id: &str, name: &str, new_name: &str) {
    db::execute(
        "UPDATE auth.totp_devices SET name = $4 WHERE app_id = $1 AND user_id = $2 AND name = $3",
        &[app_id.into(), user_id.into(), name.into(), new_name.into()],
    );
}

pub fn set_verified(app_id: &str, user_id: &str, name: &str) {
    db::execute(
        "UPDATE auth.totp_devices SET is_verified = true
         WHERE app_id = $1 AND user_id = $2 AND name = $3",
        &[app_id.into(), user_id.into(), name.into()],
    );
}

/// Removes a device; the id by which the GoTrue door knew it.
pub fn delete_device(app_id: &str, user_id: &str, name: &str) -> Option<Uuid> {
    db::query_opt(
        "DELETE FROM auth.totp_devices WHERE app_id = $1 AND user_id = $2 AND name = $3 RETURNING id",
        &[app_id.into(), user_id.into(), name.into()],
        |row| row.uuid(1),
    )
}

/// Of those of the users who have a device: their ids, and whether one is verified.
pub fn status(app_id: &str, user_ids: &[String]) -> Vec<(String, bool)> {
    db::query(
        "SELECT user_id, bool_or(is_verified) FROM auth.totp_devices
         WHERE app_id = $1 AND user_id = ANY ($2) GROUP BY user_id",
        &[app_id.into(), user_ids.into()],
        |row| (row.text(1), row.bool(2)),
    )
}

/// A code that was presented.
pub struct Attempt {
    pub created_at: Time,
    /// HMAC of the code, if it was right.
    pub used_code: Option<Vec<u8>>,
    pub expires_at: Time,
}

impl Attempt {
    fn read(row: &Row) -> Self {
        Self {
            created_at: row.time(1),
            used_code: row.bytes_opt(2),
            expires_at: row.time(3),
        }
    }
}

/// The latest attempts of a user in a tenant, newest first.
pub fn latest_attempts(app_id: &str, tenant_id: &str, user_id: &str, limit: i64) -> Vec<Attempt> {
    db::query(
        "SELECT created_at, used_code, expires_at FROM auth.totp_attempts
         WHERE app_id = $1 AND tenant_id = $2 AND user_id = $3 ORDER BY created_at DESC LIMIT $4",
        &[
            app_id.into(),
            tenant_id.into(),
            user_id.into(),
            limit.into(),
        ],
        Attempt::read,
    )
}

/// The codes of a user, as they are kept, that were right in this tenant and could be right again.
pub fn used_codes(app_id: &str, tenant_id: &str, user_id: &str, now: Time) -> Vec<Vec<u8>> {
    db::query(
        "SELECT used_code FROM auth.totp_attempts
         WHERE app_id = $1 AND tenant_id = $2 AND user_id = $3
           AND expires_at > $4 AND used_code IS NOT NULL",
        &[app_id.into(), tenant_id.into(), user_id.into(), now.into()],
        |row| row.bytes(1),
    )
}

pub fn insert_attempt(
    app_id: &str,
    tenant_id: &str,
    user_id: &str,
    attempt: &Attempt,
    forget_at: Time,
) {
    db::execute(
        "INSERT INTO auth.totp_attempts
             (app_id, tenant_id, user_id, created_at, used_code, expires_at, forget_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            app_id.into(),
            tenant_id.into(),
            user_id.into(),
            attempt.created_at.into(),
            attempt.used_code.as_deref().into(),
            attempt.expires_at.into(),
            forget_at.into(),
        ],
    );
}

/// Forgets the attempts of a user in all tenants.
pub fn delete_attempts(app_id: &str, user_id: &str) {
    db::execute(
        "DELETE FROM auth.totp_attempts WHERE app_id = $1 AND user_id = $2",
        &[app_id.into(), user_id.into()],
    );
}

/// Forgets the attempts of these users in a tenant; how many.
pub fn delete_attempts_in_tenant(app_id: &str, tenant_id: &str, user_ids: &[String]) -> u64 {
    db::execute(
        "DELETE FROM auth.totp_attempts WHERE app_id = $1 AND tenant_id = $2 AND user_id = ANY ($3)",
        &[app_id.into(), tenant_id.into(), user_ids.into()],
    )
}

/// Removes the devices of these users, and their attempts.
pub fn delete_of(app_id: &str, user_ids: &[String]) {
    let mut sorted: Vec<_> = user_ids.iter().collect();
    sorted.sort_unstable();
    for user_id in sorted {
        lock_user(app_id, user_id);
    }
    db::execute(
        "DELETE FROM auth.totp_devices WHERE app_id = $1 AND user_id = ANY ($2)",
        &[app_id.into(), user_ids.into()],
    );
    db::execute(
        "DELETE FROM auth.totp_attempts WHERE app_id = $1 AND user_id = ANY ($2)",
        &[app_id.into(), user_ids.into()],
    );
}

/// Forgets at most `limit` attempts that bear on nothing any more; how many. Skips what others work on.
pub fn delete_expired(now: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.totp_attempts WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM auth.totp_attempts WHERE forget_at < $1
             ORDER BY forget_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[now.into(), limit.into()],
    )
}
