//! Settings of a tenant, of an app and of everything.

use auth_core::settings::{validate_base_config, validate_core_config};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::setting_values;
use crate::store;
use crate::tenant::{self, PUBLIC};

/// Changes the settings of an app or a tenant.
///
/// # Errors
/// [`Error::Invalid`].
pub fn put(app_id: &str, tenant_id: &str, update: &Map<String, Value>) -> Result<()> {
    let (own, merged) = merged(app_id, tenant_id, update)?;
    store_settings(app_id, tenant_id, &own, &merged)
}

/// Refuses settings that [`put`] would refuse, of an app or a tenant that need not exist yet.
///
/// # Errors
/// [`Error::Invalid`].
pub fn check(app_id: &str, tenant_id: &str, update: &Map<String, Value>) -> Result<()> {
    merged(app_id, tenant_id, update).map(drop)
}

/// The settings that are stored for a tenant, and those that an update would leave.
fn merged(
    app_id: &str,
    tenant_id: &str,
    update: &Map<String, Value>,
) -> Result<(Map<String, Value>, Map<String, Value>)> {
    if app_id == PUBLIC && tenant_id == PUBLIC {
        return Err(Error::invalid("Cannot modify base config"));
    }
    let mut layers = tenant::setting_layers(app_id, tenant_id)?;
    let outer: Vec<_> = layers[1..].iter().collect();
    let merged = validate_core_config(update, &layers[0], &outer, tenant_id == PUBLIC)?;
    Ok((layers.swap_remove(0), merged))
}

fn store_settings(
    app_id: &str,
    tenant_id: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Result<()> {
    for (key, value) in new
        .iter()
        .filter(|(key, value)| old.get(*key) != Some(*value))
    {
        setting_values::put(app_id, tenant_id, key, value)?;
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        store::settings::delete(app_id, tenant_id, key);
    }
    Ok(())
}

/// Sets one setting, also at the base (app `public`, tenant `public`); null removes it there.
///
/// # Errors
/// [`Error::Invalid`] for an unknown key, a wrong type or a value out of range; [`Error::TenantNotFound`].
pub fn set_setting(app_id: &str, tenant_id: &str, key: &str, value: Value) -> Result<()> {
    set_settings(app_id, tenant_id, Map::from_iter([(key.to_owned(), value)]))
}

/// Sets several settings, all or none.
///
/// # Errors
/// As [`set_setting`].
pub fn set_settings(app_id: &str, tenant_id: &str, update: Map<String, Value>) -> Result<()> {
    let tenant = tenant::find(app_id, tenant_id)?;
    tenant.hold()?;
    // Two callers who set settings that bear on each other take turns.
    store::tenants::find_for_update(&tenant.app_id, tenant.id());
    if tenant.app_id == PUBLIC && tenant.id() == PUBLIC {
        let own = setting_values::of_tenant(PUBLIC, PUBLIC)?;
        let merged = validate_base_config(&update, &own)?;
        store_settings(PUBLIC, PUBLIC, &own, &merged)
    } else {
        put(&tenant.app_id, tenant.id(), &update)
    }
}
