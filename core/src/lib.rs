//! The part of `auth` that knows no Postgres: passwords, tokens, keys, settings, normalisation.
//!
//! Nothing here does I/O. The extension (`auth`) calls it from inside a backend; it is tested and
//! benchmarked on its own.
#![forbid(unsafe_code)]

pub mod access_token;
pub mod address;
pub mod bulk_import;
pub mod counter_token;
pub mod dashboard;
pub mod duration;
pub mod external_account;
pub mod hash;
pub mod id_token;
pub mod ids;
pub mod jwk_set;
pub mod keyring;
pub mod mail_templates;
pub mod normalise;
pub mod one_time_token;
pub mod otp;
pub mod password_rules;
pub mod passwordless;
pub mod passwords;
pub mod pkce;
pub mod pwned_passwords;
pub mod random;
pub mod redirects;
pub mod refresh_token;
pub mod settings;
pub mod signing;
pub mod template;
pub mod totp;
pub mod webauthn;
