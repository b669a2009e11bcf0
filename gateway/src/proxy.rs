//! One request: into the database and back.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};

use crate::client_address;
use crate::config::Config;
use crate::database::{Answer, Call, Database};
use crate::effect::Effect;
use crate::measures;
use crate::outgoing::Http;
use crate::remedy::Failure;

/// Under this name the database is told which client the request comes from. Nobody else may use it.
const CLIENT_ADDRESS: &str = "x-auth-client-address";
/// A path that is logged is cut here.
const LOGGED_PATH: usize = 200;
/// And so is a method, which a client can make up.
const LOGGED_METHOD: usize = 20;
const TOO_SLOW: &str = "The request took too long";
/// How long a health check waits for the database.
const HEALTH_LIMIT: Duration = Duration::from_secs(2);
/// So many answers of others a request may need.
const MOST_FETCHES: usize = 8;
/// Headers that concern one connection, or that the server writes itself (RFC 9110, section 7.6.1).
const NOT_COPIED: [&str; 9] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// So much of a body that is too large is read and thrown away, as a multiple of the limit: many clients read the
/// answer only when they have sent everything.
const DISCARDED: usize = 16;

/// What all requests share.
pub struct Gateway {
    pub config: Config,
    pub database: Database,
    pub http: Http,
    pub measures: PrometheusHandle,
}

type Reply = Response<Full<Bytes>>;

impl Gateway {
    /// Answers a request, which means what is below `base`.
    pub async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        base: &str,
        peer: SocketAddr,
    ) -> Reply {
        let client = client_address::of(peer, request.headers(), &self.config.trusted_proxies);
        let mut log = AccessLog::new(&request, client);
        let reply = match request.uri().path() {
            "/healthz" => self.health().await,
            "/metrics" => self.metrics(),
            _ => self.forward(request, base, client).await,
        };
        log.status = Some(reply.status());
        reply
    }

    async fn health(&self) -> Reply {
        if self.database.is_alive(HEALTH_LIMIT).await {
            text(StatusCode::OK, "{\"status\":\"ok\"}", "application/json")
        } else {
            let body = "{\"status\":\"the database is not available\"}";
            text(StatusCode::SERVICE_UNAVAILABLE, body, "application/json")
        }
    }

    fn metrics(&self) -> Reply {
        self.database.measure();
        text(
            StatusCode::OK,
            &self.measures.render(),
            "text/plain; version=0.0.4",
        )
    }

    async fn forward(&self, request: Request<Incoming>, base: &str, client: IpAddr) -> Reply {
        let limit = self.config.request_timeout;
        match tokio::time::timeout(limit, self.exchange(request, base, client)).await {
            Ok(Ok(answer)) => write(answer),
            Ok(Err(refusal)) => refusal,
            Err(_) => plain(StatusCode::GATEWAY_TIMEOUT, TOO_SLOW),
        }
    }

    async fn exchange(
        &self,
        request: Request<Incoming>,
        base: &str,
        client: IpAddr,
    ) -> Result<Answer, Reply> {
        let (head, body) = request.into_parts();
        let body = read(body, &head.headers, self.config.max_body_bytes).await?;
        let mut call = Call {
            method: head.method.as_str().to_owned(),
            path: format!("{base}{}", head.uri.path()),
            query: head.uri.query().map(str::to_owned),
            headers: header_pairs(&head.headers, client),
            body: (!body.is_empty()).then(|| body.into()),
            fetched: Vec::new(),
        };
        let mut begin = tokio::time::Instant::now();
        loop {
            let mut answer = self.database.call(&call).await.map_err(refusal)?;
            let Some(effect) = answer.effect.take() else {
                return Ok(answer);
            };
            match Effect::read(&effect) {
                Some(Effect::Wait(least)) => {
                    tokio::time::sleep_until(begin + least).await;
                    return Ok(answer);
                }
                Some(Effect::Fetch(fetch)) if call.fetched.len() < MOST_FETCHES => {
                    call.fetched.push(fetch.run(&self.http).await);
                    // How long others took says nothing, and must not hide how long the database takes.
                    begin = tokio::time::Instant::now();
                }
                Some(Effect::Fetch(_)) => {
                    tracing::error!("the database does not stop asking for more");
                    return Err(fault());
                }
                None => {
                    tracing::error!(
                        "the database asks for an effect that this gateway does not know"
                    );
                    return Err(fault());
                }
            }
        }
    }
}

/// The line that a request leaves in the log, and its measures: written when it goes out of scope, for requests
/// whose client went away too.
struct AccessLog {
    started: Instant,
    method: Method,
    path: String,
    client: IpAddr,
    status: Option<StatusCode>,
}

