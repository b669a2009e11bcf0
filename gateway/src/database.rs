//! The database: a pool, calls of `auth.http`, and what to make of errors.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio_postgres::NoTls;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::Config;
use crate::measures;

const CALL: &str = "SELECT status, headers, body, effect FROM auth.http($1, $2, $3, $4, $5)";
/// How often a call is tried that the database rolled back for certain.
const ATTEMPTS: u32 = 4;

/// A request as the database takes it.
pub struct Call {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: Value,
    pub body: Option<Vec<u8>>,
}

/// The database's answer.
pub struct Answer {
    pub status: i32,
    pub headers: Value,
    pub body: Vec<u8>,
    /// What to fetch before there is an answer.
    pub effect: Option<Value>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The database cannot be reached, or broke off. It may be back soon.
    Unavailable,
    /// Something is wrong with the call, the extension or the rights.
    Fault,
}

/// What an error of the database asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// The transaction was rolled back because of others: the same again.
    Repeat,
    /// The connection's prepared statement is out of date: the same on a fresh one.
    Reconnect,
    /// Nothing to do here.
    GiveUp(Failure),
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
        target.connect_timeout(config.pool_timeout);
        target.ssl_mode(ssl_mode(&target));
        // A broken connection is noticed by the driver; asking the server each time would double the calls.
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let (manager, tls) = if target.get_ssl_mode() == SslMode::Disable {
            (Manager::from_config(target, NoTls, recycling), None)
        } else {
            let tls = MakeRustlsConnect::new(tls_config(config.database_ca_file.as_deref())?);
            (
                Manager::from_config(target, tls.clone(), recycling),
                Some(tls),
            )
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
            let client = self.pool.get().await.ok()?;
            client.simple_query("SELECT 1").await.ok()
        };
        matches!(tokio::time::timeout(limit, ask).await, Ok(Some(_)))
    }

    /// Deletes what has expired and prepares what will be needed.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn maintain(&self) -> Result<Value, Failure> {
        let client = self
            .pool
            .get()
            .await
            .map_err(|error| pool_failure(&error))?;
        let row = client.query_one("SELECT auth.maintain()", &[]).await;
        row.map(|row| row.get(0))
            .map_err(|error| match remedy(&error) {
                Remedy::GiveUp(failure) => failure,
                _ => Failure::Fault,
            })
    }

    /// Calls `auth.http`, again where the database rolled the call back for certain, and never where it may have
    /// been done. When the caller gives up, the statement is cancelled.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn call(&self, call: &Call) -> Result<Answer, Failure> {
        for attempt in 1..=ATTEMPTS {
            let client = self
                .pool
                .get()
                .await
                .map_err(|error| pool_failure(&error))?;
            let running = Running {
                client: Some(client),
                tls: &self.tls,
            };
            match running.call(call).await {
                Ok(answer) => {
                    running.finished();
                    return Ok(answer);
                }
                Err(error) => {
                    let remedy = remedy(&error);
                    log(&error, remedy);
                    if remedy == Remedy::Reconnect {
                        running.discard();
                    } else {
                        running.finished();
                    }
                    match remedy {
                        Remedy::GiveUp(failure) => return Err(failure),
                        _ if attempt == ATTEMPTS => return Err(Failure::Fault),
                        // So that those who stood in each other's way do not meet again at once.
                        _ => tokio::time::sleep(Duration::from_millis(5 << attempt)).await,
                    }
                }
            }
        }
        Err(Failure::Fault)
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
}

/// A connection with a statement on its way. Dropped before the end (the client went away, or time was up) it
/// cancels the statement and leaves the pool: its answer would come to the next request's.
struct Running<'a> {
    client: Option<Object>,
    tls: &'a Option<MakeRustlsConnect>,
}

