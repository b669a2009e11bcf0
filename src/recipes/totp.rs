//! Time-based one-time passwords (CDI, "TOTP"). Ids of users are used exactly as given, known as users or not.

use auth_core::keyring::Keyring;
use auth_core::normalise::{self, MAX_KEY};
use auth_core::totp::{self, Secret};

use super::account;
use crate::db::Time;
use crate::error::{Error, Result};
use crate::keyring::keyring;
use crate::store::auth_sessions;
use crate::store::totp::{self as rows, Attempt, Device};
use crate::tenant::Tenant;

/// How many steps a clock may be off at most. Each costs an HMAC at every attempt, and makes guessing easier.
const MAX_SKEW: i64 = 100;
/// The longest time that a code may be shown, in seconds: a day.
const MAX_PERIOD_S: i64 = 86_400;
/// Names the keys of used codes among the derived ones.
const MAC_PURPOSE: &str = "used-totp-code";
/// How a code of a device stands among the methods of a session.
pub const AMR: &str = "totp";
/// A longer text is no code at all, and counts as no attempt.
const MAX_CODE_LENGTH: usize = 8;

/// What a new device is to be.
pub struct NewDevice<'a> {
    pub user_id: &'a str,
    /// `None` picks a free one.
    pub name: Option<&'a str>,
    pub skew: i64,
    pub period_s: i64,
}

/// What came of adding a device.
pub enum Added {
    /// Its name, and the secret in Base32.
    Ok {
        name: String,
        secret: String,
    },
    AlreadyExists,
}

/// Adds a device that counts once a code of it was verified. One of its name that was never verified is replaced.
///
/// # Errors
/// [`Error::Invalid`] for empty or overlong texts, and numbers out of range.
pub fn create_device(app: &Tenant, device: &NewDevice) -> Result<Added> {
    add(app, device, Secret::random(), false)
}

/// Adds a device with a secret that its user has already, which counts at once.
///
/// # Errors
/// As [`create_device`], and for a secret that is no Base32.
pub fn import_device(app: &Tenant, device: &NewDevice, secret: &str) -> Result<Added> {
    not_empty("secretKey", secret)?;
    let secret = Secret::parse(secret)
        .ok_or_else(|| Error::invalid("secretKey must be a text in Base32"))?;
    add(app, device, secret, true)
}

fn add(app: &Tenant, device: &NewDevice, secret: Secret, is_verified: bool) -> Result<Added> {
    check_text("userId", device.user_id)?;
    if let Some(name) = device.name {
        check_text("deviceName", name)?;
    }
    check_numbers(device.skew, device.period_s)?;
    let sealed = keyring()?.seal(&purpose(app, device.user_id), secret.bytes());
    rows::lock_user(&app.app_id, device.user_id);
    let now = Time::now();
    let mut row = Device {
        name: String::new(),
        secret: sealed,
        period_s: device.period_s,
        skew: device.skew,
        is_verified,
    };
    let mut put = |name: String| {
        row.name = name;
        rows::put_device(&app.app_id, device.user_id, &row, now).then(|| row.name.clone())
    };
    let name = match device.name {
        Some(name) => put(name.to_owned()),
        None => (count_verified(app, device.user_id)..).find_map(|number| put(device_name(number))),
    };
    Ok(name.map_or(Added::AlreadyExists, |name| Added::Ok {
        name,
        secret: secret.base32(),
    }))
}

/// Refuses what no device can have.
///
/// # Errors
/// [`Error::Invalid`].
pub fn check_numbers(skew: i64, period_s: i64) -> Result<()> {
    let refusal = if skew < 0 {
        "skew must be >= 0".to_owned()
    } else if skew > MAX_SKEW {
        format!("skew must be <= {MAX_SKEW}")
    } else if period_s <= 0 {
        "period must be > 0".to_owned()
    } else if period_s > MAX_PERIOD_S {
        format!("period must be <= {MAX_PERIOD_S}")
    } else {
        return Ok(());
    };
    Err(Error::Invalid(refusal))
}

/// The name of a device that got none.
pub fn device_name(number: usize) -> String {
    format!("TOTP Device {number}")
}

fn count_verified(app: &Tenant, user_id: &str) -> usize {
    let devices = rows::devices(&app.app_id, user_id);
    devices.iter().filter(|device| device.is_verified).count()
}

/// What a device's secret is sealed for.
pub fn purpose(app: &Tenant, user_id: &str) -> String {
    format!("totp/{}/{user_id}", app.app_id)
}

fn not_empty(field: &str, text: &str) -> Result<()> {
    match text.is_empty() {
        true => Err(Error::invalid(format!("{field} cannot be empty"))),
        false => Ok(()),
    }
}

