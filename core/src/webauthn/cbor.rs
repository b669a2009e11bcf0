//! Reading CBOR (RFC 8949) that a stranger sent.

use ciborium::Value;

/// How deep the value may be nested. Compound attestation statements (W3C, section 8.9), the deepest known, have five
/// levels.
const MAX_DEPTH: usize = 16;

/// Takes one value from the beginning of `input`; `None` when there is none.
pub(super) fn take(input: &mut &[u8]) -> Option<Value> {
    ciborium::de::from_reader_with_recursion_limit(input, MAX_DEPTH).ok()
}

/// The value that `input` is, without anything behind it.
pub(super) fn whole(mut input: &[u8]) -> Option<Value> {
    let value = take(&mut input)?;
    input.is_empty().then_some(value)
}
