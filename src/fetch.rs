//! HTTP requests that the gateway makes for the database, which opens no socket itself.
//!
//! An operation that needs an answer which it does not have is undone and replied to with the request as an effect. The
//! gateway sends it, and calls `auth.http` once more with the answer; now the operation finds it and goes on. So no
//! transaction is open while others are asked, and nothing has to be kept for operations that are never gone on with.

use std::collections::HashMap;

use auth_core::hash;
use serde_json::{Value, json};

/// A request.
#[derive(Debug)]
pub struct Fetch {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub timeout_ms: i64,
}

/// How long others may take, unless a setting says otherwise.
const USUAL_TIMEOUT_MS: i64 = 10_000;

impl Fetch {
    /// Asks for a document.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET",
            url: url.into(),
            headers: Vec::new(),
            body: String::new(),
            timeout_ms: USUAL_TIMEOUT_MS,
        }
    }

    /// Sends a form.
    pub fn post_form(url: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let form_type = "application/x-www-form-urlencoded".to_owned();
        Self {
            method: "POST",
            headers: vec![("content-type", form_type)],
            body: form.finish(),
            ..Self::get(url)
        }
    }

    /// The request as the gateway takes it.
    pub fn effect(&self) -> Value {
        json!({
            "id": self.id(), "method": self.method, "url": self.url, "headers": self.headers, "body": self.body,
            "timeout_ms": self.timeout_ms,
        })
    }

    /// What the answer is known by: the same request has the same.
    fn id(&self) -> String {
        let whole = json!([self.method, self.url, self.headers, self.body]).to_string();
        hash::sha256_hex(&whole)
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: i64,
    pub body: String,
}

/// The answer, or why there is none.
pub type Outcome = Result<Response, String>;

/// What the gateway has fetched for a request so far.
#[derive(Default)]
pub struct Fetched {
    outcomes: HashMap<String, Outcome>,
    /// What is said of all else, where nobody fetches anything.
    otherwise: Option<Outcome>,
}

impl Fetched {
    /// Reads what the gateway hands over: an array of `{"id", "status", "body"}` and `{"id", "failure"}`.
    pub fn read(document: Option<&Value>) -> Self {
        let items = document.and_then(Value::as_array).into_iter().flatten();
        let outcome = |item: &Value| {
            let id = item["id"].as_str()?.to_owned();
            let outcome = match (item["status"].as_i64(), item["body"].as_str()) {
                (Some(status), Some(body)) => Ok(Response {
                    status,
                    body: body.to_owned(),
                }),
                _ => Err(item["failure"].as_str().unwrap_or("no answer").to_owned()),
            };
            Some((id, outcome))
        };
        Self {
            outcomes: items.filter_map(outcome).collect(),
            otherwise: None,
        }
    }

    /// Of a request that came past the gateway: nobody can be asked.
    pub fn never() -> Self {
        Self {
            otherwise: Some(Err("nobody fetches anything here".to_owned())),
            ..Self::default()
        }
    }

    /// Whether nothing has been fetched.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// What became of a request, if it has been sent.
    pub fn get(&self, fetch: &Fetch) -> Option<&Outcome> {
        self.outcomes.get(&fetch.id()).or(self.otherwise.as_ref())
    }
}
