//! One value: conversion to the type of its setting, and the checks that need no other setting.

use serde_json::Value;

use super::{Format, Kind, Setting, SettingError};
use crate::duration::{GoDuration, Rate};

/// Converts `value` to the type of `setting` and checks it; returns it in the form to store.
///
/// Numeric texts become numbers and the texts `true` and `false` booleans; numbers and booleans become
/// texts where a text is asked for. A whole number may be written `30.0`, but may have no fraction.
/// `null` is accepted where having no value is possible.
///
/// # Errors
/// [`SettingError::WrongType`], [`SettingError::Invalid`].
pub fn parse(setting: &Setting, value: &Value) -> Result<Value, SettingError> {
    if value.is_null() && setting.nullable() {
        return Ok(Value::Null);
    }
    let converted = convert(setting.kind, value).ok_or(SettingError::WrongType {
        key: setting.key,
        type_name: setting.kind.type_name(),
    })?;
    match (setting.kind, converted) {
        (Kind::Enum(options), Value::String(text)) => one_of(setting.key, options, &text),
        (_, Value::String(text)) if setting.format.is_some() => check_format(setting, text),
        (_, Value::String(text)) => match setting.normalise {
            Some(normalise) => match normalise(&text) {
                Ok(Some(text)) => Ok(text.into()),
                Ok(None) => Ok(Value::Null),
                // One check serves many of GoTrue's settings, and knows none by name.
                Err(message) if setting.env.is_some() => Err(SettingError::Invalid(format!(
                    "'{}' {message}",
                    setting.key
                ))),
                Err(message) => Err(SettingError::Invalid(message.to_owned())),
            },
            None => Ok(text.into()),
        },
        (_, number @ Value::Number(_)) => check_range(setting, number),
        (_, other) => Ok(other),
    }
}

/// `value` as a value of `kind`, or `None` when it is of another type.
fn convert(kind: Kind, value: &Value) -> Option<Value> {
    match kind {
        Kind::Integer => whole(value)
            .filter(|n| i32::try_from(*n).is_ok())
            .map(Value::from),
        Kind::Long => whole(value).map(Value::from),
        Kind::Number => match value {
            Value::Number(_) => Some(value.clone()),
            Value::String(text) => {
                let number: f64 = text.trim().parse().ok()?;
                // Whole numbers stay whole, so that a stored one reads as it was written; what is
                // neither, infinity and "not a number", is no JSON number.
                whole(value)
                    .map(Value::from)
                    .or_else(|| serde_json::Number::from_f64(number).map(Value::from))
            }
            _ => None,
        },
        Kind::Boolean => match value {
            Value::Bool(_) => Some(value.clone()),
            Value::String(text) => text
                .trim()
                .to_ascii_lowercase()
                .parse()
                .ok()
                .map(Value::Bool),
            _ => None,
        },
        Kind::Text | Kind::Enum(_) => match value {
            Value::String(_) => Some(value.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string().into()),
            _ => None,
        },
    }
}

/// `value` as a whole number.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let number = number.as_f64()?;
            // Beyond 2^53 a float names no single whole number.
            (number.fract() == 0.0 && number.abs() < 2f64.powi(53)).then_some(number as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn one_of(key: &str, options: &[&str], text: &str) -> Result<Value, SettingError> {
    let text = text.trim();
    options
        .iter()
        .find(|option| option.eq_ignore_ascii_case(text))
        .map(|option| Value::from(*option))
        .ok_or_else(|| {
            let options: Vec<_> = options.iter().map(|option| format!("'{option}'")).collect();
            SettingError::Invalid(format!("'{key}' must be one of {}", options.join(" or ")))
        })
}

/// Checks a text that is a duration or a rate. Nothing but blanks means no value where there may be none.
fn check_format(setting: &Setting, text: String) -> Result<Value, SettingError> {
    if setting.nullable() && text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let invalid = |what| SettingError::Invalid(format!("'{}' must be {what}", setting.key));
    match setting.format {
        Some(Format::Duration) => {
            let duration: GoDuration = text
                .parse()
                .map_err(|_| invalid("a duration such as '1h30m'"))?;
            check_ends(setting, duration.nanos() as f64 / 1e9)?;
        }
        Some(Format::Rate) => {
            text.parse::<Rate>()
                .map_err(|_| invalid("a number of events, or such as '10/1m'"))?;
        }
        None => {}
    }
    Ok(text.into())
}

fn check_range(setting: &Setting, number: Value) -> Result<Value, SettingError> {
    match number.as_f64() {
        Some(value) => check_ends(setting, value).map(|()| number),
        None => Ok(number),
    }
}

fn check_ends(setting: &Setting, value: f64) -> Result<(), SettingError> {
    let Some(range) = setting.range else {
        return Ok(());
    };
    let message = if value < range.min {
        range.below
    } else if value > range.max {
        range.above
    } else {
        return Ok(());
    };
    Err(SettingError::Invalid(if message.is_empty() {
        let unit = match (setting.format, setting.unit) {
            (Some(_), _) | (None, Some("s")) => " s",
            _ => "",
        };
        let (key, min, max) = (setting.key, range.min, range.max);
        format!("'{key}' must be between {min} and {max}{unit}")
    } else {
        message.to_owned()
    }))
}
