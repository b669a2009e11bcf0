//! Checking codes, and signing in with them (CDI, "Check and consume").

use auth_core::passwordless::LinkCode;
use uuid::Uuid;

use super::{lock_device, lock_devices, parse_device_id};
use crate::db::Time;
use crate::error::{Error, Result};
use crate::recipes::account::{self, SignedIn};
use crate::recipes::emailverification;
use crate::store;
use crate::store::login_methods::{self, Contact, NewLogin};
use crate::store::passwordless::{self as rows, Code, Device};
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

/// Where a presented code leads.
struct Located {
    device: Device,
    link_code_hash: [u8; 32],
    is_typed: bool,
}

/// Finds the device of a presented code; `None` when there is none.
fn locate(
    tenant: &Tenant,
    pre_auth_session_id: &str,
    code: &PresentedCode,
) -> Result<Option<Located>> {
    let (app_id, tenant_id) = (&tenant.app_id, tenant.id());
    let find_device = |id: &str| rows::find_device(app_id, tenant_id, id);
    let located = match code {
        PresentedCode::Link(text) => {
            let link_code = LinkCode::parse(text)
                .ok_or_else(|| Error::invalid("Input encoding error in linkCode"))?;
            let link_code_hash = link_code.row_hash();
            let code = rows::find_code(app_id, tenant_id, &link_code_hash);
            let code = code.filter(|code| !is_expired(tenant, code));
            code.and_then(|code| {
                Some(Located {
                    device: find_device(&code.device_id)?,
                    link_code_hash,
                    is_typed: false,
                })
            })
        }
        PresentedCode::Typed {
            device_id,
            user_input_code,
        } => {
            let device_id = parse_device_id(device_id)?;
            find_device(&device_id.pre_auth_session_id()).map(|device| Located {
                link_code_hash: device_id
                    .link_code(&device.salt, user_input_code)
                    .row_hash(),
                device,
                is_typed: true,
            })
        }
    };
    match located {
        Some(located) if located.device.id != pre_auth_session_id.replace('=', "") => Err(
            Error::invalid("preAuthSessionId and deviceId doesn't match"),
        ),
        located => Ok(located),
    }
}

/// Decides on a code whose device is locked, if it is still there. A wrong code counts.
fn judge(
    tenant: &Tenant,
    located: &Located,
    locked: Option<Device>,
) -> std::result::Result<ConsumedDevice, Refused> {
    let (app_id, tenant_id) = (&tenant.app_id, tenant.id());
    let Some(device) = locked else {
        return Err(Refused::RestartFlow);
    };
    let max = tenant.settings.passwordless_max_code_input_attempts();
    if device.failed_attempts >= max {
        rows::delete_device(app_id, tenant_id, &device.id);
        return Err(Refused::RestartFlow);
    }
    let failed_attempts = device.failed_attempts + 1;
    match rows::find_code(app_id, tenant_id, &located.link_code_hash) {
        Some(code) if !is_expired(tenant, &code) => Ok(ConsumedDevice {
            pre_auth_session_id: device.id,
            failed_attempts: device.failed_attempts,
            contact: device.contact,
        }),
        _ if !located.is_typed => Err(Refused::RestartFlow),
        _ if failed_attempts >= max => {
            rows::delete_device(app_id, tenant_id, &device.id);
            Err(Refused::RestartFlow)
        }
        found => {
            rows::count_failure(app_id, tenant_id, &device.id);
            Err(match found {
                Some(_) => Refused::Expired {
                    failed_attempts,
                    max,
                },
                None => Refused::Incorrect {
                    failed_attempts,
                    max,
                },
            })
        }
    }
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
    let Some(located) = locate(tenant, pre_auth_session_id, code)? else {
        return Ok(Err(Refused::RestartFlow));
    };
    let locked = lock_device(tenant, &located.device.id);
    Ok(judge(tenant, &located, locked))
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
    let Some(located) = locate(tenant, pre_auth_session_id, code)? else {
        return Ok(Err(Refused::RestartFlow));
    };
    tenant.hold()?;
    let contact = &located.device.contact;
    // The user first, then the login method, then devices: deletion and changes of address keep to the same order.
    let method =
        find(tenant, contact).and_then(|id| account::lock_method(tenant, id, Recipe::Passwordless));
    // A user that is reached in another way, too, needs the codes no more that were sent there.
    let all_contacts = method.map_or_else(|| contact.clone(), |method| method.contact);
    let locked = lock_devices(tenant, &all_contacts)
        .into_iter()
        .find(|device| device.id == located.device.id);
    let device = match judge(tenant, &located, locked) {
        Ok(device) => device,
        Err(refused) => return Ok(Err(refused)),
    };
    let own_tenant = [tenant.id().to_owned()];
    for contact in [&device.contact, &all_contacts] {
        rows::delete_devices_of(&tenant.app_id, &own_tenant, contact);
    }
    for _ in 0..3 {
        let done = match find(tenant, &device.contact) {
            Some(id) => sign_in(tenant, id),
            None => sign_up(tenant, &device.contact)?,
        };
        // Otherwise another request made or deleted the user meanwhile.
        if let Some((signed_in, created_new_user)) = done {
            if let Some(phone) = &device.contact.phone {
                store::users::confirm_phone(signed_in.user.id, phone, Time::now());
            }
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

fn sign_in(tenant: &Tenant, id: Uuid) -> Option<(SignedIn, bool)> {
    account::lock_method(tenant, id, Recipe::Passwordless)?;
    Some((account::sign_in(tenant, id)?, false))
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
    if !login_methods::insert_with_user(tenant, &login, now) {
        return Ok(None);
    }
    store::active_users::mark(&tenant.app_id, &id.to_string(), now);
    Ok(Some((account::signed_in(tenant, id, id), true)))
}

/// Notes that the address is verified, and shows it.
fn verified(tenant: &Tenant, signed_in: SignedIn, email: &str) -> SignedIn {
    let id = signed_in.recipe_user_id;
    emailverification::mark_verified(tenant, &account::shown_id(tenant, id), email);
    account::signed_in(tenant, signed_in.user.id, id)
}
