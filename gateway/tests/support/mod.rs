//! What the tests of the gateway stand on.

mod client;
mod cluster;
mod gateway;
mod receiver;

pub use client::{Reply, exchange, get, read_reply, send};
pub use cluster::Cluster;
pub use gateway::Gateway;
pub use receiver::Receiver;

use std::time::{Duration, Instant};

/// Waits until `ready` says true.
///
/// # Panics
/// When it has not after half a minute.
pub fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !ready() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
