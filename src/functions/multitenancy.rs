//! Apps, tenants and their settings.

use std::rc::Rc;

use auth_core::{normalise, settings};
use pgrx::prelude::*;
use serde_json::{Map, Value, json};

use super::{answer, app_of, identifier, object, required, tenant_of};
use crate::documents::{self, ok, only};
use crate::error::{Error, Result};
use crate::recipes::multitenancy::{
    self, AppConfig, Change, FactorRules, TenantConfig, TenantUpdate,
};
use crate::tenant::{self, PUBLIC, Tenant};

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

/// The public app of a connection URI domain, which speaks for it.
fn public_app_of(domain: Option<&str>) -> Result<Rc<Tenant>> {
    match required("domain", domain)? {
        "" => tenant::find_app(PUBLIC),
        domain => {
            let domain = normalise::connection_uri_domain(domain)?;
            tenant::find_app(&tenant::app_id_in(&domain, PUBLIC))
        }
    }
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_or_update_app(
    app_id: Option<&str>,
    config: default!(Option<pgrx::JsonB>, "'{}'"),
    domain: default!(Option<&str>, "''"),
) -> pgrx::JsonB {
    answer(|| {
        let update = update(object("config", config)?)?;
        let caller = public_app_of(domain)?;
        let app_id = required("app_id", app_id)?;
        let created = multitenancy::create_or_update_app(&caller, app_id, RULES, &update)?;
        Ok(ok(json!({ "createdNew": created })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn remove_app(app_id: Option<&str>, domain: default!(Option<&str>, "''")) -> pgrx::JsonB {
    answer(|| {
        let caller = public_app_of(domain)?;
        let existed = multitenancy::remove_app(&caller, required("app_id", app_id)?)?;
        Ok(ok(json!({ "didExist": existed })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_apps(domain: default!(Option<&str>, "''")) -> pgrx::JsonB {
    answer(|| {
        let apps = multitenancy::list_apps(&*public_app_of(domain)?)?;
        Ok(ok(json!({ "apps": shown_apps(apps) })))
    })
}

fn shown_apps(apps: Vec<AppConfig>) -> Vec<Value> {
    let shown = |config: &TenantConfig| documents::tenant(config, RULES);
    apps.iter()
        .map(|app| {
            let tenants: Vec<_> = app.tenants.iter().map(shown).collect();
            json!({"appId": app.name, "tenants": tenants})
        })
        .collect()
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_or_update_connection_uri_domain(
    domain: Option<&str>,
    config: default!(Option<pgrx::JsonB>, "'{}'"),
) -> pgrx::JsonB {
    answer(|| {
        let update = update(object("config", config)?)?;
        let base = app_of(Some(PUBLIC))?;
        let domain = required("domain", domain)?;
        let created = multitenancy::create_or_update_domain(&base, domain, RULES, &update)?;
        Ok(ok(json!({ "createdNew": created })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn remove_connection_uri_domain(domain: Option<&str>) -> pgrx::JsonB {
    answer(|| {
        let base = app_of(Some(PUBLIC))?;
        let existed = multitenancy::remove_domain(&base, required("domain", domain)?)?;
        Ok(ok(json!({ "didExist": existed })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_connection_uri_domains() -> pgrx::JsonB {
    answer(|| {
        let domains = multitenancy::list_domains(&*app_of(Some(PUBLIC))?)?;
        let shown = domains.into_iter().map(
            |config| json!({"connectionUriDomain": config.domain, "apps": shown_apps(config.apps)}),
        );
        let shown: Vec<_> = shown.collect();
        Ok(ok(json!({ "connectionUriDomains": shown })))
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
            Some(config) => ok(documents::tenant(&config, RULES)),
            None => only("TENANT_NOT_FOUND_ERROR"),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_tenants(app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| {
        let tenants = multitenancy::list(&*app_of(app_id)?)?;
        let shown: Vec<_> = tenants
            .iter()
            .map(|config| documents::tenant(config, RULES))
            .collect();
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
COMMENT ON FUNCTION auth.create_or_update_app IS 'Makes an app of a connection URI domain, or changes its tenant "public". config may hold firstFactors, requiredSecondaryFactors (arrays, null resets) and coreConfig (settings by name, null removes). Status: OK with createdNew';
COMMENT ON FUNCTION auth.remove_app IS 'Removes an app with everything in it. Its tenants other than "public" must be gone. Status: OK with didExist';
COMMENT ON FUNCTION auth.list_apps IS 'All apps of a connection URI domain with their tenants. Status: OK with apps';
COMMENT ON FUNCTION auth.create_or_update_connection_uri_domain IS 'Makes a connection URI domain, a host under which apps of their own live, with its app "public@<domain>"; or changes the settings of this app. config as in create_or_update_app. Status: OK with createdNew';
COMMENT ON FUNCTION auth.remove_connection_uri_domain IS 'Removes a connection URI domain with everything in its public app. Its other apps must be gone. Status: OK with didExist';
COMMENT ON FUNCTION auth.list_connection_uri_domains IS 'All connection URI domains with their apps; the default one is an empty text. Status: OK with connectionUriDomains';
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
        create_or_update_connection_uri_domain,
        remove_connection_uri_domain,
        list_connection_uri_domains,
        create_or_update_tenant,
        get_tenant,
        list_tenants,
        remove_tenant,
        set_setting,
        get_setting,
        known_settings
    ]
);