impl AccessLog {
    fn new(request: &Request<Incoming>, client: IpAddr) -> Self {
        Self {
            started: Instant::now(),
            method: request.method().clone(),
            path: request.uri().path().chars().take(LOGGED_PATH).collect(),
            client,
            status: None,
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        let duration = self.started.elapsed();
        measures::request(&self.method, self.status, duration);
        let message = match self.status {
            Some(_) => "request",
            None => "request without an answer: its client went away",
        };
        tracing::info!(
            method = self.method.as_str().get(..LOGGED_METHOD).unwrap_or(self.method.as_str()),
            path = self.path,
            status = self.status.map(|status| status.as_u16()),
            microseconds = duration.as_micros() as u64,
            client = %self.client,
            message
        );
    }
}

/// Reads a body of at most `limit` bytes.
async fn read(mut body: Incoming, headers: &HeaderMap, limit: usize) -> Result<Bytes, Reply> {
    let declared = body.size_hint().lower();
    let fits = declared <= limit as u64;
    if fits {
        match Limited::new(&mut body, limit).collect().await {
            Ok(body) => return Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {}
            Err(_) => return Err(plain(StatusCode::BAD_REQUEST, "The body broke off")),
        }
    }
    // A client that waits for leave to send its body has nothing to be read.
    if fits || !headers.contains_key(EXPECT) {
        let most = limit.saturating_mul(DISCARDED);
        let mut discarded = 0;
        while let Some(Ok(frame)) = body.frame().await {
            discarded += frame.data_ref().map_or(0, Bytes::len);
            if discarded > most {
                break;
            }
        }
    }
    let reply = plain(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large");
    Err(with_header(reply, CONNECTION, "close"))
}

/// What a client is told that gets no answer of the database.
fn refusal(failure: Failure) -> Reply {
    match failure {
        Failure::Unavailable => {
            let reply = plain(StatusCode::SERVICE_UNAVAILABLE, "Database is not available");
            with_header(reply, RETRY_AFTER, "1")
        }
        Failure::TooSlow => plain(StatusCode::GATEWAY_TIMEOUT, TOO_SLOW),
        Failure::Unreadable => plain(StatusCode::BAD_REQUEST, "Bad Request"),
        Failure::Fault => fault(),
    }
}

fn fault() -> Reply {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// The headers as `[name, value]` pairs in their order, the verified client address last.
fn header_pairs(headers: &HeaderMap, client: IpAddr) -> Value {
    let mut pairs: Vec<Value> = headers
        .iter()
        .filter(|(name, _)| name.as_str() != CLIENT_ADDRESS)
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    pairs.push(json!([CLIENT_ADDRESS, client.to_string()]));
    Value::Array(pairs)
}

/// Writes the database's answer as it is.
fn write(answer: Answer) -> Reply {
    let status = u16::try_from(answer.status)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
        // An interim status would be followed by another answer.
        .filter(|status| !status.is_informational());
    let Some(status) = status else {
        tracing::error!(
            status = answer.status,
            "the database gave an impossible status"
        );
        return fault();
    };
    let mut reply = Response::new(Full::new(Bytes::from(answer.body)));
    *reply.status_mut() = status;
    for pair in answer.headers.as_array().into_iter().flatten() {
        let name = pair[0]
            .as_str()
            .and_then(|name| name.parse::<HeaderName>().ok());
        let value = pair[1]
            .as_str()
            .and_then(|value| HeaderValue::from_str(value).ok());
        match (name, value) {
            (Some(name), Some(value)) if !NOT_COPIED.contains(&name.as_str()) => {
                reply.headers_mut().append(name, value);
            }
            (Some(_), Some(_)) => {}
            _ => tracing::error!("the database gave a header that cannot be written"),
        }
    }
    reply
}

fn plain(status: StatusCode, body: &str) -> Reply {
    text(status, &format!("{body}\n"), "text/plain; charset=utf-8")
}

fn text(status: StatusCode, body: &str, content_type: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *reply.status_mut() = status;
    with_header(reply, CONTENT_TYPE, content_type)
}

fn with_header(mut reply: Reply, name: HeaderName, value: &'static str) -> Reply {
    reply
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_say_who_it_is() {
        let mut headers = HeaderMap::new();
        headers.append(CLIENT_ADDRESS, "6.6.6.6".parse().expect("a value"));
        headers.append("cookie", "a=1".parse().expect("a value"));
        headers.append("cookie", "b=2".parse().expect("a value"));
        let pairs = header_pairs(&headers, "1.1.1.1".parse().expect("an address"));
        let expected = json!([
            ["cookie", "a=1"],
            ["cookie", "b=2"],
            [CLIENT_ADDRESS, "1.1.1.1"]
        ]);
        assert_eq!(pairs, expected);
    }

    #[test]
    fn answers_keep_their_headers_apart() {
        let answer = |headers: Value| Answer {
            status: 201,
            headers,
            body: vec![1],
            effect: None,
        };
        let headers = json!([
            ["set-cookie", "a"],
            ["set-cookie", "b"],
            ["content-length", "9"]
        ]);
        let reply = write(answer(headers));
        assert_eq!(reply.status(), StatusCode::CREATED);
        assert_eq!(reply.headers().get_all("set-cookie").iter().count(), 2);
        assert!(!reply.headers().contains_key("content-length"));
        // What cannot be a header is left out and splits nothing.
        let reply = write(answer(json!([["x", "a\r\ny: b"], ["bad name", "v"], "x"])));
        assert!(reply.headers().is_empty());
    }

    #[test]
    fn impossible_statuses_are_faults() {
        for impossible in [-1, 0, 99, 101, 1000, 70_000] {
            let answer = Answer {
                status: impossible,
                headers: json!([]),
                body: vec![],
                effect: None,
            };
            assert_eq!(write(answer).status().as_u16(), 500, "{impossible}");
        }
    }
}
