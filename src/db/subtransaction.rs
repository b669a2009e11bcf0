//! A part of the transaction that can be undone alone.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::{CaughtError, ErrorReportWithLevel};
use pgrx::pg_sys::{self, errcodes::PgSqlErrorCode};

use super::sqlstate;

/// Why a subtransaction was undone.
#[derive(Debug)]
pub enum Undone<E> {
    /// The work asked for it.
    Refused(E),
    /// Postgres, or an application's trigger, raised an error.
    Raised(Box<Raised>),
}

/// An error that Postgres, or an application's trigger, raised.
#[derive(Debug)]
pub struct Raised {
    /// Five characters.
    pub sqlstate: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}

impl Raised {
    /// Whether it was said to whoever calls: raised by an application, or by a constraint. Anything else is a mistake, and
    /// for the log.
    pub fn is_for_callers(&self) -> bool {
        const SAID: [&str; 8] = [
            "P0001", "23000", "23001", "23502", "23503", "23505", "23514", "23P01",
        ];
        self.chosen_status().is_some() || SAID.contains(&self.sqlstate.as_str())
    }

    /// The HTTP status that an application chose by a code `PTnnn`, as at PostgREST.
    pub fn chosen_status(&self) -> Option<i32> {
        let status = self.sqlstate.strip_prefix("PT")?.parse().ok()?;
        // What was undone has not succeeded.
        (400..600).contains(&status).then_some(status)
    }

    fn of(report: &ErrorReportWithLevel) -> Self {
        Self {
            sqlstate: sqlstate::name_of(report.sql_error_code()),
            message: report.message().to_owned(),
            detail: report.detail().map(str::to_owned),
            hint: report.hint().map(str::to_owned),
        }
    }
}

/// Does `work`, and undoes what it wrote when it fails. A cancellation or the end of the backend is passed on, and so
/// is a bug of ours.
///
/// # Errors
/// [`Undone`].
pub fn subtransaction<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<T, Undone<E>> {
    begin(work, |report| {
        !ends_the_transaction(report.sql_error_code())
    })
}

/// Does `work`, and undoes what it wrote when an application's trigger, or a constraint, stops it and says why
/// ([`Raised::is_for_callers`]). All other errors are passed on.
///
/// # Errors
/// [`Raised`].
pub fn unless_told<T>(work: impl FnOnce() -> T) -> Result<T, Box<Raised>> {
    let done = begin(
        || Ok::<_, Infallible>(work()),
        |report| Raised::of(report).is_for_callers(),
    );
    done.map_err(|undone| match undone {
        Undone::Raised(raised) => raised,
        Undone::Refused(never) => match never {},
    })
}

/// Does `work`, and undoes it when it asks for that: what it wrote, and what it locked. All errors are passed on.
///
/// # Errors
/// Those of `work`.
pub fn or_undo<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    begin(work, |_| false).map_err(|undone| match undone {
        Undone::Refused(why) => why,
        Undone::Raised(_) => unreachable!("no error is caught"),
    })
}

/// As [`subtransaction`], but a cancellation while `is_due` says so counts as an error of the work.
///
/// # Errors
/// [`Undone`].
pub(super) fn subtransaction_until<T, E>(
    work: impl FnOnce() -> Result<T, E>,
    is_due: impl Fn() -> bool,
) -> Result<T, Undone<E>> {
    begin(work, |report| {
        let code = report.sql_error_code();
        !ends_the_transaction(code) || (code == PgSqlErrorCode::ERRCODE_QUERY_CANCELED && is_due())
    })
}

/// Does `work`, and undoes what it wrote when it fails; errors that are not to be caught are passed on.
fn begin<T, E>(
    work: impl FnOnce() -> Result<T, E>,
    is_caught: impl Fn(&ErrorReportWithLevel) -> bool,
) -> Result<T, Undone<E>> {
    // SAFETY: as PL/pgSQL does it for a block with an EXCEPTION clause. Statements in `work` connect to SPI and finish
    // by themselves; what an error leaves of them the rollback cleans up.
    unsafe {
        let context = pg_sys::CurrentMemoryContext;
        let owner = pg_sys::CurrentResourceOwner;
        let error_context = pg_sys::error_context_stack;
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
        let outcome = PgTryBuilder::new(AssertUnwindSafe(|| work().map_err(Failure::Refused)))
            .catch_others(|error| Err(Failure::Caught(Box::new(error))))
            .execute();
        pg_sys::error_context_stack = error_context;
        match outcome {
            Ok(_) => pg_sys::ReleaseCurrentSubTransaction(),
            // Also before an error is passed on: it is that of the whole transaction then.
            Err(_) => pg_sys::RollbackAndReleaseCurrentSubTransaction(),
        }
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
        outcome.map_err(|failure| match failure {
            Failure::Refused(why) => Undone::Refused(why),
            Failure::Caught(error) => match *error {
                CaughtError::PostgresError(report) | CaughtError::ErrorReport(report)
                    if is_caught(&report) =>
                {
                    Undone::Raised(Box::new(Raised::of(&report)))
                }
                error => error.rethrow(),
            },
        })
    }
}

enum Failure<E> {
    Refused(E),
    Caught(Box<CaughtError>),
}

/// Whether an error is not about the work: going on would not help, or is not wanted.
fn ends_the_transaction(code: PgSqlErrorCode) -> bool {
    matches!(
        code,
        PgSqlErrorCode::ERRCODE_QUERY_CANCELED
            | PgSqlErrorCode::ERRCODE_ADMIN_SHUTDOWN
            | PgSqlErrorCode::ERRCODE_CRASH_SHUTDOWN
            | PgSqlErrorCode::ERRCODE_T_R_DEADLOCK_DETECTED
            | PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE
            | PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY
            | PgSqlErrorCode::ERRCODE_DISK_FULL
            | PgSqlErrorCode::ERRCODE_READ_ONLY_SQL_TRANSACTION
    )
}
