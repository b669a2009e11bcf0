//! Keeps the SQLSTATE of an error that passes through us.
//!
//! pgrx carries an error of Postgres through Rust as one of the codes that Postgres defines, and any other code (such as
//! `PT402` of an application's trigger on `auth.users`) becomes `XX000`. Postgres calls the functions on its
//! error-context stack for every error that is reported: once inside of a statement of ours, where the code is noted, and
//! once more when pgrx reports the error anew, where it is set again.

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use pgrx::pg_sys;

unsafe extern "C-unwind" {
    fn errcode(sqlstate: c_int) -> c_int;
    fn geterrcode() -> c_int;
}

#[derive(Clone, Copy)]
enum Phase {
    /// A statement runs: errors are those of Postgres and of other people's functions.
    Statement,
    /// It failed, and the error is on its way out.
    Failed,
}

thread_local! {
    static PHASE: Cell<Phase> = const { Cell::new(Phase::Statement) };
    static NOTED: Cell<c_int> = const { Cell::new(0) };
}

unsafe extern "C-unwind" fn note_or_restore(_: *mut c_void) {
    // SAFETY: Postgres calls this while it puts an error together, when both functions may be called.
    unsafe {
        match PHASE.get() {
            Phase::Statement => NOTED.set(geterrcode()),
            Phase::Failed
                if geterrcode()
                    == pg_sys::errcodes::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR as c_int =>
            {
                errcode(NOTED.get());
            }
            Phase::Failed => {}
        }
    }
}

/// The five characters of the code of an error that was caught. One that pgrx does not know was noted on its way.
pub(super) fn name_of(code: pg_sys::errcodes::PgSqlErrorCode) -> String {
    let code = match code {
        pg_sys::errcodes::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR => NOTED.get(),
        known => known as c_int,
    };
    // Six bits a character, the first one lowest.
    let characters = (0..5).map(|place| ((code >> (6 * place)) & 0x3f) as u8 + b'0');
    characters.map(char::from).collect()
}

/// Watches over a statement until it is dropped. When it is dropped by an error it stays on Postgres' stack, which
/// Postgres itself clears once the error is reported.
pub(super) struct Watch(*mut pg_sys::ErrorContextCallback);

impl Watch {
    /// # Safety
    /// Must be dropped before anything below it on the error-context stack is.
    pub unsafe fn new() -> Self {
        PHASE.set(Phase::Statement);
        // SAFETY: the entry lives as long as the transaction, and so outlives the report of an error in it.
        unsafe {
            let size = size_of::<pg_sys::ErrorContextCallback>();
            let entry = pg_sys::MemoryContextAlloc(pg_sys::TopTransactionContext, size);
            let entry: *mut pg_sys::ErrorContextCallback = entry.cast();
            entry.write(pg_sys::ErrorContextCallback {
                previous: pg_sys::error_context_stack,
                callback: Some(note_or_restore),
                arg: std::ptr::null_mut(),
            });
            pg_sys::error_context_stack = entry;
            Self(entry)
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            PHASE.set(Phase::Failed);
            return;
        }
        // SAFETY: `new` put the entry on top, and whatever came above it is gone.
        unsafe {
            pg_sys::error_context_stack = (*self.0).previous;
            pg_sys::pfree(self.0.cast());
        }
    }
}
