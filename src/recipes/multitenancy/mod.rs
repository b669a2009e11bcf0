//! Connection URI domains, their apps, and the tenants of these (CDI, "Multitenancy").

mod domains;
mod factors;
mod settings;

use auth_core::normalise;
use serde_json::{Map, Value};

pub use self::domains::{create_or_update_domain, list_domains, remove_domain};
pub use self::factors::{FactorRules, enabled_factors, is_enabled};
pub use self::settings::{set_setting, set_settings};
use crate::error::{Error, Result};
use crate::store;
use crate::store::tenants::TenantRow;
use crate::tenant::{self, PUBLIC, Tenant};

/// A field that may be absent (stays as it is), null (is reset) or set.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Change<T> {
    #[default]
    Keep,
    Reset,
    Set(T),
}

/// What is to change about a tenant.
#[derive(Debug, Clone, Default)]
pub struct TenantUpdate {
    pub email_password_enabled: Option<bool>,
    pub third_party_enabled: Option<bool>,
    pub passwordless_enabled: Option<bool>,
    pub first_factors: Change<Vec<String>>,
    pub required_secondary_factors: Change<Vec<String>>,
    pub core_config: Map<String, Value>,
}

/// Makes an app or changes its `public` tenant; whether it was made.
///
/// # Errors
/// [`Error::Forbidden`] when the caller's tenant may not, [`Error::Invalid`] for ids, factors or settings.
pub fn create_or_update_app(
    caller: &Tenant,
    app_id: &str,
    rules: FactorRules,
    update: &TenantUpdate,
) -> Result<bool> {
    let app_id = named_app(caller, app_id)?;
    let is_own_app = caller.app_id == app_id;
    if caller.id() != PUBLIC || (!caller.is_public_app() && !is_own_app) {
        return Err(Error::Forbidden(
            "You must use the public or same app to add/update an app".into(),
        ));
    }
    check(&app_id, PUBLIC, rules, update)?;
    // So that the domain is not removed meanwhile.
    caller.hold()?;
    let created = store::tenants::insert_app(&app_id);
    put(&app_id, PUBLIC, rules, update)?;
    Ok(created)
}

/// Makes a tenant or changes one; whether it was made.
///
/// # Errors
/// As [`create_or_update_app`].
pub fn create_or_update_tenant(
    caller: &Tenant,
    tenant_id: &str,
    rules: FactorRules,
    update: &TenantUpdate,
) -> Result<bool> {
    let tenant_id = normalise::tenant_id(tenant_id)?;
    if caller.id() != PUBLIC && caller.id() != tenant_id {
        return Err(Error::Forbidden(
            "You must use the public or same tenant to add/update a tenant".into(),
        ));
    }
    check(&caller.app_id, &tenant_id, rules, update)?;
    caller.hold()?;
    put(&caller.app_id, &tenant_id, rules, update)
}

/// The id of the app that a caller names, which lies in the caller's domain.
fn named_app(caller: &Tenant, name: &str) -> Result<String> {
    Ok(tenant::app_id_in(
        caller.domain(),
        &normalise::app_id(name)?,
    ))
}

/// Refuses what cannot be, before anything is written: a refusal leaves nothing behind.
fn check(app_id: &str, tenant_id: &str, rules: FactorRules, update: &TenantUpdate) -> Result<()> {
    factors::check(rules, update)?;
    match update.core_config.is_empty() {
        true => Ok(()),
        false => settings::check(app_id, tenant_id, &update.core_config),
    }
}

/// Writes a tenant: made when missing, then locked and changed. Several callers make one tenant.
fn put(app_id: &str, tenant_id: &str, rules: FactorRules, update: &TenantUpdate) -> Result<bool> {
    let created = store::tenants::insert(app_id, &factors::new_tenant(tenant_id, rules));
    let row = store::tenants::find_for_update(app_id, tenant_id);
    let mut row = row.ok_or_else(|| Error::TenantNotFound {
        app_id: app_id.to_owned(),
        tenant_id: tenant_id.to_owned(),
    })?;
    let before = row.clone();
    factors::apply(&mut row, rules, update);
    if row != before {
        store::tenants::update(app_id, &row);
    }
    if !update.core_config.is_empty() {
        settings::put(app_id, tenant_id, &update.core_config)?;
    }
    Ok(created)
}

/// What is shown in place of a secret.
pub const SECRET: &str = "***";

/// A tenant's row and its own settings, secret ones as `***`.
pub struct TenantConfig {
    pub row: TenantRow,
    pub core_config: Map<String, Value>,
}

