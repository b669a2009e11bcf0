//! Checking codes, and signing in with them (CDI, "Check and consume").

use auth_core::passwordless::LinkCode;
use uuid::Uuid;

use super::parse_device_id;
use crate::db::Time;
use crate::error::{Error, Result};
use crate::recipes::account::{self, SignedIn};
use crate::store;
use crate::store::login_methods::{self, Contact, NewLogin};
use crate::store::passwordless::{self as rows, Code};
use crate::store::users::Recipe;
use crate::tenant::Tenant;

/// What a user comes back with.
pub enum PresentedCode<'a> {
    Link(&'a str),
    Typed {
        device_id: &'a str,
        user_input_code: &'a str,
    },
}

/// The device that a code was for, as it was before.
pub struct ConsumedDevice {
    pub pre_auth_session_id: String,
    pub failed_attempts: i64,
    pub contact: Contact,
}

/// Why a code was not accepted.
pub enum Refused {
    /// Nothing is left to try: ask for a new code.
    RestartFlow,
    Incorrect {
        failed_attempts: i64,
        max: i64,
    },
    Expired {
        failed_attempts: i64,
        max: i64,
    },
}

/// Checks a code and leaves it as it is; a wrong one counts.
///
/// # Errors
/// [`Error::Invalid`] for texts in a wrong encoding, or a session id of another device.
pub fn check_code(
    tenant: &Tenant,
    pre_auth_session_id: &str,
    code: &PresentedCode,
) -> Result<std::result::Result<ConsumedDevice, Refused>> {
    let (app_id, tenant_id) = (&tenant.app_id, tenant.id());
    let restart = Ok(Err(Refused::RestartFlow));
    let (device_id, link_code_hash, is_typed) = match code {
        PresentedCode::Link(text) => {
            let link_code = LinkCode::parse(text)
                .ok_or_else(|| Error::invalid("Input encoding error in linkCode"))?;
            let hash = link_code.row_hash();
            match rows::find_code(app_id, tenant_id, &hash) {
                Some(code) if !is_expired(tenant, &code) => (code.device_id, hash, false),
                _ => return restart,
            }
        }
        PresentedCode::Typed {
            device_id,
            user_input_code,
        } => {
            let device_id = parse_device_id(device_id)?;
            let id = device_id.pre_auth_session_id();
            let Some(device) = rows::find_device(app_id, tenant_id, &id) else {
                return restart;
            };
            let link_code = device_id.link_code(&device.salt, user_input_code);
            (id, link_code.row_hash(), true)
        }
    };
    if device_id != pre_auth_session_id.replace('=', "") {
        return Err(Error::invalid(
            "preAuthSessionId and deviceId doesn't match",
        ));
    }
    let max = tenant.settings.passwordless_max_code_input_attempts();
    let device = rows::find_device(app_id, tenant_id, &device_id)
        .and_then(|device| rows::lock_devices_of(app_id, tenant_id, &device.contact, &device_id));
    let Some(device) = device else {
        return restart;
    };
    if device.failed_attempts >= max {
        rows::delete_device(app_id, tenant_id, &device.id);
        return restart;
    }
    let found = rows::find_code(app_id, tenant_id, &link_code_hash);
    match found {
        Some(code) if !is_expired(tenant, &code) => Ok(Ok(ConsumedDevice {
            pre_auth_session_id: device.id,
            failed_attempts: device.failed_attempts,
            contact: device.contact,
        })),
        _ if !is_typed => restart,
        _ if device.failed_attempts + 1 >= max => {
            rows::delete_device(app_id, tenant_id, &device.id);
            restart
        }
        found => {
            rows::count_failure(app_id, tenant_id, &device.id);
            let failed_attempts = device.failed_attempts + 1;
            Ok(Err(match found {
                Some(_) => Refused::Expired {
                    failed_attempts,
                    max,
                },
                None => Refused::Incorrect {
                    failed_attempts,
                    max,
                },
            }))
        }
    }
}

