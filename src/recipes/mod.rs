//! The recipes: plain functions that hold the rules. Doors call them and shape what they return.

pub mod account;
pub mod accountlinking;
pub mod bulkimport;
pub mod dashboard;
pub mod emailpassword;
pub mod emailverification;
pub mod gotrue;
pub mod jwt;
pub mod multitenancy;
pub mod outbox;
pub mod passwordless;
pub mod personaldata;
pub mod session;
pub mod tenantusers;
pub mod thirdparty;
pub mod thirdpartyconfig;
pub mod totp;
pub mod useridmapping;
pub mod usermetadata;
pub mod userroles;
pub mod users;
pub mod webauthn;
