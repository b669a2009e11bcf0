//! The courier against a real mail server and a real receiver.

mod http;
mod mail;
mod mail_server;
mod sharing;

use serde_json::{Value, json};

use crate::support::{Cluster, Gateway, Receiver, wait_until};
use mail_server::{MailServer, header};

/// Looks often, so that the tests need not wait.
const OFTEN: [&str; 2] = ["--courier-interval", "50ms"];

fn start(cluster: &Cluster, flags: &[&str]) -> Gateway {
    Gateway::start(&cluster.url("gateway"), &[&OFTEN, flags].concat())
}

/// Puts a message into the outbox; its identifier.
fn put(cluster: &Cluster, channel: &str, message: &Value, transport: &Value) -> String {
    cluster.sql(&format!(
        "INSERT INTO auth.outbox (channel, message, transport)
         VALUES ('{channel}', $json${message}$json$, nullif($json${transport}$json$::jsonb, 'null')) RETURNING id"
    ))
}

/// How a message stands.
fn look(cluster: &Cluster, id: &str) -> Value {
    let row = cluster.sql(&format!(
        "SELECT to_jsonb(o) FROM auth.outbox o WHERE id = '{id}'"
    ));
    serde_json::from_str(&row).expect("a row")
}

/// Waits until a message is in a state.
fn wait_for(cluster: &Cluster, id: &str, state: &str) -> Value {
    let mut row = json!(null);
    wait_until(state, || {
        row = look(cluster, id);
        row["state"] == state
    });
    row
}

/// Waits until an attempt has failed that is not the last; why.
fn wait_for_failure(cluster: &Cluster, id: &str) -> String {
    let mut error = String::new();
    wait_until("a failure", || {
        let row = look(cluster, id);
        assert_eq!(row["state"], "waiting", "{row}");
        error = row["error"].as_str().unwrap_or_default().to_owned();
        !error.is_empty()
    });
    error
}

/// A mail to somebody.
fn mail_to(to: &str) -> Value {
    json!({
        "from": {"address": "noreply@example.org", "name": "Example"},
        "to": to,
        "subject": "Hello",
        "text": "Hello\n",
        "html": "<p>Hello</p>\n",
        "headers": {},
    })
}

/// The same with changes.
fn with(value: &Value, changes: &Value) -> Value {
    let mut value = value.clone();
    for (name, change) in changes.as_object().expect("an object") {
        value[name] = change.clone();
    }
    value
}
