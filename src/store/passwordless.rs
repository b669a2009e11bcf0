//! `passwordless_devices` and `passwordless_codes`.

use uuid::Uuid;

use super::login_methods::Contact;
use crate::db::{self, Row, Time};

/// A device.
#[derive(Debug, Clone)]
pub struct Device {
    pub id: String,
    /// An address or a number.
    pub contact: Contact,
    pub salt: Vec<u8>,
    pub failed_attempts: i64,
}

impl Device {
    fn read(row: &Row) -> Self {
        Self {
            id: row.text(1),
            contact: Contact {
                email: row.text_opt(2),
                phone: row.text_opt(3),
            },
            salt: row.bytes(4),
            failed_attempts: row.bigint(5),
        }
    }
}

/// A code.
pub struct Code {
    pub id: Uuid,
    pub device_id: String,
    pub created_at: Time,
}

impl Code {
    fn read(row: &Row) -> Self {
        Self {
            id: row.uuid(1),
            device_id: row.text(2),
            created_at: row.time(3),
        }
    }
}

pub fn insert_device(app_id: &str, tenant_id: &str, device: &Device, now: Time) {
    db::execute(
        "INSERT INTO auth.passwordless_devices (app_id, tenant_id, id, email, phone, link_code_salt, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            app_id.into(),
            tenant_id.into(),
            (&device.id).into(),
            device.contact.email.as_deref().into(),
            device.contact.phone.as_deref().into(),
            device.salt.as_slice().into(),
            now.into(),
        ],
    );
}

/// Adds a code to a device, which stays locked against removal; `false` when the device has that code already.
pub fn insert_code(app_id: &str, tenant_id: &str, code: &Code, link_code_hash: &[u8; 32]) -> bool {
    db::execute(
        "INSERT INTO auth.passwordless_codes (id, app_id, tenant_id, device_id, link_code_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        &[
            code.id.into(),
            app_id.into(),
            tenant_id.into(),
            (&code.device_id).into(),
            link_code_hash.into(),
            code.created_at.into(),
        ],
    ) == 1
}

pub fn find_device(app_id: &str, tenant_id: &str, id: &str) -> Option<Device> {
    db::query_opt(
        "SELECT id, email, phone, link_code_salt, failed_attempts::bigint FROM auth.passwordless_devices
         WHERE app_id = $1 AND tenant_id = $2 AND id = $3",
        &[app_id.into(), tenant_id.into(), id.into()],
        Device::read,
    )
}

/// The same, and nobody removes the device until this transaction ends.
pub fn hold_device(app_id: &str, tenant_id: &str, id: &str) -> Option<Device> {
    db::query_opt(
        "SELECT id, email, phone, link_code_salt, failed_attempts::bigint FROM auth.passwordless_devices
         WHERE app_id = $1 AND tenant_id = $2 AND id = $3 FOR KEY SHARE",
        &[app_id.into(), tenant_id.into(), id.into()],
        Device::read,
    )
}

/// The devices of an address or a number, oldest first.
pub fn devices_of(app_id: &str, tenant_id: &str, contact: &Contact) -> Vec<Device> {
    db::query(
        "SELECT id, email, phone, link_code_salt, failed_attempts::bigint, created_at FROM auth.passwordless_devices
         WHERE app_id = $1 AND tenant_id = $2 AND email = $3
         UNION ALL
         SELECT id, email, phone, link_code_salt, failed_attempts::bigint, created_at FROM auth.passwordless_devices
         WHERE app_id = $1 AND tenant_id = $2 AND phone = $4 ORDER BY created_at, id",
        &[
            app_id.into(),
            tenant_id.into(),
            contact.email.as_deref().into(),
            contact.phone.as_deref().into(),
        ],
        Device::read,
    )
}

/// Locks the devices of these addresses and numbers in these tenants, in the order that all who lock several keep to.
pub fn lock_devices_of(
    app_id: &str,
    tenant_ids: &[String],
    emails: &[String],
    phones: &[String],
) -> Vec<Device> {
    let found = in_tenants(tenant_ids, |tenant_id| {
        lock_in_tenant(app_id, tenant_id, emails, phones)
    });
    found.into_iter().map(|(_, device)| device).collect()
}

/// What is found in each tenant, in the order of the tenants' ids, with the tenant.
fn in_tenants(tenant_ids: &[String], find: impl Fn(&str) -> Vec<Device>) -> Vec<(&str, Device)> {
    let mut tenant_ids: Vec<_> = tenant_ids.iter().map(String::as_str).collect();
    tenant_ids.sort_unstable();
    tenant_ids.dedup();
    let found = tenant_ids.into_iter().flat_map(|tenant_id| {
        let devices = find(tenant_id).into_iter();
        devices.map(move |device| (tenant_id, device))
    });
    found.collect()
}

