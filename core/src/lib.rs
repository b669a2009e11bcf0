//! The part of `auth` that knows no Postgres.
#![forbid(unsafe_code)]
