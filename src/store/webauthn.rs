//! `webauthn_options` and `webauthn_credentials`.

use uuid::Uuid;

use crate::db::{self, Row, Time};

/// Options that a browser was given.
#[derive(Debug, Clone)]
pub struct Options {
    pub id: Uuid,
    pub relying_party_id: String,
    pub relying_party_name: String,
    pub origin: String,
    /// For a registration.
    pub email: Option<String>,
    pub challenge: String,
    pub timeout_ms: i64,
    pub user_verification: String,
    pub user_presence: bool,
    /// SHA-256 of the answer that signed a user in.
    pub accepted_assertion: Option<Vec<u8>>,
    pub created_at: Time,
    pub expires_at: Time,
}

impl Options {
    fn read(row: &Row) -> Self {
        Self {
            id: row.uuid(1),
            relying_party_id: row.text(2),
            relying_party_name: row.text(3),
            origin: row.text(4),
            email: row.text_opt(5),
            challenge: row.text(6),
            timeout_ms: row.bigint(7),
            user_verification: row.text(8),
            user_presence: row.bool(9),
            accepted_assertion: row.bytes_opt(10),
            created_at: row.time(11),
            expires_at: row.time(12),
        }
    }
}

pub fn insert_options(app_id: &str, tenant_id: &str, options: &Options) {
    db::execute(
        "INSERT INTO auth.webauthn_options
             (id, app_id, tenant_id, relying_party_id, relying_party_name, origin, email, challenge,
              timeout_ms, user_verification, user_presence, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            options.id.into(),
            app_id.into(),
            tenant_id.into(),
            (&options.relying_party_id).into(),
            (&options.relying_party_name).into(),
            (&options.origin).into(),
            options.email.as_deref().into(),
            (&options.challenge).into(),
            options.timeout_ms.into(),
            (&options.user_verification).into(),
            options.user_presence.into(),
            options.created_at.into(),
            options.expires_at.into(),
        ],
    );
}

pub fn find_options(app_id: &str, tenant_id: &str, id: Uuid) -> Option<Options> {
    db::query_opt(
        "SELECT id, relying_party_id, relying_party_name, origin, email, challenge, timeout_ms,
                user_verification, user_presence, accepted_assertion, created_at, expires_at
         FROM auth.webauthn_options WHERE id = $3 AND app_id = $1 AND tenant_id = $2",
        &[app_id.into(), tenant_id.into(), id.into()],
        Options::read,
    )
}

/// Removes options; whether they were there.
pub fn delete_options(app_id: &str, tenant_id: &str, id: Uuid) -> bool {
    db::execute(
        "DELETE FROM auth.webauthn_options WHERE id = $3 AND app_id = $1 AND tenant_id = $2",
        &[app_id.into(), tenant_id.into(), id.into()],
    ) == 1
}

/// Notes which answer signed a user in.
pub fn set_accepted_assertion(id: Uuid, digest: &[u8; 32]) {
    db::execute(
        "UPDATE auth.webauthn_options SET accepted_assertion = $2 WHERE id = $1",
        &[id.into(), digest.into()],
    );
}

/// Removes at most `limit` options that no longer hold; how many. Skips what others work on.
pub fn delete_expired_options(now: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.webauthn_options WHERE id = ANY (ARRAY(
             SELECT id FROM auth.webauthn_options WHERE expires_at < $1
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[now.into(), limit.into()],
    )
}

/// A new passkey.
pub struct NewCredential<'a> {
    pub relying_party_id: &'a str,
    pub id: &'a str,
    pub login_method_id: Uuid,
    pub public_key: &'a [u8],
    pub sign_count: i64,
    pub aaguid: Uuid,
    pub transports: &'a [String],
    pub backup_eligible: bool,
    pub backed_up: bool,
}

