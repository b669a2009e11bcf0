//! Typed access to the fields of an object. What is not as it should be is noted, and reading goes on.

use serde_json::{Map, Value};

use super::Fault;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// The fields of an object, and how messages name the object.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    object: &'a Object,
    place: &'static str,
}

impl<'a> Fields<'a> {
    /// `place` ends the sentences about the fields: see [`Fault`].
    pub(super) fn new(object: &'a Object, place: &'static str) -> Self {
        Self { object, place }
    }

    /// The same fields, under another name of the object.
    pub(super) fn at(self, place: &'static str) -> Self {
        Self { place, ..self }
    }

    /// A field that must be there.
    pub(super) fn required<T: Type<'a>>(
        self,
        field: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Option<T> {
        if !self.object.contains_key(field) {
            let place = self.place;
            faults.push(Fault::Missing { field, place });
        }
        self.optional(field, faults)
    }

    /// A field that need not be there. `null` does not stand for its absence.
    pub(super) fn optional<T: Type<'a>>(
        self,
        field: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Option<T> {
        let read = T::read(self.object.get(field)?);
        if read.is_none() {
            faults.push(self.wrong_type::<T>(field));
        }
        read
    }

    /// That a field is no `T`.
    pub(super) fn wrong_type<T: Type<'a>>(self, field: &'static str) -> Fault {
        Fault::WrongType {
            field,
            type_name: T::NAME,
            place: self.place,
        }
    }
}

/// A type that fields have.
pub(super) trait Type<'a>: Sized {
    /// What messages call it.
    const NAME: &'static str;

    /// `None` when `value` is of another type.
    fn read(value: &'a Value) -> Option<Self>;
}

/// A text of blanks alone says nothing, and counts as none.
impl<'a> Type<'a> for &'a str {
    const NAME: &'static str = "string";

    fn read(value: &'a Value) -> Option<Self> {
        value.as_str().filter(|text| !text.trim().is_empty())
    }
}

impl Type<'_> for bool {
    const NAME: &'static str = "boolean";

    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

/// A whole number, which may be written `30.0`. One that is too large becomes the largest there is: a time that no
/// `i64` holds is in the future, not of another type.
impl Type<'_> for i64 {
    const NAME: &'static str = "integer";

    fn read(value: &Value) -> Option<Self> {
        value.as_i64().or_else(|| {
            let number = value.as_f64()?;
            (number.fract() == 0.0).then_some(number as Self)
        })
    }
}

impl Type<'_> for i32 {
    const NAME: &'static str = "integer";

    fn read(value: &Value) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

impl<'a> Type<'a> for &'a Object {
    const NAME: &'static str = "object";

    fn read(value: &'a Value) -> Option<Self> {
        value.as_object()
    }
}

impl<'a> Type<'a> for Vec<&'a str> {
    const NAME: &'static str = "array of string";

    fn read(value: &'a Value) -> Option<Self> {
        value.as_array()?.iter().map(Type::read).collect()
    }
}

impl<'a> Type<'a> for Vec<&'a Object> {
    const NAME: &'static str = "array of object";

    fn read(value: &'a Value) -> Option<Self> {
        value.as_array()?.iter().map(Type::read).collect()
    }
}

/// Whether `text` has more than `max` characters as the core counts them, in units of UTF-16.
pub(super) fn is_longer(text: &str, max: usize) -> bool {
    // No text has more units than bytes, and few are long enough to be counted.
    text.len() > max && text.encode_utf16().count() > max
}

/// Notes a text that has more than `max` characters.
pub(super) fn check_length(what: &'static str, text: &str, max: usize, faults: &mut Vec<Fault>) {
    if is_longer(text, max) {
        let text = text.to_owned();
        faults.push(Fault::TooLong { what, text, max });
    }
}
