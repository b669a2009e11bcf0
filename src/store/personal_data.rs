//! What the tables hold about one person. `tests/sql/personal_data.sql` knows every column of every table: one that is
//! added is exported here, or named there with the reason why not.

use serde_json::Value;
use uuid::Uuid;

use crate::db;
use crate::store::login_methods::Contact;

/// The keys under which rows of a person stand.
#[derive(Debug)]
pub struct Keys {
    /// Users: the person's own row, and those of users that were linked into it.
    pub user_ids: Vec<Uuid>,
    /// All ids by which callers may have known the person: users', login methods', another system's.
    pub ids: Vec<String>,
}

/// The user with that id, and those that were linked into it, in this order; none if there is no such user.
pub fn user_ids(app_id: &str, id: Uuid) -> Vec<Uuid> {
    db::query(
        "SELECT id FROM auth.users WHERE app_id = $1 AND (id = $2 OR merged_into = $2) ORDER BY id <> $2, id",
        &[app_id.into(), id.into()],
        |row| row.uuid(1),
    )
}

/// An id under which rows of users stand.
pub struct KnownId {
    pub text: String,
    /// Whether it is ours; else it is another system's for the same.
    pub is_own: bool,
}

/// All ids of users: their own, those of their login methods, and another system's for any of these.
pub fn ids(app_id: &str, user_ids: &[Uuid]) -> Vec<KnownId> {
    db::query(
        "WITH own AS (SELECT unnest($2) AS id
                      UNION SELECT id FROM auth.login_methods WHERE app_id = $1 AND user_id = ANY ($2))
         SELECT id::text, true FROM own
         UNION ALL SELECT k.external_id, false FROM auth.user_id_mappings k JOIN own ON own.id = k.user_id",
        &[app_id.into(), user_ids.into()],
        |row| KnownId {
            text: row.text(1),
            is_own: row.bool(2),
        },
    )
}

/// Addresses and numbers by which users sign in to a tenant, and nobody else does. Parameters: app, ids of users.
macro_rules! own_contacts {
    () => {
        "SELECT t.tenant_id, c.email, c.phone
         FROM auth.login_method_tenants t, LATERAL (VALUES (t.email, NULL), (NULL, t.phone)) AS c (email, phone)
         WHERE t.app_id = $1 AND t.user_id = ANY ($2) AND coalesce(c.email, c.phone) IS NOT NULL
           AND NOT EXISTS (SELECT FROM auth.login_method_tenants o
               WHERE o.app_id = $1 AND o.tenant_id = t.tenant_id AND o.user_id <> ALL ($2)
                 AND (o.email = c.email OR o.phone = c.phone))"
    };
}

/// One of these.
pub struct OwnContact {
    pub tenant_id: String,
    /// An address or a number.
    pub contact: Contact,
}

pub fn own_contacts(app_id: &str, user_ids: &[Uuid]) -> Vec<OwnContact> {
    db::query(
        concat!(
            "SELECT DISTINCT * FROM (",
            own_contacts!(),
            ") AS own ORDER BY 1, 2, 3"
        ),
        &[app_id.into(), user_ids.into()],
        |row| OwnContact {
            tenant_id: row.text(1),
            contact: Contact {
                email: row.text_opt(2),
                phone: row.text_opt(3),
            },
        },
    )
}

/// A list of the export: its name, and the rows. All statements have the parameters app, ids of users, all ids.
macro_rules! list {
    ($name:literal, $rows:expr) => {
        (
            $name,
            concat!(
                "SELECT coalesce(jsonb_agg(r), '[]') FROM (",
                $rows,
                ") AS r"
            ),
        )
    };
}

