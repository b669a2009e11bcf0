//! Measures for Prometheus. No label has values that a client can invent.

use std::time::Duration;

use hyper::StatusCode;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the latency histogram, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Starts measuring.
///
/// # Errors
/// A message when something else in the process measures already.
pub fn init() -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new()
        .set_buckets(&BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("measuring does not start: {error}"))
}

/// Counts an answered request.
pub fn request(method: &str, status: StatusCode, duration: Duration) {
    let method = match method {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    };
    let class = match status.as_u16() {
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    counter!("auth_gateway_requests_total", "method" => method, "status" => class).increment(1);
    histogram!("auth_gateway_request_seconds").record(duration.as_secs_f64());
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
