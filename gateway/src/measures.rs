//! Measures for Prometheus. No label has values that a client can invent.

use std::time::Duration;

use hyper::{Method, StatusCode};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the latency histogram, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Starts measuring.
///
/// # Errors
/// A message when something else in the process measures already.
pub fn init() -> Result<PrometheusHandle, String> {
    let measures = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("measuring does not start: {error}"))?;
    describe_counter!(
        "auth_gateway_requests_total",
        "Requests, by method and class of status."
    );
    describe_histogram!(
        "auth_gateway_request_seconds",
        "Time from a request's headers to its answer."
    );
    describe_counter!(
        "auth_gateway_database_errors_total",
        "Calls that the database did not answer as it should."
    );
    describe_gauge!(
        "auth_gateway_connections_open",
        "Connections to the database."
    );
    describe_gauge!(
        "auth_gateway_connections_idle",
        "Connections to the database without work."
    );
    describe_gauge!(
        "auth_gateway_requests_waiting_for_connection",
        "Requests that wait for a connection."
    );
    describe_counter!(
        "auth_gateway_messages_delivered_total",
        "Messages that the courier has delivered, by channel."
    );
    describe_counter!(
        "auth_gateway_messages_failed_total",
        "Attempts to deliver a message that failed, by channel and whether another makes sense."
    );
    Ok(measures)
}

/// Counts a request; `status` is that of its answer, if its client waited for one.
pub fn request(method: &Method, status: Option<StatusCode>, duration: Duration) {
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let class = match status.map(|status| status.as_u16()) {
        None => "none",
        Some(200..300) => "2xx",
        Some(300..400) => "3xx",
        Some(400..500) => "4xx",
        Some(_) => "5xx",
    };
    counter!("auth_gateway_requests_total", "method" => method, "status" => class).increment(1);
    histogram!("auth_gateway_request_seconds").record(duration.as_secs_f64());
}

/// Counts a message that was delivered.
pub fn delivered(channel: &str) {
    let channel = known_channel(channel);
    counter!("auth_gateway_messages_delivered_total", "channel" => channel).increment(1);
}

/// Counts an attempt to deliver a message that failed.
pub fn not_delivered(channel: &str, is_permanent: bool) {
    let channel = known_channel(channel);
    let kind = if is_permanent {
        "permanent"
    } else {
        "transient"
    };
    counter!("auth_gateway_messages_failed_total", "channel" => channel, "kind" => kind)
        .increment(1);
}

fn known_channel(channel: &str) -> &'static str {
    let known = ["email", "sms", "webhook"];
    known
        .into_iter()
        .find(|name| *name == channel)
        .unwrap_or("other")
}

/// Counts a call that the database did not answer as it should.
pub fn database_error(kind: &'static str) {
    counter!("auth_gateway_database_errors_total", "kind" => kind).increment(1);
}

/// Notes how the pool stands.
pub fn pool(open: usize, idle: usize, waiting: usize) {
    gauge!("auth_gateway_connections_open").set(open as f64);
    gauge!("auth_gateway_connections_idle").set(idle as f64);
    gauge!("auth_gateway_requests_waiting_for_connection").set(waiting as f64);
}