/// A tenant as it is configured; `None` when there is none of that name.
///
/// # Errors
/// When it cannot be read.
pub fn get(app_id: &str, tenant_id: &str) -> Result<Option<TenantConfig>> {
    match tenant::find(app_id, tenant_id) {
        Ok(tenant) => Ok(Some(config(app_id, tenant.row.clone()))),
        Err(Error::TenantNotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn config(app_id: &str, row: TenantRow) -> TenantConfig {
    // What is set at the base is the server's configuration, not the public tenant's.
    let mut core_config = if app_id == PUBLIC && row.id == PUBLIC {
        Map::new()
    } else {
        store::settings::of_tenant(app_id, &row.id)
    };
    for (key, value) in &mut core_config {
        if auth_core::settings::find(key).is_some_and(|setting| setting.secret) {
            *value = Value::from(SECRET);
        }
    }
    TenantConfig { row, core_config }
}

/// All tenants of the caller's app.
///
/// # Errors
/// [`Error::Forbidden`] unless the caller's tenant is `public`.
pub fn list(caller: &Tenant) -> Result<Vec<TenantConfig>> {
    if caller.id() != PUBLIC {
        return Err(Error::Forbidden(
            "Only the public tenantId is allowed to list all tenants associated with this app"
                .into(),
        ));
    }
    Ok(list_of_app(&caller.app_id))
}

fn list_of_app(app_id: &str) -> Vec<TenantConfig> {
    let rows = store::tenants::list(app_id);
    rows.into_iter().map(|row| config(app_id, row)).collect()
}

/// An app's name in its domain, and its tenants.
pub struct AppConfig {
    pub name: String,
    pub tenants: Vec<TenantConfig>,
}

/// All apps of the caller's domain with their tenants.
///
/// # Errors
/// [`Error::Forbidden`] unless the caller is the public app and tenant.
pub fn list_apps(caller: &Tenant) -> Result<Vec<AppConfig>> {
    if !caller.is_public_app() || caller.id() != PUBLIC {
        return Err(Error::Forbidden(
            "Only the public tenantId and public appId is allowed to list all apps associated with \
             this connection uri domain"
                .into(),
        ));
    }
    Ok(apps_of(caller.domain()))
}

fn apps_of(domain: &str) -> Vec<AppConfig> {
    let ids = store::tenants::list_apps();
    let in_domain = ids.iter().map(|id| (tenant::split_app_id(id), id));
    in_domain
        .filter(|((of, _), _)| *of == domain)
        .map(|((_, name), id)| AppConfig {
            name: name.to_owned(),
            tenants: list_of_app(id),
        })
        .collect()
}

/// Removes a tenant with its sessions, tokens and associations; whether it existed. Its users stay.
///
/// # Errors
/// [`Error::Forbidden`] from another tenant than `public`, or for `public` itself.
pub fn remove_tenant(caller: &Tenant, tenant_id: &str) -> Result<bool> {
    let tenant_id = normalise::tenant_id(tenant_id)?;
    if caller.id() != PUBLIC {
        return Err(Error::Forbidden(
            "Only the public tenantId is allowed to delete a tenant".into(),
        ));
    }
    if tenant_id == PUBLIC {
        return Err(Error::Forbidden(
            "Cannot delete public tenant, use remove app API instead".into(),
        ));
    }
    let existed = store::tenants::delete(&caller.app_id, &tenant_id);
    store::sessions::delete_of_tenant(&caller.app_id, &tenant_id);
    Ok(existed)
}

/// Removes an app with everything in it; whether it existed.
///
/// # Errors
/// [`Error::Forbidden`] from another app or tenant than `public`, for `public` itself, and while the app has
/// further tenants.
pub fn remove_app(caller: &Tenant, app_id: &str) -> Result<bool> {
    let app_id = named_app(caller, app_id)?;
    if !caller.is_public_app() || caller.id() != PUBLIC {
        return Err(Error::Forbidden(
            "Only the public tenantId and public appId is allowed to delete an app".into(),
        ));
    }
    if tenant::split_app_id(&app_id).1 == PUBLIC {
        return Err(Error::Forbidden(
            "Cannot delete the public app, use remove connection uri domain API instead".into(),
        ));
    }
    store::tenants::lock_app_for_removal(&app_id);
    if store::tenants::list(&app_id)
        .iter()
        .any(|tenant| tenant.id != PUBLIC)
    {
        return Err(Error::Forbidden(
            "Please delete all tenants except the public tenant for this app before calling the \
             delete API"
                .into(),
        ));
    }
    let existed = store::tenants::delete_app(&app_id);
    store::sessions::delete_of_app(&app_id);
    store::request_counts::delete_of(&app_id);
    Ok(existed)
}
