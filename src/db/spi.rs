//! The server programming interface, as little of it as we need.
//!
//! pgrx has a safe wrapper. It is not used here because it gives every writing call a transaction id, also
//! when the statement only reads: verifying a session would then write to the log, and fail on a standby.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CString;

use pgrx::pg_sys;

use super::sqlstate::Watch;
use super::{Param, Row};

thread_local! {
    /// Plans of this backend, by the place of their text in memory: every statement is a static.
    static PLANS: RefCell<HashMap<(*const u8, usize), pg_sys::SPIPlanPtr>> = RefCell::default();
}

/// Which snapshot a statement reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Snapshot {
    Fresh,
    Callers,
}

/// Runs `sql`; the mapped rows of its result, and how many rows it read or wrote.
///
/// With [`Snapshot::Fresh`] the statement sees what earlier statements of the transaction wrote and, in READ
/// COMMITTED, what others have committed meanwhile; with [`Snapshot::Callers`] it sees what the calling
/// query sees, as a STABLE function must.
pub(super) fn run<T>(
    snapshot: Snapshot,
    sql: &'static str,
    params: &[Param],
    mut map: impl FnMut(&Row) -> T,
) -> (Vec<T>, u64) {
    // SAFETY: the calls follow the order that the SPI documentation prescribes. Errors inside of them
    // unwind as panics through pgrx's guard, and the end of the transaction closes what stays open.
    unsafe {
        check(pg_sys::SPI_connect());
        let plan = plan(sql, params);
        let (mut values, nulls) = datums(params);
        let read_only = snapshot == Snapshot::Callers;
        let watch = Watch::new();
        check(pg_sys::SPI_execute_plan(
            plan,
            values.as_mut_ptr(),
            nulls.as_ptr(),
            read_only,
            0,
        ));
        drop(watch);
        finish(&mut map)
    }
}

/// Runs a statement that is not known beforehand, and keeps no plan of it; the mapped rows of its result.
pub(super) fn run_once<T>(sql: &str, params: &[Param], mut map: impl FnMut(&Row) -> T) -> Vec<T> {
    let text = CString::new(sql).expect("a statement holds no NUL");
    let mut types: Vec<_> = params.iter().map(Param::type_oid).collect();
    // SAFETY: as in `run`.
    unsafe {
        check(pg_sys::SPI_connect());
        let (mut values, nulls) = datums(params);
        let watch = Watch::new();
        check(pg_sys::SPI_execute_with_args(
            text.as_ptr(),
            types.len() as i32,
            types.as_mut_ptr(),
            values.as_mut_ptr(),
            nulls.as_ptr(),
            false,
            0,
        ));
        drop(watch);
        finish(&mut map).0
    }
}

/// Parameters in the form in which Postgres takes them.
fn datums(params: &[Param]) -> (Vec<pg_sys::Datum>, Vec<std::ffi::c_char>) {
    let pairs = params.iter().map(|param| {
        let datum = param.datum();
        let is_null = if datum.is_none() { b'n' } else { b' ' };
        let datum = datum.unwrap_or(pg_sys::Datum::null());
        (datum, is_null as std::ffi::c_char)
    });
    pairs.unzip()
}

/// The mapped rows of the result that is open, which is closed, and how many rows were read or written.
///
/// # Safety
/// Must be called while connected to SPI, after a statement.
unsafe fn finish<T>(map: &mut impl FnMut(&Row) -> T) -> (Vec<T>, u64) {
    // SAFETY: SPI keeps the result until it is closed, which is last.
    unsafe {
        let count = pg_sys::SPI_processed;
        let table = pg_sys::SPI_tuptable;
        let mut rows = Vec::new();
        if !table.is_null() {
            rows.reserve(count as usize);
            for index in 0..count as usize {
                let tuple = *(*table).vals.add(index);
                rows.push(map(&Row {
                    tuple,
                    shape: (*table).tupdesc,
                }));
            }
        }
        check(pg_sys::SPI_finish());
        (rows, count)
    }
}

/// The plan of `sql`, prepared on first use and kept for the life of the backend. It is a plan for any values, made
/// once: plans for the values at hand would be made anew for the first calls at least, and some statements never seem
/// to get cheaper than that. `tests/plans` sees to it that none depends on its values.
///
/// # Safety
/// Must be called while connected to SPI.
unsafe fn plan(sql: &'static str, params: &[Param]) -> pg_sys::SPIPlanPtr {
    let known = PLANS.with_borrow(|plans| plans.get(&(sql.as_ptr(), sql.len())).copied());
    known.unwrap_or_else(|| {
        let text = CString::new(sql).expect("a statement holds no NUL");
        let mut types: Vec<_> = params.iter().map(Param::type_oid).collect();
        // SAFETY: `text` and `types` outlive the call; the caller is connected.
        let plan = unsafe {
            let plan = pg_sys::SPI_prepare_cursor(
                text.as_ptr(),
                types.len() as i32,
                types.as_mut_ptr(),
                pg_sys::CURSOR_OPT_GENERIC_PLAN as i32,
            );
            assert!(!plan.is_null(), "SPI_prepare_cursor failed");
            check(pg_sys::SPI_keepplan(plan));
            plan
        };
        PLANS.with_borrow_mut(|plans| plans.insert((sql.as_ptr(), sql.len()), plan));
        plan
    })
}

fn check(code: i32) {
    assert!(code >= 0, "SPI failed with code {code}");
}
