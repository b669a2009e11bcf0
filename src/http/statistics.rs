//! Counts requests, for operators.
//!
//! Each backend counts in its memory, and writes what it has counted along with a request now and then: a row a request
//! would cost more than many a request does. What a backend has counted in its last seconds before it falls idle or
//! ends is missing.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::db::Time;
use crate::store::request_counts as rows;
use crate::{store, tenant};

/// How many seconds are written at once.
const SECONDS: i64 = 10;
/// For how long counts are kept, in minutes.
pub const MINUTES: i64 = 24 * 60;

/// The requests of some seconds in a row.
struct Counts {
    first_second: i64,
    counts: Vec<i32>,
}

thread_local! {
    static COUNTS: RefCell<HashMap<String, Counts>> = RefCell::default();
}

/// Counts a request for an app that exists.
pub fn count(app_id: &str) {
    let second = Time::now().seconds();
    COUNTS.with_borrow_mut(|counts| {
        let full = |kept: &Counts| second - kept.first_second >= SECONDS;
        // All apps' that are due, or those of one that is asked for once would stay.
        if counts.values().any(full) {
            let due: Vec<_> = counts.extract_if(|_, kept| full(kept)).collect();
            write(due);
        }
        let kept = counts.entry(app_id.to_owned()).or_insert_with(|| Counts {
            first_second: second,
            counts: Vec::new(),
        });
        // A clock that was set back counts for the first second.
        let index = usize::try_from(second - kept.first_second).unwrap_or(0);
        if kept.counts.len() <= index {
            kept.counts.resize(index + 1, 0);
        }
        kept.counts[index] += 1;
    });
}

fn write(counts: Vec<(String, Counts)>) {
    if tenant::db_is_read_only() {
        return;
    }
    for (app_id, kept) in counts {
        rows::insert(&app_id, Time(kept.first_second * 1000), &kept.counts);
    }
}

/// Requests per second in each minute of the last day, oldest first.
pub struct Statistics {
    /// The number of the last minute since the epoch: the one that has just ended.
    pub at_minute: i64,
    /// -1 for minutes before the first that is known of.
    pub average: Vec<f64>,
    pub peak: Vec<i64>,
}

/// What is known of an app's requests.
pub fn statistics(app_id: &str) -> Statistics {
    let at_minute = Time::now().seconds() / 60 - 1;
    let start = at_minute - MINUTES + 1;
    let minutes = store::request_counts::minutes(app_id, Time(start * 60_000));
    let first = minutes
        .first()
        .map_or(at_minute + 1, |minute| minute.number);
    let numbers = start..=at_minute;
    let is_known = |number: i64| number >= first;
    let mut average: Vec<_> = numbers
        .clone()
        .map(|number| if is_known(number) { 0.0 } else { -1.0 })
        .collect();
    let mut peak: Vec<_> = numbers
        .map(|number| if is_known(number) { 0 } else { -1 })
        .collect();
    for minute in minutes {
        // The minute that still runs has no place yet.
        if let Ok(index) = usize::try_from(minute.number - start)
            && index < average.len()
        {
            average[index] = minute.total as f64 / 60.0;
            peak[index] = minute.peak;
        }
    }
    Statistics {
        at_minute,
        average,
        peak,
    }
}
