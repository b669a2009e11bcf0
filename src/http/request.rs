//! Requests, as the gateway hands them over.

use serde_json::{Map, Value};

use crate::fetch::Fetched;

/// A request.
pub struct Request<'a> {
    /// In upper case.
    pub method: &'a str,
    /// As it was sent, percent-encoded.
    pub path: &'a str,
    /// Without the question mark.
    pub query: Option<&'a str>,
    headers: Vec<(String, String)>,
    pub body: &'a [u8],
    /// The claims of the caller's token, where somebody else has verified it; empty without one.
    pub claims: Option<Map<String, Value>>,
    /// What the gateway has fetched for it so far.
    pub fetched: Fetched,
}

/// Under this name the gateway says which client it has verified the request to come from.
pub const CLIENT_ADDRESS: &str = "x-auth-client-address";

impl<'a> Request<'a> {
    /// A request; `headers` is an array of `[name, value]` pairs. Pairs of any other form are passed over. For `fetched` see
    /// [`Fetched::read`].
    pub fn new(
        method: &'a str,
        path: &'a str,
        query: Option<&'a str>,
        headers: &Value,
        body: &'a [u8],
        fetched: Option<&Value>,
    ) -> Self {
        let pairs = headers.as_array().map(Vec::as_slice).unwrap_or_default();
        let headers = pairs.iter().filter_map(|pair| {
            let name = pair.get(0)?.as_str()?.to_ascii_lowercase();
            Some((name, pair.get(1)?.as_str()?.to_owned()))
        });
        Self {
            method,
            path,
            query,
            headers: headers.collect(),
            body,
            claims: None,
            fetched: Fetched::read(fetched),
        }
    }

    /// The first header of that name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The address of the client, as far as the gateway could verify it. It comes last: an earlier header of
    /// that name would be the client's own invention.
    pub fn client_address(&self) -> Option<&str> {
        let mut headers = self.headers.iter().rev();
        headers
            .find(|(known, _)| known == CLIENT_ADDRESS)
            .map(|(_, value)| value.as_str())
    }

    /// The query's parameters, decoded.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.unwrap_or_default().as_bytes())
            .into_owned()
            .collect()
    }
}
