//! Statements against our own tables: prepared once a backend, typed in and out.
//!
//! Every statement is a `&'static str`, so none is ever built from data. A fault in Postgres (a deadlock,
//! a full disk) is not caught: it unwinds and becomes the caller's error, with its own SQLSTATE. Expected
//! conflicts never come that way: statements decide them with `ON CONFLICT` and guarded `WHERE`s.

mod function;
mod param;
mod row;
mod spi;
mod sqlstate;
mod subtransaction;
mod time;

pub use function::{CallError, call_json};
pub use param::Param;
pub use row::Row;
pub use subtransaction::{Raised, Undone, or_undo, subtransaction, unless_told};
pub use time::Time;

use spi::Snapshot;

/// Runs a statement and maps each row of its result.
pub fn query<T>(sql: &'static str, params: &[Param], map: impl FnMut(&Row) -> T) -> Vec<T> {
    spi::run(Snapshot::Fresh, sql, params, map).0
}

/// Like [`query_opt`], under the snapshot of the query that calls us: for STABLE functions.
pub fn stable_query_opt<T>(
    sql: &'static str,
    params: &[Param],
    map: impl FnMut(&Row) -> T,
) -> Option<T> {
    spi::run(Snapshot::Callers, sql, params, map).0.pop()
}

/// Runs a statement that gives at most one row.
pub fn query_opt<T>(sql: &'static str, params: &[Param], map: impl FnMut(&Row) -> T) -> Option<T> {
    spi::run(Snapshot::Fresh, sql, params, map).0.pop()
}

/// Runs a statement that always gives one row.
///
/// # Panics
/// When it does not: a bug in the statement.
pub fn query_one<T>(sql: &'static str, params: &[Param], map: impl FnMut(&Row) -> T) -> T {
    query_opt(sql, params, map).expect("the statement gives a row")
}

/// Runs a statement; how many rows it wrote.
pub fn execute(sql: &'static str, params: &[Param]) -> u64 {
    spi::run(Snapshot::Fresh, sql, params, |_| ()).1
}
