//! Apps and tenants (CDI, "Multitenancy").

use auth_core::{normalise, settings};
use serde_json::{Value, json};

use super::call::Call;
use super::{Route, route};
use crate::documents::{self, ok, only};
use crate::error::{Error, Result};
use crate::http::Reply;
use crate::recipes::multitenancy::{
    self, AppConfig, Change, FactorRules, TenantConfig, TenantUpdate, is_enabled,
};
use crate::store::users::Recipe;
use crate::tenant::{self, PUBLIC};

pub const ROUTES: &[Route] = &[
    route("PUT", "/recipe/multitenancy/tenant", |call| {
        put_tenant(call, call.cdi.factor_rules)
    }),
    route("PUT", "/recipe/multitenancy/tenant/v2", |call| {
        put_tenant(call, FactorRules::Lists)
    }),
    route("POST", "/recipe/multitenancy/tenant", put_tenant_simply),
    route("GET", "/recipe/multitenancy/tenant", get_tenant),
    route("GET", "/recipe/multitenancy/tenant/v2", |call| {
        show_tenant(call, &call.tenant_id, FactorRules::Lists)
    }),
    route("GET", "/recipe/multitenancy/tenant/list", |call| {
        list(call, call.cdi.factor_rules)
    }),
    route("GET", "/recipe/multitenancy/tenant/list/v2", |call| {
        list(call, FactorRules::Lists)
    }),
    route("POST", "/recipe/multitenancy/tenant/remove", remove_tenant),
    route("PUT", "/recipe/multitenancy/app", |call| {
        put_app(call, call.cdi.factor_rules)
    }),
    route("PUT", "/recipe/multitenancy/app/v2", |call| {
        put_app(call, FactorRules::Lists)
    }),
    route("GET", "/recipe/multitenancy/app/list", |call| {
        list_apps(call, call.cdi.factor_rules)
    }),
    route("GET", "/recipe/multitenancy/app/list/v2", |call| {
        list_apps(call, FactorRules::Lists)
    }),
    route("POST", "/recipe/multitenancy/app/remove", remove_app),
    route("PUT", "/recipe/multitenancy/connectionuridomain", |call| {
        put_domain(call, call.cdi.factor_rules)
    }),
    route(
        "PUT",
        "/recipe/multitenancy/connectionuridomain/v2",
        |call| put_domain(call, FactorRules::Lists),
    ),
    route(
        "GET",
        "/recipe/multitenancy/connectionuridomain/list",
        |call| list_domains(call, call.cdi.factor_rules),
    ),
    route(
        "GET",
        "/recipe/multitenancy/connectionuridomain/list/v2",
        |call| list_domains(call, FactorRules::Lists),
    ),
    route(
        "POST",
        "/recipe/multitenancy/connectionuridomain/remove",
        remove_domain,
    ),
];

/// Reads what is to change; which fields count depends on the operation.
fn update(call: &Call, rules: FactorRules) -> Result<TenantUpdate> {
    let mut update = TenantUpdate {
        core_config: call.object_opt("coreConfig")?.cloned().unwrap_or_default(),
        ..Default::default()
    };
    if rules == FactorRules::Lists {
        for (field, name) in [
            ("emailPasswordEnabled", "emailPasswordEnabled"),
            ("thirdPartyEnabled", "thirdParty"),
            ("passwordlessEnabled", "passwordless"),
        ] {
            if call.body()?.contains_key(field) {
                return Err(Error::invalid(format!(
                    "{name} is not a valid input for this API"
                )));
            }
        }
    } else {
        update.email_password_enabled = call.bool_opt("emailPasswordEnabled")?;
        update.third_party_enabled = call.bool_opt("thirdPartyEnabled")?;
        update.passwordless_enabled = call.bool_opt("passwordlessEnabled")?;
    }
    if rules != FactorRules::Switches {
        update.first_factors = factors(call, "firstFactors")?;
        update.required_secondary_factors = factors(call, "requiredSecondaryFactors")?;
    }
    Ok(update)
}