fn check_text(field: &'static str, text: &str) -> Result<()> {
    not_empty(field, text)?;
    Ok(normalise::check_length(field, text, MAX_KEY)?)
}

/// A user's devices, with which nobody else does anything until this transaction ends.
fn lock_devices(app: &Tenant, user_id: &str) -> Vec<Device> {
    rows::lock_user(&app.app_id, user_id);
    rows::devices(&app.app_id, user_id)
}

/// What came of renaming a device.
pub enum Renamed {
    Ok,
    UnknownDevice,
    AlreadyExists,
}

/// Gives a device another name.
///
/// # Errors
/// [`Error::Invalid`] for empty or overlong texts.
pub fn rename_device(app: &Tenant, user_id: &str, name: &str, new_name: &str) -> Result<Renamed> {
    check_text("userId", user_id)?;
    check_text("existingDeviceName", name)?;
    check_text("newDeviceName", new_name)?;
    let devices = lock_devices(app, user_id);
    let has = |name: &str| devices.iter().any(|device| device.name == name);
    if !has(name) {
        return Ok(Renamed::UnknownDevice);
    }
    if name != new_name {
        if has(new_name) {
            return Ok(Renamed::AlreadyExists);
        }
        rows::rename_device(&app.app_id, user_id, name, new_name);
    }
    Ok(Renamed::Ok)
}

/// A user's devices.
///
/// # Errors
/// [`Error::Invalid`] for an empty id.
pub fn list_devices(app: &Tenant, user_id: &str) -> Result<Vec<Device>> {
    not_empty("userId", user_id)?;
    Ok(rows::devices(&app.app_id, user_id))
}

/// Removes a device; whether there was one. With the last one the user's attempts are forgotten.
///
/// # Errors
/// [`Error::Invalid`] for empty texts.
pub fn remove_device(app: &Tenant, user_id: &str, name: &str) -> Result<bool> {
    not_empty("userId", user_id)?;
    not_empty("deviceName", name)?;
    let devices = lock_devices(app, user_id);
    let Some(id) = rows::delete_device(&app.app_id, user_id, name) else {
        return Ok(false);
    };
    if let Some(owner) = account::find_user_id(app, user_id) {
        auth_sessions::lower(owner, id, AMR);
    }
    if devices.len() == 1 {
        rows::delete_attempts(&app.app_id, user_id);
    }
    Ok(true)
}

/// Why a code was not accepted.
pub enum Refusal {
    /// It is wrong, or was used already; how many in a row were.
    Invalid { failed: i64, max: i64 },
    /// Too many were wrong. Nothing is looked at until `retry_after_ms` have passed.
    LimitReached { retry_after_ms: i64, max: i64 },
}

/// What came of verifying a device.
pub enum DeviceVerification {
    Ok { was_already_verified: bool },
    UnknownDevice,
    Refused(Refusal),
}

/// Has a code of a device prove that the user has it, after which it counts.
///
/// # Errors
/// [`Error::Invalid`] for empty texts; when the tenant is gone or the keys are unusable.
pub fn verify_device(
    tenant: &Tenant,
    user_id: &str,
    name: &str,
    code: &str,
) -> Result<DeviceVerification> {
    not_empty("userId", user_id)?;
    not_empty("deviceName", name)?;
    tenant.hold()?;
    let devices = lock_devices(tenant, user_id);
    let Some(device) = devices.iter().find(|device| device.name == name) else {
        return Ok(DeviceVerification::UnknownDevice);
    };
    if device.is_verified {
        return Ok(DeviceVerification::Ok {
            was_already_verified: true,
        });
    }
    Ok(match check(tenant, user_id, &[device], code)? {
        Some(refusal) => DeviceVerification::Refused(refusal),
        None => {
            rows::set_verified(&tenant.app_id, user_id, name);
            DeviceVerification::Ok {
                was_already_verified: false,
            }
        }
    })
}

/// Checks a code of one device of a user, verified or not; `None` when it is right, which it is once.
///
/// # Errors
/// [`Error::Invalid`] when there is no such device; when the tenant is gone or the keys are unusable.
pub fn check_device(
    tenant: &Tenant,
    user_id: &str,
    name: &str,
    code: &str,
) -> Result<Option<Refusal>> {
    tenant.hold()?;
    let devices = lock_devices(tenant, user_id);
    let device = devices.iter().find(|device| device.name == name);
    let device = device.ok_or_else(|| Error::invalid("There is no such device"))?;
    check(tenant, user_id, &[device], code)
}

/// What came of presenting a code.
pub enum CodeVerification {
    Ok,
    /// The user has no device at all.
    UnknownUser,
    Refused(Refusal),
}

