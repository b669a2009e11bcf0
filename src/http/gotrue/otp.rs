//! Links and codes to sign in with, to recover an account, and once more (GoTrue reference, 2.6, 2.7 and 2.8).

use auth_core::address;
use auth_core::mail_templates::MailKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Call, challenge};
use super::signup::refuse_disabled;
use super::{Discretion, Route, atomic};
use crate::http::Reply;
use crate::recipes::gotrue::accounts::{self, stored_phone};
use crate::recipes::gotrue::limits::Limit;
use crate::recipes::gotrue::resend::{self, ResendType};
use crate::recipes::gotrue::sign_in::{self, OtpRequest};
use crate::recipes::gotrue::{Context, Refusal, Result, texts};

pub const ROUTES: &[Route] = &[
    atomic("POST", "/otp", otp)
        .about("Sends a link or a code to sign in with")
        .limited(Limit::Otp)
        .for_people()
        .discreet(Discretion::All),
    atomic("POST", "/magiclink", magic_link)
        .about("Mails a link to sign in with")
        .limited(Limit::MagicLink)
        .for_people()
        .discreet(Discretion::All),
    atomic("POST", "/recover", recover)
        .about("Mails a link or a code to choose another password with")
        .limited(Limit::Recover)
        .for_people()
        .discreet(Discretion::All),
    atomic("POST", "/resend", resend)
        .about("Sends once more what confirms")
        .limited(Limit::Resend)
        .for_people()
        .discreet(Discretion::All),
];

#[derive(Deserialize)]
struct Body {
    email: Option<String>,
    phone: Option<String>,
    create_user: Option<bool>,
    data: Option<Map<String, Value>>,
    channel: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Body {
    fn email(&self) -> Option<&str> {
        self.email.as_deref().filter(|text| !text.is_empty())
    }

    fn phone(&self) -> Option<&str> {
        self.phone.as_deref().filter(|text| !text.is_empty())
    }

    fn challenge(&self) -> Result<Option<auth_core::pkce::Challenge>> {
        challenge(
            self.code_challenge.as_deref(),
            self.code_challenge_method.as_deref(),
        )
    }
}

/// What a request answers that has sent something.
fn sent(message_id: texts::MessageId) -> Reply {
    let document = match message_id {
        Some(id) => json!({ "message_id": id }),
        None => json!({}),
    };
    Reply::bare_json(200, &document)
}

fn otp(call: &Call) -> Result<Reply> {
    let body: Body = call.body()?;
    let context = call.context();
    let channel = body.channel.as_deref().unwrap_or_default();
    if body.email().is_some() && body.phone().is_some() {
        let message = "Only an email address or phone number should be provided";
        return Err(Refusal::validation(message).into());
    }
    if body.email().is_some() && !channel.is_empty() {
        let message = "Channel should only be specified with Phone OTP";
        return Err(Refusal::validation(message).into());
    }
    body.challenge()?;
    if body.create_user == Some(false) {
        let known = match (body.email(), body.phone()) {
            (Some(email), _) => accounts::find_by_email(&context, &address::email(email)?),
            (None, Some(phone)) => {
                accounts::find_by_phone(&context, &stored_phone(&address::phone(phone)?))
            }
            (None, None) => None,
        };
        let is_named = body.email().is_some() || body.phone().is_some();
        if is_named && known.is_none() {
            let message = "Signups not allowed for otp";
            return Err(Refusal::new(422, "otp_disabled", message).into());
        }
    }
    match body.phone() {
        _ if body.email().is_some() => by_email(&context, &body),
        Some(phone) => by_phone(&context, &body, phone),
        None => Err(Refusal::validation("One of email or phone must be set").into()),
    }
}

fn magic_link(call: &Call) -> Result<Reply> {
    let body: Body = call.body()?;
    by_email(&call.context(), &body)
}

fn by_email(context: &Context, body: &Body) -> Result<Reply> {
    refuse_disabled(context, true, 422, "logins")?;
    if !context.is_on("external_email_magic_link_enabled") {
        let message = "Login with magic link is disabled";
        return Err(Refusal::new(422, "email_provider_disabled", message).into());
    }
    let Some(email) = body.email() else {
        let message = "Password recovery requires an email";
        return Err(Refusal::new(422, "validation_failed", message).into());
    };
    let email = address::email(email)?;
    let challenge = body.challenge()?;
    let request = OtpRequest {
        email: Some(&email),
        phone: None,
        data: body.data.clone().unwrap_or_default(),
        channel: Default::default(),
        challenge: challenge.as_ref(),
    };
    Ok(sent(sign_in::send_otp(context, request)?))
}

fn by_phone(context: &Context, body: &Body, phone: &str) -> Result<Reply> {
    refuse_disabled(context, false, 400, "logins")?;
    let phone = stored_phone(&address::phone(phone)?);
    let channel = texts::channel(context, body.channel.as_deref().unwrap_or_default())?;
    let request = OtpRequest {
        email: None,
        phone: Some(&phone),
        data: body.data.clone().unwrap_or_default(),
        channel,
        challenge: None,
    };
    Ok(sent(sign_in::send_otp(context, request)?))
}

fn recover(call: &Call) -> Result<Reply> {
    let body: Body = call.body()?;
    let context = call.context();
    refuse_disabled(&context, true, 400, "logins")?;
    let Some(email) = body.email() else {
        return Err(Refusal::validation("Password recovery requires an email").into());
    };
    let challenge = body.challenge()?;
    let email = address::email(email)?;
    if let Some(user) = accounts::find_by_email(&context, &email) {
        let mut user = accounts::lock(&context, user.id)?;
        let kind = MailKind::Recovery;
        sign_in::send_link(&context, &mut user, &email, kind, challenge.as_ref())?;
    }
    Ok(sent(None))
}

fn resend(call: &Call) -> Result<Reply> {
    let body: Body = call.body()?;
    let context = call.context();
    let kind = body.kind.as_deref().and_then(ResendType::from_name);
    let kind = kind.ok_or_else(|| {
        Refusal::validation("Missing one of these types: signup, email_change, sms, phone_change")
    })?;
    match (kind, body.email(), body.phone()) {
        (_, Some(_), Some(_)) => {
            let message = "Only an email address or phone number should be provided.";
            return Err(Refusal::validation(message).into());
        }
        (ResendType::Signup, None, _) => {
            let message = "Type provided requires an email address";
            return Err(Refusal::validation(message).into());
        }
        (ResendType::Sms, _, None) => {
            let message = "Type provided requires a phone number";
            return Err(Refusal::validation(message).into());
        }
        _ => {}
    }
    let user = match (body.email(), body.phone()) {
        (Some(email), _) => {
            refuse_disabled(&context, true, 400, "logins")?;
            accounts::find_by_email(&context, &address::email(email)?)
        }
        (None, Some(phone)) => {
            refuse_disabled(&context, false, 400, "logins")?;
            accounts::find_by_phone(&context, &stored_phone(&address::phone(phone)?))
        }
        (None, None) => {
            return Err(Refusal::validation("Missing email address or phone number").into());
        }
    };
    let challenge = body.challenge()?;
    match user {
        Some(user) => Ok(sent(resend::resend(
            &context,
            user.id,
            kind,
            challenge.as_ref(),
        )?)),
        None => Ok(sent(None)),
    }
}
