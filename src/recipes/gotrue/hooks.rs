//! Hooks (GoTrue reference, 4.19): functions of the database, and for mails and messages endpoints as well, that are asked
//! or told about what happens.
//!
//! A function runs as auth_admin, in the transaction of what it is about, for two seconds at most. Endpoints are called by
//! the courier, after the transaction.

use std::time::Duration;

use auth_core::ids::{self, Slot};
use serde_json::{Value, json};

use super::refusal::Failure;
use super::{Context, Refusal, Result, factors, identities};
use crate::db::{CallError, call_json};
use crate::documents::gotrue::{auth_user, time};
use crate::error::Error;
use crate::recipes::outbox::{self, Outgoing};
use crate::store::auth_users::AuthUser;

/// How long a function may take.
const LIMIT: Duration = Duration::from_secs(2);

/// An event that a hook may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    CustomAccessToken,
    MfaVerificationAttempt,
    PasswordVerificationAttempt,
    SendSms,
    SendEmail,
    BeforeUserCreated,
    AfterUserCreated,
}

impl Event {
    /// What settings call it.
    fn setting(self) -> &'static str {
        match self {
            Self::CustomAccessToken => "custom_access_token",
            Self::MfaVerificationAttempt => "mfa_verification_attempt",
            Self::PasswordVerificationAttempt => "password_verification_attempt",
            Self::SendSms => "send_sms",
            Self::SendEmail => "send_email",
            Self::BeforeUserCreated => "before_user_created",
            Self::AfterUserCreated => "after_user_created",
        }
    }

    /// What it is called in what hooks are given.
    fn name(self) -> &'static str {
        match self {
            Self::CustomAccessToken => "customize-access-token",
            Self::MfaVerificationAttempt => "mfa-verification",
            Self::PasswordVerificationAttempt => "password-verification",
            Self::SendSms => "send-sms",
            Self::SendEmail => "send-email",
            Self::BeforeUserCreated => "before-user-created",
            Self::AfterUserCreated => "after-user-created",
        }
    }

    /// Whether nobody waits for its answer, so that it may be told later.
    fn may_wait(self) -> bool {
        matches!(self, Self::SendSms | Self::SendEmail)
    }
}

/// What the hook of an event says; `None` where there is none. `event` is what it is about.
///
/// # Errors
/// [`Refusal`]: the hook's own, or that it does not work.
pub fn call(context: &Context, event: Event, mut input: Value) -> Result<Option<Value>> {
    let Some(hook) = context.tenant.settings.hook(event.setting()) else {
        return Ok(None);
    };
    input["metadata"] = json!({
        "uuid": ids::new_id(Slot::random()),
        "time": time(context.now),
        "name": event.name(),
        "ip_address": context.client.address.unwrap_or_default(),
    });
    let Some(place) = hook.uri.strip_prefix("pg-functions://") else {
        if !event.may_wait() {
            let message = format!(
                "hook_{}_uri must name a function of the database",
                event.setting()
            );
            return Err(Error::Unconfigured(message).into());
        }
        let outgoing = Outgoing {
            channel: "webhook",
            kind: event.setting(),
            user_id: input["user"]["id"].as_str().and_then(|id| id.parse().ok()),
            message: json!({ "body": input }),
        };
        outbox::post(context.tenant, &outgoing, context.now)?;
        return Ok(Some(json!({})));
    };
    // The database that it names is this one.
    let mut parts = place.split('/').skip(1);
    let (schema, name) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let output = call_json(schema, name, &input, LIMIT).map_err(|error| {
        let why = match error {
            CallError::TooSlow => format!("it took longer than {} s", LIMIT.as_secs()),
            CallError::Raised(message) => message,
        };
        // What it says may be about anything: it is for the log.
        pgrx::warning!("hook {}: {why}", event.setting());
        Refusal::new(500, "", format!("Error running hook URI: {}", hook.uri))
    })?;
    let output = output.unwrap_or_else(|| json!({}));
    match output.get("error").map(refusal_of) {
        Some(Some(refusal)) => Err(refusal.into()),
        _ => Ok(Some(output)),
    }
}

/// A user, as hooks are shown one.
pub fn shown_user(context: &Context, user: &AuthUser) -> Value {
    let identities = identities::list(context, user);
    auth_user(user, &identities, &factors::list(context, user))
}

/// The refusal that a hook has answered, if it has said why.
fn refusal_of(error: &Value) -> Option<Refusal> {
    let message = error
        .get("message")?
        .as_str()
        .filter(|text| !text.is_empty())?;
    let status = error
        .get("http_code")
        .and_then(Value::as_i64)
        .unwrap_or(500);
    let status = i32::try_from(status)
        .ok()
        .filter(|status| (400..600).contains(status));
    Some(Refusal::new(status.unwrap_or(500), "", message))
}

/// Whether a hook that judges an attempt has rejected it; the message that it gave, or the usual one.
pub fn rejection(output: &Value, usual: &str) -> Option<String> {
    let is_rejected = output.get("decision").and_then(Value::as_str) == Some("reject");
    is_rejected.then(|| {
        let message = output.get("message").and_then(Value::as_str);
        message
            .filter(|text| !text.is_empty())
            .unwrap_or(usual)
            .to_owned()
    })
}

/// The claims that an access token always has.
const REQUIRED_CLAIMS: [&str; 10] = [
    "aud",
    "exp",
    "iat",
    "sub",
    "email",
    "phone",
    "role",
    "aal",
    "session_id",
    "is_anonymous",
];

/// The claims of an access token, as the hook wants them.
///
/// # Errors
/// [`Refusal`].
pub fn custom_claims(context: &Context, claims: Value, method: &str) -> Result<Value> {
    let input = json!({
        "user_id": claims["sub"], "claims": claims, "authentication_method": method,
    });
    let Some(mut output) = call(context, Event::CustomAccessToken, input)? else {
        return Ok(claims);
    };
    let claims = output["claims"].take();
    let missing = REQUIRED_CLAIMS
        .iter()
        .find(|name| claims.get(**name).is_none());
    match missing {
        None => Ok(claims),
        Some(name) => Err(Failure::from(Refusal::new(
            500,
            "",
            format!("output claims do not conform to the expected schema: {name} is required"),
        ))),
    }
}
