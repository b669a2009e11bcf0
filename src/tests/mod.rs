//! Tests that run inside a backend, each in a transaction that is rolled back.
