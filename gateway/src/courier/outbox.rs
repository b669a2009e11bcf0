//! The outbox, as the extension hands it out.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::outcome::{Undelivered, plain};
use crate::database::Database;
use crate::remedy::Failure;

const CLAIM: &str =
    "SELECT id::text, channel, attempt, message, transport FROM auth.courier_claim($1, $2)";
const DONE: &str = "SELECT auth.courier_done($1::text::uuid, $2)";
const FAILED: &str = "SELECT auth.courier_failed($1::text::uuid, $2, $3, $4)";

/// A message that is this gateway's to deliver, until its lease ends.
pub struct Message {
    pub id: String,
    pub channel: String,
    /// Counted from 1.
    pub attempt: i32,
    pub content: Value,
    /// Which way it goes, if any is configured.
    pub transport: Option<Value>,
    /// The others do not touch it before.
    pub leased_until: Instant,
}

/// The outbox.
pub struct Outbox {
    database: Database,
    lease: Duration,
}

impl Outbox {
    /// Claims messages for `lease`, which must be longer than deliveries take.
    pub fn new(database: Database, lease: Duration) -> Self {
        Self { database, lease }
    }

    /// Claims up to `most` messages that are due.
    ///
    /// # Errors
    /// [`Failure`], which has been reported.
    pub async fn claim(&self, most: usize) -> Result<Vec<Message>, Failure> {
        // Counted from before the call: rather too early than too late.
        let leased_until = Instant::now() + self.lease;
        let most = i32::try_from(most).unwrap_or(i32::MAX);
        let lease = i32::try_from(self.lease.as_secs()).unwrap_or(i32::MAX);
        let read = |row: &Row| message(row, leased_until);
        self.database.query(CLAIM, &[&most, &lease], read).await
    }

    /// Reports how a delivery went, repeatedly if need be: unreported, the message would be delivered once more.
    pub async fn settle(&self, message: &Message, outcome: &Result<String, Undelivered>) {
        let mut pause = Duration::from_millis(250);
        while self.report(message, outcome).await.is_err() {
            if Instant::now() + pause > message.leased_until {
                tracing::warn!(id = message.id, "what became of a message is not reported");
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    async fn report(
        &self,
        message: &Message,
        outcome: &Result<String, Undelivered>,
    ) -> Result<(), Failure> {
        let (id, database) = (&message.id, &self.database);
        let nothing = |_: &Row| Ok(());
        let reported = match outcome {
            Ok(detail) => database.query(DONE, &[id, &plain(detail)], nothing).await,
            Err(why) => {
                let wait = why.retry_after_seconds();
                let parameters: [&(dyn ToSql + Sync); 4] =
                    [id, &why.text(), &why.is_permanent, &wait];
                database.query(FAILED, &parameters, nothing).await
            }
        };
        reported.map(drop)
    }
}

fn message(row: &Row, leased_until: Instant) -> Result<Message, tokio_postgres::Error> {
    Ok(Message {
        id: row.try_get(0)?,
        channel: row.try_get(1)?,
        attempt: row.try_get(2)?,
        content: row.try_get(3)?,
        transport: row
            .try_get::<_, Option<Value>>(4)?
            .filter(|transport| !transport.is_null()),
        leased_until,
    })
}
