//! The database: a pool of connections, and calls of `auth.http`.

use std::time::{Duration, SystemTime};

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use serde_json::Value;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::Config;
use crate::maintenance::Job;
use crate::remedy::{Failure, Remedy, Trouble, describe, exhausted};
use crate::{measures, tls};

const CALL: &str = "SELECT status, headers, body, effect FROM auth.http($1, $2, $3, $4, $5, $6)";
/// How often a call is repeated that the database rolled back for certain.
const REPEATS: u32 = 3;
/// How often a call that never began is tried on another connection.
const RECONNECTS: u32 = 3;

/// A request as the database takes it.
pub struct Call {
    pub method: String,
    /// As it came, still percent-encoded.
    pub path: String,
    /// As it came, without the question mark.
    pub query: Option<String>,
    /// `[[name, value], ...]`
    pub headers: Value,
    pub body: Option<Vec<u8>>,
    /// What others have answered whom the database had asked for this request.
    pub fetched: Vec<Value>,
}

/// The database's answer.
pub struct Answer {
    pub status: i32,
    /// `[[name, value], ...]`
    pub headers: Value,
    pub body: Vec<u8>,
    /// What to do before it is passed on.
    pub effect: Option<Value>,
}

impl Answer {
    /// Reads a row of [`CALL`].
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            status: row.try_get(0)?,
            headers: row.try_get::<_, Option<Value>>(1)?.unwrap_or_default(),
            body: row.try_get::<_, Option<Vec<u8>>>(2)?.unwrap_or_default(),
            effect: row.try_get(3)?,
        })
    }
}

/// Connections to the database.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    /// For cancelling; none where connections are not encrypted.
    tls: Option<MakeRustlsConnect>,
}

impl Database {
    /// A pool; connects when first needed.
    ///
    /// # Errors
    /// A message when certificates cannot be read.
    pub fn new(config: &Config) -> Result<Self, String> {
        let mut target = config.database_url.clone();
        if target.get_application_name().is_none() {
            target.application_name("auth-gateway");
        }
        if target.get_tcp_user_timeout().is_none() {
            // A machine that vanished without a word would otherwise hold its connections for many minutes.
            target.tcp_user_timeout(config.pool_timeout);
        }
        target.connect_timeout(config.pool_timeout);
        target.ssl_mode(tls::mode(&target));
        // A broken connection is noticed by the driver; asking the server each time would double the calls.
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let (manager, tls) = if target.get_ssl_mode() == SslMode::Disable {
            (Manager::from_config(target, NoTls, recycling), None)
        } else {
            let tls = MakeRustlsConnect::new(tls::client(config.database_ca_file.as_deref())?);
            let manager = Manager::from_config(target, tls.clone(), recycling);
            (manager, Some(tls))
        };
        let pool = Pool::builder(manager)
            .max_size(config.pool_size.into())
            .wait_timeout(Some(config.pool_timeout))
            .create_timeout(Some(config.pool_timeout))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| format!("the connection pool does not start: {error}"))?;
        Ok(Self { pool, tls })
    }

    /// Whether the database answers within `limit`.
    pub async fn is_alive(&self, limit: Duration) -> bool {
        let ask = async {
            let client = self.connection().await.ok()?;
            client.simple_query("SELECT 1").await.ok()
        };
        matches!(tokio::time::timeout(limit, ask).await, Ok(Some(_)))
    }

    /// Does a job once; what was done.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn work(&self, job: Job) -> Result<Value, Failure> {
        let mut rows = self
            .query(job.statement(), &[], |row| row.try_get(0))
            .await?;
        rows.pop().ok_or(Failure::Fault)
    }

    /// Runs a statement of a job or of the courier. It is not repeated: the next round comes by itself.
    ///
    /// # Errors
    /// [`Failure`], which has been reported.
    pub async fn query<T>(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
        read: impl Fn(&Row) -> Result<T, tokio_postgres::Error>,
    ) -> Result<Vec<T>, Failure> {
        let client = self.connection().await?;
        let rows = client.query(statement, parameters).await;
        let read = rows.and_then(|rows| rows.iter().map(read).collect());
        read.map_err(|error| {
            let trouble = Trouble { error, sent: false };
            let failure = match trouble.remedy() {
                Remedy::GiveUp(failure) => failure,
                _ => Failure::Unavailable,
            };
            trouble.report(Remedy::GiveUp(failure));
            failure
        })
    }

    /// Runs a statement for somebody who waits for its one value at a console.
    ///
    /// # Errors
    /// What the database says, in one line.
    pub async fn tell(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Value, String> {
        let client = self.connection().await;
        let client = client.map_err(|_| "the database cannot be reached".to_owned())?;
        let row = client.query_one(statement, parameters).await;
        row.and_then(|row| row.try_get(0))
            .map_err(|error| match error.as_db_error() {
                Some(error) => error.message().to_owned(),
                None => error.to_string(),
            })
    }

    /// Calls `auth.http`, again where the database rolled the call back for certain or never had it, and never
    /// where it may have been done. When the caller gives up, the statement is cancelled.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn call(&self, call: &Call) -> Result<Answer, Failure> {
        let (mut repeats, mut reconnects) = (0, 0);
        loop {
            let running = Running {
                client: Some(self.connection().await?),
                tls: &self.tls,
            };
            let trouble = match running.call(call).await {
                Ok(answer) => {
                    running.finished();
                    return Ok(answer);
                }
                Err(trouble) => trouble,
            };
            let remedy = trouble.remedy();
            trouble.report(remedy);
            match remedy {
                Remedy::Repeat if repeats < REPEATS => {
                    running.finished();
                    repeats += 1;
                    tokio::time::sleep(pause(repeats)).await;
                }
                Remedy::Reconnect => {
                    running.discard();
                    if reconnects == RECONNECTS {
                        return Err(give_up(&trouble));
                    }
                    reconnects += 1;
                    // What is stale here is stale on the idle connections too.
                    self.pool.retain(|_, _| false);
                }
                Remedy::Repeat => {
                    running.finished();
                    return Err(give_up(&trouble));
                }
                Remedy::GiveUp(Failure::Unavailable) => {
                    // It may be about to close; the next request should not be the one to find out.
                    running.discard();
                    return Err(Failure::Unavailable);
                }
                Remedy::GiveUp(failure) => {
                    running.finished();
                    return Err(failure);
                }
            }
        }
    }

    /// Notes how the pool stands.
    pub fn measure(&self) {
        let status = self.pool.status();
        measures::pool(status.size, status.available, status.waiting);
    }

    /// Closes the connections as they fall idle.
    pub fn close(&self) {
        self.pool.close();
    }

    async fn connection(&self) -> Result<Object, Failure> {
        self.pool.get().await.map_err(|error| {
            let (kind, reason) = match error {
                PoolError::Timeout(TimeoutType::Wait) => (
                    "pool_timeout",
                    "no connection became free in time".to_owned(),
                ),
                PoolError::Backend(error) => ("connect", describe(&error)),
                other => ("connect", other.to_string()),
            };
            measures::database_error(kind);
            tracing::warn!(reason, "the database is not available");
            Failure::Unavailable
        })
    }
}

