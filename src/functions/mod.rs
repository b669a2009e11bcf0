//! The SQL functions: one file a recipe. Each reads its arguments, calls the recipe and shapes the document.
//!
//! Arguments may be null in SQL, so all of them are optional here, and one that is needed is missed by name:
//! a STRICT function would answer null, and a caller's mistake would look like an answer.

mod accountlinking;
mod api;
mod bulkimport;
mod courier;
mod dashboard;
mod emailpassword;
mod emailverification;
mod gotrue;
mod http;
mod jwt;
mod multitenancy;
mod operation;
mod passwordless;
mod personaldata;
mod policies;
mod session;
mod tenantusers;
mod thirdparty;
mod totp;
mod useridmapping;
mod usermetadata;
mod userroles;
mod users;
mod webauthn;

use std::rc::Rc;

use pgrx::JsonB;
use serde_json::{Map, Value};

use crate::documents;
use crate::error::{Error, Result};
use crate::recipes::session::{Dialect, RotationRule};
use crate::tenant::{self, Tenant};

/// The document that a call answers, or its error, raised.
fn answer(call: impl FnOnce() -> Result<Value>) -> JsonB {
    match call() {
        Ok(document) => JsonB(document),
        // Expected under load, and nothing was done: a status, as all expected outcomes are.
        Err(Error::Busy) => JsonB(documents::only("BUSY_ERROR")),
        Err(error) => error.raise(),
    }
}

/// An argument that must not be null.
fn required<T>(name: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::invalid(format!("argument \"{name}\" must not be null")))
}

/// An argument that must be a JSON object.
fn object(name: &str, value: Option<JsonB>) -> Result<Map<String, Value>> {
    match required(name, value)?.0 {
        Value::Object(object) => Ok(object),
        _ => Err(Error::invalid(format!(
            "argument \"{name}\" must be a JSON object"
        ))),
    }
}

/// The tenant that the last two arguments name.
fn tenant_of(tenant_id: Option<&str>, app_id: Option<&str>) -> Result<Rc<Tenant>> {
    let (tenant_id, app_id) = (
        required("tenant_id", tenant_id)?,
        required("app_id", app_id)?,
    );
    tenant::find(&identifier(app_id), &identifier(tenant_id))
}

/// The app that the last argument names.
fn app_of(app_id: Option<&str>) -> Result<Rc<Tenant>> {
    tenant::find_app(&identifier(required("app_id", app_id)?))
}

fn identifier(text: &str) -> String {
    text.trim().to_lowercase()
}

/// How tokens are made for SQL callers: as for the newest protocol version.
fn dialect(app: &Tenant) -> Dialect {
    Dialect {
        token_version: auth_core::access_token::Version::V5,
        algorithm: app.settings.sql_access_token_algorithm(),
        rotation: RotationRule::AtRefresh,
    }
}
