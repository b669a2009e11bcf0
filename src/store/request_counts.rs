//! `request_counts`.

use crate::db::{self, Time};

/// Notes how many requests this backend has served in some seconds.
pub fn insert(app_id: &str, first_second: Time, counts: &[i32]) {
    // As text: arrays of numbers are bound nowhere else.
    let counts: Vec<_> = counts.iter().map(i32::to_string).collect();
    db::execute(
        "INSERT INTO auth.request_counts (app_id, first_second, backend, counts)
         SELECT $1, $2, pg_backend_pid(), $3::text[]::integer[]
         -- Not those of an app that has been removed, or made anew.
         FROM auth.apps WHERE id = $1 AND created_at < $2 + interval '1 s'
         ON CONFLICT DO NOTHING",
        &[app_id.into(), first_second.into(), counts.as_slice().into()],
    );
}

/// Requests in one minute.
pub struct Minute {
    /// Its number since the epoch.
    pub number: i64,
    pub total: i64,
    /// In the busiest of its seconds.
    pub peak: i64,
}

/// The minutes since `start` in which there were requests.
pub fn minutes(app_id: &str, start: Time) -> Vec<Minute> {
    db::query(
        "SELECT second / 60, sum(total)::bigint, max(total)::bigint
         FROM (SELECT extract(epoch FROM r.first_second)::bigint + c.position - 1 AS second,
                      sum(c.count) AS total
               FROM auth.request_counts r, unnest(r.counts) WITH ORDINALITY AS c (count, position)
               WHERE r.app_id = $1 AND r.first_second >= $2
               GROUP BY 1) AS seconds
         GROUP BY 1 ORDER BY 1",
        &[app_id.into(), start.into()],
        |row| Minute {
            number: row.bigint(1),
            total: row.bigint(2),
            peak: row.bigint(3),
        },
    )
}

pub fn delete_of(app_id: &str) {
    db::execute(
        "DELETE FROM auth.request_counts WHERE app_id = $1",
        &[app_id.into()],
    );
}

/// Forgets at most `limit` counts from before `time`; how many.
pub fn delete_before(time: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.request_counts WHERE (app_id, first_second, backend) IN (
             SELECT app_id, first_second, backend FROM auth.request_counts
             WHERE first_second < $1 ORDER BY first_second LIMIT $2 FOR UPDATE SKIP LOCKED)",
        &[time.into(), limit.into()],
    )
}