/// A list of factors; null resets it.
fn factors(call: &Call, field: &str) -> Result<Change<Vec<String>>> {
    if call.body()?.get(field) == Some(&Value::Null) {
        return Ok(Change::Reset);
    }
    Ok(call.texts_opt(field)?.map_or(Change::Keep, Change::Set))
}

/// Refuses changes of protected settings by callers who do not see them (CDI, "Protected settings").
fn refuse_protected(
    call: &Call,
    app_id: &str,
    tenant_id: &str,
    update: &TenantUpdate,
) -> Result<()> {
    let protected = || {
        update
            .core_config
            .iter()
            .filter(|(key, _)| is_protected(key))
    };
    if call.sees_protected || protected().next().is_none() {
        return Ok(());
    }
    let own = multitenancy::get(app_id, tenant_id)?.map(|config| config.core_config);
    let own = own.unwrap_or_default();
    match protected().all(|(key, value)| own.get(key).unwrap_or(&Value::Null) == value) {
        true => Ok(()),
        false => Err(Error::Forbidden(
            "Not allowed to modify protected configs.".into(),
        )),
    }
}

fn is_protected(key: &str) -> bool {
    settings::find(key).is_some_and(|setting| setting.protected)
}

/// A tenant as this caller sees it.
fn shown(call: &Call, config: &mut TenantConfig, rules: FactorRules) -> Value {
    if !call.sees_protected {
        config.core_config.retain(|key, _| !is_protected(key));
    }
    documents::tenant(config, rules)
}

fn put_tenant(call: &Call, rules: FactorRules) -> Result<Reply> {
    let (_, created) = create_or_update(call, rules)?;
    Ok(Reply::json(200, &ok(json!({ "createdNew": created }))))
}

/// The id of the tenant that the body names, and whether it was made.
fn create_or_update(call: &Call, rules: FactorRules) -> Result<(String, bool)> {
    let tenant_id = call.text_opt("tenantId")?.unwrap_or(PUBLIC);
    let update = update(call, rules)?;
    let caller = call.tenant()?;
    let tenant_id = normalise::tenant_id(tenant_id)?;
    refuse_protected(call, &call.app_id, &tenant_id, &update)?;
    let created = multitenancy::create_or_update_tenant(&caller, &tenant_id, rules, &update)?;
    Ok((tenant_id, created))
}

/// The simplified profile's way: the answer shows the tenant, too.
fn put_tenant_simply(call: &Call) -> Result<Reply> {
    let (tenant_id, created) = create_or_update(call, FactorRules::SwitchesAndLists)?;
    let mut document = ok(json!({ "createdNew": created }));
    document["tenant"] = simple_tenant(&call.app_id, &tenant_id)?;
    Ok(Reply::json(200, &document))
}

fn simple_tenant(app_id: &str, tenant_id: &str) -> Result<Value> {
    let Some(config) = multitenancy::get(app_id, tenant_id)? else {
        return Ok(Value::Null);
    };
    let enabled = |recipe| is_enabled(&config.row, FactorRules::SwitchesAndLists, recipe);
    Ok(json!({
        "tenantId": config.row.id,
        "emailPasswordEnabled": enabled(Recipe::EmailPassword),
        "passwordlessEnabled": enabled(Recipe::Passwordless),
        "thirdPartyEnabled": enabled(Recipe::ThirdParty),
    }))
}

fn get_tenant(call: &Call) -> Result<Reply> {
    let Some(named) = call.param("tenantId") else {
        return show_tenant(call, &call.tenant_id, call.cdi.factor_rules);
    };
    // The simplified profile's way.
    let tenant_id = normalise::tenant_id(named)?;
    let app = call.any_app()?;
    let Some(mut config) = multitenancy::get(&app.app_id, &tenant_id)? else {
        return Ok(Reply::json(200, &only("TENANT_NOT_FOUND_ERROR")));
    };
    let mut document = ok(shown(call, &mut config, FactorRules::SwitchesAndLists));
    document["tenant"] = simple_tenant(&app.app_id, &tenant_id)?;
    Ok(Reply::json(200, &document))
}

