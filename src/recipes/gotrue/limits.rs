//! How often clients may ask, and how much is sent (GoTrue reference, 1.5), counted in the database, so that several
//! gateways share the counts. Wrong passwords are counted, too, for each account at each address.

use std::net::IpAddr;

use auth_core::duration::Rate;
use auth_core::otp::code_hash;

use super::{Context, Refusal, Result};
use crate::keyring::keyring;
use crate::store::rate_limits::{self, Bucket};

/// Names the MAC keys of clients among the derived ones.
const MAC_PURPOSE: &str = "rate-limit";
const MINUTE_MS: f64 = 60_000.0;
/// What a bucket holds where no setting says so.
const BURST: f64 = 30.0;
/// So many wrong passwords in a row are taken for one account from one address, and one more in each such time.
const WRONG_PASSWORDS: f64 = 10.0;
const WRONG_PASSWORD_MS: f64 = 60_000.0;

/// A group of operations that have a limit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Anonymous,
    Signup,
    Recover,
    Resend,
    MagicLink,
    Otp,
    User,
    Token,
    Verify,
    FactorVerify,
    FactorChallenge,
}

impl Limit {
    fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Signup => "signup",
            Self::Recover => "recover",
            Self::Resend => "resend",
            Self::MagicLink => "magiclink",
            Self::Otp => "otp",
            Self::User => "user",
            Self::Token => "token",
            Self::Verify => "verify",
            Self::FactorVerify => "factor_verify",
            Self::FactorChallenge => "factor_challenge",
        }
    }

    /// The setting, what the bucket holds if that is another number, and in which time it is filled.
    fn rule(self) -> (&'static str, Option<f64>, f64) {
        match self {
            Self::Anonymous => ("rate_limit_anonymous_users", None, 60.0 * MINUTE_MS),
            Self::Token => ("rate_limit_token_refresh", Some(BURST), 5.0 * MINUTE_MS),
            Self::Verify => ("rate_limit_verify", Some(BURST), 5.0 * MINUTE_MS),
            Self::FactorVerify | Self::FactorChallenge => (
                "mfa_rate_limit_challenge_and_verify",
                Some(BURST),
                MINUTE_MS,
            ),
            _ => ("rate_limit_otp", Some(BURST), 5.0 * MINUTE_MS),
        }
    }
}

/// Whether something is only looked at, or counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Before the work: no lock is held while a password is hashed.
    Look,
    Count,
}

/// Refuses a client that has asked too often.
///
/// # Errors
/// [`Refusal`].
pub fn client(context: &Context, limit: Limit, client: &str, step: Step) -> Result<()> {
    let (setting, capacity, period_ms) = limit.rule();
    let number = context.tenant.settings.setting_number(setting);
    let key_hash = key_hash(context, client)?;
    let bucket = Bucket {
        app_id: &context.tenant.app_id,
        name: limit.name(),
        key_hash: &key_hash,
        capacity: capacity.unwrap_or(number),
        refill_per_ms: number / period_ms,
    };
    let is_allowed = match step {
        Step::Look => rate_limits::level(&bucket, context.now) >= 1.0,
        Step::Count => rate_limits::take(&bucket, context.now),
    };
    if is_allowed {
        return Ok(());
    }
    Err(Refusal::new(429, "over_request_rate_limit", "Request rate limit reached").into())
}

fn key_hash(context: &Context, key: &str) -> Result<Vec<u8>> {
    let keys = keyring()?.mac_keys(MAC_PURPOSE, &context.tenant.app_id);
    Ok(code_hash(&keys[0], key, ""))
}

/// A client's address as limits know it: of the sixth version the network alone, for everybody has many in theirs.
pub fn client_key(address: &str) -> String {
    match address.trim().parse() {
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
        _ => address.trim().to_owned(),
    }
}

/// What is sent to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    Email,
    Sms,
}

/// Counts something that is about to be sent, and refuses what is too much.
///
/// # Errors
/// [`Refusal`].
pub fn sending(context: &Context, what: Sent) -> Result<()> {
    let settings = &context.tenant.settings;
    let (is_free, setting, name, code, message) = match what {
        Sent::Email => (
            settings.mailer_autoconfirm(),
            "rate_limit_email_sent",
            "email_sent",
            "over_email_send_rate_limit",
            "email rate limit exceeded",
        ),
        Sent::Sms => (
            settings.sms_autoconfirm(),
            "rate_limit_sms_sent",
            "sms_sent",
            "over_sms_send_rate_limit",
            "SMS rate limit exceeded",
        ),
    };
    if is_free {
        return Ok(());
    }
    // A window of an hour is a bucket, too: it is never emptier than the window would be full.
    let (capacity, refill_per_ms) = match settings.rate(setting) {
        Rate::Window { events } => (f64::from(events), f64::from(events) / (60.0 * MINUTE_MS)),
        Rate::Bucket { events, every } => (f64::from(events), 1000.0 / every.micros() as f64),
    };
    let bucket = Bucket {
        app_id: &context.tenant.app_id,
        name,
        key_hash: context.tenant.id().as_bytes(),
        capacity,
        refill_per_ms,
    };
    if rate_limits::take(&bucket, context.now) {
        Ok(())
    } else {
        Err(Refusal::new(429, code, message).into())
    }
}

/// The wrong passwords that came for an account, known or not, from where a request comes from.
pub struct WrongPasswords {
    key_hash: Vec<u8>,
}

impl WrongPasswords {
    const NAME: &'static str = "wrong_password";

    /// Refuses when there were too many.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn look(context: &Context, account: &str) -> Result<Self> {
        let address = client_key(context.client.address.unwrap_or_default());
        let key_hash = key_hash(context, &format!("{account}\0{address}"))?;
        let found = Self { key_hash };
        if rate_limits::level(&found.bucket(context), context.now) >= 1.0 {
            return Ok(found);
        }
        let message = "Too many wrong passwords; try again later";
        Err(Refusal::new(429, "over_request_rate_limit", message).into())
    }

    fn bucket<'a>(&'a self, context: &'a Context) -> Bucket<'a> {
        Bucket {
            app_id: &context.tenant.app_id,
            name: Self::NAME,
            key_hash: &self.key_hash,
            capacity: WRONG_PASSWORDS,
            refill_per_ms: 1.0 / WRONG_PASSWORD_MS,
        }
    }

    /// Counts one.
    pub fn count(&self, context: &Context) {
        rate_limits::take(&self.bucket(context), context.now);
    }

    /// Forgets them, for the right one came.
    pub fn forget(&self, context: &Context) {
        let bucket = self.bucket(context);
        if rate_limits::level(&bucket, context.now) < WRONG_PASSWORDS {
            rate_limits::fill(&context.tenant.app_id, Self::NAME, &self.key_hash);
        }
    }
}
