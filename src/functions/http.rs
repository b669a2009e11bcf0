//! The HTTP entry point.

use pgrx::prelude::*;

use crate::http::{Request, routes, serve};

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn http(
    method: &str,
    path: &str,
    query: Option<&str>,
    headers: pgrx::JsonB,
    body: Option<&[u8]>,
    fetched: default!(Option<pgrx::JsonB>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(status, i32),
        name!(headers, pgrx::JsonB),
        name!(body, Vec<u8>),
        name!(effect, Option<pgrx::JsonB>),
    ),
> {
    let fetched = fetched.as_ref().map(|fetched| &fetched.0);
    let body = body.unwrap_or_default();
    let request = Request::new(method, path, query, &headers.0, body, fetched);
    let reply = serve(&request);
    let headers = pgrx::JsonB(reply.header_pairs());
    let effect = reply.effect().map(pgrx::JsonB);
    TableIterator::once((reply.status, headers, reply.body, effect))
}

#[pg_extern(immutable, parallel_safe)]
#[search_path(pg_catalog, auth, pg_temp)]
fn http_routes() -> TableIterator<
    'static,
    (
        name!(door, &'static str),
        name!(method, &'static str),
        name!(path, &'static str),
        name!(summary, Option<&'static str>),
    ),
> {
    TableIterator::new(routes())
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.http_routes IS 'The operations that auth.http serves, by door. Paths are those behind any prefix that names an app or a tenant';
COMMENT ON FUNCTION auth.http IS 'Answers an HTTP request. headers is an array of [name, value] pairs, in and out; the last pair "x-auth-client-address" is the client''s address as the gateway verified it. effect is what the gateway has to do before it answers; null is: nothing. {"least_ms": n}: answer no sooner than n milliseconds after the request. {"fetch": {"id", "method", "url", "headers", "body", "timeout_ms"}}: nothing was done; send that request and call once more with all answers so far in fetched, an array of {"id", "status", "body"} or {"id", "failure"}';
"#,
    name = "comments_http",
    requires = [http, http_routes]
);
