//! Which app and tenant the host of a request means.

use std::collections::HashMap;

use auth_core::normalise;

use crate::cache::Cache;
use crate::error::Error;
use crate::store;
use crate::tenant::{self, PUBLIC};

/// App and tenant by host.
type Hosts = HashMap<String, (String, String)>;

thread_local! {
    // Under one key: what clients send as Host could fill the memory otherwise.
    static HOSTS: Cache<Hosts> = Cache::default();
}

/// The ids of the app and the tenant that a Host header means, if it is one of ours.
pub fn find(header: &str) -> Option<(String, String)> {
    let host = normalise::connection_uri_domain(header).ok()?;
    let hosts = HOSTS.with(|hosts| hosts.get("", || Ok::<_, Error>(store::hosts::all())));
    hosts.ok()?.get(&host).cloned()
}

/// The id of the app, and of the tenant if one is named, that the Host header and the path of a request mean (CDI,
/// "Resolution of connection URI domain, app, tenant").
pub fn addressed(
    host: Option<&str>,
    app_in_path: String,
    tenant_in_path: Option<String>,
) -> (String, Option<String>) {
    let Some((app_id, tenant_id)) = host.and_then(find) else {
        return (app_in_path, tenant_in_path);
    };
    if app_in_path == PUBLIC {
        let tenant_of_host = (tenant_id != PUBLIC).then_some(tenant_id);
        (app_id, tenant_in_path.or(tenant_of_host))
    } else {
        let domain = tenant::split_app_id(&app_id).0;
        (tenant::app_id_in(domain, &app_in_path), tenant_in_path)
    }
}
