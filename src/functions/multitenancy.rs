//! Apps, tenants and their settings.

use auth_core::settings;
use pgrx::prelude::*;
use serde_json::{Map, Value, json};

use super::{answer, app_of, identifier, object, required, tenant_of};
use crate::documents::{ok, only, tenant};
use crate::error::{Error, Result};
use crate::recipes::multitenancy::{self, Change, FactorRules, TenantUpdate};
use crate::tenant::PUBLIC;

const RULES: FactorRules = FactorRules::Lists;

/// Reads `{"firstFactors": [..]|null, "requiredSecondaryFactors": [..]|null, "coreConfig": {..}}`.
fn update(mut config: Map<String, Value>) -> Result<TenantUpdate> {
    let mut factors = |name: &str| match config.remove(name) {
        None => Ok(Change::Keep),
        Some(Value::Null) => Ok(Change::Reset),
        Some(value) => serde_json::from_value(value).map(Change::Set).map_err(|_| {
            Error::invalid(format!(
                "config member \"{name}\" must be an array of texts"
            ))
        }),
    };
    let first_factors = factors("firstFactors")?;
    let required_secondary_factors = factors("requiredSecondaryFactors")?;
    let core_config = match config.remove("coreConfig") {
        None => Map::new(),
        Some(Value::Object(core_config)) => core_config,
        Some(_) => {
            return Err(Error::invalid(
                "config member \"coreConfig\" must be a JSON object",
            ));
        }
    };
    if let Some(unknown) = config.keys().next() {
        return Err(Error::invalid(format!(
            "config member \"{unknown}\" is not known"
        )));
    }
    Ok(TenantUpdate {
        first_factors,
        required_secondary_factors,
        core_config,
        ..Default::default()
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_or_update_app(
    app_id: Option<&str>,
    config: default!(Option<pgrx::JsonB>, "'{}'"),
) -> pgrx::JsonB {
    answer(|| {
        let update = update(object("config", config)?)?;
        let base = app_of(Some(PUBLIC))?;
        let app_id = required("app_id", app_id)?;
        let created = multitenancy::create_or_update_app(&base, app_id, RULES, &update)?;
        Ok(ok(json!({ "createdNew": created })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn remove_app(app_id: Option<&str>) -> pgrx::JsonB {
    answer(|| {
        let base = app_of(Some(PUBLIC))?;
        let existed = multitenancy::remove_app(&base, required("app_id", app_id)?)?;
        Ok(ok(json!({ "didExist": existed })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_apps() -> pgrx::JsonB {
    answer(|| {
        let apps = multitenancy::list_apps(&*app_of(Some(PUBLIC))?)?;
        let shown: Vec<_> = apps
            .iter()
            .map(|(app_id, tenants)| {
                let tenants: Vec<_> = tenants.iter().map(|config| tenant(config, RULES)).collect();
                json!({"appId": app_id, "tenants": tenants})
            })
            .collect();
        Ok(ok(json!({ "apps": shown })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_or_update_tenant(
    tenant_id: Option<&str>,
    config: default!(Option<pgrx::JsonB>, "'{}'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let update = update(object("config", config)?)?;
        let app = app_of(app_id)?;
        let tenant_id = required("tenant_id", tenant_id)?;
        let created = multitenancy::create_or_update_tenant(&app, tenant_id, RULES, &update)?;
        Ok(ok(json!({ "createdNew": created })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn get_tenant(tenant_id: Option<&str>, app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let tenant_id = identifier(required("tenant_id", tenant_id)?);
        Ok(match multitenancy::get(&app.app_id, &tenant_id)? {
            Some(config) => ok(tenant(&config, RULES)),
            None => only("TENANT_NOT_FOUND_ERROR"),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_tenants(app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| {
        let tenants = multitenancy::list(&*app_of(app_id)?)?;
        let shown: Vec<_> = tenants.iter().map(|config| tenant(config, RULES)).collect();
        Ok(ok(json!({ "tenants": shown })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn remove_tenant(
    tenant_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let existed = multitenancy::remove_tenant(&app, required("tenant_id", tenant_id)?)?;
        Ok(ok(json!({ "didExist": existed })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn set_setting(
    key: Option<&str>,
    value: Option<pgrx::JsonB>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) {
    let set = || {
        let tenant = tenant_of(tenant_id, app_id)?;
        // SQL's null and JSON's both mean: no value of its own any more.
        let value = value.map_or(Value::Null, |value| value.0);
        multitenancy::set_setting(&tenant.app_id, tenant.id(), required("key", key)?, value)
    };
    set().unwrap_or_else(|error| error.raise());
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn get_setting(
    key: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let key = required("key", key)?;
        let setting = settings::find(key)
            .ok_or_else(|| Error::invalid(format!("there is no setting \"{key}\"")))?;
        let value = tenant.settings.get(setting.key).clone();
        Ok(if setting.secret && !value.is_null() {
            Value::from(multitenancy::SECRET)
        } else {
            value
        })
    })
}

/// The registry of settings, for the view `auth.settings`.
#[allow(clippy::type_complexity)] // the macro reads the columns here
#[pg_extern(immutable, parallel_safe)]
#[search_path(pg_catalog, auth, pg_temp)]
fn known_settings() -> TableIterator<
    'static,
    (
        name!(key, &'static str),
        name!(value_type, &'static str),
        name!(unit, Option<&'static str>),
        name!(default_value, pgrx::JsonB),
        name!(scope, &'static str),
        name!(is_secret, bool),
        name!(description, &'static str),
    ),
> {
    TableIterator::new(settings::all().iter().map(|setting| {
        let scope = match setting.scope {
            settings::Scope::Core => "base",
            settings::Scope::App => "app",
            settings::Scope::Tenant => "tenant",
        };
        (
            setting.key,
            setting.kind.type_name(),
            setting.unit,
            pgrx::JsonB(setting.default_value()),
            scope,
            setting.secret,
            setting.description,
        )
    }))
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_or_update_app IS 'Makes an app, or changes its tenant "public". config may hold firstFactors, requiredSecondaryFactors (arrays, null resets) and coreConfig (settings by name, null removes). Status: OK with createdNew';
COMMENT ON FUNCTION auth.remove_app IS 'Removes an app with everything in it. Its tenants other than "public" must be gone. Status: OK with didExist';
COMMENT ON FUNCTION auth.list_apps IS 'All apps with their tenants. Status: OK with apps';
COMMENT ON FUNCTION auth.create_or_update_tenant IS 'Makes a tenant or changes it. config as in create_or_update_app. A new tenant has firstFactors [] until you say otherwise. Status: OK with createdNew';
COMMENT ON FUNCTION auth.get_tenant IS 'A tenant''s configuration. Statuses: OK with tenantId, thirdParty, firstFactors, requiredSecondaryFactors and coreConfig; TENANT_NOT_FOUND_ERROR';
COMMENT ON FUNCTION auth.list_tenants IS 'All tenants of an app. Status: OK with tenants';
COMMENT ON FUNCTION auth.remove_tenant IS 'Removes a tenant with its sessions, tokens and associations; its users stay. Status: OK with didExist';
COMMENT ON FUNCTION auth.set_setting IS 'Sets a setting for a tenant, an app (its tenant "public") or everything (app "public", tenant "public"); null removes it there. An unknown key, a wrong type or a value out of range is an error (22023). See auth.settings';
COMMENT ON FUNCTION auth.get_setting IS 'The value of a setting that is in force for a tenant; secrets show as "***"';
COMMENT ON FUNCTION auth.known_settings IS 'The registry of settings: what auth.settings shows of each';

CREATE VIEW auth.settings AS
    SELECT known.key, known.value_type AS type, known.unit, known.default_value,
           CASE WHEN known.is_secret AND own.value IS NOT NULL THEN '"***"'
                ELSE coalesce(own.value, known.default_value) END AS value,
           own.value IS NOT NULL AS is_set, known.scope, known.description
    FROM auth.known_settings() known
    LEFT JOIN auth.setting_values own
        ON own.key = known.key AND own.app_id = 'public' AND own.tenant_id = 'public';
COMMENT ON VIEW auth.settings IS 'Every setting with its value at the base; apps and tenants may have others, see auth.get_setting';
COMMENT ON COLUMN auth.settings.key IS 'Name of the setting';
COMMENT ON COLUMN auth.settings.type IS 'int, long, double, boolean or String';
COMMENT ON COLUMN auth.settings.unit IS 'Unit of its values';
COMMENT ON COLUMN auth.settings.default_value IS 'Its value where none is set';
COMMENT ON COLUMN auth.settings.value IS 'Its value at the base; secrets show as "***"';
COMMENT ON COLUMN auth.settings.is_set IS 'Whether it is set at the base';
COMMENT ON COLUMN auth.settings.scope IS 'Where it may be set: base, app or tenant';
COMMENT ON COLUMN auth.settings.description IS 'What it does';
"#,
    name = "comments_multitenancy",
    requires = [
        "tenancy",
        create_or_update_app,
        remove_app,
        list_apps,
        create_or_update_tenant,
        get_tenant,
        list_tenants,
        remove_tenant,
        set_setting,
        get_setting,
        known_settings
    ]
);
