//! Signing up (GoTrue reference, 2.2 and 2.3).

use auth_core::address;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::call::{Call, challenge, given};
use super::{Discretion, Route, atomic, shown};
use crate::http::Reply;
use crate::recipes::gotrue::accounts::stored_phone;
use crate::recipes::gotrue::limits::Limit;
use crate::recipes::gotrue::sign_in::SIGNUP_DISABLED;
use crate::recipes::gotrue::sign_up::{self, SignUp, SignedUp};
use crate::recipes::gotrue::{Context, Refusal, Result, passwords, texts};

pub const ROUTES: &[Route] = &[atomic("POST", "/signup", sign_up)
    .about("Signs up by address or number; with neither, signs in without a name")
    .limited(Limit::Signup)
    .for_people()
    .discreet(Discretion::All)];

#[derive(Deserialize)]
struct Body {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    data: Option<Map<String, Value>>,
    channel: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

fn sign_up(call: &Call) -> Result<Reply> {
    let body: Body = call.body()?;
    let context = call.context();
    let (email, phone) = (given(body.email), given(body.phone));
    if email.is_none() && phone.is_none() {
        return anonymously(&context, body.data.unwrap_or_default());
    }
    if context.tenant.settings.disable_signup() {
        return Err(Refusal::new(422, "signup_disabled", SIGNUP_DISABLED).into());
    }
    let password = given(body.password)
        .ok_or_else(|| Refusal::validation("Signup requires a valid password"))?;
    passwords::check_new(&context, &password)?;
    if email.is_some() && phone.is_some() {
        let message = "Only an email address or phone number should be provided on signup.";
        return Err(Refusal::validation(message).into());
    }
    let channel = match phone {
        Some(_) => texts::channel(&context, body.channel.as_deref().unwrap_or_default())?,
        None => Default::default(),
    };
    let challenge_text = body.code_challenge.as_deref();
    if phone.is_some() && challenge_text.is_some_and(|text| !text.is_empty()) {
        return Err(Refusal::validation("PKCE not supported for phone signups").into());
    }
    let challenge = challenge(challenge_text, body.code_challenge_method.as_deref())?;
    refuse_disabled(&context, email.is_some(), 400, "signups")?;
    let email = email.map(|email| address::email(&email)).transpose()?;
    let phone = phone.map(|phone| address::phone(&phone)).transpose()?;
    let phone = phone.map(|phone| stored_phone(&phone));
    // Before anybody is looked up: it takes as long for who is known.
    let hash = passwords::hash(&context, &password)?;
    let request = || SignUp {
        email: email.as_deref(),
        phone: phone.as_deref(),
        password_hash: Some(&hash),
        data: body.data.clone().unwrap_or_default(),
        channel,
        challenge: challenge.as_ref(),
    };
    match sign_up::sign_up(&context, request())? {
        SignedUp::Tokens(tokens) => shown::tokens(&context, &tokens),
        SignedUp::Unconfirmed { user, is_invited } => {
            let mut document = shown::user(&context, &user);
            if is_invited {
                document["user_metadata"] = Value::Object(Map::new());
                document["identities"] = Value::Array(Vec::new());
            }
            Ok(Reply::bare_json(200, &document))
        }
        SignedUp::Repeated => {
            let user = sign_up::obfuscated(&context, &request())?;
            Ok(Reply::bare_json(
                200,
                &shown::user_without_identities(&user),
            ))
        }
    }
}

fn anonymously(context: &Context, data: Map<String, Value>) -> Result<Reply> {
    if !context.is_on("external_anonymous_users_enabled") {
        let message = "Anonymous sign-ins are disabled";
        return Err(Refusal::new(422, "anonymous_provider_disabled", message).into());
    }
    if context.tenant.settings.disable_signup() {
        return Err(Refusal::new(422, "signup_disabled", SIGNUP_DISABLED).into());
    }
    let tokens = sign_up::sign_in_anonymously(context, data)?;
    shown::tokens(context, &tokens)
}

/// Refuses where addresses, or numbers, are switched off.
///
/// # Errors
/// [`Refusal`].
pub fn refuse_disabled(context: &Context, by_email: bool, status: i32, what: &str) -> Result<()> {
    let (key, code, name) = if by_email {
        ("external_email_enabled", "email_provider_disabled", "Email")
    } else {
        ("external_phone_enabled", "phone_provider_disabled", "Phone")
    };
    if context.is_on(key) {
        Ok(())
    } else {
        Err(Refusal::new(status, code, format!("{name} {what} are disabled")).into())
    }
}
