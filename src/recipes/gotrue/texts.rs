//! Text messages with codes (GoTrue reference, 4.3 and 4.7).

use auth_core::address::Channel;
use auth_core::template::Template;
use serde_json::json;

use super::accounts::bare_phone;
use super::codes;
use super::limits::{self, Sent};
use super::mails::refuse_too_soon;
use super::{Context, Refusal, Result};
use crate::db::Time;
use crate::error::Error;
use crate::recipes::outbox::{self, Outgoing};
use crate::store::auth_users::AuthUser;
use crate::store::one_time_codes::Kind;

/// What a caller gets to know of a message that was sent.
pub type MessageId = Option<String>;

/// The channel of a request.
///
/// # Errors
/// [`Refusal`].
pub fn channel(context: &Context, name: &str) -> Result<Channel> {
    let settings = &context.tenant.settings;
    let provider = settings.setting_text("sms_provider").unwrap_or_default();
    let has_hook = settings.hook("send_sms").is_some();
    Ok(Channel::parse(name, provider, has_hook)?)
}

/// Texts a code to a user's number, unless one was sent a moment ago. The caller notes when it was.
///
/// # Errors
/// [`Refusal`].
pub fn send_code(
    context: &Context,
    user: &AuthUser,
    kind: Kind,
    phone: &str,
    channel: Channel,
    last_sent_at: Option<Time>,
) -> Result<MessageId> {
    let settings = &context.tenant.settings;
    refuse_too_soon(
        context,
        last_sent_at,
        "sms_max_frequency",
        "over_sms_send_rate_limit",
    )?;
    let digits = settings.sms_otp_length();
    if let Some(code) = test_code(context, phone) {
        codes::put(context, user.id, kind, phone, &code, false)?;
        return Ok(Some("test-otp".to_owned()));
    }
    if settings.setting_text("sms_provider").is_none() {
        return Err(Refusal::new(
            500,
            "",
            "Unable to get SMS provider: no sms_provider is configured",
        )
        .into());
    }
    limits::sending(context, Sent::Sms)?;
    let code = codes::issue(context, user.id, kind, phone, digits, false)?.code;
    let template = settings.setting_text("sms_template").unwrap_or_default();
    let template =
        Template::text(template).map_err(|error| Error::Unconfigured(error.to_string()))?;
    let text = template
        .render(&json!({ "Code": code }))
        .map_err(|error| Error::Unconfigured(error.to_string()))?;
    let id = outbox::post(
        context.tenant,
        &Outgoing {
            channel: "sms",
            kind: "sms",
            message: json!({"to": phone, "text": text, "channel": channel.name()}),
        },
        context.now,
    )?;
    Ok(Some(id.to_string()))
}

/// The fixed code of a number that is used for tests, while it holds.
fn test_code(context: &Context, phone: &str) -> Option<String> {
    let settings = &context.tenant.settings;
    let until = settings.sms_test_otp_valid_until_ms();
    let holds = until.is_none_or(|until| context.now.0 < until);
    let code = settings.sms_test_otp(bare_phone(phone)).filter(|_| holds);
    code.map(str::to_owned)
}
