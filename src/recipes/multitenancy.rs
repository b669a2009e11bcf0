//! Apps and tenants (CDI, "Multitenancy").

use auth_core::normalise;
use auth_core::settings::{self, validate_base_config, validate_core_config};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::store;
use crate::store::tenants::TenantRow;
use crate::store::users::Recipe;
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

/// How the three recipe switches and the two lists of factors bear on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorRules {
    /// Only lists; no switches (CDI "v2" operations).
    Lists,
    /// Switches and lists, kept in step ("v1" operations from CDI 5.0).
    SwitchesAndLists,
    /// Switches, which edit the list ("v1" operations before CDI 5.0).
    Switches,
}

/// A recipe with a switch, and the factors that belong to it.
struct Switch {
    recipe: Recipe,
    name: &'static str,
    factors: &'static [&'static str],
    get: fn(&TenantRow) -> bool,
    set: fn(&mut TenantRow, bool),
    wanted: fn(&TenantUpdate) -> Option<bool>,
}

const SWITCHES: [Switch; 3] = [
    Switch {
        recipe: Recipe::EmailPassword,
        name: "emailPassword",
        factors: &["emailpassword"],
        get: |row| row.email_password_enabled,
        set: |row, on| row.email_password_enabled = on,
        wanted: |update| update.email_password_enabled,
    },
    Switch {
        recipe: Recipe::ThirdParty,
        name: "thirdParty",
        factors: &["thirdparty"],
        get: |row| row.third_party_enabled,
        set: |row, on| row.third_party_enabled = on,
        wanted: |update| update.third_party_enabled,
    },
    Switch {
        recipe: Recipe::Passwordless,
        name: "passwordless",
        factors: &["otp-email", "otp-phone", "link-email", "link-phone"],
        get: |row| row.passwordless_enabled,
        set: |row, on| row.passwordless_enabled = on,
        wanted: |update| update.passwordless_enabled,
    },
];

fn owns(switch: &Switch, factor: &str) -> bool {
    switch.factors.contains(&factor)
}

/// The factors of the recipes that are switched on.
pub fn enabled_factors(row: &TenantRow) -> Vec<String> {
    let on = SWITCHES.iter().filter(|switch| (switch.get)(row));
    on.flat_map(|switch| switch.factors)
        .map(|factor| (*factor).to_owned())
        .collect()
}

/// Whether a recipe may be used in a tenant, as callers see it that go by these rules.
pub fn is_enabled(row: &TenantRow, rules: FactorRules, recipe: Recipe) -> bool {
    // WebAuthn came after the switches.
    let Some(switch) = SWITCHES.iter().find(|switch| switch.recipe == recipe) else {
        return true;
    };
    let factors = row.first_factors.as_deref();
    match rules {
        FactorRules::Lists => true,
        FactorRules::SwitchesAndLists => {
            (switch.get)(row) && factors.is_none_or(|factors| !factors.is_empty())
        }
        FactorRules::Switches => {
            (switch.get)(row)
                && factors.is_none_or(|factors| factors.iter().any(|factor| owns(switch, factor)))
        }
    }
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
    let app_id = normalise::app_id(app_id)?;
    let is_own_app = caller.app_id == app_id;
    if caller.id() != PUBLIC || (caller.app_id != PUBLIC && !is_own_app) {
        return Err(Error::Forbidden(
            "You must use the public or same app to add/update an app".into(),
        ));
    }
    check_factors(rules, update)?;
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
    check_factors(rules, update)?;
    caller.hold()?;
    put(&caller.app_id, &tenant_id, rules, update)
}

/// Writes a tenant: made when missing, then locked and changed. Several callers make one tenant.
fn put(app_id: &str, tenant_id: &str, rules: FactorRules, update: &TenantUpdate) -> Result<bool> {
    let created = store::tenants::insert(app_id, &new_tenant(tenant_id, rules));
    let row = store::tenants::find_for_update(app_id, tenant_id);
    let mut row = row.ok_or_else(|| Error::TenantNotFound {
        app_id: app_id.to_owned(),
        tenant_id: tenant_id.to_owned(),
    })?;
    let before = row.clone();
    match rules {
        FactorRules::Lists => apply_lists(&mut row, update),
        FactorRules::SwitchesAndLists => apply_switches_and_lists(&mut row, update),
        FactorRules::Switches => apply_switches(&mut row, update),
    }
    if row != before {
        store::tenants::update(app_id, &row);
    }
    if !update.core_config.is_empty() {
        put_settings(app_id, tenant_id, &update.core_config)?;
    }
    Ok(created)
}

