//! Which app and tenant the host of a request means.

use std::collections::HashMap;

use auth_core::normalise;

use crate::cache::Cache;
use crate::error::Error;
use crate::store;

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
