//! Operation: settings, maintenance, version.

use pgrx::prelude::*;
use serde_json::{Map, Value, json};

use super::answer;
use crate::db::Time;
use crate::http::statistics;
use crate::recipes::passwordless;
use crate::recipes::users;
use crate::{keys, store, tenant};

/// Rows of one kind that one call deletes at most: a call ends within seconds whatever has piled up.
const BATCH: i64 = 50_000;
const DAY_MS: i64 = 24 * 3_600_000;
/// Codes and flows are kept for so long: no setting lets them work for longer.
const CODES_MS: i64 = 366 * DAY_MS;
const STATISTICS_MS: i64 = statistics::MINUTES * 60_000;
/// Users who never said who they are, where the setting db_cleanup_enabled wants it (GoTrue reference, 4.21).
const ANONYMOUS_MS: i64 = 30 * DAY_MS;
const USERS_BATCH: i64 = 1000;
/// Messages that were given up are shown for so long.
const DEAD_LETTERS_MS: i64 = 30 * DAY_MS;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn maintain() -> pgrx::JsonB {
    answer(|| {
        let now = Time::now();
        let ago = |ms: i64| now.plus(-ms);
        let deleted = [
            ("sessions", store::sessions::delete_expired(now, BATCH)),
            (
                "oneTimeTokens",
                store::one_time_tokens::delete_expired(now, BATCH),
            ),
            (
                "oneTimeCodes",
                store::one_time_codes::delete_sent_before(ago(CODES_MS), BATCH),
            ),
            (
                "flowStates",
                store::flow_states::delete_begun_before(ago(CODES_MS), BATCH),
            ),
            (
                "providerDocuments",
                store::provider_documents::delete_fetched_before(ago(2 * DAY_MS), BATCH),
            ),
            (
                "mfaChallenges",
                store::factors::delete_challenges_before(ago(CODES_MS), BATCH),
            ),
            (
                "passwordlessCodes",
                passwordless::delete_expired(now, BATCH)?,
            ),
            (
                "rateLimits",
                store::rate_limits::delete_before(ago(DAY_MS), BATCH),
            ),
            ("totpAttempts", store::totp::delete_expired(now, BATCH)),
            (
                "dashboardSessions",
                store::dashboard::delete_expired(now, BATCH),
            ),
            (
                "requestCounts",
                store::request_counts::delete_before(ago(STATISTICS_MS), BATCH),
            ),
            (
                "webauthnOptions",
                store::webauthn::delete_expired_options(now, BATCH),
            ),
            (
                "deadLetters",
                store::outbox::delete_dead_before(ago(DEAD_LETTERS_MS), BATCH),
            ),
        ];
        let mut more = deleted.iter().any(|(_, count)| *count == BATCH as u64);
        let mut counts: Map<String, Value> = deleted
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count.into()))
            .collect();
        let (mut signing_keys, mut audit_log, mut anonymous_users) = (0, 0, 0);
        for app_id in store::tenants::list_apps() {
            let app = tenant::find_app(&app_id)?;
            signing_keys += keys::maintain(&app)?;
            if let Some(kept) = app.settings.duration("audit_log_retention") {
                let count =
                    store::audit_log::delete_before(&app_id, ago(kept.micros() / 1000), BATCH);
                more |= count == BATCH as u64;
                audit_log += count;
            }
            if app.settings.is_on("db_cleanup_enabled") {
                let old = ago(ANONYMOUS_MS);
                let ids = store::auth_users::anonymous_before(&app_id, old, USERS_BATCH);
                more |= ids.len() == USERS_BATCH as usize;
                anonymous_users += ids.len();
                for id in ids {
                    users::delete(&app, &id.to_string(), true);
                }
            }
        }
        counts.insert("anonymousUsers".to_owned(), anonymous_users.into());
        counts.insert("auditLog".to_owned(), audit_log.into());
        counts.insert("signingKeys".to_owned(), signing_keys.into());
        Ok(json!({"deleted": counts, "more": more}))
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