fn new_tenant(tenant_id: &str, rules: FactorRules) -> TenantRow {
    let mut row = TenantRow::unrestricted(tenant_id);
    if rules != FactorRules::Lists {
        SWITCHES
            .iter()
            .for_each(|switch| (switch.set)(&mut row, false));
    }
    // An app's public tenant is open when it is made without switches, any other lets nobody in yet.
    let closed = match rules {
        FactorRules::Lists => tenant_id != PUBLIC,
        FactorRules::SwitchesAndLists => false,
        FactorRules::Switches => true,
    };
    row.first_factors = closed.then(Vec::new);
    row
}

fn check_factors(rules: FactorRules, update: &TenantUpdate) -> Result<()> {
    let lists = [
        ("firstFactors", "first factors", &update.first_factors),
        (
            "requiredSecondaryFactors",
            "required secondary factors",
            &update.required_secondary_factors,
        ),
    ];
    for (field, words, change) in lists {
        let Change::Set(factors) = change else {
            continue;
        };
        if factors.is_empty() && rules == FactorRules::SwitchesAndLists {
            return Err(Error::invalid(format!(
                "{field} cannot be empty. Set null instead to remove all {words}."
            )));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.()-".contains(c);
        if factors
            .iter()
            .any(|factor| factor.is_empty() || !factor.chars().all(allowed))
        {
            return Err(Error::invalid(format!(
                "{field} should contain only 0-9,a-z,A-Z,_,.,- characters"
            )));
        }
        let mut sorted: Vec<_> = factors.iter().collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::invalid(format!(
                "{field} input should not contain duplicate values"
            )));
        }
        for switch in &SWITCHES {
            let factor = factors.iter().find(|factor| owns(switch, factor));
            if let (Some(factor), Some(false)) = (factor, (switch.wanted)(update)) {
                return Err(Error::invalid(format!(
                    "Invalid core config: {field} should not contain '{factor}' because {} is \
                     disabled for the tenant.",
                    switch.name
                )));
            }
        }
    }
    Ok(())
}

fn apply<T: Clone>(field: &mut Option<T>, change: &Change<T>) {
    match change {
        Change::Keep => {}
        Change::Reset => *field = None,
        Change::Set(value) => *field = Some(value.clone()),
    }
}

fn apply_lists(row: &mut TenantRow, update: &TenantUpdate) {
    let untouched =
        update.first_factors == Change::Keep && update.required_secondary_factors == Change::Keep;
    if untouched {
        return;
    }
    // From now on the list says what the switches said.
    if row.first_factors.is_none() && !SWITCHES.iter().all(|switch| (switch.get)(row)) {
        row.first_factors = Some(enabled_factors(row));
    }
    SWITCHES.iter().for_each(|switch| (switch.set)(row, true));
    apply(&mut row.first_factors, &update.first_factors);
    apply(
        &mut row.required_secondary_factors,
        &update.required_secondary_factors,
    );
}

fn apply_switches_and_lists(row: &mut TenantRow, update: &TenantUpdate) {
    let enabled: Vec<_> = SWITCHES
        .iter()
        .filter(|switch| (switch.wanted)(update) == Some(true))
        .collect();
    if !enabled.is_empty() && row.first_factors.as_ref().is_some_and(Vec::is_empty) {
        // A tenant that let nobody in opens for these recipes alone.
        SWITCHES.iter().for_each(|switch| (switch.set)(row, false));
        row.first_factors = None;
    }
    for switch in &SWITCHES {
        let Some(on) = (switch.wanted)(update) else {
            continue;
        };
        (switch.set)(row, on);
        if !on {
            for list in [&mut row.first_factors, &mut row.required_secondary_factors] {
                if let Some(factors) = list.as_mut() {
                    factors.retain(|factor| !owns(switch, factor));
                }
            }
            // An emptied list would let nobody in; with v1 that is said by the switches.
            for list in [&mut row.first_factors, &mut row.required_secondary_factors] {
                if list.as_ref().is_some_and(Vec::is_empty) {
                    *list = None;
                }
            }
        }
    }
    for change in [&update.first_factors, &update.required_secondary_factors] {
        let Change::Set(factors) = change else {
            continue;
        };
        for switch in &SWITCHES {
            if factors.iter().any(|factor| owns(switch, factor)) {
                (switch.set)(row, true);
            }
        }
    }
    apply(&mut row.first_factors, &update.first_factors);
    apply(
        &mut row.required_secondary_factors,
        &update.required_secondary_factors,
    );
}

