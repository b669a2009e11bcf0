//! Sign-in with a code that is sent to an address or a number, typed in or followed as a link (CDI, "Passwordless").

//!
//! Making, listing and revoking codes is here; what is done with one is in [`consume_code`]'s file, changing a login
//! method's address or number in [`update`]'s.

mod consume;
mod update;

use auth_core::normalise::{self, MAX_KEY};
use auth_core::passwordless::{DeviceId, new_salt, new_user_input_code};
use uuid::Uuid;

use super::account;
use crate::db::Time;
use crate::error::{Error, Result};
use crate::store::login_methods::Contact;
use crate::store::passwordless::{self as rows, Code, Device};
use crate::tenant::Tenant;

pub use consume::{ConsumedDevice, PresentedCode, Refused, check_code, consume_code};
pub use update::{Change, Update, update};

/// For whom a code is asked.
pub enum Recipient<'a> {
    Email(&'a str),
    Phone(&'a str),
    /// A further code for a device that has one.
    Device(&'a str),
}

/// A code, in all the forms in which it is needed.
pub struct NewCode {
    pub pre_auth_session_id: String,
    pub code_id: Uuid,
    pub device_id: String,
    pub user_input_code: String,
    pub link_code: String,
    pub created_at: Time,
    pub lifetime_ms: i64,
}

/// What came of asking for a code.
pub enum CreateCode {
    Ok(NewCode),
    RestartFlow,
    UserInputCodeAlreadyUsed,
}

/// How often six random digits are drawn anew that the device has already.
const DRAWS: usize = 20;

/// Makes a code: six digits, or the text that the caller wants.
///
/// # Errors
/// [`Error::Invalid`] for an empty code, a device id that is no base64, or a contact that is too long.
pub fn create_code(
    tenant: &Tenant,
    recipient: &Recipient,
    user_input_code: Option<&str>,
) -> Result<CreateCode> {
    if user_input_code == Some("") {
        return Err(Error::invalid("userInputCode cannot be an empty string."));
    }
    let now = Time::now();
    let (device_id, device) = match recipient {
        Recipient::Email(email) => new_device(tenant, contact(Some(email), None)?, now)?,
        Recipient::Phone(phone) => new_device(tenant, contact(None, Some(phone))?, now)?,
        Recipient::Device(text) => {
            let device_id = parse_device_id(text)?;
            let id = device_id.pre_auth_session_id();
            match rows::hold_device(&tenant.app_id, tenant.id(), &id) {
                Some(device) => (device_id, device),
                None => return Ok(CreateCode::RestartFlow),
            }
        }
    };
    for _ in 0..DRAWS {
        let text = user_input_code.map_or_else(new_user_input_code, str::to_owned);
        let link_code = device_id.link_code(&device.salt, &text);
        let code = Code {
            id: auth_core::ids::new_id(auth_core::ids::Slot::random()),
            device_id: device.id.clone(),
            created_at: now,
        };
        if rows::insert_code(&tenant.app_id, tenant.id(), &code, &link_code.row_hash()) {
            return Ok(CreateCode::Ok(NewCode {
                pre_auth_session_id: device.id,
                code_id: code.id,
                device_id: device_id.text(),
                user_input_code: text,
                link_code: link_code.text(),
                created_at: now,
                lifetime_ms: tenant.settings.passwordless_code_lifetime_ms(),
            }));
        }
        if user_input_code.is_some() {
            return Ok(CreateCode::UserInputCodeAlreadyUsed);
        }
    }
    Err(Error::Busy)
}

fn new_device(tenant: &Tenant, contact: Contact, now: Time) -> Result<(DeviceId, Device)> {
    tenant.hold()?;
    let device_id = DeviceId::new();
    let device = Device {
        id: device_id.pre_auth_session_id(),
        contact,
        salt: new_salt().to_vec(),
        failed_attempts: 0,
    };
    rows::insert_device(&tenant.app_id, tenant.id(), &device, now);
    Ok((device_id, device))
}

fn parse_device_id(text: &str) -> Result<DeviceId> {
    DeviceId::parse(text).ok_or_else(|| Error::invalid("Input encoding error in deviceId"))
}

/// An address, a number or both, as they are stored.
fn contact(email: Option<&str>, phone: Option<&str>) -> Result<Contact> {
    let (email, phone) = (email.map(normalise::email), phone.map(normalise::phone));
    for (field, text) in [("email", &email), ("phoneNumber", &phone)] {
        normalise::check_length(field, text.as_deref().unwrap_or_default(), MAX_KEY)?;
    }
    Ok(Contact { email, phone })
}

/// A device and its codes.
pub struct DeviceCodes {
    pub device: Device,
    pub codes: Vec<Code>,
}

/// Which devices are meant.
pub enum Selection<'a> {
    Email(&'a str),
    Phone(&'a str),
    Device(&'a str),
    PreAuthSession(&'a str),
}

/// The devices that wait for a code, with codes that have expired but are not yet removed.
///
/// # Errors
/// [`Error::Invalid`] for a device id that is no base64.
pub fn list(tenant: &Tenant, selection: &Selection) -> Result<Vec<DeviceCodes>> {
    let (app_id, tenant_id) = (&tenant.app_id, tenant.id());
    let by_id = |id: &str| {
        rows::find_device(app_id, tenant_id, id)
            .into_iter()
            .collect()
    };
    let devices: Vec<Device> = match selection {
        Selection::Email(email) => {
            rows::devices_of(app_id, tenant_id, &contact(Some(email), None)?)
        }
        Selection::Phone(phone) => {
            rows::devices_of(app_id, tenant_id, &contact(None, Some(phone))?)
        }
        Selection::Device(text) => by_id(&parse_device_id(text)?.pre_auth_session_id()),
        Selection::PreAuthSession(id) => by_id(&id.replace('=', "")),
    };
    let with_codes = |device: Device| DeviceCodes {
        codes: rows::codes_of(app_id, tenant_id, &device.id),
        device,
    };
    Ok(devices.into_iter().map(with_codes).collect())
}

/// Makes all codes of an address or a number in a tenant worthless.
///
/// # Errors
/// [`Error::Invalid`] for a contact that is too long.
pub fn revoke_all(tenant: &Tenant, email: Option<&str>, phone: Option<&str>) -> Result<()> {
    let contact = contact(email, phone)?;
    rows::delete_devices_of(&tenant.app_id, &[tenant.id().to_owned()], &contact);
    Ok(())
}

/// Makes a code worthless, and forgets its device when it was the last one. An unknown code is ignored.
pub fn revoke_code(tenant: &Tenant, code_id: &str) {
    let (app_id, tenant_id) = (&tenant.app_id, tenant.id());
    let Some(id) = account::parse_id(code_id) else {
        return;
    };
    let Some(device_id) = rows::device_of_code(app_id, tenant_id, id) else {
        return;
    };
    let Some(device) = lock_device(tenant, &device_id) else {
        return;
    };
    rows::delete_code(app_id, tenant_id, id);
    if rows::codes_of(app_id, tenant_id, &device.id).is_empty() {
        rows::delete_device(app_id, tenant_id, &device.id);
    }
}

/// Locks a device, with all others of its address or number.
fn lock_device(tenant: &Tenant, id: &str) -> Option<Device> {
    let contact = rows::find_device(&tenant.app_id, tenant.id(), id)?.contact;
    lock_devices(tenant, &contact)
        .into_iter()
        .find(|device| device.id == id)
}

fn lock_devices(tenant: &Tenant, contact: &Contact) -> Vec<Device> {
    let own_tenant = [tenant.id().to_owned()];
    let (emails, phones) = (contact.email.as_slice(), contact.phone.as_slice());
    rows::lock_devices_of(&tenant.app_id, &own_tenant, emails, phones)
}

/// Makes all codes of a device worthless.
pub fn revoke_device(tenant: &Tenant, pre_auth_session_id: &str) {
    let id = pre_auth_session_id.replace('=', "");
    rows::delete_device(&tenant.app_id, tenant.id(), &id);
}

/// Removes expired codes of all tenants, at most `limit` of each; the most that it removed of one.
///
/// # Errors
/// When the settings of a tenant cannot be read.
pub fn delete_expired(now: Time, limit: i64) -> Result<u64> {
    let mut most = 0;
    for (app_id, tenant_id) in rows::tenants_with_codes_before(now) {
        let tenant = crate::tenant::find(&app_id, &tenant_id)?;
        let moment = now.plus(-tenant.settings.passwordless_code_lifetime_ms());
        most = most.max(rows::delete_before(&app_id, &tenant_id, moment, limit));
    }
    Ok(most)
}
