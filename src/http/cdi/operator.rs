//! Operations for operators and dashboards: health, versions, licence (CDI, "Core and operator").

use serde_json::json;

use super::call::Call;
use super::{Route, open, route, unversioned, version};
use crate::documents::{ok, only};
use crate::error::{Error, Result};
use crate::http::{Reply, statistics};
use crate::tenant::PUBLIC;

pub const ROUTES: &[Route] = &[
    open("GET", "/hello", hello),
    open("POST", "/hello", hello),
    open("PUT", "/hello", hello),
    open("DELETE", "/hello", hello),
    open("GET", "", hello),
    open("POST", "", hello),
    open("PUT", "", hello),
    open("DELETE", "", hello),
    unversioned("GET", "/apiversion", api_version),
    open("GET", "/config", config),
    route("GET", "/telemetry", telemetry),
    route("GET", "/requests/stats", request_statistics),
    route("GET", "/ee/featureflag", feature_flags),
    route("GET", "/ee/license", license),
    route("PUT", "/ee/license", set_license),
    route("DELETE", "/ee/license", remove_license),
];

/// Answers JSON to callers of the simplified profile and text to the others. Both hold the word "Hello", which
/// health checks in the field look for.
fn hello(call: &Call) -> Result<Reply> {
    call.tenant()?;
    let accept = call.request.header("accept").unwrap_or_default();
    let wants_text =
        accept.contains("text/") && !accept.contains("json") && !accept.contains("*/*");
    if call.request.header("cdi-version").is_some() || wants_text {
        return Ok(Reply::text(200, "Hello"));
    }
    Ok(Reply::json(200, &ok(json!({"message": "Hello"}))))
}

fn api_version(call: &Call) -> Result<Reply> {
    let app = call.app()?;
    let served = version::served(None, app.settings.max_cdi_version());
    let names: Vec<_> = served.iter().map(|cdi| cdi.name).collect();
    Ok(Reply::json(200, &ok(json!({"versions": names}))))
}

/// Where the configuration is: in the database, so the answer to the one question that clients put is the name
/// of a view. `pid` must be the server's, as a proof that the caller is on this machine.
fn config(call: &Call) -> Result<Reply> {
    if call.app_id != PUBLIC || call.tenant_id != PUBLIC {
        return Err(Error::Forbidden(
            "you can call this only from the base connection uri domain, public app and tenant"
                .into(),
        ));
    }
    // SAFETY: set once, before any backend runs.
    let pid = unsafe { pgrx::pg_sys::PostmasterPid };
    if call.required_param("pid")? != pid.to_string() {
        return Ok(Reply::json(200, &only("NOT_ALLOWED")));
    }
    Ok(Reply::json(200, &ok(json!({"path": "auth.settings"}))))
}

/// Nothing is ever sent anywhere, so there is no id under which it would be.
fn telemetry(call: &Call) -> Result<Reply> {
    call.app()?;
    Ok(Reply::json(200, &ok(json!({"exists": false}))))
}

/// Requests per second in each minute of the last day, oldest first.
fn request_statistics(call: &Call) -> Result<Reply> {
    let statistics = statistics::statistics(&call.app()?.app_id);
    Ok(Reply::json(
        200,
        &ok(json!({
            "atMinute": statistics.at_minute,
            "averageRequestsPerSecond": statistics.average,
            "peakRequestsPerSecond": statistics.peak,
        })),
    ))
}

/// Every feature is on, and none is counted.
fn feature_flags(call: &Call) -> Result<Reply> {
    call.app()?;
    let features = [
        "account_linking",
        "multi_tenancy",
        "mfa",
        "dashboard_login",
        "oauth",
        "saml",
        "security",
    ];
    Ok(Reply::json(
        200,
        &ok(json!({"features": features, "usageStats": {}})),
    ))
}

/// There are no licences here.
fn license(call: &Call) -> Result<Reply> {
    call.app()?;
    Ok(Reply::json(200, &only("NO_LICENSE_KEY_FOUND_ERROR")))
}

fn set_license(call: &Call) -> Result<Reply> {
    let key = match &call.body {
        Some(body) if !body.is_empty() && !body.contains_key("licenseKey") => {
            return Err(Error::invalid(
                "Field name 'licenseKey' is missing in JSON input",
            ));
        }
        Some(_) => call.text_opt("licenseKey")?,
        None => None,
    };
    call.app()?;
    // Without a key the call asks to look at the licence again, of which there is none.
    Ok(Reply::json(
        200,
        &only(if key.is_some() {
            "MISSING_EE_FOLDER_ERROR"
        } else {
            "OK"
        }),
    ))
}

fn remove_license(call: &Call) -> Result<Reply> {
    call.app()?;
    Ok(Reply::json(200, &only("OK")))
}
