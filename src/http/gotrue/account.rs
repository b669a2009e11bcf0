//! A user's own account (GoTrue reference, 2.9, 2.10 and 2.11).

use auth_core::address;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Call, audiences, challenge, given};
use super::{Route, atomic, route, shown};
use crate::http::Reply;
use crate::recipes::gotrue::accounts::stored_phone;
use crate::recipes::gotrue::limits::Limit;
use crate::recipes::gotrue::update::{self, Update};
use crate::recipes::gotrue::{Refusal, Result, factors, passwords, texts};

pub const ROUTES: &[Route] = &[
    route("GET", "/user", get).about("The caller"),
    atomic("PUT", "/user", put)
        .about("Changes the caller: address and number once they are confirmed, password, metadata")
        .limited(Limit::User),
    atomic("GET", "/reauthenticate", reauthenticate)
        .about("Sends the caller a nonce, with which it can change its password"),
    atomic("POST", "/reauthenticate", reauthenticate).about("The same"),
];

fn get(call: &Call) -> Result<Reply> {
    let caller = call.user()?;
    let context = call.context_of(&caller.claims);
    if !audiences(&caller.claims).contains(&context.audience.as_str()) {
        let message = "Token audience doesn't match request audience";
        return Err(Refusal::validation(message).into());
    }
    Ok(Reply::bare_json(200, &shown::user(&context, &caller.user)))
}

#[derive(Deserialize)]
struct Body {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    current_password: Option<String>,
    nonce: Option<String>,
    data: Option<Map<String, Value>>,
    app_metadata: Option<Map<String, Value>>,
    channel: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

fn put(call: &Call) -> Result<Reply> {
    let caller = call.user()?;
    let body: Body = call.body()?;
    let context = call.context_of(&caller.claims);
    let email = given(body.email)
        .map(|text| address::email(&text))
        .transpose()?;
    let phone = given(body.phone)
        .map(|text| address::phone(&text))
        .transpose()?;
    let phone = phone.map(|phone| stored_phone(&phone));
    let channel = texts::channel(&context, body.channel.as_deref().unwrap_or_default())?;
    if let Some(password) = &body.password {
        passwords::check_new(&context, password)?;
    }
    let challenge = challenge(
        body.code_challenge.as_deref(),
        body.code_challenge_method.as_deref(),
    )?;
    let names_another = |own: &Option<String>, new: &Option<String>| new.is_some() && new != own;
    let changes_sign_in = body.password.is_some()
        || names_another(&caller.user.email, &email)
        || names_another(&caller.user.phone, &phone);
    if changes_sign_in && factors::lacks_assurance(&context, &caller.user, caller.session.as_ref())
    {
        let message = "AAL2 session is required to update email or password when MFA is enabled.";
        return Err(Refusal::new(401, "insufficient_aal", message).into());
    }
    let (nonce, current) = (given(body.nonce), given(body.current_password));
    let request = Update {
        email: email.as_deref(),
        phone: phone.as_deref(),
        password: body.password.as_deref(),
        current_password: current.as_deref(),
        nonce: nonce.as_deref(),
        data: body.data,
        app_metadata: body.app_metadata,
        channel,
        challenge: challenge.as_ref(),
    };
    let user = update::update(&context, &caller.user, caller.session.as_ref(), request)?;
    Ok(Reply::bare_json(200, &shown::user(&context, &user)))
}

fn reauthenticate(call: &Call) -> Result<Reply> {
    let caller = call.user()?;
    let context = call.context_of(&caller.claims);
    let document = match update::reauthenticate(&context, &caller.user)? {
        Some(id) => json!({ "message_id": id }),
        None => json!({}),
    };
    Ok(Reply::bare_json(200, &document))
}
