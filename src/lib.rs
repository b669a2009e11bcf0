//! `auth`: a PostgreSQL extension that makes a database its own authentication server.
//!
//! | module | what it is |
//! |---|---|
//! | `functions` | the SQL functions, one file a recipe |
//! | `api` | what makes the schema that PostgREST serves |
//! | `http` | the HTTP doors: CDI, which SuperTokens' SDKs speak, and GoTrue's REST API, which Supabase's do |
//! | `recipes` | the rules |
//! | `documents` | the JSON that both doors answer with |
//! | `store`, `db` | the tables, and the statements against them |
//! | `fetch` | what the gateway is to ask others for |
//! | `tenant`, `setting_values`, `hosts`, `keys`, `keyring`, `hashing`, `cache` | what recipes stand on |
//!
//! The schema is in `sql/`, in the order of the files' numbers. What knows no Postgres is the crate `auth-core`.

mod api;
mod cache;
mod db;
mod documents;
mod error;
mod fetch;
mod functions;
mod guc;
mod hashing;
mod hosts;
mod http;
mod keyring;
mod keys;
mod recipes;
mod setting_values;
mod store;
mod tenant;
#[cfg(any(test, feature = "pg_test"))]
mod tests;

use pgrx::prelude::*;

::pgrx::pg_module_magic!(name, version);

#[pg_guard]
extern "C-unwind" fn _PG_init() {
    guc::init();
    cache::init();
}

extension_sql_file!("../sql/00_preflight.sql", name = "preflight", bootstrap);
extension_sql_file!(
    "../sql/10_tenancy.sql",
    name = "tenancy",
    requires = ["preflight"]
);
extension_sql_file!(
    "../sql/20_users.sql",
    name = "users",
    requires = ["tenancy"]
);
extension_sql_file!(
    "../sql/24_user_id_mappings.sql",
    name = "user_id_mappings",
    requires = ["users"]
);
extension_sql_file!(
    "../sql/26_primary_claims.sql",
    name = "primary_claims",
    requires = ["user_id_mappings"]
);
extension_sql_file!(
    "../sql/28_one_time_codes.sql",
    name = "one_time_codes",
    requires = ["primary_claims"]
);
extension_sql_file!(
    "../sql/29_provider_documents.sql",
    name = "provider_documents",
    requires = ["one_time_codes"]
);
extension_sql_file!(
    "../sql/30_sessions.sql",
    name = "sessions",
    requires = ["provider_documents"]
);
extension_sql_file!(
    "../sql/32_passwordless.sql",
    name = "passwordless",
    requires = ["sessions"]
);
extension_sql_file!(
    "../sql/34_totp.sql",
    name = "totp",
    requires = ["passwordless"]
);
extension_sql_file!(
    "../sql/35_webauthn.sql",
    name = "webauthn",
    requires = ["totp"]
);
extension_sql_file!(
    "../sql/36_dashboard.sql",
    name = "dashboard",
    requires = ["webauthn"]
);
extension_sql_file!(
    "../sql/38_request_counts.sql",
    name = "request_counts",
    requires = ["dashboard"]
);
extension_sql_file!(
    "../sql/39_bulk_import.sql",
    name = "bulk_import",
    requires = ["request_counts"]
);
extension_sql_file!(
    "../sql/42_outbox.sql",
    name = "outbox",
    requires = ["bulk_import"]
);
extension_sql_file!(
    "../sql/44_audit_log.sql",
    name = "audit_log",
    requires = ["outbox"]
);
extension_sql_file!(
    "../sql/46_rate_limits.sql",
    name = "rate_limits",
    requires = ["audit_log"]
);
extension_sql_file!(
    "../sql/48_cache.sql",
    name = "cache",
    requires = ["rate_limits", cache::configuration_changed]
);
extension_sql_file!(
    "../sql/50_policies.sql",
    name = "policies",
    requires = ["preflight"]
);
extension_sql_file!(
    "../sql/52_api_views.sql",
    name = "api_views",
    requires = ["policies", "cache", functions::policies::uid]
);
extension_sql_file!(
    "../sql/54_api.sql",
    name = "api",
    requires = ["api_views", functions::api::api_mark]
);
extension_sql_file!("../sql/56_grants.sql", name = "grants", requires = ["api"]);
extension_sql_file!("../sql/90_finalize.sql", name = "finalize", finalize);

/// Required by `cargo pgrx test`.
#[cfg(test)]
pub mod pg_test {
    /// Called once before the tests.
    pub fn setup(_options: Vec<&str>) {}

    /// Settings of the test server.
    pub fn postgresql_conf_options() -> Vec<&'static str> {
        Vec::new()
    }
}
