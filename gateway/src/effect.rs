//! What the database has the gateway do before a request is answered. No connection waits meanwhile.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::outgoing::Http;

/// Something to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Answer no sooner than so long after the request.
    Wait(Duration),
    /// Ask somebody, and then the database once more, with what was said.
    Fetch(Fetch),
}

/// A request to somebody else.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// By which the database knows the answer.
    id: String,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    timeout_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    least_ms: Option<u64>,
    fetch: Option<Fetch>,
}

impl Effect {
    /// Reads an effect; `None` for one of an extension that is newer than this gateway.
    pub fn read(effect: &Value) -> Option<Self> {
        let document = Document::deserialize(effect).ok()?;
        match (document.least_ms, document.fetch) {
            (Some(least), None) => Some(Self::Wait(Duration::from_millis(least))),
            (None, Some(fetch)) => Some(Self::Fetch(fetch)),
            _ => None,
        }
    }
}

impl Fetch {
    /// Sends the request; the answer, or why there is none, as the database takes it.
    pub async fn run(self, http: &Http) -> Value {
        let limit = Duration::from_millis(self.timeout_ms);
        let outcome = match tokio::time::timeout(limit, self.ask(http)).await {
            Ok(outcome) => outcome,
            Err(_) => Err("it takes too long".to_owned()),
        };
        match outcome {
            Ok((status, body)) => json!({"id": self.id, "status": status, "body": body}),
            Err(reason) => {
                tracing::warn!(reason, "the database asked for what cannot be fetched");
                json!({"id": self.id, "failure": reason})
            }
        }
    }

    async fn ask(&self, http: &Http) -> Result<(u16, String), String> {
        let unusable = || "the request cannot be sent".to_owned();
        let url = Url::parse(&self.url).map_err(|error| format!("the URL: {error}"))?;
        let method = Method::from_bytes(self.method.as_bytes()).map_err(|_| unusable())?;
        let header = |(name, value): &(String, String)| {
            let mut value = HeaderValue::from_str(value).map_err(|_| ())?;
            value.set_sensitive(true);
            Ok((name.parse::<HeaderName>().map_err(|_| ())?, value))
        };
        let headers = self.headers.iter().map(header).collect::<Result<_, ()>>();
        let body = Bytes::copy_from_slice(self.body.as_bytes());
        let answer = http
            .send(method, &url, headers.map_err(|()| unusable())?, body)
            .await
            .map_err(|why| why.reason)?;
        let status = answer.status.as_u16();
        let body = answer
            .whole()
            .await
            .ok_or("the answer breaks off, or is too long")?;
        let text = String::from_utf8(body.into()).ok();
        // Of U+0000 Postgres has none.
        let text = text.filter(|text| !text.contains('\0'));
        Ok((status, text.ok_or("the answer is no text")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_have_to_wait() {
        let wait = Effect::Wait(Duration::from_millis(100));
        assert_eq!(Effect::read(&json!({"least_ms": 100})), Some(wait));
    }

    #[test]
    fn what_is_to_be_fetched_is_read() {
        let fetch = json!({
            "id": "1", "method": "POST", "url": "https://example.org/", "headers": [["a", "b"]], "body": "c",
            "timeout_ms": 5,
        });
        let read = Effect::read(&json!({ "fetch": fetch }));
        let expected = Fetch {
            id: "1".into(),
            method: "POST".into(),
            url: "https://example.org/".into(),
            headers: vec![("a".into(), "b".into())],
            body: "c".into(),
            timeout_ms: 5,
        };
        assert_eq!(read, Some(Effect::Fetch(expected)));
    }

    #[test]
    fn effects_of_newer_extensions_are_not_half_done() {
        for other in [
            json!({}),
            json!({"least_ms": -1}),
            json!({"least_ms": 1, "other": {}}),
            json!({"fetch": {}}),
            json!(null),
            json!([]),
        ] {
            assert_eq!(Effect::read(&other), None, "{other}");
        }
    }
}
