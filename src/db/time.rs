//! Times as the doors speak them: whole milliseconds since the Unix epoch.

use pgrx::pg_sys;

/// Microseconds from the Unix epoch to Postgres' own, 2000-01-01.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// A time in whole milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

impl Time {
    /// Before all times: Postgres' -infinity.
    pub const MIN: Self = Self(i64::MIN);
    /// After all times that are ever noted: the end of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The time now, by the server's clock (not that of the transaction's start: an application may keep
    /// a transaction open for long, and tokens are dated by what clients' clocks will say).
    pub fn now() -> Self {
        // SAFETY: reads the clock; has no preconditions.
        Self::from_postgres(unsafe { pg_sys::GetCurrentTimestamp() })
    }

    /// When the statement began that is being answered: for STABLE functions.
    pub fn of_statement() -> Self {
        // SAFETY: reads a variable of the backend.
        Self::from_postgres(unsafe { pg_sys::GetCurrentStatementStartTimestamp() })
    }

    /// This time and `ms` milliseconds.
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Whole seconds, cut off and never rounded up: clients refuse an `iat` in their future.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub(super) fn from_postgres(us: i64) -> Self {
        // Saturating: Postgres' infinity is the largest number.
        Self(us.saturating_add(POSTGRES_EPOCH_US).div_euclid(1000))
    }

    pub(super) fn to_postgres(self) -> i64 {
        self.0
            .saturating_mul(1000)
            .saturating_sub(POSTGRES_EPOCH_US)
    }
}

impl From<pgrx::datum::TimestampWithTimeZone> for Time {
    fn from(time: pgrx::datum::TimestampWithTimeZone) -> Self {
        Self::from_postgres(time.into())
    }
}
