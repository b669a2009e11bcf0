//! What GoTrue does, on the users that all doors share (GoTrue reference, sections 2 and 4).
//!
//! A GoTrue user is a row of `users`; its identities are login methods. `docs/one-user-base.md` says how the notions of
//! the two worlds map.

pub mod accounts;
pub mod admin;
pub mod audit;
pub mod captcha;
pub mod challenges;
pub mod codes;
pub mod contacts;
pub mod env;
pub mod external;
pub mod factors;
pub mod flows;
pub mod hooks;
pub mod id_tokens;
pub mod identities;
pub mod jwt;
pub mod limits;
pub mod links;
pub mod mails;
pub mod notifications;
pub mod passwords;
pub mod provider_keys;
pub mod refusal;
pub mod resend;
pub mod sessions;
pub mod sign_in;
pub mod sign_up;
pub mod texts;
pub mod unlink;
pub mod update;
pub mod verify;

use auth_core::redirects::RedirectPolicy;

use crate::db::Time;
use crate::error::Error;
use crate::fetch::{Fetch, Fetched, Outcome};
use crate::store::auth_sessions::Client;
use crate::tenant::Tenant;
pub use refusal::{Failure, Refusal, Result};

/// What every operation knows of its request.
pub struct Context<'a> {
    pub tenant: &'a Tenant,
    /// The audience whose users are meant.
    pub audience: String,
    pub client: Client<'a>,
    /// Where the browser wants to be sent, the most wanted first.
    pub redirects: [Option<&'a str>; 2],
    pub now: Time,
    /// What has been fetched for it so far.
    pub fetched: &'a Fetched,
}

impl Context<'_> {
    /// Where browsers may be sent.
    ///
    /// # Errors
    /// [`Error::Unconfigured`] without a site.
    pub fn redirect_policy(&self) -> Result<RedirectPolicy> {
        let policy = self.tenant.settings.redirect_policy();
        Ok(policy.map_err(|error| Error::Unconfigured(error.to_string()))?)
    }

    /// Where the browser is sent: where it wants to be, if it may be sent there, or to the site.
    ///
    /// # Errors
    /// [`Error::Unconfigured`] without a site.
    pub fn redirect_to(&self) -> Result<String> {
        Ok(self.redirect_policy()?.resolve(self.redirects).to_owned())
    }

    /// What somebody else says.
    ///
    /// # Errors
    /// [`Failure::Needs`] when nobody was asked yet.
    pub fn fetch(&self, fetch: Fetch) -> Result<&Outcome> {
        let outcome = self.fetched.get(&fetch);
        outcome.ok_or_else(|| Failure::Needs(Box::new(fetch)))
    }

    /// Whether a setting that is true or false is true.
    pub fn is_on(&self, key: &str) -> bool {
        self.tenant.settings.is_on(key)
    }
}
