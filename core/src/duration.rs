//! Durations as Go writes them (`300ms`, `1.5h`, `2h45m`), which is how GoTrue's settings and `ban_duration` do, and
//! rates (GoTrue, 1.5).

use std::str::FromStr;

use thiserror::Error;

/// Why a text is no duration or rate. The first three are the messages of Go's `time.ParseDuration`.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum DurationError {
    /// No number where one is due, or more than 292 years.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// Another unit than `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`: the unit and the whole.
    #[error("time: unknown unit {0:?} in duration {1:?}")]
    UnknownUnit(String, String),
    /// Neither a whole number nor such a number, a slash and a duration above zero.
    #[error("invalid rate {0:?}")]
    Rate(String),
}

/// A span of time, as a signed number of nanoseconds that fits in 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct GoDuration {
    nanos: i64,
}

const HOUR_NANOS: i64 = 3_600_000_000_000;

impl GoDuration {
    /// In nanoseconds.
    pub fn nanos(self) -> i64 {
        self.nanos
    }

    /// In microseconds, which is what Postgres counts in; the rest is cut off.
    pub fn micros(self) -> i64 {
        self.nanos / 1_000
    }

    /// In seconds; the rest is cut off.
    pub fn seconds(self) -> i64 {
        self.nanos / 1_000_000_000
    }
}

/// How many nanoseconds a unit has.
fn unit_nanos(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        // The two signs of Unicode that look alike: micro and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => i128::from(HOUR_NANOS),
        _ => return None,
    })
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (sign, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Self::default());
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut nanos: i128 = 0;
        while !rest.is_empty() {
            let (whole, after) = split_digits(rest);
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => split_digits(after),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let end = after
                .find(|c: char| c == '.' || c.is_ascii_digit())
                .unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            if unit.is_empty() {
                return Err(DurationError::MissingUnit(text.to_owned()));
            }
            let unit = unit_nanos(unit)
                .ok_or_else(|| DurationError::UnknownUnit(unit.to_owned(), text.to_owned()))?;
            nanos += span(whole, fraction, unit).ok_or_else(invalid)?;
            // Both the sum and what is added next are far below what 128 bits hold.
            if nanos > i128::from(i64::MAX) + 1 {
                return Err(invalid());
            }
            rest = after;
        }
        let nanos = i64::try_from(sign * nanos).map_err(|_| invalid())?;
        Ok(Self { nanos })
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// `whole.fraction` of a unit in nanoseconds, cut off; `None` when the whole part is too large.
fn span(whole: &str, fraction: &str, unit: i128) -> Option<i128> {
    // Not more digits than a nanosecond of the longest unit needs, so that nothing overflows.
    let fraction = &fraction[..fraction.len().min(18)];
    let number = |digits: &str| match digits {
        "" => Some(0),
        digits => digits.parse::<u64>().ok().map(i128::from),
    };
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    Some(number(whole)? * unit + number(fraction)? * unit / scale)
}

/// How often something may happen in the whole server (GoTrue, 1.5, "Global send limits").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// A plain number: this many in every hour, counted anew each hour.
    Window {
        /// Events an hour. None at all when it is zero.
        events: u32,
    },
    /// `N/duration`: a bucket that is full at first, and to which one is added every so often.
    Bucket {
        /// What the bucket holds.
        events: u32,
        /// The time after which one is added; above zero.
        every: GoDuration,
    },
}

impl Rate {
    /// How long a window is.
    pub const WINDOW: GoDuration = GoDuration { nanos: HOUR_NANOS };
}

impl FromStr for Rate {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Rate(text.to_owned());
        let events = |digits: &str| {
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits
                .parse()
                .ok()
                .filter(|_| is_number)
                .ok_or_else(invalid)
        };
        match text.split_once('/') {
            None => Ok(Self::Window {
                events: events(text)?,
            }),
            Some((number, duration)) => {
                let every: GoDuration = duration.parse()?;
                if every <= GoDuration::default() {
                    return Err(invalid());
                }
                Ok(Self::Bucket {
                    events: events(number)?,
                    every,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> Result<i64, DurationError> {
        text.parse::<GoDuration>().map(GoDuration::nanos)
    }

    /// The values are those that Go gives, but for the last: Go is a nanosecond off.
    #[test]
    fn durations() {
        for (text, expected) in [
            ("0", 0),
            ("-0", 0),
            ("+0", 0),
            ("0s", 0),
            ("5s", 5_000_000_000),
            ("+5s", 5_000_000_000),
            ("-1.5h", -5_400_000_000_000),
            ("300ms", 300_000_000),
            ("24h", 86_400_000_000_000),
            ("2h45m", 9_900_000_000_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("10us10\u{b5}s10\u{3bc}s", 30_000),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("1s1s", 2_000_000_000),
            ("3m1h", 3_780_000_000_000),
            ("0.9ns", 0),
            ("0.100000000000000000000h", 360_000_000_000),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
            ("2562047h47m16.854775807s", i64::MAX),
            ("0.333333333333333333333h", 1_199_999_999_999),
        ] {
            assert_eq!(nanos(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration() {
        for text in [
            "",
            "-",
            "+",
            "s",
            ".s",
            "-.s",
            "+-1s",
            " 1s",
            "none",
            "9223372036854775808ns",
            "-9223372036854775809ns",
            "2562047h47m16.854775808s",
            "99999999999999999999h",
            "18446744073709551615h",
        ] {
            assert_eq!(nanos(text), Err(DurationError::Invalid(text.to_owned())));
        }
        assert_eq!(
            nanos("24").unwrap_err().to_string(),
            r#"time: missing unit in duration "24""#
        );
        // Case 207.
        assert_eq!(
            nanos("24 hours").unwrap_err().to_string(),
            r#"time: unknown unit " hours" in duration "24 hours""#
        );
        for (text, unit) in [
            ("1d", "d"),
            ("1H", "H"),
            ("1hm", "hm"),
            ("1s ", "s "),
            ("1h-1m", "h-"),
        ] {
            let error = DurationError::UnknownUnit(unit.to_owned(), text.to_owned());
            assert_eq!(nanos(text), Err(error));
        }
    }

    #[test]
    fn other_units_cut_off() {
        let duration: GoDuration = "-1.9999999s".parse().unwrap();
        assert_eq!((duration.micros(), duration.seconds()), (-1_999_999, -1));
        assert_eq!(Rate::WINDOW, "1h".parse().unwrap());
    }

    #[test]
    fn rates() {
        let parse = |text: &str| text.parse::<Rate>();
        assert_eq!(parse("30"), Ok(Rate::Window { events: 30 }));
        assert_eq!(parse("0"), Ok(Rate::Window { events: 0 }));
        let every = "1m30s".parse().unwrap();
        assert_eq!(parse("10/1m30s"), Ok(Rate::Bucket { events: 10, every }));
        for text in [
            "",
            "x",
            "-1",
            "+1",
            "1.5",
            " 1",
            "10/",
            "10/0",
            "10/-1s",
            "/1s",
            "10/60",
            "1/2/3s",
            "5000000000",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