fn is_expired(tenant: &Tenant, code: &Code) -> bool {
    let lifetime = tenant.settings.passwordless_code_lifetime_ms();
    code.created_at < Time::now().plus(-lifetime)
}

/// Somebody who has signed in with a code.
pub struct Consumed {
    pub signed_in: SignedIn,
    pub created_new_user: bool,
    pub device: ConsumedDevice,
}

/// Signs in, or up, with a code, which uses up all codes of that address or number. With `verify_email` the address
/// counts as verified.
///
/// # Errors
/// As [`check_code`].
pub fn consume_code(
    tenant: &Tenant,
    pre_auth_session_id: &str,
    code: &PresentedCode,
    verify_email: bool,
) -> Result<std::result::Result<Consumed, Refused>> {
    tenant.hold()?;
    let device = match check_code(tenant, pre_auth_session_id, code)? {
        Ok(device) => device,
        Err(refused) => return Ok(Err(refused)),
    };
    let own_tenant = [tenant.id().to_owned()];
    rows::delete_devices_of(&tenant.app_id, &own_tenant, &device.contact);
    for _ in 0..3 {
        let done = match find(tenant, &device.contact) {
            Some(id) => sign_in(tenant, id, &device.contact),
            None => sign_up(tenant, &device.contact)?,
        };
        // Otherwise another request made or deleted the user meanwhile.
        if let Some((signed_in, created_new_user)) = done {
            let signed_in = match &device.contact.email {
                Some(email) if verify_email => verified(tenant, signed_in, email),
                _ => signed_in,
            };
            return Ok(Ok(Consumed {
                signed_in,
                created_new_user,
                device,
            }));
        }
    }
    Err(Error::Busy)
}

fn find(tenant: &Tenant, contact: &Contact) -> Option<Uuid> {
    let (email, phone) = (contact.email.as_deref(), contact.phone.as_deref());
    login_methods::find_passwordless(&tenant.app_id, tenant.id(), email, phone)
}

fn sign_in(tenant: &Tenant, id: Uuid, used: &Contact) -> Option<(SignedIn, bool)> {
    let method = login_methods::lock(&tenant.app_id, id, Recipe::Passwordless)?;
    if method.contact != *used {
        // The user is reached in another way, too: the codes that were sent there are of no use any more.
        let own_tenant = [tenant.id().to_owned()];
        rows::delete_devices_of(&tenant.app_id, &own_tenant, &method.contact);
    }
    Some((account::sign_in(tenant, method.user_id, id)?, false))
}

fn sign_up(tenant: &Tenant, contact: &Contact) -> Result<Option<(SignedIn, bool)>> {
    let (kind, value) = match (&contact.email, &contact.phone) {
        (Some(email), _) => ("email", email),
        (None, Some(phone)) => ("phone", phone),
        (None, None) => return Err(Error::invalid("a device has an address or a number")),
    };
    let id = account::new_user_id(tenant, kind, value)?;
    let now = Time::now();
    let login = NewLogin {
        id,
        recipe: Recipe::Passwordless,
        email: contact.email.as_deref(),
        phone: contact.phone.as_deref(),
        third_party: None,
        password_hash: None,
    };
    if !login_methods::insert_with_user(&tenant.app_id, tenant.id(), &login, now) {
        return Ok(None);
    }
    store::active_users::mark(&tenant.app_id, &id.to_string(), now);
    Ok(Some((account::signed_in(tenant, id, id), true)))
}

/// Notes that the address is verified, and shows it.
fn verified(tenant: &Tenant, signed_in: SignedIn, email: &str) -> SignedIn {
    let id = signed_in.recipe_user_id;
    store::verified_emails::insert(&tenant.app_id, &account::shown_id(tenant, id), email);
    account::signed_in(tenant, signed_in.user.id, id)
}
