//! Parameters of statements.

use pgrx::{IntoDatum, JsonB, pg_sys};
use serde_json::Value;
use uuid::Uuid;

use super::Time;

/// A parameter. Each has a type even when it is null, which is what prepares the statement.
#[derive(Debug, Clone, Copy)]
pub enum Param<'a> {
    Text(Option<&'a str>),
    TextArray(Option<&'a [String]>),
    Uuid(Option<Uuid>),
    UuidArray(Option<&'a [Uuid]>),
    Int(Option<i32>),
    BigInt(Option<i64>),
    Double(Option<f64>),
    Bool(Option<bool>),
    Bytes(Option<&'a [u8]>),
    Json(Option<&'a Value>),
    Time(Option<Time>),
}

impl Param<'_> {
    pub(super) fn type_oid(&self) -> pg_sys::Oid {
        match self {
            Self::Text(_) => pg_sys::TEXTOID,
            Self::TextArray(_) => pg_sys::TEXTARRAYOID,
            Self::Uuid(_) => pg_sys::UUIDOID,
            Self::UuidArray(_) => pg_sys::UUIDARRAYOID,
            Self::Int(_) => pg_sys::INT4OID,
            Self::BigInt(_) => pg_sys::INT8OID,
            Self::Double(_) => pg_sys::FLOAT8OID,
            Self::Bool(_) => pg_sys::BOOLOID,
            Self::Bytes(_) => pg_sys::BYTEAOID,
            Self::Json(_) => pg_sys::JSONBOID,
            Self::Time(_) => pg_sys::TIMESTAMPTZOID,
        }
    }

    /// The datum, in the current memory context; `None` for null.
    pub(super) fn datum(&self) -> Option<pg_sys::Datum> {
        match *self {
            Self::Text(value) => value.and_then(IntoDatum::into_datum),
            Self::TextArray(value) => value.and_then(|texts| texts.to_vec().into_datum()),
            Self::Uuid(value) => value.and_then(|id| postgres_uuid(&id).into_datum()),
            Self::UuidArray(value) => value.and_then(|ids| {
                ids.iter()
                    .map(postgres_uuid)
                    .collect::<Vec<_>>()
                    .into_datum()
            }),
            Self::Int(value) => value.into_datum(),
            Self::BigInt(value) => value.into_datum(),
            Self::Double(value) => value.into_datum(),
            Self::Bool(value) => value.into_datum(),
            Self::Bytes(value) => value.and_then(IntoDatum::into_datum),
            Self::Json(value) => value.and_then(|json| JsonB(json.clone()).into_datum()),
            // A timestamptz is its microseconds.
            Self::Time(value) => value.map(|time| pg_sys::Datum::from(time.to_postgres())),
        }
    }
}

macro_rules! param_from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl<'a> From<$type> for Param<'a> {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value))
            }
        }
        impl<'a> From<Option<$type>> for Param<'a> {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

param_from! {
    &'a str => Text, &'a [String] => TextArray, Uuid => Uuid,
    &'a [Uuid] => UuidArray, i32 => Int, i64 => BigInt, f64 => Double, bool => Bool,
    &'a [u8] => Bytes, &'a Value => Json, Time => Time,
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Param<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Bytes(Some(value))
    }
}

fn postgres_uuid(id: &Uuid) -> pgrx::Uuid {
    pgrx::Uuid::from_bytes(*id.as_bytes())
}
