//! Webhooks after Standard Webhooks.

use std::time::SystemTime;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::outcome::Undelivered;
use super::signature::sign;
use super::{Message, read, receiver};
use crate::outgoing::Http;

/// Where to, and what proves that it comes from here.
#[derive(Deserialize)]
struct Endpoint {
    url: String,
    /// `["v1,whsec_<base64>"]`
    secrets: Vec<String>,
}

#[derive(Deserialize)]
struct Event {
    body: Value,
}

/// Delivers a message of the channel "webhook".
///
/// # Errors
/// [`Undelivered`].
pub async fn deliver(http: &Http, message: &Message) -> Result<String, Undelivered> {
    let transport = receiver(message, "no webhook is configured")?;
    let event: Event = read(&message.content, "the message")?;
    post(http, &message.id, transport, &event.body).await
}

/// Posts a payload, signed, under an identifier that is the same for each attempt. Whoever answers 2xx has it.
/// Only 410 ("Gone") says that nobody will ever want it; a receiver that is being repaired says all kinds of things.
///
/// # Errors
/// [`Undelivered`].
pub async fn post(
    http: &Http,
    id: &str,
    transport: &Value,
    payload: &Value,
) -> Result<String, Undelivered> {
    let endpoint: Endpoint = read(transport, "the webhook's configuration")?;
    let url = Url::parse(&endpoint.url)
        .map_err(|error| Undelivered::permanent(format!("the webhook's URL: {error}")))?;
    let body = Bytes::from(payload.to_string());
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let signature = sign(&endpoint.secrets, id, now, &body)?;
    let headers = [
        (CONTENT_TYPE.as_str(), "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", &now.as_secs().to_string()),
        ("webhook-signature", &signature),
    ];
    let headers = headers
        .into_iter()
        .map(|(name, value)| {
            Some((
                HeaderName::from_static(name),
                HeaderValue::from_str(value).ok()?,
            ))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| Undelivered::permanent("the message's id does not fit into a header"))?;
    let answer = http.send(Method::POST, &url, headers, body).await?;
    let said = format!("the webhook answered {}", answer.status.as_u16());
    match answer.status {
        status if status.is_success() => Ok(said),
        StatusCode::GONE => Err(Undelivered::permanent(said)),
        status if status.is_redirection() => Err(Undelivered::transient(format!(
            "{said}; redirects are not followed"
        ))),
        _ => Err(Undelivered {
            retry_after: answer.retry_after(),
            ..Undelivered::transient(said)
        }),
    }
}
