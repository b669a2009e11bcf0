//! How refusals are told (GoTrue reference, 1.4), and to which pages (1.6).

use serde_json::{Value, json};
use time::Date;
use time::macros::format_description;

use crate::db::Raised;
use crate::error::Error;
use crate::http::{Reply, Request};
use crate::recipes::gotrue::Failure;
use crate::recipes::gotrue::refusal::{Form, Refusal};
use crate::tenant::Tenant;

/// From this version on errors have the new form.
const NEW_FORM: &str = "2024-01-01";
const VERSION_HEADER: &str = "x-supabase-api-version";

/// Whether the caller wants errors in the new form.
fn wants_new_form(request: &Request) -> bool {
    let Some(version) = request.header(VERSION_HEADER) else {
        return false;
    };
    let is_date = Date::parse(version, format_description!("[year]-[month]-[day]")).is_ok();
    is_date && version >= NEW_FORM
}

/// Tells why an operation did nothing.
pub fn failure(request: &Request, failure: Failure) -> Reply {
    match failure {
        Failure::Refused(refusal) => self::refusal(request, &refusal),
        Failure::Overtaken => refusal(
            request,
            &Refusal::new(409, "conflict", "The request was overtaken by another one"),
        ),
        Failure::Needs(fetch) => Reply::once_fetched(*fetch),
        Failure::Failed(error) => refusal(request, &of_error(&error)),
    }
}

fn of_error(error: &Error) -> Refusal {
    match error {
        Error::Invalid(message) => Refusal::validation(message.as_str()),
        Error::Forbidden(message) => Refusal::new(403, "", message.as_str()),
        Error::TenantNotFound { .. } | Error::AppNotFound { .. } => {
            Refusal::new(404, "", error.to_string())
        }
        // Nothing was done; clients try again.
        Error::Busy => Refusal::new(429, "over_request_rate_limit", error.to_string()),
        Error::Unconfigured(_) => Refusal::new(500, "", error.to_string()),
        // What is wrong is for the log, which the administrator reads.
        Error::StoredSettings(_) | Error::Keys(_) => {
            pgrx::warning!("{error}");
            Refusal::new(500, "", "The server is not set up correctly")
        }
    }
}

fn refusal(request: &Request, refusal: &Refusal) -> Reply {
    if let Form::OAuth(kind) = refusal.form {
        let document = json!({"error": kind, "error_description": refusal.message});
        return Reply::bare_json(400, &document);
    }
    if let Form::Redirect(location) = &refusal.form {
        return Reply::redirect(303, location.clone());
    }
    let (code, is_new) = (refusal.shown_code(), wants_new_form(request));
    let mut document = if is_new {
        json!({"code": code, "message": refusal.message})
    } else {
        json!({"code": refusal.status, "error_code": code, "msg": refusal.message})
    };
    if let Form::WeakPassword(reasons) = &refusal.form {
        document["weak_password"] = json!({ "reasons": reasons });
    }
    if !is_new && refusal.status >= 500 {
        document["error_id"] = request_id().into();
    }
    finish(refusal.status, &document, is_new, code)
}

/// Tells that an application's trigger, or a constraint of its own, has stopped an operation. Here both forms say why;
/// GoTrue's new one keeps it from everybody.
pub fn raised(request: &Request, raised: &Raised) -> Reply {
    let code = "unexpected_failure";
    if !raised.is_for_callers() {
        pgrx::warning!("{} (SQLSTATE {})", raised.message, raised.sqlstate);
        return refusal(request, &Refusal::new(500, code, "Database error"));
    }
    let status = raised.chosen_status().unwrap_or(500);
    if wants_new_form(request) {
        return refusal(
            request,
            &Refusal::new(status, code, raised.message.as_str()),
        );
    }
    let mut document = json!({"code": raised.sqlstate, "message": raised.message});
    for (name, text) in [("hint", &raised.hint), ("detail", &raised.detail)] {
        if let Some(text) = text {
            document[name] = text.as_str().into();
        }
    }
    finish(status, &document, false, code)
}

fn finish(status: i32, document: &Value, is_new: bool, code: &str) -> Reply {
    let mut reply =
        Reply::bare_json(status, document).with_header("x-sb-error-code", code.to_owned());
    if is_new {
        reply = reply.with_header("X-Supabase-Api-Version", NEW_FORM.to_owned());
    }
    reply
}

/// Names a failure, so that it can be found in a log.
fn request_id() -> String {
    auth_core::ids::new_id(auth_core::ids::Slot::random()).to_string()
}

/// Lets pages of any origin read a reply: no cookie is ever looked at.
pub fn with_cors(tenant: &Tenant, request: &Request, reply: Reply) -> Reply {
    if request.header("origin").is_none() {
        return reply;
    }
    let reply = reply
        .with_header("Access-Control-Allow-Origin", "*".to_owned())
        .with_header("Access-Control-Allow-Credentials", "true".to_owned())
        .with_header(
            "Access-Control-Expose-Headers",
            "X-Total-Count, Link, X-Supabase-Api-Version".to_owned(),
        );
    if request.method != "OPTIONS" {
        return reply;
    }
    let mut headers = vec![
        "Accept",
        "Authorization",
        "Content-Type",
        "X-Client-IP",
        "X-Client-Info",
        "X-JWT-AUD",
        "x-use-cookie",
        "X-Supabase-Api-Version",
        "apikey",
    ];
    headers.extend(tenant.settings.list("cors_allowed_headers"));
    reply
        .with_header(
            "Access-Control-Allow-Methods",
            "GET, POST, PUT, PATCH, DELETE, OPTIONS".to_owned(),
        )
        .with_header("Access-Control-Allow-Headers", headers.join(", "))
        .with_header("Access-Control-Max-Age", "600".to_owned())
}