/// Reports what could not be remedied.
fn give_up(trouble: &Trouble) -> Failure {
    let failure = exhausted(trouble);
    trouble.report(Remedy::GiveUp(failure));
    failure
}

/// 10, 20, 40 milliseconds and up to as much again: those who stood in each other's way should not meet again.
fn pause(repeats: u32) -> Duration {
    let base = Duration::from_millis(5 << repeats);
    let clock = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    base + base.mul_f64(f64::from(clock.subsec_micros() % 1_000) / 1e3)
}

/// A connection with a statement on its way. Dropped before the end (the client went away, or time was up) it
/// cancels the statement and leaves the pool: its answer would come to the next request's.
struct Running<'a> {
    client: Option<Object>,
    tls: &'a Option<MakeRustlsConnect>,
}

impl Running<'_> {
    async fn call(&self, call: &Call) -> Result<Answer, Trouble> {
        let client = self.client.as_ref().expect("it is there until the end");
        let unsent = |error| Trouble { error, sent: false };
        let statement = client.prepare_cached(CALL).await.map_err(unsent)?;
        // Known before the call, so that a connection that was lost while idle costs no request.
        let sent = !client.is_closed();
        let fetched = (!call.fetched.is_empty()).then(|| Value::from(call.fetched.clone()));
        let parameters: [&(dyn ToSql + Sync); 6] = [
            &call.method,
            &call.path,
            &call.query,
            &call.headers,
            &call.body,
            &fetched,
        ];
        client
            .query_one(&statement, &parameters)
            .await
            .and_then(|row| Answer::read(&row))
            .map_err(|error| Trouble { error, sent })
    }

    fn finished(mut self) {
        self.client = None;
    }

    fn discard(mut self) {
        self.client.take().map(Object::take);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let cancel = client.cancel_token();
            drop(Object::take(client));
            let tls = self.tls.clone();
            tokio::spawn(async move {
                let ask = async {
                    match tls {
                        Some(tls) => cancel.cancel_query(tls).await,
                        None => cancel.cancel_query(NoTls).await,
                    }
                };
                // If it fails the statement runs to its end, on a connection that nobody uses any more.
                let _ = tokio::time::timeout(Duration::from_secs(5), ask).await;
            });
        }
    }
}
