//! Tests that run inside a backend, each in a transaction that is rolled back. What needs several connections
//! or a real client is in `tests/`.

use pgrx::prelude::*;
use serde_json::Value;

mod doors;
mod passwords;
mod sessions;
mod tenants;

/// The document that a SQL expression gives.
fn document(sql: &str) -> Value {
    Spi::get_one::<pgrx::JsonB>(&format!("SELECT {sql}"))
        .expect("the statement runs")
        .expect("it gives a document")
        .0
}

/// A text in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn status(document: &Value) -> &str {
    document["status"]
        .as_str()
        .expect("every document has a status")
}

/// The text at a JSON pointer.
fn text(document: &Value, pointer: &str) -> String {
    document
        .pointer(pointer)
        .and_then(Value::as_str)
        .expect("the document has the text")
        .to_owned()
}

/// What `auth.http` answers a JSON request with: the code and the body.
fn http(method: &str, path: &str, headers: &str, body: &str) -> (i32, String) {
    let sql = format!(
        "SELECT status, convert_from(body, 'UTF8') FROM auth.http({}, {}, NULL, {}, convert_to({}, 'UTF8'))",
        quoted(method),
        quoted(path),
        quoted(headers),
        quoted(body)
    );
    let (code, body) = Spi::get_two::<i32, String>(&sql).expect("auth.http never raises");
    (
        code.expect("there is a code"),
        body.expect("there is a body"),
    )
}