impl Running<'_> {
    async fn call(&self, call: &Call) -> Result<Answer, tokio_postgres::Error> {
        let client = self.client.as_ref().expect("it is there until the end");
        let statement = client.prepare_cached(CALL).await?;
        let row = client
            .query_one(
                &statement,
                &[
                    &call.method,
                    &call.path,
                    &call.query,
                    &call.headers,
                    &call.body,
                ],
            )
            .await?;
        Ok(Answer {
            status: row.try_get(0)?,
            headers: row.try_get(1)?,
            body: row.try_get(2)?,
            effect: row.try_get(3)?,
        })
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

fn pool_failure(error: &PoolError) -> Failure {
    let reason = match error {
        PoolError::Timeout(_) => "no connection became free in time".to_owned(),
        PoolError::Backend(error) => describe(error),
        other => other.to_string(),
    };
    measures::database_error("unavailable");
    tracing::warn!(reason, "the database is not available");
    Failure::Unavailable
}

fn remedy(error: &tokio_postgres::Error) -> Remedy {
    match error.code() {
        // The connection broke: whether the call was done is not known.
        None => Remedy::GiveUp(Failure::Unavailable),
        Some(code) => remedy_of(code),
    }
}

fn remedy_of(code: &SqlState) -> Remedy {
    let repeat = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ];
    let out_of_date = [
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::UNDEFINED_FUNCTION,
    ];
    let unavailable = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
    ];
    if repeat.contains(code) {
        Remedy::Repeat
    } else if out_of_date.contains(code) {
        Remedy::Reconnect
    } else if unavailable.contains(code) {
        Remedy::GiveUp(Failure::Unavailable)
    } else {
        Remedy::GiveUp(Failure::Fault)
    }
}

fn log(error: &tokio_postgres::Error, remedy: Remedy) {
    let reason = describe(error);
    match remedy {
        Remedy::Repeat => {
            measures::database_error("conflict");
            tracing::debug!(reason, "a call stood in another's way");
        }
        Remedy::Reconnect => {
            measures::database_error("statement");
            tracing::warn!(
                reason,
                "auth.http is missing or has changed: is the extension installed in this database?"
            );
        }
        Remedy::GiveUp(Failure::Unavailable) => {
            measures::database_error("unavailable");
            tracing::warn!(reason, "the database broke off");
        }
        Remedy::GiveUp(Failure::Fault) => {
            measures::database_error("fault");
            if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
                tracing::error!(
                    reason,
                    "the gateway's role lacks rights: GRANT auth_gateway TO it"
                );
            } else {
                tracing::error!(reason, "auth.http failed");
            }
        }
    }
}

/// Code and message of an error. Not its detail, which can quote values.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{}: {}", error.code().code(), error.message()),
        None => error.to_string(),
    }
}

/// Whether to encrypt. Unless the administrator says, connections that stay on the machine are not encrypted and
/// all others are, with the server's certificate checked: libpq's "prefer" would also take a forged one.
fn ssl_mode(target: &tokio_postgres::Config) -> SslMode {
    let stays_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    };
    match target.get_ssl_mode() {
        SslMode::Prefer if target.get_hosts().iter().all(stays_here) => SslMode::Disable,
        SslMode::Prefer => SslMode::Require,
        chosen => chosen,
    }
}

fn tls_config(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    // A system without certificates can still speak to a local database.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let unreadable = |why: String| format!("{}: {why}", path.display());
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
            roots
                .add(certificate)
                .map_err(|error| unreadable(error.to_string()))?;
        }
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    Ok(ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connections_within_the_machine_go_unencrypted_unasked() {
        let mode = |url: &str| ssl_mode(&url.parse().expect("a URL"));
        assert_eq!(mode("host=/run/postgresql"), SslMode::Disable);
        assert_eq!(mode("host=127.0.0.1"), SslMode::Disable);
        assert_eq!(mode("host=localhost sslmode=require"), SslMode::Require);
        assert_eq!(mode("host=db.example.org"), SslMode::Require);
        assert_eq!(
            mode("host=db.example.org sslmode=disable"),
            SslMode::Disable
        );
    }

    #[test]
    fn only_what_was_rolled_back_is_repeated() {
        let of = |code: &str| remedy_of(&SqlState::from_code(code));
        assert_eq!((of("40001"), of("40P01")), (Remedy::Repeat, Remedy::Repeat));
        assert_eq!(
            (of("26000"), of("0A000")),
            (Remedy::Reconnect, Remedy::Reconnect)
        );
        assert_eq!(of("57P01"), Remedy::GiveUp(Failure::Unavailable));
        assert_eq!(of("53300"), Remedy::GiveUp(Failure::Unavailable));
        assert_eq!(
            (of("XX000"), of("23505")),
            (
                Remedy::GiveUp(Failure::Fault),
                Remedy::GiveUp(Failure::Fault)
            )
        );
    }
}
