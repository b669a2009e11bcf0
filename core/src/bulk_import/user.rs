//! A whole user.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::fields::{Fields, Object, Type, check_length};
use super::login_method::{self, LoginMethod, Password, Recipe};
use super::{Context, Fault, Secret};
use crate::normalise::{self, PUBLIC};

/// The name of the whole user in messages: none, but the full stop.
const USER: &str = ".";
const USER_ROLE: &str = " for a user role.";
const TOTP_DEVICE: &str = " for a totp device.";

/// A user to be imported, in normal form and with the defaults in place.
///
/// Its JSON is what a queue shows of it, that is the caller's own but for plain passwords, which are left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportUser {
    /// The id that the user has elsewhere and keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_user_id: Option<String>,
    /// The user's metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_metadata: Option<Object>,
    /// The user's roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_roles: Vec<UserRole>,
    /// The user's second factors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub totp_devices: Vec<TotpDevice>,
    /// The ways to sign in, one at least, in the caller's order.
    pub login_methods: Vec<LoginMethod>,
}

/// A role of a user in some tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRole {
    /// The role, which exists.
    pub role: String,
    /// The tenants, which exist. Except for the public one, a login method is in each.
    pub tenant_ids: Vec<String>,
}

/// A device that makes one-time passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TotpDevice {
    /// Its key, as it was given.
    pub secret_key: Secret,
    /// The length of a time step in seconds, at least 1.
    pub period: i32,
    /// How many time steps a code may be off, at least 0.
    pub skew: i32,
    /// Its name, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
}

impl ImportUser {
    /// Where in `login_methods` the one stands whose id the user gets: the marked one, else the oldest, else the first.
    pub fn primary_index(&self) -> usize {
        let methods = self.login_methods.iter().enumerate();
        methods
            .min_by_key(|(_, method)| (!method.is_primary, method.time_joined_ms))
            .map_or(0, |(index, _)| index)
    }

    /// The login method at [`Self::primary_index`].
    ///
    /// # Panics
    /// When there is no login method, which [`parse`] does not let through.
    pub fn primary(&self) -> &LoginMethod {
        &self.login_methods[self.primary_index()]
    }

    /// Whether the primary login method becomes a primary user. One alone, unless it is marked, stays what it is.
    pub fn becomes_primary_user(&self) -> bool {
        self.login_methods.len() > 1 || self.login_methods.iter().any(|method| method.is_primary)
    }

    /// The JSON **with plain passwords**, from which [`parse`] makes this user again: for the queue's own table, and
    /// never for an answer.
    pub fn to_stored(&self) -> Value {
        let mut document = json!(self);
        for (index, method) in self.login_methods.iter().enumerate() {
            if let Recipe::EmailPassword {
                password: Password::Plain { password },
                ..
            } = &method.recipe
            {
                document["loginMethods"][index]["plainTextPassword"] = password.reveal().into();
            }
        }
        document
    }
}

/// Reads a user as a caller sent it. Fields that are not known are ignored.
///
/// # Errors
/// All that is wrong with it, in the order in which the fields are read: those of the user, its roles, devices and login
/// methods, and then what concerns several of them.
pub fn parse<'a>(user: &'a Value, context: &mut Context<'a>) -> Result<ImportUser, Vec<Fault>> {
    let mut faults = Vec::new();
    let Some(object) = user.as_object() else {
        // It is the array of users that is not as it should be.
        return Err(vec![Fault::WrongType {
            field: "users",
            type_name: <Vec<&Object> as Type>::NAME,
            place: USER,
        }]);
    };
    let fields = Fields::new(object, USER);
    let external_id = fields.optional::<&str>("externalUserId", &mut faults);
    let user_metadata = fields.optional::<&Object>("userMetadata", &mut faults);
    let user_roles = user_roles(fields, context, &mut faults);
    let totp_devices = totp_devices(fields, &mut faults);
    let methods = fields
        .required::<Vec<&Object>>("loginMethods", &mut faults)
        .inspect(|methods| {
            if methods.is_empty() {
                faults.push(Fault::NoLoginMethod);
            }
        })
        .unwrap_or_default();
    let login_methods = login_methods(&methods, context, &mut faults);

    if let Some(id) = external_id {
        check_length("externalUserId", id, 128, &mut faults);
        if !context.external_ids.insert(id.trim()) {
            faults.push(Fault::ExternalIdTaken(id.to_owned()));
        }
    }
    check_tenants_of_roles(&user_roles, &methods, &mut faults);

    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(ImportUser {
        external_user_id: external_id.map(|id| id.trim().to_owned()),
        user_metadata: user_metadata.cloned(),
        user_roles,
        totp_devices,
        login_methods,
    })
}

