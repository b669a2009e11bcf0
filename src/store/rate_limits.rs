//! `rate_limits`: buckets of tokens.

use crate::db::{self, Time};

/// A bucket of one client, or of whatever is limited.
pub struct Bucket<'a> {
    pub app_id: &'a str,
    pub name: &'a str,
    pub key_hash: &'a [u8],
    /// How many tokens it holds at most.
    pub capacity: f64,
    /// How many come back in a millisecond.
    pub refill_per_ms: f64,
}

/// How many tokens a bucket has now.
pub fn level(bucket: &Bucket, now: Time) -> f64 {
    db::query_opt(
        "SELECT least($4, tokens + $5 * greatest(0, extract(epoch FROM $6 - updated_at)::float8 * 1000))
         FROM auth.rate_limits WHERE app_id = $1 AND bucket = $2 AND key_hash = $3",
        &[
            bucket.app_id.into(),
            bucket.name.into(),
            bucket.key_hash.into(),
            bucket.capacity.into(),
            bucket.refill_per_ms.into(),
            now.into(),
        ],
        |row| row.double(1),
    )
    .unwrap_or(bucket.capacity)
}

/// Takes a token, if there is a whole one; whether there was.
pub fn take(bucket: &Bucket, now: Time) -> bool {
    db::execute(
        "INSERT INTO auth.rate_limits AS r (app_id, bucket, key_hash, tokens, updated_at)
         SELECT $1, $2, $3, $4 - 1, $6 WHERE $4 >= 1
         ON CONFLICT (app_id, bucket, key_hash) DO UPDATE
         SET tokens = least($4, r.tokens + $5 * greatest(0, extract(epoch FROM $6 - r.updated_at)::float8 * 1000)) - 1,
             updated_at = greatest($6, r.updated_at)
         WHERE least($4, r.tokens + $5 * greatest(0, extract(epoch FROM $6 - r.updated_at)::float8 * 1000)) >= 1",
        &[
            bucket.app_id.into(),
            bucket.name.into(),
            bucket.key_hash.into(),
            bucket.capacity.into(),
            bucket.refill_per_ms.into(),
            now.into(),
        ],
    ) == 1
}

/// Fills a bucket up.
pub fn fill(app_id: &str, name: &str, key_hash: &[u8]) {
    db::execute(
        "DELETE FROM auth.rate_limits WHERE app_id = $1 AND bucket = $2 AND key_hash = $3",
        &[app_id.into(), name.into(), key_hash.into()],
    );
}

/// Removes at most `limit` buckets that nothing was taken from since then; how many.
pub fn delete_before(then: Time, limit: i64) -> u64 {
    db::execute(
        "DELETE FROM auth.rate_limits WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM auth.rate_limits WHERE updated_at < $1
             ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[then.into(), limit.into()],
    )
}
