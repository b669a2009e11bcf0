//! The HTTP door of the database: a request comes in as arguments, the reply goes out as a row. Nothing here
//! opens a socket; the gateway only carries.

mod cdi;
mod gotrue;
mod reply;
mod request;
pub mod statistics;

use serde_json::Value;

pub use gotrue::serve_rpc;
pub use reply::Reply;
pub use request::{CLIENT_ADDRESS, Request};

/// Answers a request. Each family of paths has a door of its own.
pub fn serve(request: &Request) -> Reply {
    match gotrue::locate(request) {
        Some(place) => gotrue::serve(request, &place),
        None => cdi::serve(request),
    }
}

/// An operation for the reference: door, method, path, and what it does. That of the CDI's stands in
/// docs/openapi/cdi.json.
pub type Operation = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

/// All operations.
pub fn routes() -> Vec<Operation> {
    let cdi = cdi::routes().map(|(method, path)| ("cdi", method, path, None));
    let gotrue = gotrue::routes().map(|(method, path, summary)| ("gotrue", method, path, summary));
    cdi.chain(gotrue).collect()
}

/// Whether a text in a document holds U+0000, for which Postgres has no place.
fn holds_nul(document: &Value) -> bool {
    match document {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}
