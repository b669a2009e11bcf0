//! Running the thing.

use pgrx::prelude::*;
use serde_json::json;

use super::answer;
use crate::db::Time;
use crate::http::statistics;
use crate::recipes::passwordless;
use crate::{keys, store, tenant};

/// Rows of one kind that one call deletes at most: a call ends within seconds whatever has piled up.
const BATCH: i64 = 50_000;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn maintain() -> pgrx::JsonB {
    answer(|| {
        let now = Time::now();
        let sessions = store::sessions::delete_expired(now, BATCH);
        let tokens = store::one_time_tokens::delete_expired(now, BATCH);
        let codes = passwordless::delete_expired(now, BATCH)?;
        let totp_attempts = store::totp::delete_expired(now, BATCH);
        let dashboard_sessions = store::dashboard::delete_expired(now, BATCH);
        let webauthn_options = store::webauthn::delete_expired_options(now, BATCH);
        let day_ago = now.plus(-statistics::MINUTES * 60_000);
        let request_counts = store::request_counts::delete_before(day_ago, BATCH);
        let mut signing_keys = 0;
        for app_id in store::tenants::list_apps() {
            signing_keys += keys::maintain(&*tenant::find_app(&app_id)?)?;
        }
        let deleted = [
            sessions,
            tokens,
            codes,
            totp_attempts,
            dashboard_sessions,
            request_counts,
            webauthn_options,
        ];
        let more = deleted.contains(&(BATCH as u64));
        Ok(json!({
            "deleted": {
                "sessions": sessions,
                "oneTimeTokens": tokens,
                "passwordlessCodes": codes,
                "totpAttempts": totp_attempts,
                "dashboardSessions": dashboard_sessions,
                "requestCounts": request_counts,
                "webauthnOptions": webauthn_options,
                "signingKeys": signing_keys,
            },
            "more": more,
        }))
    })
}

#[pg_extern(immutable, parallel_safe)]
#[search_path(pg_catalog, auth, pg_temp)]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.maintain IS 'Deletes expired rows and prepares signing keys before they are needed. Call it about once an hour, from as many places as you like; the gateway does. Answers what was deleted, and more: true when there is more to delete';
COMMENT ON FUNCTION auth.version IS 'Version of the loaded library';
"#,
    name = "comments_operation",
    requires = [maintain, version]
);
