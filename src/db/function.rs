//! Calling a function that the operator has named.

use std::ffi::c_int;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::subtransaction::{Undone, subtransaction_until};
use super::{query_opt, spi};

/// Why such a call gave nothing.
#[derive(Debug)]
pub enum CallError {
    /// It took too long.
    TooSlow,
    /// It raised an error, or there is no such function.
    Raised(String),
}

/// What `schema.name(argument)` gives, a function from jsonb to json or jsonb that may take only so long. What it wrote is undone when it fails.
///
/// # Errors
/// [`CallError`].
pub fn call_json(
    schema: &str,
    name: &str,
    argument: &Value,
    limit: Duration,
) -> Result<Option<Value>, CallError> {
    let function = format!("{}.{}", quoted(schema), quoted(name));
    let sql = format!("SELECT {function}($1)::jsonb");
    let begun = Instant::now();
    let call = || {
        let _timer = Timer::new(limit);
        check_owner(&function)?;
        Ok::<_, String>(spi::run_once(&sql, &[argument.into()], |row| {
            row.json_opt(1)
        }))
    };
    let called = subtransaction_until(call, || begun.elapsed() >= limit);
    match called {
        Ok(mut rows) => Ok(rows.pop().flatten()),
        Err(Undone::Raised(raised)) if raised.sqlstate == QUERY_CANCELED => Err(CallError::TooSlow),
        Err(Undone::Raised(raised)) => Err(CallError::Raised(raised.message)),
        Err(Undone::Refused(why)) => Err(CallError::Raised(why)),
    }
}

/// Whoever may change settings names functions, which then run with our rights: only those will do whose owner has the
/// rights of the extension's or the database's owner anyway.
fn check_owner(function: &str) -> Result<(), String> {
    let signature = format!("{function}(jsonb)");
    let owner = query_opt(
        "SELECT pg_has_role(p.proowner, e.extowner, 'MEMBER') OR pg_has_role(p.proowner, d.datdba, 'MEMBER'),
             p.proowner::regrole::text
         FROM pg_proc p, pg_extension e, pg_database d
         WHERE p.oid = to_regprocedure($1) AND e.extname = 'auth' AND d.datname = current_database()",
        &[signature.as_str().into()],
        |row| (row.bool(1), row.text(2)),
    );
    match owner {
        None => Err(format!("function {signature} does not exist")),
        Some((false, owner)) => Err(format!(
            "function {signature} belongs to {owner}, and not to the owner of the extension or the database"
        )),
        Some((true, _)) => Ok(()),
    }
}

/// A name as it stands in SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

const QUERY_CANCELED: &str = "57014";

/// Which of Postgres' timers is that of statement_timeout (utils/timeout.h, the same in all versions).
const STATEMENT_TIMEOUT: c_int = 3;

unsafe extern "C-unwind" {
    fn get_timeout_active(id: c_int) -> bool;
    fn enable_timeout_after(id: c_int, delay_ms: c_int);
    fn disable_timeout(id: c_int, keep_indicator: bool);
}

/// Cancels what runs until it is dropped and takes too long. Where the whole statement has a timer, that one stays.
struct Timer {
    is_ours: bool,
}

impl Timer {
    fn new(limit: Duration) -> Self {
        let ms = c_int::try_from(limit.as_millis()).unwrap_or(c_int::MAX);
        // SAFETY: every backend has this timer with its handler from its start on.
        unsafe {
            let is_ours = !get_timeout_active(STATEMENT_TIMEOUT);
            if is_ours {
                enable_timeout_after(STATEMENT_TIMEOUT, ms);
            }
            Self { is_ours }
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if self.is_ours {
            // SAFETY: as above.
            unsafe { disable_timeout(STATEMENT_TIMEOUT, false) };
        }
    }
}
