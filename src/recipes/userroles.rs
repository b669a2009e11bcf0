//! Roles of users, and what they permit (CDI, "UserRoles"). Roles and permissions belong to the app, their assignment to
//! the tenant. Ids of users are used exactly as given, known as users or not.

use auth_core::normalise::{self, MAX_KEY};

use crate::error::{Error, Result};
use crate::store;
use crate::tenant::Tenant;

/// How many bytes the name of a role or a permission has at most.
const MAX_NAME: usize = 255;

/// There is no role of that name.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownRole;

/// What [`UnknownRole`] may come of.
pub type RoleResult<T> = Result<std::result::Result<T, UnknownRole>>;

fn named(field: &'static str, name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::invalid(format!(
            "Field name '{field}' cannot be an empty String"
        )));
    }
    normalise::check_length(field, name, MAX_NAME)?;
    Ok(name.to_owned())
}

fn role_name(role: &str) -> Result<String> {
    named("role", role)
}

fn permission_names(permissions: &[String]) -> Result<Vec<String>> {
    let names = permissions.iter().map(|permission| {
        if permission.trim().is_empty() {
            return Err(Error::invalid(
                "Field name 'permissions' cannot contain an empty string",
            ));
        }
        named("permissions", permission)
    });
    names.collect()
}

/// Makes a role if there is none of that name, and adds permissions to it; whether it is new.
///
/// # Errors
/// [`Error::Invalid`] for an empty or overlong name.
pub fn create_or_add(app: &Tenant, role: &str, permissions: &[String]) -> Result<bool> {
    let (role, permissions) = (role_name(role)?, permission_names(permissions)?);
    app.hold()?;
    let created = store::roles::insert(&app.app_id, &role);
    store::roles::add_permissions(&app.app_id, &role, &permissions);
    Ok(created)
}

/// Removes a role with its assignments in all tenants; whether it was there.
///
/// # Errors
/// [`Error::Invalid`].
pub fn delete(app: &Tenant, role: &str) -> Result<bool> {
    Ok(store::roles::delete(&app.app_id, &role_name(role)?))
}

/// All roles of an app.
pub fn list(app: &Tenant) -> Vec<String> {
    store::roles::list(&app.app_id)
}

/// Calls `with` if the role is there.
fn of_known<T>(app: &Tenant, role: &str, with: impl FnOnce(&str) -> T) -> RoleResult<T> {
    let role = role_name(role)?;
    Ok(match store::roles::exists(&app.app_id, &role) {
        true => Ok(with(&role)),
        false => Err(UnknownRole),
    })
}

/// What a role permits.
///
/// # Errors
/// [`Error::Invalid`].
pub fn permissions(app: &Tenant, role: &str) -> RoleResult<Vec<String>> {
    of_known(app, role, |role| {
        store::roles::permissions(&app.app_id, role)
    })
}

/// Removes permissions from a role; all of them without a list.
///
/// # Errors
/// [`Error::Invalid`].
pub fn remove_permissions(
    app: &Tenant,
    role: &str,
    permissions: Option<&[String]>,
) -> RoleResult<()> {
    let permissions = permissions.map(permission_names).transpose()?;
    of_known(app, role, |role| {
        store::roles::remove_permissions(&app.app_id, role, permissions.as_deref());
    })
}

/// The roles that have a permission.
///
/// # Errors
/// [`Error::Invalid`].
pub fn with_permission(app: &Tenant, permission: &str) -> Result<Vec<String>> {
    let permission = named("permission", permission)?;
    Ok(store::roles::with_permission(&app.app_id, &permission))
}

/// Gives a user a role in a tenant; whether the user had it already.
///
/// # Errors
/// [`Error::Invalid`].
pub fn assign(tenant: &Tenant, user_id: &str, role: &str) -> RoleResult<bool> {
    let role = role_name(role)?;
    normalise::check_length("userId", user_id, MAX_KEY)?;
    tenant.hold()?;
    let added = store::roles::assign(&tenant.app_id, tenant.id(), user_id, &role);
    Ok(added.map(|added| !added).ok_or(UnknownRole))
}

/// Takes a role from a user in a tenant; whether the user had it.
///
/// # Errors
/// [`Error::Invalid`].
pub fn unassign(tenant: &Tenant, user_id: &str, role: &str) -> RoleResult<bool> {
    of_known(tenant, role, |role| {
        store::roles::unassign(&tenant.app_id, tenant.id(), user_id, role)
    })
}

/// The roles of a user in a tenant.
pub fn of_user(tenant: &Tenant, user_id: &str) -> Vec<String> {
    store::roles::of_user(&tenant.app_id, tenant.id(), user_id)
}

/// The ids of those who have a role in a tenant.
///
/// # Errors
/// [`Error::Invalid`].
pub fn users_with(tenant: &Tenant, role: &str) -> RoleResult<Vec<String>> {
    of_known(tenant, role, |role| {
        store::roles::users_with(&tenant.app_id, tenant.id(), role)
    })
}
