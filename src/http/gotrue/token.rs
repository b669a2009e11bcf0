//! Getting tokens (GoTrue reference, 2.4).

use auth_core::address::bare_phone;
use serde::Deserialize;
use serde_json::json;

use super::call::{Call, given};
use super::signup::refuse_disabled;
use super::{Discretion, Route, atomic, captcha, id_token, shown};
use crate::http::Reply;
use crate::recipes::gotrue::accounts::{self, stored_phone};
use crate::recipes::gotrue::audit::{self, Action, Actor};
use crate::recipes::gotrue::limits::Limit;
use crate::recipes::gotrue::{Refusal, Result, flows, sessions, sign_in};

pub const ROUTES: &[Route] = &[atomic("POST", "/token", token)
    .about("Opens or refreshes a session, by grant_type: password, refresh_token, pkce or id_token")
    .limited(Limit::Token)
    .discreet(Discretion::Refusals)];

fn token(call: &Call) -> Result<Reply> {
    match call.param("grant_type").unwrap_or_default() {
        "password" => {
            // Of the others each shows something else that proves whom it comes from.
            captcha::check(call)?;
            password(call)
        }
        "refresh_token" => refresh(call),
        "pkce" => pkce(call),
        "id_token" => id_token::grant(call),
        "web3" => {
            let message = "Web3 provider is disabled";
            Err(Refusal::new(422, "web3_provider_disabled", message).into())
        }
        _ => Err(Refusal::new(400, "invalid_credentials", "unsupported_grant_type").into()),
    }
}

#[derive(Deserialize)]
struct Password {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
}

fn password(call: &Call) -> Result<Reply> {
    let body: Password = call.body()?;
    let context = call.context();
    let (email, phone) = (given(body.email), given(body.phone));
    let (user, account) = match (&email, &phone) {
        (Some(_), Some(_)) => {
            let message = "Only an email address or phone number should be provided on login.";
            return Err(Refusal::validation(message).into());
        }
        (None, None) => return Err(Refusal::validation("missing email or phone").into()),
        (Some(address), None) => {
            refuse_disabled(&context, true, 422, "logins")?;
            let address = address.to_lowercase();
            (accounts::find_by_email(&context, &address), address)
        }
        (None, Some(phone)) => {
            refuse_disabled(&context, false, 422, "logins")?;
            let phone = stored_phone(&bare_phone(phone));
            (accounts::find_by_phone(&context, &phone), phone)
        }
    };
    let (password, by_email) = (body.password.unwrap_or_default(), email.is_some());
    let (tokens, weaknesses) =
        sign_in::with_password(&context, user, &account, &password, by_email)?;
    let mut document = shown::token_document(&context, &tokens);
    if !weaknesses.is_empty() {
        let (message, reasons) = (weaknesses.to_string(), weaknesses.reasons());
        document["weak_password"] = json!({"message": message, "reasons": reasons});
    }
    Ok(Reply::bare_json(200, &document))
}

#[derive(Deserialize)]
struct RefreshToken {
    refresh_token: Option<String>,
}

fn refresh(call: &Call) -> Result<Reply> {
    let body: RefreshToken = call.body()?;
    let context = call.context();
    let text = body.refresh_token.unwrap_or_default();
    if text.is_empty() {
        return Err(Refusal::validation("Refresh token is not valid").into());
    }
    let tokens = sessions::refresh(&context, &text)?;
    shown::tokens(&context, &tokens)
}

#[derive(Deserialize)]
struct Pkce {
    auth_code: Option<String>,
    code_verifier: Option<String>,
}

fn pkce(call: &Call) -> Result<Reply> {
    let body: Pkce = call.body()?;
    let context = call.context();
    let code = body.auth_code.unwrap_or_default();
    let verifier = body.code_verifier.unwrap_or_default();
    let (flow, user) = flows::exchange(&context, &code, &verifier)?;
    if user.is_banned(context.now) {
        return Err(Refusal::user_banned(403).into());
    }
    let traits = json!({"provider_type": flow.provider_type});
    audit::note(&context, Actor::User(&user), Action::Login, traits);
    let tokens = sessions::open(&context, user.id, None, &flow.authentication_method)?;
    shown::tokens(&context, &tokens)
}