fn show_tenant(call: &Call, tenant_id: &str, rules: FactorRules) -> Result<Reply> {
    let document = match multitenancy::get(&call.app_id, tenant_id)? {
        Some(mut config) => ok(shown(call, &mut config, rules)),
        None => only("TENANT_NOT_FOUND_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn list(call: &Call, rules: FactorRules) -> Result<Reply> {
    let tenants = shown_list(call, multitenancy::list(&*call.tenant()?)?, rules);
    Ok(Reply::json(200, &ok(json!({ "tenants": tenants }))))
}

fn shown_list(call: &Call, mut tenants: Vec<TenantConfig>, rules: FactorRules) -> Vec<Value> {
    tenants
        .iter_mut()
        .map(|config| shown(call, config, rules))
        .collect()
}

fn remove_tenant(call: &Call) -> Result<Reply> {
    let tenant_id = call.text("tenantId")?;
    let existed = multitenancy::remove_tenant(&*call.tenant()?, tenant_id)?;
    Ok(Reply::json(200, &ok(json!({ "didExist": existed }))))
}

fn put_app(call: &Call, rules: FactorRules) -> Result<Reply> {
    let name = call.text("appId")?;
    let update = update(call, rules)?;
    let caller = call.tenant()?;
    let app_id = tenant::app_id_in(caller.domain(), &normalise::app_id(name)?);
    refuse_protected(call, &app_id, PUBLIC, &update)?;
    let created = multitenancy::create_or_update_app(&caller, name, rules, &update)?;
    Ok(Reply::json(200, &ok(json!({ "createdNew": created }))))
}

fn list_apps(call: &Call, rules: FactorRules) -> Result<Reply> {
    let apps = multitenancy::list_apps(&*call.tenant()?)?;
    Ok(Reply::json(
        200,
        &ok(json!({ "apps": shown_apps(call, apps, rules) })),
    ))
}

fn shown_apps(call: &Call, apps: Vec<AppConfig>, rules: FactorRules) -> Vec<Value> {
    apps.into_iter()
        .map(|app| {
            let tenants = shown_list(call, app.tenants, rules);
            json!({"appId": app.name, "tenants": tenants})
        })
        .collect()
}

fn remove_app(call: &Call) -> Result<Reply> {
    let app_id = call.text("appId")?;
    let existed = multitenancy::remove_app(&*call.tenant()?, app_id)?;
    Ok(Reply::json(200, &ok(json!({ "didExist": existed }))))
}

fn put_domain(call: &Call, rules: FactorRules) -> Result<Reply> {
    let domain = call.text("connectionUriDomain")?;
    let update = update(call, rules)?;
    let caller = call.tenant()?;
    let app_id = tenant::app_id_in(&normalise::connection_uri_domain(domain)?, PUBLIC);
    refuse_protected(call, &app_id, PUBLIC, &update)?;
    let created = multitenancy::create_or_update_domain(&caller, domain, rules, &update)?;
    Ok(Reply::json(200, &ok(json!({ "createdNew": created }))))
}

fn list_domains(call: &Call, rules: FactorRules) -> Result<Reply> {
    let domains = multitenancy::list_domains(&*call.tenant()?)?;
    let shown = domains.into_iter().map(|config| {
        let apps = shown_apps(call, config.apps, rules);
        json!({"connectionUriDomain": config.domain, "apps": apps})
    });
    let shown: Vec<_> = shown.collect();
    Ok(Reply::json(
        200,
        &ok(json!({ "connectionUriDomains": shown })),
    ))
}

fn remove_domain(call: &Call) -> Result<Reply> {
    let domain = call.text("connectionUriDomain")?;
    let existed = multitenancy::remove_domain(&*call.tenant()?, domain)?;
    Ok(Reply::json(200, &ok(json!({ "didExist": existed }))))
}
