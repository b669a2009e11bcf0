//! Replies, as the gateway writes them out.

use serde_json::{Value, json};

use crate::fetch::Fetch;

/// A reply.
#[derive(Debug)]
pub struct Reply {
    pub status: i32,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// How long the answer is to take at least, in milliseconds.
    pub least_ms: Option<i64>,
    /// What has to be asked before there is a reply.
    pub fetch: Option<Fetch>,
}

impl Reply {
    /// A JSON document.
    pub fn json(status: i32, document: &Value) -> Self {
        Self::with_type(
            status,
            "application/json; charset=UTF-8",
            &document.to_string(),
        )
    }

    /// A text, of the type that SuperTokens' clients expect.
    pub fn text(status: i32, text: &str) -> Self {
        Self::with_type(status, "text/html; charset=UTF-8", text)
    }

    /// A JSON document, as GoTrue sends it.
    pub fn bare_json(status: i32, document: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: document.to_string().into_bytes(),
            least_ms: None,
            fetch: None,
        }
    }

    /// A page.
    pub fn page(html: &str) -> Self {
        Self::with_type(200, "text/html; charset=utf-8", html)
    }

    /// No document.
    pub fn empty(status: i32) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            least_ms: None,
            fetch: None,
        }
    }

    /// Nothing yet: something has to be fetched first.
    pub fn once_fetched(fetch: Fetch) -> Self {
        Self {
            fetch: Some(fetch),
            ..Self::empty(202)
        }
    }

    /// Sends the browser elsewhere.
    pub fn redirect(status: i32, location: String) -> Self {
        Self::empty(status).with_header("location", location)
    }

    fn with_type(status: i32, content_type: &str, text: &str) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self {
            status,
            headers,
            body: format!("{text}\n").into_bytes(),
            least_ms: None,
            fetch: None,
        }
    }

    /// The same with a further header.
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// What the gateway has to do before it answers, if anything.
    pub fn effect(&self) -> Option<Value> {
        match (&self.fetch, self.least_ms) {
            (Some(fetch), _) => Some(json!({ "fetch": fetch.effect() })),
            (None, least_ms) => least_ms.map(|ms| json!({ "least_ms": ms })),
        }
    }

    /// The headers as an array of `[name, value]` pairs.
    pub fn header_pairs(&self) -> Value {
        self.headers
            .iter()
            .map(|(name, value)| json!([name, value]))
            .collect()
    }
}
