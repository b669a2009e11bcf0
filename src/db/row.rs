//! Rows of results.

use pgrx::{FromDatum, JsonB, pg_sys};
use serde_json::Value;
use uuid::Uuid;

use super::Time;

/// One row of a result, while the statement is open. Columns count from 1.
///
/// # Panics
/// Every getter panics when the column is null where that was not foreseen, or is of another type: a bug
/// in the statement, which becomes an internal error.
pub struct Row {
    pub(super) tuple: pg_sys::HeapTuple,
    pub(super) shape: pg_sys::TupleDesc,
}

impl Row {
    fn get<T: FromDatum>(&self, column: i32, allowed: &[pg_sys::Oid]) -> Option<T> {
        // SAFETY: `tuple` and `shape` come from the same open SPI result (see `spi::run`), and the type is
        // checked before the datum is read as it.
        unsafe {
            let type_oid = pg_sys::SPI_gettypeid(self.shape, column);
            assert!(
                allowed.contains(&type_oid),
                "column {column} has another type"
            );
            let mut is_null = false;
            let datum = pg_sys::SPI_getbinval(self.tuple, self.shape, column, &mut is_null);
            T::from_polymorphic_datum(datum, is_null, type_oid)
        }
    }

    fn some<T>(column: i32, value: Option<T>) -> T {
        value.unwrap_or_else(|| panic!("column {column} is null"))
    }

    pub fn text_opt(&self, column: i32) -> Option<String> {
        self.get(column, &[pg_sys::TEXTOID])
    }

    pub fn text(&self, column: i32) -> String {
        Self::some(column, self.text_opt(column))
    }

    pub fn texts_opt(&self, column: i32) -> Option<Vec<String>> {
        self.get(column, &[pg_sys::TEXTARRAYOID])
    }

    pub fn uuid_opt(&self, column: i32) -> Option<Uuid> {
        self.get::<pgrx::Uuid>(column, &[pg_sys::UUIDOID])
            .map(|id| Uuid::from_bytes(*id.as_bytes()))
    }

    pub fn uuid(&self, column: i32) -> Uuid {
        Self::some(column, self.uuid_opt(column))
    }

    pub fn int(&self, column: i32) -> i32 {
        Self::some(column, self.get(column, &[pg_sys::INT4OID]))
    }

    pub fn bigint(&self, column: i32) -> i64 {
        Self::some(column, self.get(column, &[pg_sys::INT8OID]))
    }

    pub fn double(&self, column: i32) -> f64 {
        Self::some(column, self.get(column, &[pg_sys::FLOAT8OID]))
    }

    pub fn bool(&self, column: i32) -> bool {
        Self::some(column, self.get(column, &[pg_sys::BOOLOID]))
    }

    pub fn bytes_opt(&self, column: i32) -> Option<Vec<u8>> {
        self.get(column, &[pg_sys::BYTEAOID])
    }

    pub fn bytes(&self, column: i32) -> Vec<u8> {
        Self::some(column, self.bytes_opt(column))
    }

    pub fn json_opt(&self, column: i32) -> Option<Value> {
        self.get::<JsonB>(column, &[pg_sys::JSONBOID])
            .map(|json| json.0)
    }

    pub fn json(&self, column: i32) -> Value {
        Self::some(column, self.json_opt(column))
    }

    pub fn time_opt(&self, column: i32) -> Option<Time> {
        // A timestamptz is its microseconds.
        self.get::<i64>(column, &[pg_sys::TIMESTAMPTZOID])
            .map(Time::from_postgres)
    }

    pub fn time(&self, column: i32) -> Time {
        Self::some(column, self.time_opt(column))
    }
}