fn apply_switches(row: &mut TenantRow, update: &TenantUpdate) {
    for switch in &SWITCHES {
        let Some(on) = (switch.wanted)(update) else {
            continue;
        };
        (switch.set)(row, on);
        if on {
            if let Some(factors) = row.first_factors.as_mut() {
                for factor in switch.factors {
                    if !factors.iter().any(|known| known == factor) {
                        factors.push((*factor).to_owned());
                    }
                }
            }
        } else {
            let all = || {
                let factors = SWITCHES.iter().flat_map(|switch| switch.factors);
                factors.map(|factor| (*factor).to_owned()).collect()
            };
            row.first_factors
                .get_or_insert_with(all)
                .retain(|factor| !owns(switch, factor));
        }
    }
}

fn put_settings(app_id: &str, tenant_id: &str, update: &Map<String, Value>) -> Result<()> {
    if app_id == PUBLIC && tenant_id == PUBLIC {
        return Err(Error::invalid("Cannot modify base config"));
    }
    let [own, app, base] = tenant::setting_layers(app_id, tenant_id);
    let merged = validate_core_config(update, &own, &[&app, &base], tenant_id == PUBLIC)?;
    store_settings(app_id, tenant_id, &own, &merged);
    Ok(())
}

fn store_settings(
    app_id: &str,
    tenant_id: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) {
    for (key, value) in new
        .iter()
        .filter(|(key, value)| old.get(*key) != Some(*value))
    {
        store::settings::put(app_id, tenant_id, key, value);
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        store::settings::delete(app_id, tenant_id, key);
    }
}

/// Sets one setting, also at the base (app `public`, tenant `public`); null removes it there.
///
/// # Errors
/// [`Error::Invalid`] for an unknown key, a wrong type or a value out of range; [`Error::TenantNotFound`].
pub fn set_setting(app_id: &str, tenant_id: &str, key: &str, value: Value) -> Result<()> {
    let tenant = tenant::find(app_id, tenant_id)?;
    tenant.hold()?;
    // Two callers who set settings that bear on each other take turns.
    store::tenants::find_for_update(&tenant.app_id, tenant.id());
    let update = Map::from_iter([(key.to_owned(), value)]);
    if tenant.app_id == PUBLIC && tenant.id() == PUBLIC {
        let [own, ..] = tenant::setting_layers(PUBLIC, PUBLIC);
        let merged = validate_base_config(&update, &own)?;
        store_settings(PUBLIC, PUBLIC, &own, &merged);
        Ok(())
    } else {
        put_settings(&tenant.app_id, tenant.id(), &update)
    }
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
        if settings::find(key).is_some_and(|setting| setting.secret) {
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

/// All apps with their tenants.
///
/// # Errors
/// [`Error::Forbidden`] unless the caller is the public app and tenant.
pub fn list_apps(caller: &Tenant) -> Result<Vec<(String, Vec<TenantConfig>)>> {
    if caller.app_id != PUBLIC || caller.id() != PUBLIC {
        return Err(Error::Forbidden(
            "Only the public tenantId and public appId is allowed to list all apps associated with \
             this connection uri domain"
                .into(),
        ));
    }
    let apps = store::tenants::list_apps();
    Ok(apps
        .into_iter()
        .map(|app| (app.clone(), list_of_app(&app)))
        .collect())
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
    let app_id = normalise::app_id(app_id)?;
    if caller.app_id != PUBLIC || caller.id() != PUBLIC {
        return Err(Error::Forbidden(
            "Only the public tenantId and public appId is allowed to delete an app".into(),
        ));
    }
    if app_id == PUBLIC {
        return Err(Error::Forbidden(
            "Cannot delete the public app, use remove connection uri domain API instead".into(),
        ));
    }
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
    Ok(existed)
}
