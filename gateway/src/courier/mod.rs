//! The courier: delivers the messages that the extension has put into its outbox, by mail, text message or webhook.
//!
//! Each message is leased to one gateway at a time. A gateway that dies, or whose report is lost, leaves its
//! messages to the others: whatever happens they arrive at least once, and rarely twice. When to try again, how
//! often, and what is given up, the extension decides.

mod email;
mod folder;
mod outbox;
mod outcome;
mod signature;
mod sms;
mod smtp;
mod webhook;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::database::Database;
use crate::maintenance::spread;
use crate::measures;
use crate::outgoing::Http;
use folder::Folder;
use outbox::{Message, Outbox};
use outcome::Undelivered;
use smtp::Smtp;

/// How much longer than a delivery a lease is, so that its outcome can be reported even if the database is
/// restarted meanwhile.
const TIME_TO_REPORT: Duration = Duration::from_secs(60);
/// The longest pause between looks when the database does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Delivers messages.
pub struct Courier {
    outbox: Outbox,
    smtp: Smtp,
    http: Http,
    folder: Option<Folder>,
    interval: Duration,
    /// Deliveries at the same time.
    most: usize,
    /// How long a delivery may take.
    limit: Duration,
    grace: Duration,
}

impl Courier {
    /// Prepares deliveries.
    ///
    /// # Errors
    /// A message when certificates cannot be read or the folder cannot be made.
    pub fn new(config: &Config, database: Database, http: Http) -> Result<Self, String> {
        let limit = config.courier_timeout;
        Ok(Self {
            outbox: Outbox::new(database, limit + TIME_TO_REPORT),
            smtp: Smtp::new(config.mail_ca_file.as_deref())?,
            http,
            folder: config.mail_folder.as_deref().map(Folder::new).transpose()?,
            interval: config.courier_interval,
            most: config.courier_concurrency.into(),
            limit,
            grace: config.shutdown_grace,
        })
    }

    /// Looks for messages and delivers them until `stopping` ends; then finishes what is on its way.
    pub async fn run(self: Arc<Self>, stopping: watch::Receiver<()>) {
        let mut ending = stopping.clone();
        let grace = async {
            // The sender is dropped.
            let _ = ending.changed().await;
            tokio::time::sleep(self.grace).await;
        };
        tokio::select! {
            () = self.clone().work(stopping) => {}
            () = grace => tracing::warn!("deliveries that took too long are broken off and will be repeated"),
        }
    }

    async fn work(self: Arc<Self>, mut stopping: watch::Receiver<()>) {
        let mut running = JoinSet::new();
        let mut pause = self.interval.min(Duration::from_secs(1)) + spread(self.interval);
        let mut patience = self.interval;
        loop {
            tokio::select! {
                // Before all else: nothing new is begun when it is time to stop.
                biased;
                _ = stopping.changed() => break,
                () = tokio::time::sleep(pause) => {}
                // A place has become free where there was none.
                Some(_) = running.join_next(), if running.len() == self.most => {}
            }
            while running.try_join_next().is_some() {}
            let free = self.most - running.len();
            if free == 0 {
                continue;
            }
            // Not broken off when it is time to stop: nobody would know what was claimed.
            pause = match self.outbox.claim(free).await {
                Ok(messages) => {
                    let is_full = messages.len() == free;
                    for message in messages {
                        running.spawn(self.clone().handle(message));
                    }
                    patience = self.interval;
                    if is_full {
                        PATIENCE
                    } else {
                        self.interval + spread(self.interval)
                    }
                }
                Err(_) => {
                    patience = (patience * 2).min(PATIENCE.max(self.interval));
                    patience
                }
            };
            for connection in self.smtp.take_idle(smtp::IDLE_LIMIT) {
                tokio::spawn(smtp::quit(connection));
            }
        }
        while running.join_next().await.is_some() {}
        for connection in self.smtp.take_idle(Duration::ZERO) {
            smtp::quit(connection).await;
        }
    }

    async fn handle(self: Arc<Self>, message: Message) {
        let started = Instant::now();
        let outcome = tokio::time::timeout(self.limit, self.deliver(&message)).await;
        let outcome = outcome.unwrap_or_else(|_| {
            Err(Undelivered::transient(
                "the delivery took too long and was broken off",
            ))
        });
        note(&message, &outcome, started.elapsed());
        self.outbox.settle(&message, &outcome).await;
    }

    async fn deliver(&self, message: &Message) -> Result<String, Undelivered> {
        let folder = self.folder.as_ref();
        match message.channel.as_str() {
            "email" => email::deliver(&self.smtp, folder, message).await,
            "sms" => sms::deliver(&self.http, folder, message).await,
            "webhook" => webhook::deliver(&self.http, message).await,
            // A newer gateway may know it.
            _ => Err(Undelivered::transient(
                "this gateway does not know the channel",
            )),
        }
    }
}

/// Logs and counts a delivery: without the address, the content or what the other side said.
fn note(message: &Message, outcome: &Result<String, Undelivered>, duration: Duration) {
    let Message {
        id,
        channel,
        attempt,
        ..
    } = message;
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Ok(_) => {
            measures::delivered(channel);
            tracing::info!(id, channel, attempt, milliseconds, "delivered");
        }
        Err(why) => {
            let Undelivered {
                reason,
                is_permanent,
                ..
            } = why;
            measures::not_delivered(channel, *is_permanent);
            tracing::warn!(
                id,
                channel,
                attempt,
                milliseconds,
                is_permanent,
                reason,
                "not delivered"
            );
        }
    }
}

/// The way that a message goes.
///
/// # Errors
/// Permanent, with `why`, when there is none.
fn receiver<'a>(message: &'a Message, why: &str) -> Result<&'a Value, Undelivered> {
    let transport = message.transport.as_ref();
    transport.ok_or_else(|| Undelivered::permanent(why))
}

/// Reads what the extension has written.
///
/// # Errors
/// Permanent, without the values, which may be secrets.
fn read<T: DeserializeOwned>(value: &Value, what: &str) -> Result<T, Undelivered> {
    T::deserialize(value).map_err(|error| {
        let error = error.to_string();
        let detail = if error.starts_with("missing field") {
            error.as_str()
        } else {
            "a value has the wrong type"
        };
        Undelivered::permanent(format!("{what} is not as expected: {detail}"))
    })
}
