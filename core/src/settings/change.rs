//! A change of the settings at one level.

use serde_json::{Map, Value};

use super::registry::{SUPPORTED_CDI_VERSIONS, find, ignored};
use super::{Scope, Setting, SettingError, Settings, gotrue, parse};

/// Checks the `coreConfig` of an app or a tenant and merges it into what is stored there.
///
/// `update` is what was sent: a `null` removes the key, any other value replaces it. `current` is
/// stored for this tenant; `parent_layers` are the maps that it inherits from, nearest first. Returns
/// the map to store, which has no `null` in it.
///
/// A tenant other than the public one may name a setting that its app decides, if it names the value
/// that is in effect there. Such a value is accepted and not stored: so tenants of an app cannot come
/// to differ when the app's value changes.
///
/// # Errors
/// [`SettingError`]; its text goes behind `Invalid core config: `.
pub fn validate_core_config(
    update: &Map<String, Value>,
    current: &Map<String, Value>,
    parent_layers: &[&Map<String, Value>],
    is_public_tenant: bool,
) -> Result<Map<String, Value>, SettingError> {
    let inherited = Settings::resolve(parent_layers)?;
    let level = if is_public_tenant {
        Level::App
    } else {
        Level::Tenant(&inherited)
    };
    let merged = merge(update, current, level)?;

    let mut layers = vec![&merged];
    layers.extend_from_slice(parent_layers);
    check_combination(&Settings::resolve(&layers)?)?;
    Ok(merged)
}

/// Checks a change of the base and merges it into what is stored there, as
/// [`validate_core_config`] does for an app or a tenant.
///
/// # Errors
/// [`SettingError`].
pub fn validate_base_config(
    update: &Map<String, Value>,
    current: &Map<String, Value>,
) -> Result<Map<String, Value>, SettingError> {
    let merged = merge(update, current, Level::Base)?;
    check_combination(&Settings::resolve(&[&merged])?)?;
    Ok(merged)
}

/// Where a change is made.
#[derive(Clone, Copy)]
enum Level<'a> {
    Base,
    App,
    /// A tenant other than the public one, with the settings of its app.
    Tenant(&'a Settings),
}

fn merge(
    update: &Map<String, Value>,
    current: &Map<String, Value>,
    level: Level<'_>,
) -> Result<Map<String, Value>, SettingError> {
    let mut merged = current.clone();
    for (key, value) in update {
        let setting = lookup(key, level)?;
        // `null` takes the key away at this level, whatever the setting accepts.
        let value = if value.is_null() {
            Value::Null
        } else {
            parse(setting, value)?
        };
        let stored_here = !value.is_null() && is_stored(setting, &value, level)?;
        if stored_here {
            merged.insert(setting.key.to_owned(), value);
        } else {
            merged.remove(setting.key);
        }
    }
    Ok(merged)
}

/// The setting that `key` names, if it can be set at `level`.
fn lookup(key: &str, level: Level<'_>) -> Result<&'static Setting, SettingError> {
    if let Some(setting) = find(key) {
        return match (setting.scope, level) {
            (Scope::Core, Level::App | Level::Tenant(_)) => {
                Err(SettingError::CoreOnly(setting.key))
            }
            _ => Ok(setting),
        };
    }
    match (ignored().iter().find(|ignored| ignored.key == key), level) {
        (Some(ignored), Level::App | Level::Tenant(_)) => Err(SettingError::CoreOnly(ignored.key)),
        _ => Err(SettingError::UnknownKey(key.to_owned())),
    }
}

/// Whether a value has a place at `level`, or is there already by inheritance.
fn is_stored(setting: &Setting, value: &Value, level: Level<'_>) -> Result<bool, SettingError> {
    match (setting.scope, level) {
        (Scope::App, Level::Tenant(app)) if same(app.get(setting.key), value) => Ok(false),
        (Scope::App, Level::Tenant(_)) => Err(SettingError::DiffersInApp(setting.key)),
        _ => Ok(true),
    }
}

/// Whether two values are equal, 60 and 60.0 among them.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// The checks that need more than one setting.
fn check_combination(settings: &Settings) -> Result<(), SettingError> {
    let position = |version: &str| SUPPORTED_CDI_VERSIONS.iter().position(|v| *v == version);
    let params = settings.password_params();
    let refused =
        if settings.refresh_token_validity_ms() <= settings.access_token_validity_s() * 1000 {
            "'refresh_token_validity' must be strictly greater than 'access_token_validity'."
        } else if params.argon2_memory_kib < 8 * params.argon2_parallelism {
            "'argon2_memory_kb' must be at least 8 times 'argon2_parallelism'"
        } else if settings
            .min_cdi_version()
            .zip(settings.max_cdi_version())
            .is_some_and(|(min, max)| position(min) > position(max))
        {
            "supertokens_min_cdi_version must not be greater than supertokens_max_cdi_version"
        } else if settings.saas_secret().is_some() && settings.api_keys().is_empty() {
            "supertokens_saas_secret can only be used when api_keys is also defined"
        } else {
            return match gotrue::check_combination(settings) {
                Some(refused) => Err(SettingError::Invalid(refused)),
                None => Ok(()),
            };
        };
    Err(SettingError::Invalid(refused.to_owned()))
}