/// One statement an address or a number, and one that locks what they have found: with lists of them in one statement,
/// a plan that knows no values may read all devices of the tenant.
fn lock_in_tenant(
    app_id: &str,
    tenant_id: &str,
    emails: &[String],
    phones: &[String],
) -> Vec<Device> {
    let mut ids = Vec::new();
    for email in emails {
        ids.extend(db::query(
            "SELECT id FROM auth.passwordless_devices WHERE app_id = $1 AND tenant_id = $2 AND email = $3",
            &[app_id.into(), tenant_id.into(), email.into()],
            |row| row.text(1),
        ));
    }
    for phone in phones {
        ids.extend(db::query(
            "SELECT id FROM auth.passwordless_devices WHERE app_id = $1 AND tenant_id = $2 AND phone = $3",
            &[app_id.into(), tenant_id.into(), phone.into()],
            |row| row.text(1),
        ));
    }
    if ids.is_empty() {
        return Vec::new();
    }
    db::query(
        "SELECT id, email, phone, link_code_salt, failed_attempts::bigint FROM auth.passwordless_devices
         WHERE app_id = $1 AND tenant_id = $2 AND id = ANY ($3) ORDER BY id FOR UPDATE",
        &[app_id.into(), tenant_id.into(), ids.as_slice().into()],
        Device::read,
    )
}

pub fn count_failure(app_id: &str, tenant_id: &str, device_id: &str) {
    db::execute(
        "UPDATE auth.passwordless_devices SET failed_attempts = failed_attempts + 1
         WHERE app_id = $1 AND tenant_id = $2 AND id = $3",
        &[app_id.into(), tenant_id.into(), device_id.into()],
    );
}

pub fn find_code(app_id: &str, tenant_id: &str, link_code_hash: &[u8; 32]) -> Option<Code> {
    db::query_opt(
        "SELECT id, device_id, created_at FROM auth.passwordless_codes
         WHERE app_id = $1 AND tenant_id = $2 AND link_code_hash = $3",
        &[app_id.into(), tenant_id.into(), link_code_hash.into()],
        Code::read,
    )
}

/// The device of a code that is named by its id.
pub fn device_of_code(app_id: &str, tenant_id: &str, code_id: Uuid) -> Option<String> {
    db::query_opt(
        "SELECT device_id FROM auth.passwordless_codes WHERE app_id = $1 AND tenant_id = $2 AND id = $3",
        &[app_id.into(), tenant_id.into(), code_id.into()],
        |row| row.text(1),
    )
}

/// The codes of a device, oldest first.
pub fn codes_of(app_id: &str, tenant_id: &str, device_id: &str) -> Vec<Code> {
    db::query(
        "SELECT id, device_id, created_at FROM auth.passwordless_codes
         WHERE app_id = $1 AND tenant_id = $2 AND device_id = $3 ORDER BY created_at, id",
        &[app_id.into(), tenant_id.into(), device_id.into()],
        Code::read,
    )
}

pub fn delete_code(app_id: &str, tenant_id: &str, code_id: Uuid) {
    db::execute(
        "DELETE FROM auth.passwordless_codes WHERE app_id = $1 AND tenant_id = $2 AND id = $3",
        &[app_id.into(), tenant_id.into(), code_id.into()],
    );
}

/// Removes a device with its codes.
pub fn delete_device(app_id: &str, tenant_id: &str, id: &str) {
    db::execute(
        "DELETE FROM auth.passwordless_devices WHERE app_id = $1 AND tenant_id = $2 AND id = $3",
        &[app_id.into(), tenant_id.into(), id.into()],
    );
}

/// Removes all devices of an address or a number in these tenants.
pub fn delete_devices_of(app_id: &str, tenant_ids: &[String], contact: &Contact) {
    let (emails, phones) = (contact.email.as_slice(), contact.phone.as_slice());
    let locked = in_tenants(tenant_ids, |tenant_id| {
        lock_in_tenant(app_id, tenant_id, emails, phones)
    });
    for (tenant_id, device) in locked {
        delete_device(app_id, tenant_id, &device.id);
    }
}

/// The tenants that have codes from before a moment, as (app, tenant).
pub fn tenants_with_codes_before(moment: Time) -> Vec<(String, String)> {
    db::query(
        "SELECT DISTINCT app_id, tenant_id FROM auth.passwordless_codes WHERE created_at < $1",
        &[moment.into()],
        |row| (row.text(1), row.text(2)),
    )
}

/// Removes at most `limit` of a tenant's codes from before a moment, and the devices from before it that are left
/// without a code; how many codes. Skips what others work on.
pub fn delete_before(app_id: &str, tenant_id: &str, moment: Time, limit: i64) -> u64 {
    let params = [app_id.into(), tenant_id.into(), moment.into(), limit.into()];
    let deleted = db::execute(
        "DELETE FROM auth.passwordless_codes WHERE id = ANY (ARRAY(
             SELECT id FROM auth.passwordless_codes
             WHERE app_id = $1 AND tenant_id = $2 AND created_at < $3
             ORDER BY created_at LIMIT $4 FOR UPDATE SKIP LOCKED))",
        &params,
    );
    db::execute(
        "DELETE FROM auth.passwordless_devices WHERE app_id = $1 AND tenant_id = $2 AND id = ANY (ARRAY(
             SELECT d.id FROM auth.passwordless_devices d
             WHERE d.app_id = $1 AND d.tenant_id = $2 AND d.created_at < $3
               AND (SELECT count(*) FROM auth.passwordless_codes c
                    WHERE c.app_id = $1 AND c.tenant_id = $2 AND c.device_id = d.id) = 0
             ORDER BY d.created_at LIMIT $4 FOR UPDATE SKIP LOCKED))",
        &params,
    );
    deleted
}
