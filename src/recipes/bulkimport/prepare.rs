//! Everything about a user that can be made ready before rows are written: ids, hashes, sealed secrets.

use auth_core::bulk_import::{ImportUser, LoginMethod, Password, Recipe};
use auth_core::hash;
use auth_core::totp::Secret;
use uuid::Uuid;

use crate::error::Result;
use crate::hashing;
use crate::keyring::keyring;
use crate::recipes::{account, totp};
use crate::tenant::{self, Tenant};

/// A user who is ready to be written.
pub struct Prepared {
    /// Its place among those that were asked for.
    pub index: usize,
    pub user: ImportUser,
    /// Ids of the login methods, in their order.
    pub ids: Vec<Uuid>,
    /// Hashes of their passwords.
    pub hashes: Vec<Option<String>>,
    pub devices: Vec<Device>,
}

/// A TOTP device with a name, its secret sealed, in hexadecimal digits.
pub struct Device {
    pub name: String,
    pub secret: String,
    pub period_s: i64,
    pub skew: i64,
}

impl Prepared {
    /// The user's id: that of its primary login method.
    pub fn id(&self) -> Uuid {
        self.ids[self.user.primary_index()]
    }

    /// The id under which other recipes know the user.
    pub fn shown_id(&self) -> String {
        let external_id = self.user.external_user_id.clone();
        external_id.unwrap_or_else(|| self.id().to_string())
    }

    /// All tenants that the user has to do with.
    pub fn tenant_ids(&self) -> impl Iterator<Item = &str> {
        let of_methods = self.user.login_methods.iter().flat_map(|m| &m.tenant_ids);
        let of_roles = self.user.user_roles.iter().flat_map(|r| &r.tenant_ids);
        of_methods.chain(of_roles).map(String::as_str)
    }
}

/// Ids for a user's login methods.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn new_ids(app: &Tenant, user: &ImportUser) -> Result<Vec<Uuid>> {
    let methods = user.login_methods.iter();
    methods.map(|method| new_id(app, method)).collect()
}

fn new_id(app: &Tenant, method: &LoginMethod) -> Result<Uuid> {
    let tenant = tenant::find(&app.app_id, &method.tenant_ids[0])?;
    let third_party;
    let (kind, value) = match &method.recipe {
        Recipe::EmailPassword { email, .. } => ("email", email),
        Recipe::ThirdParty {
            third_party_id,
            third_party_user_id,
            ..
        } => {
            third_party = format!("{third_party_id}::{third_party_user_id}");
            ("third_party", &third_party)
        }
        Recipe::Passwordless {
            email: Some(email), ..
        } => ("email", email),
        Recipe::Passwordless { phone_number, .. } => {
            third_party = phone_number.clone().unwrap_or_default();
            ("phone", &third_party)
        }
    };
    account::new_user_id(&tenant, kind, value)
}

/// Makes a user ready; with `ids` its login methods get those. Otherwise what is wrong with it.
///
/// # Errors
/// [`crate::error::Error::Busy`], [`crate::error::Error::Keys`].
pub fn prepare(
    app: &Tenant,
    index: usize,
    user: ImportUser,
    ids: Option<Vec<Uuid>>,
) -> Result<std::result::Result<Prepared, Vec<String>>> {
    let ids = match ids {
        Some(ids) => ids,
        None => new_ids(app, &user)?,
    };
    let mut prepared = Prepared {
        index,
        user,
        ids,
        hashes: Vec::new(),
        devices: Vec::new(),
    };
    match devices(app, &prepared)? {
        Ok(devices) => prepared.devices = devices,
        Err(errors) => return Ok(Err(errors)),
    }
    // The slow work comes last, for users that nothing else is wrong with.
    for method in &prepared.user.login_methods {
        let hash = match &method.recipe {
            Recipe::EmailPassword { password, .. } => Some(match password {
                Password::Plain { password } => hashing::hash(app, password.reveal())?,
                Password::Hash { hash, .. } => hash.reveal().to_owned(),
            }),
            _ => None,
        };
        prepared.hashes.push(hash);
    }
    Ok(Ok(prepared))
}

/// Names the devices and seals their secrets.
fn devices(
    app: &Tenant,
    prepared: &Prepared,
) -> Result<std::result::Result<Vec<Device>, Vec<String>>> {
    let user_id = prepared.shown_id();
    let mut devices: Vec<Device> = Vec::new();
    let mut errors = Vec::new();
    for device in &prepared.user.totp_devices {
        let name = match &device.device_name {
            Some(name) => name.clone(),
            None => (0..)
                .map(totp::device_name)
                .find(|name| !devices.iter().any(|known| known.name == *name))
                .expect("there are more numbers than devices"),
        };
        if devices.iter().any(|known| known.name == name) {
            errors.push(format!(
                "deviceName {name} is not unique for a totp device."
            ));
        }
        let (period_s, skew) = (device.period.into(), device.skew.into());
        if let Err(error) = totp::check_numbers(skew, period_s) {
            errors.push(format!("{error} for a totp device."));
        }
        let Some(secret) = Secret::parse(device.secret_key.reveal()) else {
            errors.push("secretKey should be in Base32 for a totp device.".to_owned());
            continue;
        };
        let sealed = keyring()?.seal(&totp::purpose(app, &user_id), secret.bytes());
        devices.push(Device {
            name,
            secret: hash::hex(&sealed),
            period_s,
            skew,
        });
    }
    Ok(if errors.is_empty() {
        Ok(devices)
    } else {
        Err(errors)
    })
}
