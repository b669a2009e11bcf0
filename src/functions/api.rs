//! The API schema for PostgREST.

use std::net::IpAddr;

use pgrx::prelude::*;
use serde_json::{Map, Value, json};

use super::{required, tenant_of};
use crate::api::procedures::{self, Procedure};
use crate::api::{self, Door, MARK, Roles, Target};
use crate::db;
use crate::error::{Error, Result};
use crate::fetch::Fetched;
use crate::http::{CLIENT_ADDRESS, Reply, Request, serve_rpc};
use crate::tenant::{self, Tenant};

/// What PostgREST, which has verified the token, says of its request. A SQL user who is free to run SET can say anything:
/// docs/security.md.
struct Contract {
    claims: Option<Map<String, Value>>,
    headers: Value,
}

impl Contract {
    fn read(tenant: &Tenant) -> Self {
        let setting = |name: &str| {
            let text = db::query_one("SELECT current_setting($1, true)", &[name.into()], |row| {
                row.text_opt(1)
            })?;
            serde_json::from_str::<Map<String, Value>>(&text).ok()
        };
        let headers = setting("request.headers").unwrap_or_default();
        // The token has been verified, the body is JSON whatever was sent, and who the client is only a header says that
        // the administrator has named.
        let is_taken =
            |name: &str| !["authorization", "content-type", CLIENT_ADDRESS].contains(&name);
        let mut pairs: Vec<Value> = headers
            .iter()
            .filter(|(name, _)| is_taken(&name.to_ascii_lowercase()))
            .map(|(name, value)| json!([name, value]))
            .collect();
        let named = tenant.settings.setting_text("rate_limit_header");
        let named = named.and_then(|wanted| {
            let mut known = headers.iter();
            known.find(|(name, _)| {
                name.eq_ignore_ascii_case(wanted) && is_taken(&name.to_ascii_lowercase())
            })
        });
        let address = named
            .and_then(|(_, value)| value.as_str()?.split(',').next())
            .map(str::trim)
            .filter(|address| address.parse::<IpAddr>().is_ok());
        pairs.extend(address.map(|address| json!([CLIENT_ADDRESS, address])));
        Self {
            claims: setting("request.jwt.claims"),
            headers: Value::from(pairs),
        }
    }
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn rpc(
    procedure: Option<&str>,
    arguments: Option<pgrx::JsonB>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> Option<pgrx::JsonB> {
    let call = || -> Result<Reply> {
        let name = required("procedure", procedure)?;
        let procedure = procedures::find(name).ok_or_else(|| {
            Error::invalid(format!("argument \"procedure\": there is no \"{name}\""))
        })?;
        if procedure.method != "GET" && tenant::db_is_read_only() {
            // PostgREST answers GET so. How far an operation came before it had to write would tell who is known, and
            // which codes are right, and nothing would be counted.
            ereport!(
                ERROR,
                PgSqlErrorCode::ERRCODE_READ_ONLY_SQL_TRANSACTION,
                "cannot do this in a read-only transaction",
                "Send the request with POST."
            );
        }
        let tenant = tenant_of(tenant_id, app_id)?;
        let Value::Object(mut members) = required("arguments", arguments)?.0 else {
            return Err(Error::invalid(
                "argument \"arguments\" must be a JSON object",
            ));
        };
        let (path, query) = place(procedure, &mut members)?;
        let body = Value::Object(members).to_string();
        let contract = Contract::read(&tenant);
        let mut request = Request::new(
            procedure.method,
            &path,
            query.as_deref(),
            &contract.headers,
            body.as_bytes(),
            None,
        );
        request.fetched = Fetched::never();
        request.claims = Some(contract.claims.unwrap_or_default());
        Ok(serve_rpc(&request, tenant, &path))
    };
    let reply = call().unwrap_or_else(|error| error.raise());
    respond(&reply).map(pgrx::JsonB)
}

/// Path and query of an operation, for which arguments are taken out of the members of its body.
fn place(
    procedure: &Procedure,
    members: &mut Map<String, Value>,
) -> Result<(String, Option<String>)> {
    let (mut path, mut query) = (
        procedure.path.to_owned(),
        procedure.query.map(str::to_owned),
    );
    for (name, _) in procedure.arguments {
        let mark = format!("{{{name}}}");
        let is_in_query = query.as_ref().is_some_and(|query| query.contains(&mark));
        if !path.contains(&mark) && !is_in_query {
            continue;
        }
        let value = match members.remove(*name) {
            Some(Value::String(text)) => text,
            None | Some(Value::Null) => String::new(),
            Some(_) => {
                return Err(Error::invalid(format!(
                    "argument \"{name}\" must be a text"
                )));
            }
        };
        if value.contains('/') {
            return Err(Error::invalid(format!(
                "argument \"{name}\" must have no \"/\""
            )));
        }
        path = path.replace(&mark, &value);
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        query = query.map(|query| query.replace(&mark, &encoded));
    }
    Ok((path, query))
}

/// Tells PostgREST status and headers; the document.
fn respond(reply: &Reply) -> Option<Value> {
    let mut headers = vec![json!({"Cache-Control": "no-store"})];
    let own = reply.headers.iter().filter(|(name, _)| {
        !["content-type", "cache-control"].contains(&name.to_ascii_lowercase().as_str())
    });
    headers.extend(own.map(|(name, value)| json!({ *name: value })));
    let set = |name: &str, value: &str| {
        db::execute(
            "SELECT set_config($1, $2, true)",
            &[name.into(), value.into()],
        );
    };
    set("response.status", &reply.status.to_string());
    set("response.headers", &Value::from(headers).to_string());
    match serde_json::from_slice(&reply.body) {
        Ok(document) => Some(document),
        Err(_) if reply.body.is_empty() => None,
        Err(_) => Some(json!({ "msg": String::from_utf8_lossy(&reply.body).trim() })),
    }
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn api_sql(
    schema: default!(Option<&str>, "'api'"),
    doors: default!(Option<Vec<Option<String>>>, "'{users,services}'"),
    anon: default!(Option<&str>, "'anon'"),
    authenticated: default!(Option<&str>, "'authenticated'"),
    service_role: default!(Option<&str>, "'service_role'"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> String {
    let text = || {
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(api::sql(&Target {
            schema: required("schema", schema)?,
            doors: doors_of(required("doors", doors)?)?,
            tenant_id: tenant.id(),
            app_id: &tenant.app_id,
            roles: Roles {
                anon: required("anon", anon)?,
                authenticated: required("authenticated", authenticated)?,
                service: required("service_role", service_role)?,
            },
        }))
    };
    text().unwrap_or_else(|error: Error| error.raise())
}

fn doors_of(names: Vec<Option<String>>) -> Result<Vec<Door>> {
    let named = |name: &Option<String>| {
        let name = name.as_deref().unwrap_or("null");
        let door = Door::ALL.into_iter().find(|door| door.name() == name);
        door.ok_or_else(|| {
            let known = Door::ALL.map(Door::name).join("\" and \"");
            Error::invalid(format!(
                "argument \"doors\": there is no \"{name}\", there are \"{known}\""
            ))
        })
    };
    if names.is_empty() {
        return Err(Error::invalid("argument \"doors\" must name one at least"));
    }
    names.iter().map(named).collect()
}

#[pg_extern(immutable, parallel_safe)]
#[search_path(pg_catalog, auth, pg_temp)]
fn api_mark() -> &'static str {
    MARK
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.rpc(text, jsonb, text, text) IS 'What the functions of an API schema call: does an operation of the GoTrue door for the user of request.jwt.claims, and tells PostgREST status and headers through response.status and response.headers. What a refusal has to remember is remembered: it raises no error';
COMMENT ON FUNCTION auth.api_sql(text, text[], text, text, text, text, text) IS 'The statements that auth.create_api runs, to read them or to keep them in migrations';
COMMENT ON FUNCTION auth.api_mark() IS 'What the comments of the objects of an API schema end with: by it auth.drop_api knows them';
"#,
    name = "comments_api",
    requires = [rpc, api_sql, api_mark]
);
