//! Connection URI domains: hosts under which apps of their own live, apart from those of the default domain.

use auth_core::normalise;

use super::{AppConfig, FactorRules, TenantUpdate, apps_of, check, put};
use crate::error::{Error, Result};
use crate::store;
use crate::tenant::{self, PUBLIC, Tenant};

/// Makes a domain with its public app, or changes this; whether it was made.
///
/// # Errors
/// [`Error::Forbidden`] from another domain, [`Error::Invalid`] for the name, factors or settings.
pub fn create_or_update_domain(
    caller: &Tenant,
    domain: &str,
    rules: FactorRules,
    update: &TenantUpdate,
) -> Result<bool> {
    let domain = normalise::connection_uri_domain(domain)?;
    // SuperTokens lets any app of the domain: one that has a key of its own could then lock the others out.
    let speaks_for_domain =
        caller.domain() == domain && caller.is_public_app() && caller.id() == PUBLIC;
    if !(caller.is_base() || speaks_for_domain) {
        return Err(Error::Forbidden(
            "You must use the default or same connectionUriDomain to create/update a \
             connectionUriDomain"
                .into(),
        ));
    }
    let app_id = tenant::app_id_in(&domain, PUBLIC);
    check(&app_id, PUBLIC, rules, update)?;
    let created = store::tenants::insert_app(&app_id);
    put(&app_id, PUBLIC, rules, update)?;
    // A host that an operator has bound to another app stays with it.
    store::hosts::insert(&domain, &app_id, PUBLIC);
    Ok(created)
}

/// A domain with its apps.
pub struct DomainConfig {
    pub domain: String,
    pub apps: Vec<AppConfig>,
}

/// All domains with their apps, the default one (an empty text) first.
///
/// # Errors
/// [`Error::Forbidden`] from any but the base tenant.
pub fn list_domains(caller: &Tenant) -> Result<Vec<DomainConfig>> {
    if !caller.is_base() {
        return Err(Error::Forbidden(
            "Only the public tenantId, public appId and default connectionUriDomain is allowed to \
             list all connectionUriDomains and appIds associated with this core"
                .into(),
        ));
    }
    let mut domains: Vec<String> = store::tenants::list_apps()
        .iter()
        .map(|app_id| tenant::split_app_id(app_id).0.to_owned())
        .collect();
    domains.sort_unstable();
    domains.dedup();
    let config = |domain: String| DomainConfig {
        apps: apps_of(&domain),
        domain,
    };
    Ok(domains.into_iter().map(config).collect())
}

/// Removes a domain with its public app; whether it existed.
///
/// # Errors
/// [`Error::Forbidden`] from any but the base tenant, and while the domain has further apps.
pub fn remove_domain(caller: &Tenant, domain: &str) -> Result<bool> {
    let domain = normalise::connection_uri_domain(domain)?;
    if !caller.is_base() {
        return Err(Error::Forbidden(
            "Only the public tenantId, public appId and default connectionUriDomain is allowed to \
             delete a connectionUriDomain"
                .into(),
        ));
    }
    let app_id = tenant::app_id_in(&domain, PUBLIC);
    store::tenants::lock_app_for_removal(&app_id);
    if apps_of(&domain).iter().any(|app| app.name != PUBLIC) {
        return Err(Error::Forbidden(
            "Please delete all apps except the public appID for this connectionUriDomain before \
             calling the delete API."
                .into(),
        ));
    }
    let existed = store::tenants::delete_app(&app_id);
    store::sessions::delete_of_app(&app_id);
    store::request_counts::delete_of(&app_id);
    Ok(existed)
}
