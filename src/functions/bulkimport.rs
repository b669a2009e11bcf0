//! Many users from another system.

use pgrx::prelude::*;
use serde_json::{Value, json};

use super::{answer, app_of, required};
use crate::documents::ok;
use crate::error::Error;
use crate::recipes::bulkimport;

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn import_users(
    users: Option<pgrx::JsonB>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let Value::Array(users) = required("users", users)?.0 else {
            return Err(Error::invalid("argument \"users\" must be a JSON array"));
        };
        let outcomes = bulkimport::import(&*app_of(app_id)?, &users)?;
        let failed: Vec<_> = outcomes
            .iter()
            .enumerate()
            .filter_map(|(index, outcome)| {
                let errors = outcome.as_ref().err()?;
                Some(json!({"index": index, "errors": errors}))
            })
            .collect();
        let user_ids: Vec<_> = outcomes
            .iter()
            .map(|outcome| outcome.as_ref().ok())
            .collect();
        Ok(ok(json!({
            "imported": outcomes.len() - failed.len(),
            "failed": failed,
            "userIds": user_ids,
        })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn import_queued_users(most: default!(Option<i32>, 200)) -> pgrx::JsonB {
    answer(|| {
        let most = required("most", most)?;
        if most < 1 {
            return Err(Error::invalid("argument \"most\" must be at least 1"));
        }
        let done = bulkimport::import_queued(most.into())?;
        Ok(json!({"imported": done.imported, "failed": done.failed, "more": done.more}))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.import_users IS 'Imports users from another system, each whole or not at all: an array of objects as of POST /bulk-import/import (externalUserId, userMetadata, userRoles, totpDevices, loginMethods with passwordHash and hashingAlgorithm or plainTextPassword). Some thousand a call are best. Status: OK with imported (how many), userIds (ours, null for those that failed) and failed (index and errors of each)';
COMMENT ON FUNCTION auth.import_queued_users IS 'Imports at most this many users that POST /bulk-import/users has queued. Call it every few seconds, from as many places as you like; the gateway does. Answers imported, failed, and more: true when there may be more to do';
"#,
    name = "comments_bulkimport",
    requires = [import_users, import_queued_users]
);
