//! HTTP requests of the gateway: to checked addresses, without proxies, without following redirects.

mod guard;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::{Host, Position, Url};

use crate::tls;

/// How long to try each address.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// No more of an answer is read, in bytes: the lists of leaked passwords are the longest there are.
const ANSWER_LIMIT: usize = 256 * 1024;

/// Why a request got no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// For the log and the database. Holds no secret.
    pub reason: String,
    /// Whether another attempt would end the same way.
    pub is_permanent: bool,
}

impl Unanswered {
    fn transient(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            reason,
            is_permanent: false,
        }
    }

    fn permanent(reason: impl Into<String>) -> Self {
        Self {
            is_permanent: true,
            ..Self::transient(reason)
        }
    }
}

/// Sends HTTP requests.
#[derive(Clone)]
pub struct Http {
    tls: TlsConnector,
    allow_private: bool,
}

/// An answer, its body not yet read.
pub struct Answer {
    pub status: StatusCode,
    headers: HeaderMap,
    body: Incoming,
    /// Drives the connection; it ends with the answer.
    _connection: JoinSet<()>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Http {
    /// Trusts the system's certificates.
    ///
    /// # Errors
    /// A message when encryption cannot be set up.
    pub fn new(allow_private: bool) -> Result<Self, String> {
        let mut client = tls::client(None)?;
        client.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            tls: Arc::new(client).into(),
            allow_private,
        })
    }

    /// Sends a request. What is wrong with the URL is a permanent failure, and trouble on the way a transient one.
    ///
    /// # Errors
    /// [`Unanswered`] when there is no answer.
    pub async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Result<Answer, Unanswered> {
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
            return Err(Unanswered::permanent("the URL is not an HTTP address"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unanswered::permanent("the URL holds a name or password"));
        }
        let addresses = guard::addresses(url, self.allow_private).await?;
        let stream = self.connect(url, &addresses).await?;
        let request = request(method, url, headers, body)?;
        let broken = |error: hyper::Error| {
            Unanswered::transient(format!("{} broke off: {error}", place(url)))
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let mut task = JoinSet::new();
        task.spawn(async move { drop(connection.await) });
        let (head, body) = sender
            .send_request(request)
            .await
            .map_err(broken)?
            .into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
            _connection: task,
        })
    }

    async fn connect(
        &self,
        url: &Url,
        addresses: &[SocketAddr],
    ) -> Result<Box<dyn Stream>, Unanswered> {
        let trouble = |why: &dyn std::fmt::Display| {
            Unanswered::transient(format!("no connection to {}: {why}", place(url)))
        };
        let mut failure = trouble(&"no address");
        for address in addresses {
            let connecting = tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect(address));
            let stream = match connecting.await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => {
                    failure = trouble(&error);
                    continue;
                }
                Err(_) => {
                    failure = trouble(&"it takes too long");
                    continue;
                }
            };
            if url.scheme() == "http" {
                return Ok(Box::new(stream));
            }
            let name = server_name(url).ok_or_else(|| trouble(&"no host name"))?;
            let encrypted = self.tls.connect(name, stream).await;
            return Ok(Box::new(encrypted.map_err(|error| trouble(&error))?));
        }
        Err(failure)
    }
}

impl Answer {
    /// How long the other side asks to be left alone (RFC 9110, section 10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let seconds = value.parse().ok().map(Duration::from_secs);
        seconds.or_else(|| {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default())
        })
    }

    /// The body; empty when it breaks off or is beyond measure.
    pub async fn body(self) -> Bytes {
        self.whole().await.unwrap_or_default()
    }

    /// The body, unless it breaks off or is beyond measure.
    pub async fn whole(self) -> Option<Bytes> {
        let whole = Limited::new(self.body, ANSWER_LIMIT).collect().await;
        whole.ok().map(http_body_util::Collected::to_bytes)
    }
}

fn request(
    method: Method,
    url: &Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, Unanswered> {
    const AGENT: &str = concat!("auth-gateway/", env!("CARGO_PKG_VERSION"));
    let mut request = Request::builder()
        .method(method)
        .uri(&url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, &url[Position::BeforeHost..Position::AfterPort]);
    if !headers.iter().any(|(name, _)| name == USER_AGENT) {
        request = request.header(USER_AGENT, AGENT);
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(body));
    request.map_err(|_| Unanswered::permanent("the URL does not fit into a request"))
}

fn server_name(url: &Url) -> Option<ServerName<'static>> {
    match url.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::IpAddress(std::net::IpAddr::V4(address).into())),
        Host::Ipv6(address) => Some(ServerName::IpAddress(std::net::IpAddr::V6(address).into())),
    }
}

/// Host and port: the path may hold a secret.
fn place(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}
