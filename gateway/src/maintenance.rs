//! Housekeeping, in the database and here.

use std::time::{Duration, SystemTime};

use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::Value;

use crate::database::Database;

/// How often measures are gathered when nobody asks for them.
const UPKEEP: Duration = Duration::from_secs(10);

/// What the database has to be asked for from time to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Deletes what has expired and prepares what will be needed.
    Maintain,
    /// Imports users that wait in the queue.
    Import,
}

impl Job {
    /// The statement that does it once.
    pub fn statement(self) -> &'static str {
        match self {
            Self::Maintain => "SELECT auth.maintain()",
            Self::Import => "SELECT auth.import_queued_users()",
        }
    }

    /// Notes in the log what was done.
    fn log(self, done: &Value) {
        match self {
            Self::Maintain => tracing::info!(deleted = %done["deleted"], "maintenance"),
            Self::Import if done["imported"] == 0 && done["failed"] == 0 => {}
            Self::Import => {
                tracing::info!(imported = %done["imported"], failed = %done["failed"], "import");
            }
        }
    }
}

/// Does a job every `interval`, for ever. Several gateways do not disturb each other; that they also
/// keep out of each other's way, they begin at different moments and drift apart.
pub async fn run(database: Database, job: Job, interval: Duration) {
    tokio::time::sleep(interval.min(Duration::from_secs(1) + spread(interval))).await;
    loop {
        while let Ok(done) = database.work(job).await {
            job.log(&done);
            if done["more"] != true {
                break;
            }
        }
        tokio::time::sleep(interval + spread(interval)).await;
    }
}

/// Sorts what was measured into the histograms' buckets. Without it single values would pile up in memory until
/// somebody reads `/metrics`, and perhaps nobody ever does.
pub async fn keep_measures_small(measures: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        measures.run_upkeep();
    }
}

/// Up to a tenth of the interval, and no more than ten seconds; another one each time.
pub fn spread(interval: Duration) -> Duration {
    let clock = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let most = (interval / 10).min(Duration::from_secs(10));
    most.mul_f64(f64::from(clock.subsec_nanos()) / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_stays_small() {
        assert!(spread(Duration::from_secs(3600)) <= Duration::from_secs(10));
        assert!(spread(Duration::from_secs(10)) <= Duration::from_secs(1));
        assert_eq!(spread(Duration::ZERO), Duration::ZERO);
    }
}
