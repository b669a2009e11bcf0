//! The tables: one file a family. SQL stands here and nowhere else; rules stand in `recipes`.

pub mod active_users;
pub mod bulk_import;
pub mod bulk_import_queue;
pub mod dashboard;
pub mod hosts;
pub mod login_methods;
pub mod one_time_tokens;
pub mod passwordless;
pub mod primary_claims;
pub mod request_counts;
pub mod roles;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod tenants;
pub mod totp;
pub mod user_id_mappings;
pub mod user_metadata;
pub mod user_search;
pub mod users;
pub mod verified_emails;
pub mod webauthn;
