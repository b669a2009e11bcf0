//! A part of the transaction that can be undone alone.

use std::panic::AssertUnwindSafe;

use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::CaughtError;
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

/// Does `work`, and undoes what it wrote when it fails. A cancellation or the end of the backend is passed on, and so
/// is a bug of ours.
///
/// # Errors
/// [`Undone`].
pub fn subtransaction<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<T, Undone<E>> {
    subtransaction_until(work, || false)
}

/// The same, but a cancellation while `is_due` says so counts as an error of the work.
///
/// # Errors
/// [`Undone`].
pub(super) fn subtransaction_until<T, E>(
    work: impl FnOnce() -> Result<T, E>,
    is_due: impl Fn() -> bool,
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
                    if !ends_the_transaction(report.sql_error_code())
                        || (report.sql_error_code() == PgSqlErrorCode::ERRCODE_QUERY_CANCELED
                            && is_due()) =>
                {
                    Undone::Raised(Box::new(Raised {
                        sqlstate: sqlstate::name_of(report.sql_error_code()),
                        message: report.message().to_owned(),
                        detail: report.detail().map(str::to_owned),
                        hint: report.hint().map(str::to_owned),
                    }))
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