fn user_roles(user: Fields, context: &Context, faults: &mut Vec<Fault>) -> Vec<UserRole> {
    let roles: Option<Vec<&Object>> = user.optional("userRoles", faults);
    let roles = roles.into_iter().flatten();
    roles
        .filter_map(|role| user_role(Fields::new(role, USER_ROLE), context, faults))
        .collect()
}

fn user_role(fields: Fields, context: &Context, faults: &mut Vec<Fault>) -> Option<UserRole> {
    let role = fields.required::<&str>("role", faults);
    let tenant_ids = fields.required::<Vec<&str>>("tenantIds", faults);

    if let Some(role) = role {
        check_length("role", role, 255, faults);
        if !context.roles.contains(role.trim()) {
            faults.push(Fault::UnknownRole(role.trim().to_owned()));
        }
    }
    let tenant_ids = tenant_ids.map(|given| {
        context.tenant_ids(&given, faults, |id| Fault::UnknownTenantOfRole(id.into()))
    });
    Some(UserRole {
        role: role?.trim().to_owned(),
        tenant_ids: tenant_ids?,
    })
}

fn totp_devices(user: Fields, faults: &mut Vec<Fault>) -> Vec<TotpDevice> {
    let devices: Option<Vec<&Object>> = user.optional("totpDevices", faults);
    let devices = devices.into_iter().flatten();
    devices
        .filter_map(|device| totp_device(Fields::new(device, TOTP_DEVICE), faults))
        .collect()
}

fn totp_device(fields: Fields, faults: &mut Vec<Fault>) -> Option<TotpDevice> {
    let secret_key = fields.required::<&str>("secretKey", faults);
    let period = fields.optional("period", faults).unwrap_or(30);
    let skew = fields.optional("skew", faults).unwrap_or(1);
    let device_name = fields.optional::<&str>("deviceName", faults);

    if let Some(key) = secret_key {
        check_length("TOTP secretKey", key, 256, faults);
    }
    if period <= 0 {
        faults.push(Fault::Period);
    }
    if skew < 0 {
        faults.push(Fault::Skew);
    }
    if let Some(name) = device_name {
        check_length("TOTP deviceName", name, 256, faults);
    }
    Some(TotpDevice {
        secret_key: secret_key?.into(),
        period,
        skew,
        device_name: device_name.map(|name| name.trim().to_owned()),
    })
}

fn login_methods(
    methods: &[&Object],
    context: &Context,
    faults: &mut Vec<Fault>,
) -> Vec<LoginMethod> {
    let marked = methods
        .iter()
        .filter(|method| method.get("isPrimary") == Some(&Value::Bool(true)));
    if marked.count() > 1 {
        faults.push(Fault::SeveralPrimary);
    }
    methods
        .iter()
        .filter_map(|method| login_method::parse(method, context, faults))
        .collect()
}

/// Notes tenants in which the user would have a role and no way to sign in. Everybody may have roles in the public one.
fn check_tenants_of_roles(roles: &[UserRole], methods: &[&Object], faults: &mut Vec<Fault>) {
    let mut named = roles
        .iter()
        .flat_map(|role| &role.tenant_ids)
        .filter(|id| *id != PUBLIC)
        .peekable();
    if named.peek().is_none() {
        return;
    }
    // Those of methods that are faulty otherwise as well: the fault is not one of the role.
    let of_methods: HashSet<String> = methods
        .iter()
        .filter_map(|method| <Vec<&str>>::read(method.get("tenantIds")?))
        .flatten()
        .filter_map(|id| normalise::tenant_id(id).ok())
        .collect();
    for id in named.filter(|id| !of_methods.contains(*id)) {
        faults.push(Fault::RoleOutsideOfTenants(id.clone()));
    }
}
