//! The Core Driver Interface of SuperTokens: what its backend SDKs call.
//!
//! One file a resource; each lists its routes. This file finds the operation and checks who calls it.

mod accountlinking;
mod bulkimport;
mod call;
mod dashboard;
mod emailpassword;
mod emailverification;
mod jwt;
mod multitenancy;
mod operator;
mod passwordless;
mod path;
mod recipe_user;
mod session;
mod tenantusers;
mod thirdparty;
mod totp;
mod useridmapping;
mod usermetadata;
mod userroles;
mod users;
mod version;
mod webauthn;

use std::collections::HashMap;
use std::sync::LazyLock;

use auth_core::hash;
use serde_json::{Map, Value};

use self::call::Call;
use self::version::Cdi;
use super::{Reply, Request, holds_nul, statistics};
use crate::db::unless_told;
use crate::error::{Error, Result};
use crate::hosts;
use crate::tenant::{self, PUBLIC, Tenant};

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Whoever holds an API key, where keys are configured.
    Key,
    /// The same, whatever version it names.
    Unversioned,
    /// Everybody, whatever version they name.
    Open,
}

/// An operation.
struct Route {
    method: &'static str,
    /// In lower case, without a slash at the end.
    path: &'static str,
    access: Access,
    handler: fn(&Call) -> Result<Reply>,
}

const fn route(
    method: &'static str,
    path: &'static str,
    handler: fn(&Call) -> Result<Reply>,
) -> Route {
    Route {
        method,
        path,
        access: Access::Key,
        handler,
    }
}

const fn unversioned(
    method: &'static str,
    path: &'static str,
    handler: fn(&Call) -> Result<Reply>,
) -> Route {
    Route {
        access: Access::Unversioned,
        ..route(method, path, handler)
    }
}

const fn open(
    method: &'static str,
    path: &'static str,
    handler: fn(&Call) -> Result<Reply>,
) -> Route {
    Route {
        access: Access::Open,
        ..route(method, path, handler)
    }
}

/// The resources.
const RESOURCES: [&[Route]; 19] = [
    operator::ROUTES,
    accountlinking::ROUTES,
    bulkimport::ROUTES,
    dashboard::ROUTES,
    users::ROUTES,
    webauthn::ROUTES,
    emailpassword::ROUTES,
    emailverification::ROUTES,
    session::ROUTES,
    jwt::ROUTES,
    multitenancy::ROUTES,
    passwordless::ROUTES,
    recipe_user::ROUTES,
    tenantusers::ROUTES,
    thirdparty::ROUTES,
    totp::ROUTES,
    useridmapping::ROUTES,
    usermetadata::ROUTES,
    userroles::ROUTES,
];

/// All operations by path.
static ROUTES: LazyLock<HashMap<&'static str, Vec<&'static Route>>> = LazyLock::new(|| {
    let mut by_path: HashMap<_, Vec<_>> = HashMap::new();
    for route in RESOURCES.into_iter().flatten() {
        by_path.entry(route.path).or_default().push(route);
    }
    by_path
});

/// All operations: method and path.
pub fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let routes = RESOURCES.into_iter().flatten();
    routes.map(|route| (route.method, route.path))
}

/// Answers a request.
pub fn serve(request: &Request) -> Reply {
    match unless_told(|| dispatch(request)) {
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => refusal(error),
        // An application's trigger, or a constraint of its own, has stopped it: SDKs throw what it said.
        Err(raised) => Reply::text(raised.chosen_status().unwrap_or(400), &raised.message),
    }
}