/// Takes a code of one of the user's verified devices.
///
/// # Errors
/// As [`verify_device`].
pub fn verify_code(tenant: &Tenant, user_id: &str, code: &str) -> Result<CodeVerification> {
    not_empty("userId", user_id)?;
    tenant.hold()?;
    let devices = lock_devices(tenant, user_id);
    if devices.is_empty() {
        return Ok(CodeVerification::UnknownUser);
    }
    let verified: Vec<_> = devices.iter().filter(|device| device.is_verified).collect();
    Ok(match check(tenant, user_id, &verified, code)? {
        Some(refusal) => CodeVerification::Refused(refusal),
        None => CodeVerification::Ok,
    })
}

/// Checks a code against devices of a user, who is locked; `None` when it is right, which it is once.
fn check(
    tenant: &Tenant,
    user_id: &str,
    devices: &[&Device],
    code: &str,
) -> Result<Option<Refusal>> {
    let (app_id, tenant_id) = (&tenant.app_id, tenant.id());
    let max = tenant.settings.totp_max_attempts();
    let cooldown_ms = tenant.settings.totp_rate_limit_cooldown_s() * 1000;
    let latest = rows::latest_attempts(app_id, tenant_id, user_id, max);
    // The wrong ones since the last right one, as far as they are near the newest of them.
    let wrong = latest
        .iter()
        .take_while(|attempt| attempt.used_code.is_none());
    let newest = latest.first().map(|attempt| attempt.created_at);
    let now = newest.map_or(Time::now(), |newest| Time::now().max(newest.plus(1)));
    let mut failed = newest.map_or(0, |newest| {
        let near = wrong.filter(|attempt| attempt.created_at.0 > newest.0 - cooldown_ms);
        near.count() as i64
    });
    if failed >= max {
        let age = newest.map_or(0, |newest| now.0 - newest.0);
        if age < cooldown_ms {
            return Ok(Some(Refusal::LimitReached {
                retry_after_ms: cooldown_ms - age,
                max,
            }));
        }
        failed = 0;
    }
    let refusal = Refusal::Invalid {
        failed: failed + 1,
        max,
    };
    if code.chars().count() > MAX_CODE_LENGTH {
        return Ok(Some(refusal));
    }
    let keyring = keyring()?;
    let mac_keys = keyring.mac_keys(MAC_PURPOSE, app_id);
    let was_used = || {
        let used = rows::used_codes(app_id, tenant_id, user_id, now);
        used.iter()
            .any(|used| totp::is_used_code(&mac_keys, used, code))
    };
    let matching =
        matching_device(tenant, &keyring, user_id, devices, code, now)?.filter(|_| !was_used());
    let window_s = |device: &Device| device.period_s * (2 * device.skew + 1);
    let lives_s = match matching {
        Some(device) => window_s(device),
        None => devices
            .iter()
            .map(|device| window_s(device))
            .max()
            .unwrap_or(0),
    };
    let expires_at = now.plus(lives_s * 1000);
    let attempt = Attempt {
        created_at: now,
        used_code: matching.map(|_| totp::used_code(&mac_keys, code)),
        expires_at,
    };
    // A limit looks back one cool-down from the newest attempt, and that lies back one at most.
    let forget_at = expires_at.plus(2 * cooldown_ms);
    rows::insert_attempt(app_id, tenant_id, user_id, &attempt, forget_at);
    Ok(matching.is_none().then_some(refusal))
}

fn matching_device<'a>(
    app: &Tenant,
    keyring: &Keyring,
    user_id: &str,
    devices: &[&'a Device],
    code: &str,
    now: Time,
) -> Result<Option<&'a Device>> {
    let purpose = purpose(app, user_id);
    for device in devices {
        let secret = keyring
            .open(&purpose, &device.secret)
            .map_err(|error| Error::Keys(format!("the secret of a TOTP device: {error}")))?;
        let secret = Secret::from_bytes(secret);
        if secret.accepts(code, now.seconds(), device.period_s, device.skew) {
            return Ok(Some(device));
        }
    }
    Ok(None)
}

/// How many users [`status`] looks at in one call.
pub const MAX_STATUS: usize = 500;

/// For each of the users whether a device of theirs is verified, `None` for those without any.
///
/// # Errors
/// [`Error::Invalid`] for more users than [`MAX_STATUS`].
pub fn status(app: &Tenant, user_ids: &[String]) -> Result<Vec<Option<bool>>> {
    if user_ids.len() > MAX_STATUS {
        return Err(Error::invalid(format!(
            "Field name 'userIds' cannot contain more than {MAX_STATUS} elements"
        )));
    }
    let known = rows::status(&app.app_id, user_ids);
    let of = |user_id: &String| {
        known
            .iter()
            .find(|(id, _)| id == user_id)
            .map(|(_, is)| *is)
    };
    Ok(user_ids.iter().map(of).collect())
}