const LISTS: [(&str, &str); 19] = [
    list!(
        "users",
        "SELECT id, aud, role, email, phone, email_confirmed_at, phone_confirmed_at, invited_at, confirmation_sent_at,
             recovery_sent_at, reauthentication_sent_at, email_change, email_change_sent_at, phone_change,
             phone_change_sent_at, raw_app_meta_data, raw_user_meta_data, is_anonymous, is_sso_user, is_primary,
             merged_into, banned_until, deleted_at, last_sign_in_at, time_joined, created_at, updated_at
         FROM auth.users WHERE app_id = $1 AND id = ANY ($2) ORDER BY time_joined, id"
    ),
    list!(
        "login_methods",
        "SELECT m.id, m.user_id, m.recipe, m.email, m.phone, m.third_party_id, m.third_party_user_id,
             m.password_hash IS NOT NULL AS has_password, m.identity_data, m.time_joined,
             array(SELECT t.tenant_id FROM auth.login_method_tenants t WHERE t.login_method_id = m.id
                   ORDER BY t.tenant_id) AS tenant_ids
         FROM auth.login_methods m WHERE m.app_id = $1 AND m.user_id = ANY ($2) ORDER BY m.time_joined, m.id"
    ),
    list!(
        "external_ids",
        "SELECT user_id, external_id, external_info FROM auth.user_id_mappings
         WHERE app_id = $1 AND user_id IN (SELECT unnest($2) UNION SELECT m.id FROM auth.login_methods m
                                           WHERE m.app_id = $1 AND m.user_id = ANY ($2)) ORDER BY user_id"
    ),
    list!(
        "verified_emails",
        "SELECT user_id, email, verified_at FROM auth.verified_emails
         WHERE app_id = $1 AND user_id = ANY ($3) ORDER BY user_id, email"
    ),
    list!(
        "metadata",
        "SELECT user_id, metadata FROM auth.user_metadata WHERE app_id = $1 AND user_id = ANY ($3) ORDER BY user_id"
    ),
    list!(
        "roles",
        "SELECT user_id, tenant_id, role FROM auth.user_roles
         WHERE app_id = $1 AND user_id = ANY ($3) ORDER BY user_id, tenant_id, role"
    ),
    list!(
        "activity",
        "SELECT user_id, last_active_at FROM auth.active_users
         WHERE app_id = $1 AND user_id = ANY ($3) ORDER BY user_id"
    ),
    list!(
        "sessions",
        "SELECT id, tenant_id, subject, created_at, refreshed_at, expires_at, not_after, payload, data, aal, amr,
             user_agent, host(ip) AS ip_address, tag
         FROM auth.sessions WHERE app_id = $1 AND subject = ANY ($3)
         UNION SELECT id, tenant_id, subject, created_at, refreshed_at, expires_at, not_after, payload, data, aal, amr,
             user_agent, host(ip), tag
         FROM auth.sessions WHERE app_id = $1 AND user_id = ANY ($2) ORDER BY created_at, id"
    ),
    list!(
        "totp_devices",
        "SELECT id, user_id, name, period_s, skew, is_verified, created_at, updated_at, last_challenged_at
         FROM auth.totp_devices WHERE app_id = $1 AND user_id = ANY ($3) ORDER BY created_at, id"
    ),
    list!(
        "totp_attempts",
        "SELECT user_id, tenant_id, created_at FROM auth.totp_attempts
         WHERE app_id = $1 AND user_id = ANY ($3) ORDER BY created_at"
    ),
    list!(
        "phone_factors",
        "SELECT id, friendly_name, phone, is_verified, created_at, updated_at, last_challenged_at
         FROM auth.phone_factors WHERE user_id = ANY ($2) ORDER BY created_at, id"
    ),
    list!(
        "mfa_challenges",
        "SELECT factor_id, ip_address, created_at, verified_at FROM auth.mfa_challenges
         WHERE user_id = ANY ($2) ORDER BY created_at, id"
    ),
    list!(
        "passkeys",
        "SELECT c.id, c.relying_party_id, c.aaguid, c.transports, c.sign_count, c.backup_eligible, c.backed_up,
             c.created_at, c.updated_at
         FROM auth.webauthn_credentials c JOIN auth.login_methods m ON m.id = c.login_method_id
         WHERE m.app_id = $1 AND m.user_id = ANY ($2) ORDER BY c.created_at, c.id"
    ),
    list!(
        "one_time_codes",
        "SELECT kind, address, sent_at FROM auth.one_time_codes WHERE user_id = ANY ($2) ORDER BY sent_at, kind"
    ),
    list!(
        "one_time_tokens",
        "SELECT kind, tenant_id, subject, email, created_at, expires_at FROM auth.one_time_tokens
         WHERE app_id = $1 AND subject = ANY ($3) ORDER BY created_at, id"
    ),
    list!(
        "passwordless_devices",
        concat!(
            "SELECT d.tenant_id, d.email, d.phone, d.failed_attempts, d.created_at
             FROM auth.passwordless_devices d
             WHERE d.app_id = $1 AND EXISTS (SELECT FROM (",
            own_contacts!(),
            ") AS own WHERE own.tenant_id = d.tenant_id AND (own.email = d.email OR own.phone = d.phone))
             ORDER BY d.created_at, d.id"
        )
    ),
    list!(
        "messages",
        "SELECT id, tenant_id, channel, kind, attempts, created_at, due_at, dead_at FROM auth.outbox
         WHERE app_id = $1 AND user_id = ANY ($2) ORDER BY created_at, id"
    ),
    list!(
        "flows",
        "SELECT authentication_method, provider_type, created_at FROM auth.flow_states
         WHERE user_id = ANY ($2) ORDER BY created_at, id"
    ),
    list!(
        "audit_log",
        "SELECT id, payload, ip_address, created_at FROM auth.audit_log_entries
         WHERE app_id = $1 AND (payload ->> 'actor_id' = ANY ($3) OR payload #>> '{traits,user_id}' = ANY ($3))
         ORDER BY created_at, id"
    ),
];

/// Everything about a person that is no secret: the lists by name.
pub fn lists(app_id: &str, keys: &Keys) -> Vec<(&'static str, Value)> {
    let params = [
        app_id.into(),
        keys.user_ids.as_slice().into(),
        keys.ids.as_slice().into(),
    ];
    let read = |sql| db::query_one(sql, &params, |row| row.json(1));
    LISTS
        .iter()
        .map(|(name, sql)| (*name, read(*sql)))
        .collect()
}

/// Takes out of the audit log who a person was. What was done stays, and the id by which it hangs together.
pub fn blank_audit_log(app_id: &str, ids: &[String]) {
    db::execute(
        "UPDATE auth.audit_log_entries SET
             payload = payload - CASE WHEN payload ->> 'actor_id' = ANY ($2) THEN '{actor_name,traits}'::text[]
                                      ELSE '{traits}' END
                 || CASE WHEN payload ->> 'actor_id' = ANY ($2) THEN '{\"actor_username\": \"\"}'::jsonb ELSE '{}' END
                 || CASE WHEN payload #> '{traits,user_id}' IS NULL THEN '{}'
                         ELSE jsonb_build_object('traits', jsonb_build_object('user_id', payload #> '{traits,user_id}'))
                    END,
             ip_address = CASE WHEN payload ->> 'actor_id' = ANY ($2) THEN '' ELSE ip_address END
         WHERE app_id = $1 AND (payload ->> 'actor_id' = ANY ($2) OR payload #>> '{traits,user_id}' = ANY ($2))",
        &[app_id.into(), ids.into()],
    );
}

/// Removes options of passkeys that were asked for with an address.
pub fn delete_passkey_options(app_id: &str, tenant_id: &str, email: &str) {
    db::execute(
        "DELETE FROM auth.webauthn_options WHERE app_id = $1 AND tenant_id = $2 AND email = $3",
        &[app_id.into(), tenant_id.into(), email.into()],
    );
}
