//! Connections to mail servers. They are kept for the next mail, but only while nothing on them is unanswered: a
//! delivery that is broken off takes its connection with it, or the next mail would read the answers to this one.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use serde::Deserialize;
use serde_json::Value;

use super::outcome::Undelivered;
use super::read;
use crate::tls;

/// How long to try each address of a server.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Servers close idle connections after a minute or several.
pub const IDLE_LIMIT: Duration = Duration::from_secs(30);
/// Some servers take no more over one connection.
const MAILS_EACH: u32 = 100;

/// The mail servers in use.
pub struct Smtp {
    servers: Mutex<HashMap<String, Arc<Server>>>,
    certificates: Vec<Certificate>,
    hello: ClientId,
}

#[derive(Deserialize)]
struct Settings {
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<String>,
    security: Security,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Security {
    /// Encryption is asked for after connecting, and demanded.
    Starttls,
    /// Encryption from the first byte.
    Tls,
    /// Encryption if the server offers it. It is demanded all the same where a password is sent.
    Opportunistic,
    None,
}

struct Server {
    settings: Settings,
    tls: TlsParameters,
    idle: Mutex<Idle>,
}

struct Idle {
    connections: Vec<Connection>,
    last_use: Instant,
}

/// A connection on which the last answer has been read.
pub struct Connection {
    smtp: AsyncSmtpConnection,
    since: Instant,
    mails: u32,
}

impl Smtp {
    /// Trusts the system's certificates and those of a file.
    ///
    /// # Errors
    /// A message when the file cannot be read.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        let listed = ca_file.map(tls::certificates).transpose()?;
        let certificates = listed
            .into_iter()
            .flatten()
            .map(|certificate| Certificate::from_der(certificate.to_vec()))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("--mail-ca-file: {error}"))?;
        // A bare name of a container is none that a server could accept.
        let hello = match ClientId::default() {
            ClientId::Domain(name) if name.contains('.') => ClientId::Domain(name),
            _ => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
        };
        Ok(Self {
            servers: Mutex::default(),
            certificates,
            hello,
        })
    }

    /// Sends a mail; what the server said.
    ///
    /// # Errors
    /// [`Undelivered`]: permanent when the server refuses this mail with 5xx. Whatever goes wrong before the mail's
    /// turn comes (connection, certificate, password) may go better the next time.
    pub async fn send(
        &self,
        transport: &Value,
        envelope: &Envelope,
        mail: &[u8],
    ) -> Result<String, Undelivered> {
        let server = self.server(transport)?;
        let mut connection = match server.kept().await {
            Some(connection) => connection,
            None => server.connect(&self.hello).await?,
        };
        let sent = connection.smtp.send(envelope, mail).await;
        connection.mails += 1;
        if !connection.smtp.has_broken() {
            server.keep(connection);
        }
        match sent {
            Ok(response) => {
                let lines: Vec<_> = response.message().collect();
                Ok(format!("{} {}", response.code(), lines.join(" ")))
            }
            Err(error) => Err(Undelivered {
                is_permanent: error.is_permanent() || error.is_client(),
                ..explain("the mail server", &error)
            }),
        }
    }

    /// Takes out the connections that were idle for `limit`, to be closed, and forgets servers that are not used.
    pub fn take_idle(&self, limit: Duration) -> Vec<Connection> {
        let mut taken = Vec::new();
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.retain(|_, server| {
            let mut idle = server.idle();
            let is_old = |connection: &mut Connection| connection.since.elapsed() >= limit;
            taken.extend(idle.connections.extract_if(.., is_old));
            !idle.connections.is_empty() || idle.last_use.elapsed() < limit
        });
        taken
    }

    fn server(&self, transport: &Value) -> Result<Arc<Server>, Undelivered> {
        let key = transport.to_string();
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = servers.get(&key) {
            server.used();
            return Ok(server.clone());
        }
        let mut settings: Settings = read(transport, "the mail server's configuration")?;
        settings.user = settings.user.filter(|user| !user.is_empty());
        let mut tls = TlsParameters::builder(settings.host.clone());
        for certificate in &self.certificates {
            tls = tls.add_root_certificate(certificate.clone());
        }
        let tls = tls.build().map_err(|error| explain("TLS", &error))?;
        let server = Arc::new(Server {
            settings,
            tls,
            idle: Mutex::new(Idle {
                connections: Vec::new(),
                last_use: Instant::now(),
            }),
        });
        servers.insert(key, server.clone());
        Ok(server)
    }
}

impl Server {
    /// A connection from before that still works.
    async fn kept(&self) -> Option<Connection> {
        loop {
            let mut connection = self.idle().connections.pop()?;
            if connection.since.elapsed() < IDLE_LIMIT && connection.smtp.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, mut connection: Connection) {
        if connection.mails < MAILS_EACH {
            connection.since = Instant::now();
            self.idle().connections.push(connection);
        }
    }

    fn used(&self) {
        self.idle().last_use = Instant::now();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, hello: &ClientId) -> Result<Connection, Undelivered> {
        let Settings {
            host,
            port,
            security,
            ..
        } = &self.settings;
        let trouble = |error| explain(&format!("{host}:{port}"), &error);
        let wrapper = (*security == Security::Tls).then(|| self.tls.clone());
        let limit = Some(CONNECT_LIMIT);
        let mut smtp = AsyncSmtpConnection::connect_tokio1(
            (host.as_str(), *port),
            limit,
            hello,
            wrapper,
            None,
        )
        .await
        .map_err(trouble)?;
        let encrypt = match security {
            Security::Starttls => true,
            Security::Opportunistic => self.settings.user.is_some() || smtp.can_starttls(),
            Security::Tls | Security::None => false,
        };
        if encrypt {
            smtp.starttls(self.tls.clone(), hello)
                .await
                .map_err(trouble)?;
        }
        if let Some(user) = &self.settings.user {
            let password = self.settings.password.clone().unwrap_or_default();
            let credentials = Credentials::new(user.clone(), password);
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await
                .map_err(trouble)?;
        }
        Ok(Connection {
            smtp,
            since: Instant::now(),
            mails: 0,
        })
    }
}

/// Takes leave of a server, if that does not take long.
pub async fn quit(mut connection: Connection) {
    let _ = tokio::time::timeout(Duration::from_secs(2), connection.smtp.abort()).await;
}

/// What a server says may quote addresses, so the log has no more of it than the code.
fn explain(who: &str, error: &Error) -> Undelivered {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let cause = cause.unwrap_or_default();
    if let Some(code) = error.status() {
        return Undelivered::transient(format!("{who} answered {code}")).with_answer(cause);
    }
    if error.is_response() {
        return Undelivered::transient(format!("{who} answers unintelligibly")).with_answer(cause);
    }
    Undelivered::transient(format!("{who}: {cause}"))
}
