//! `active_users`.

use crate::db::{self, Time};

/// At most one write a user in this time.
const THROTTLE_MS: i64 = 5 * 60 * 1000;

/// Notes that a user is active now.
///
/// Reads first: an upsert would lock the row, and write to the log, also when it has nothing to say.
pub fn mark(app_id: &str, user_id: &str, now: Time) {
    let fresh = db::query_opt(
        "SELECT true FROM auth.active_users
         WHERE app_id = $1 AND user_id = $2 AND last_active_at > $3",
        &[app_id.into(), user_id.into(), now.plus(-THROTTLE_MS).into()],
        |_| (),
    );
    if fresh.is_none() {
        db::execute(
            "INSERT INTO auth.active_users AS a (app_id, user_id, last_active_at, active_day)
             VALUES ($1, $2, $3, ($3 AT TIME ZONE 'UTC')::date)
             ON CONFLICT (app_id, user_id) DO UPDATE
             SET last_active_at = excluded.last_active_at, active_day = excluded.active_day
             WHERE a.last_active_at < excluded.last_active_at",
            &[app_id.into(), user_id.into(), now.into()],
        );
    }
}

/// How many users were active since `time`.
pub fn count_since(app_id: &str, time: Time) -> i64 {
    db::query_one(
        "SELECT count(*) FROM auth.active_users
         WHERE app_id = $1 AND active_day >= ($2 AT TIME ZONE 'UTC')::date AND last_active_at >= $2",
        &[app_id.into(), time.into()],
        |row| row.bigint(1),
    )
}

/// Puts two users' activity together under the second.
pub fn merge(app_id: &str, from: &str, to: &str) {
    db::execute(
        "WITH former AS (DELETE FROM auth.active_users WHERE app_id = $1 AND user_id = $2
                         RETURNING last_active_at, active_day)
         INSERT INTO auth.active_users AS a (app_id, user_id, last_active_at, active_day)
         SELECT $1, $3, last_active_at, active_day FROM former
         ON CONFLICT (app_id, user_id) DO UPDATE
         SET last_active_at = excluded.last_active_at, active_day = excluded.active_day
         WHERE a.last_active_at < excluded.last_active_at",
        &[app_id.into(), from.into(), to.into()],
    );
}

pub fn delete_of(app_id: &str, user_ids: &[String]) {
    db::execute(
        "DELETE FROM auth.active_users WHERE app_id = $1 AND user_id = ANY ($2)",
        &[app_id.into(), user_ids.into()],
    );
}
