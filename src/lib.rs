//! `auth`: a PostgreSQL extension that makes a database its own authentication server.
use pgrx::prelude::*;

::pgrx::pg_module_magic!(name, version);

#[pg_extern(security_definer, stable, parallel_safe)]
#[search_path(pg_catalog, auth, pg_temp)]
fn hello_auth(a: default!(&str, "'public'")) -> String {
    format!("Hello, {a}")
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn http(method: &str, path: &str, query: Option<&str>, headers: pgrx::JsonB, body: Option<&[u8]>) -> TableIterator<'static, (name!(status, i32), name!(headers, pgrx::JsonB), name!(body, Vec<u8>), name!(effect, Option<pgrx::JsonB>))> {
    let _ = (method, path, query, body);
    TableIterator::once((200, headers, vec![], None))
}

/// Required by `cargo pgrx test`.
#[cfg(test)]
pub mod pg_test {
    pub fn setup(_options: Vec<&str>) {}
    pub fn postgresql_conf_options() -> Vec<&'static str> { vec![] }
}
