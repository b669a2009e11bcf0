//! Text messages with codes (GoTrue reference, 4.3 and 4.7).

use auth_core::address::Channel;
use auth_core::template::{Template, TemplateError};
use serde_json::json;

use super::accounts::bare_phone;
use super::codes;
use super::hooks::{self, Event, shown_user};
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
    limits::sending(context, Sent::Sms)?;
    let code = codes::issue(context, user.id, kind, phone, digits, false)?.code;
    let message = Message {
        phone,
        code: &code,
        template: "sms_template",
        kind: "sms",
        channel,
    };
    send(context, user, &message)
}

/// A text message with a code.
pub struct Message<'a> {
    pub phone: &'a str,
    pub code: &'a str,
    /// The setting that says what it says.
    pub template: &'a str,
    /// What it is: `sms`, or `mfa` for a second factor.
    pub kind: &'a str,
    pub channel: Channel,
}

/// Sends a text message: by the hook if there is one, else by the provider.
///
/// # Errors
/// [`Refusal`] when there is neither.
pub fn send(context: &Context, user: &AuthUser, message: &Message) -> Result<MessageId> {
    let settings = &context.tenant.settings;
    let (phone, code) = (message.phone, message.code);
    if settings.hook("send_sms").is_some() {
        let mut sms = json!({"otp": code, "phone": bare_phone(phone)});
        if message.kind != "sms" {
            sms["sms_type"] = message.kind.into();
        }
        let input = json!({"user": shown_user(context, user), "sms": sms});
        hooks::call(context, Event::SendSms, input)?;
        return Ok(None);
    }
    if settings.setting_text("sms_provider").is_none() {
        let message = "Unable to get SMS provider: no sms_provider is configured";
        return Err(Refusal::new(500, "", message).into());
    }
    let template = settings.setting_text(message.template).unwrap_or_default();
    let unusable = |error: TemplateError| Error::Unconfigured(error.to_string());
    let text = Template::text(template)
        .and_then(|template| template.render(&json!({ "Code": code })))
        .map_err(unusable)?;
    let outgoing = Outgoing {
        channel: "sms",
        kind: message.kind,
        user_id: Some(user.id),
        message: json!({"to": phone, "text": text, "channel": message.channel.name()}),
    };
    Ok(Some(
        outbox::post(context.tenant, &outgoing, context.now)?.to_string(),
    ))
}

/// The fixed code of a number that is used for tests, while it holds.
fn test_code(context: &Context, phone: &str) -> Option<String> {
    let settings = &context.tenant.settings;
    let until = settings.sms_test_otp_valid_until_ms();
    let holds = until.is_none_or(|until| context.now.0 < until);
    let code = settings.sms_test_otp(bare_phone(phone)).filter(|_| holds);
    code.map(str::to_owned)
}
