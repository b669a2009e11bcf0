//! Providers that a tenant's users may sign in with (CDI, "Third-party configuration"). They are kept for SDKs, which talk
//! to the providers.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::store;
use crate::tenant::Tenant;

/// Members of a provider that are kept as they are; all others are dropped.
const MEMBERS: [&str; 13] = [
    "thirdPartyId",
    "name",
    "authorizationEndpoint",
    "authorizationEndpointQueryParams",
    "tokenEndpoint",
    "tokenEndpointBodyParams",
    "userInfoEndpoint",
    "userInfoEndpointQueryParams",
    "userInfoEndpointHeaders",
    "jwksURI",
    "oidcDiscoveryEndpoint",
    "requireEmail",
    "clients",
];
/// And those of a client.
const CLIENT_MEMBERS: [&str; 6] = [
    "clientType",
    "clientId",
    "clientSecret",
    "scope",
    "forcePKCE",
    "additionalConfig",
];

/// Adds a provider, or replaces the one of the same id; whether it is new.
///
/// # Errors
/// [`Error::Invalid`] for a configuration that cannot work, unless `skip_validation`; for two clients of one type in any
/// case.
pub fn put(tenant: &Tenant, config: &Map<String, Value>, skip_validation: bool) -> Result<bool> {
    let provider = normalised(config);
    let id = third_party_id(&provider).to_owned();
    if !skip_validation {
        validate(&provider)?;
    }
    refuse_duplicate_types(&provider)?;
    tenant.hold()?;
    change(tenant, |providers| {
        let known = providers
            .iter()
            .position(|known| third_party_id(known) == id);
        match known {
            Some(position) => providers[position] = provider,
            None => providers.push(provider),
        }
        known.is_none()
    })
}

/// Removes a provider; whether it was there.
///
/// # Errors
/// [`Error::TenantNotFound`].
pub fn remove(tenant: &Tenant, third_party_id: &str) -> Result<bool> {
    let id = third_party_id.trim();
    change(tenant, |providers| {
        let before = providers.len();
        providers.retain(|provider| self::third_party_id(provider) != id);
        providers.len() < before
    })
}

fn change<T>(tenant: &Tenant, change: impl FnOnce(&mut Vec<Value>) -> T) -> Result<T> {
    let row = store::tenants::find_for_update(&tenant.app_id, tenant.id());
    let mut row = row.ok_or_else(|| Error::TenantNotFound {
        app_id: tenant.app_id.clone(),
        tenant_id: tenant.id().to_owned(),
    })?;
    let mut providers = row
        .third_party_providers
        .as_array()
        .cloned()
        .unwrap_or_default();
    let outcome = change(&mut providers);
    row.third_party_providers = Value::Array(providers);
    store::tenants::update(&tenant.app_id, &row);
    Ok(outcome)
}

fn third_party_id(provider: &Value) -> &str {
    provider["thirdPartyId"].as_str().unwrap_or_default()
}

/// A provider in the form in which it is answered: known members, those that are null left out, `clients` and both
/// halves of `userInfoMap` always there.
fn normalised(config: &Map<String, Value>) -> Value {
    let mut provider = picked(config, &MEMBERS);
    let id = config
        .get("thirdPartyId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    provider.insert("thirdPartyId".into(), id.trim().into());
    let clients = config.get("clients").and_then(Value::as_array);
    let clients = clients.into_iter().flatten().map(|client| match client {
        Value::Object(client) => Value::Object(picked(client, &CLIENT_MEMBERS)),
        _ => json!({}),
    });
    provider.insert("clients".into(), clients.collect());
    let map = config.get("userInfoMap");
    let half = |name: &str| {
        let half = map.and_then(|map| map.get(name)).and_then(Value::as_object);
        half.map_or_else(Map::new, |half| {
            picked(half, &["userId", "email", "emailVerified"])
        })
    };
    provider.insert(
        "userInfoMap".into(),
        json!({
            "fromIdTokenPayload": half("fromIdTokenPayload"),
            "fromUserInfoAPI": half("fromUserInfoAPI"),
        }),
    );
    Value::Object(provider)
}

fn picked(object: &Map<String, Value>, members: &[&str]) -> Map<String, Value> {
    let present = object
        .iter()
        .filter(|(name, value)| members.contains(&name.as_str()) && !value.is_null());
    present
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn clients(provider: &Value) -> &[Value] {
    provider["clients"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn refuse(reason: &str) -> Error {
    Error::invalid(format!("Invalid third party config: {reason}"))
}

fn refuse_duplicate_types(provider: &Value) -> Result<()> {
    let mut types: Vec<_> = clients(provider)
        .iter()
        .map(|client| client["clientType"].as_str())
        .collect();
    types.sort_unstable();
    match types.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(refuse(
            "Duplicate clientType was specified in the clients list.",
        )),
        false => Ok(()),
    }
}

fn validate(provider: &Value) -> Result<()> {
    let id = third_party_id(provider);
    if id.is_empty() {
        return Err(refuse("thirdPartyId cannot be null or empty"));
    }
    refuse_duplicate_types(provider)?;
    for client in clients(provider) {
        if !client["clientId"].is_string() {
            return Err(refuse("clientId cannot be null"));
        }
        let scope = client["scope"].as_array();
        if scope.is_some_and(|scope| scope.iter().any(Value::is_null)) {
            return Err(refuse("scope array cannot contain a null"));
        }
        let additional = &client["additionalConfig"];
        let is_text = |name: &str| {
            additional[name]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        };
        let is_bad = |name: &str| additional.get(name).is_some() && !is_text(name);
        if id.starts_with("apple") && !["keyId", "teamId", "privateKey"].into_iter().all(is_text) {
            return Err(refuse(
                "a non empty string value must be specified for keyId, teamId and privateKey in the \
                 additionalConfig for Apple provider",
            ));
        }
        if id.starts_with("google-workspaces") && is_bad("hd") {
            return Err(refuse(
                "hd in additionalConfig must be a non empty string value",
            ));
        }
        if id.starts_with("boxy-saml") && is_bad("boxyURL") {
            return Err(refuse(
                "a non empty string value must be specified for boxyURL in the additionalConfig for \
                 Boxy SAML provider",
            ));
        }
    }
    Ok(())
}