fn dispatch(request: &Request) -> Result<Reply> {
    let base = tenant::find_app(PUBLIC)?;
    let exists = |operation: &str| ROUTES.contains_key(operation);
    let Some(path) = path::parse(request.path, base.settings.base_path(), exists) else {
        return Ok(Reply::text(404, "Not found"));
    };
    let routes = &ROUTES[path.operation.as_str()];
    let Some(route) = routes.iter().find(|route| route.method == request.method) else {
        return Ok(method_not_supported(routes));
    };
    let (app_id, tenant_in_path) =
        hosts::addressed(request.header("host"), path.app_id, path.tenant_id);
    let app = match tenant::find_app(&app_id) {
        Ok(app) => Some(app),
        // The handler says so, after it has looked at its input.
        Err(Error::AppNotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    let mut sees_protected = true;
    if let Some(app) = &app {
        let tenant_id = tenant_in_path.as_deref().unwrap_or(PUBLIC);
        let filtering = tenant::find(&app_id, tenant_id).unwrap_or_else(|_| app.clone());
        if !address_is_allowed(&filtering, request) {
            return Ok(Reply::empty(403));
        }
        if route.access != Access::Open {
            match presented_key(app, &base, request) {
                PresentedKey::Invalid => return Ok(Reply::text(401, "Invalid API key")),
                PresentedKey::Ordinary => sees_protected = base.settings.saas_secret().is_none(),
                PresentedKey::Secret => {}
            }
        }
    }
    if app.is_some() {
        statistics::count(&app_id);
    }
    let header = request.header("cdi-version").map(str::trim);
    let cdi = match route.access {
        Access::Open | Access::Unversioned => newest(app.as_deref()),
        Access::Key => match negotiate(header, app.as_deref()) {
            Ok(cdi) => cdi,
            Err(message) => return Ok(Reply::text(400, &message)),
        },
    };
    let query = request.query_pairs();
    if let Some((name, _)) = query
        .iter()
        .find(|(name, value)| format!("{name}{value}").contains('\0'))
    {
        // Postgres has no place for U+0000.
        return Err(Error::invalid(format!(
            "Field name '{}' is invalid",
            name.replace('\0', "")
        )));
    }
    let body = parse_body(request.body);
    let has_real_field = body
        .as_ref()
        .is_some_and(|body| body.contains_key("enableAntiCsrf"));
    let mut call = Call {
        request,
        app_id,
        tenant_id: tenant_in_path.clone().unwrap_or_else(|| PUBLIC.to_owned()),
        cdi,
        is_simple: header.is_none() && !has_real_field,
        sees_protected,
        query,
        body,
    };
    if call.is_simple && !path.operation.starts_with("/recipe/multitenancy") {
        name_tenant(&mut call, tenant_in_path.as_deref())?;
    }
    (route.handler)(&call)
}

/// Names the methods that there are (RFC 9110, section 15.5.6).
fn method_not_supported(routes: &[&Route]) -> Reply {
    let methods: Vec<_> = routes.iter().map(|route| route.method).collect();
    Reply::text(405, "Method not supported").with_header("Allow", methods.join(", "))
}

/// In the simplified profile a tenant may also be named by the body, the query or a header, in this order.
fn name_tenant(call: &mut Call, in_path: Option<&str>) -> Result<()> {
    let in_body = match &call.body {
        Some(body) if body.contains_key("tenantId") => call.text_opt("tenantId")?,
        _ => None,
    };
    let named = in_body
        .or_else(|| call.param("tenantId"))
        .or_else(|| call.request.header("tenantid"))
        .map(|tenant_id| tenant_id.trim().to_lowercase());
    match (named, in_path) {
        (Some(named), Some(in_path)) if named != in_path => Err(Error::invalid(
            "The path and 'tenantId' name different tenants",
        )),
        (Some(named), _) => {
            call.tenant_id = named;
            Ok(())
        }
        (None, _) => Ok(()),
    }
}

/// The body as a JSON object. A text with U+0000 counts as no JSON: Postgres has no place for it.
fn parse_body(body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body).ok()? {
        body @ Value::Object(_) if holds_nul(&body) => None,
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn address_is_allowed(tenant: &Tenant, request: &Request) -> bool {
    tenant
        .settings
        .ip_is_allowed(request.client_address().unwrap_or_default())
}

/// What key a caller has sent.
enum PresentedKey {
    /// One of the API keys, or any where none is configured.
    Ordinary,
    /// The secret that opens protected settings, too.
    Secret,
    Invalid,
}

fn presented_key(app: &Tenant, base: &Tenant, request: &Request) -> PresentedKey {
    let sent = request.header("api-key").or_else(|| {
        let value = request.header("authorization")?;
        let is_bearer = value
            .get(..7)
            .is_some_and(|head| head.eq_ignore_ascii_case("bearer "));
        Some(if is_bearer { &value[7..] } else { value })
    });
    let sent = sent.unwrap_or_default().trim().as_bytes();
    // All are compared, so that the time does not tell which one came close.
    let is_one_of = |keys: &[&str]| {
        keys.iter().fold(false, |valid, key| {
            hash::equal(&hash::sha256(key.as_bytes()), &hash::sha256(sent)) | valid
        })
    };
    let keys = app.settings.api_keys();
    let is_ordinary = is_one_of(&keys);
    let is_secret = base
        .settings
        .saas_secret()
        .is_some_and(|secret| is_one_of(&[secret]));
    if is_secret {
        PresentedKey::Secret
    } else if is_ordinary || keys.is_empty() {
        PresentedKey::Ordinary
    } else {
        PresentedKey::Invalid
    }
}

fn newest(app: Option<&Tenant>) -> &'static Cdi {
    let max = app.and_then(|app| app.settings.max_cdi_version());
    version::served(None, max)
        .last()
        .unwrap_or(&version::SERVED[version::SERVED.len() - 1])
}

/// The version that a caller asks for; the message of the refusal otherwise (CDI, "Version negotiation").
fn negotiate(
    header: Option<&str>,
    app: Option<&Tenant>,
) -> std::result::Result<&'static Cdi, String> {
    let Some(asked) = header else {
        return Ok(newest(app));
    };
    if !version::is_well_formed(asked) {
        return Err("cdi-version header is invalid".to_owned());
    }
    let settings = app.map(|app| &app.settings);
    let min = settings.and_then(|settings| settings.min_cdi_version());
    let max = settings.and_then(|settings| settings.max_cdi_version());
    if let Some(min) = min
        && !version::at_most(min, asked)
    {
        return Err(format!(
            "cdi-version {asked} is lower than the minimum allowed version {min}"
        ));
    }
    let served = version::served(None, max)
        .iter()
        .find(|cdi| cdi.name == asked);
    served.ok_or_else(|| format!("cdi-version {asked} not supported"))
}

/// How an error is told (CDI, "Error conventions").
fn refusal(error: Error) -> Reply {
    match &error {
        Error::Invalid(message) => Reply::text(400, message),
        Error::Forbidden(message) => Reply::text(403, message),
        Error::TenantNotFound { .. } | Error::AppNotFound { .. } => {
            Reply::text(400, &format!("AppId or tenantId not found => {error}"))
        }
        // Nothing was done: SDKs try again.
        Error::Busy => Reply::text(429, &error.to_string()),
        Error::Unconfigured(message) => Reply::text(500, message),
        Error::Keys(_) | Error::StoredSettings(_) => {
            pgrx::warning!("auth: {error}");
            Reply::text(500, "Internal Error")
        }
    }
}
