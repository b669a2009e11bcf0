//! Housekeeping in the database, from time to time.

use std::time::{Duration, SystemTime};

use crate::database::Database;

/// Calls `auth.maintain()` every `interval`, for ever. Several gateways do not disturb each other, and begin
/// at different moments.
pub async fn run(database: Database, interval: Duration) {
    tokio::time::sleep(first_wait(interval)).await;
    loop {
        while let Ok(done) = database.maintain().await {
            tracing::info!(deleted = %done["deleted"], "maintenance");
            if done["more"] != true {
                break;
            }
        }
        tokio::time::sleep(interval).await;
    }
}

/// A few seconds, differing from one process to the next.
fn first_wait(interval: Duration) -> Duration {
    let clock = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let spread = u64::from(clock.subsec_nanos()) % 10_000;
    interval.min(Duration::from_millis(1_000 + spread))
}