/// Adds a passkey; `false` when the relying party has one of that id.
pub fn insert_credential(app_id: &str, credential: &NewCredential, now: Time) -> bool {
    db::execute(
        "INSERT INTO auth.webauthn_credentials
             (app_id, relying_party_id, id, login_method_id, public_key, sign_count, aaguid, transports,
              backup_eligible, backed_up, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING",
        &[
            app_id.into(),
            credential.relying_party_id.into(),
            credential.id.into(),
            credential.login_method_id.into(),
            credential.public_key.into(),
            credential.sign_count.into(),
            credential.aaguid.into(),
            credential.transports.into(),
            credential.backup_eligible.into(),
            credential.backed_up.into(),
            now.into(),
        ],
    ) == 1
}

/// Whom a passkey signs in.
pub fn login_method_of(app_id: &str, relying_party_id: &str, id: &str) -> Option<Uuid> {
    db::query_opt(
        "SELECT login_method_id FROM auth.webauthn_credentials
         WHERE app_id = $1 AND relying_party_id = $2 AND id = $3",
        &[app_id.into(), relying_party_id.into(), id.into()],
        |row| row.uuid(1),
    )
}

/// Key and counter of a passkey.
pub struct Key {
    pub public_key: Vec<u8>,
    pub sign_count: i64,
}

/// Locks a passkey, so that its counter is compared and set by one caller at a time.
pub fn lock_key(
    app_id: &str,
    relying_party_id: &str,
    id: &str,
    login_method_id: Uuid,
) -> Option<Key> {
    db::query_opt(
        "SELECT public_key, sign_count FROM auth.webauthn_credentials
         WHERE app_id = $1 AND relying_party_id = $2 AND id = $3 AND login_method_id = $4
         FOR NO KEY UPDATE",
        &[
            app_id.into(),
            relying_party_id.into(),
            id.into(),
            login_method_id.into(),
        ],
        |row| Key {
            public_key: row.bytes(1),
            sign_count: row.bigint(2),
        },
    )
}

/// Notes a use of a passkey.
pub fn set_used(
    app_id: &str,
    relying_party_id: &str,
    id: &str,
    sign_count: i64,
    backed_up: bool,
    now: Time,
) {
    db::execute(
        "UPDATE auth.webauthn_credentials SET sign_count = $4, backed_up = $5, updated_at = $6
         WHERE app_id = $1 AND relying_party_id = $2 AND id = $3",
        &[
            app_id.into(),
            relying_party_id.into(),
            id.into(),
            sign_count.into(),
            backed_up.into(),
            now.into(),
        ],
    );
}

/// A passkey as callers see it.
pub struct Credential {
    pub id: String,
    pub relying_party_id: String,
    pub created_at: Time,
    pub updated_at: Time,
}

/// The passkeys of a login method, oldest first.
pub fn credentials(login_method_id: Uuid) -> Vec<Credential> {
    db::query(
        "SELECT id, relying_party_id, created_at, updated_at FROM auth.webauthn_credentials
         WHERE login_method_id = $1 ORDER BY created_at, id",
        &[login_method_id.into()],
        |row| Credential {
            id: row.text(1),
            relying_party_id: row.text(2),
            created_at: row.time(3),
            updated_at: row.time(4),
        },
    )
}

/// Removes a passkey of a login method; whether it was there.
pub fn delete_credential(login_method_id: Uuid, id: &str) -> bool {
    db::execute(
        "DELETE FROM auth.webauthn_credentials WHERE login_method_id = $1 AND id = $2",
        &[login_method_id.into(), id.into()],
    ) > 0
}

/// The users of a tenant with a passkey of that id.
pub fn users_with(app_id: &str, tenant_id: &str, id: &str) -> Vec<Uuid> {
    db::query(
        "SELECT DISTINCT t.user_id FROM auth.webauthn_credentials c
         JOIN auth.login_method_tenants t ON t.login_method_id = c.login_method_id AND t.tenant_id = $2
         WHERE c.app_id = $1 AND c.id = $3",
        &[app_id.into(), tenant_id.into(), id.into()],
        |row| row.uuid(1),
    )
}
