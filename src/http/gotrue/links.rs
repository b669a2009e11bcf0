//! Invitations, and links that administrators hand out themselves (GoTrue reference, 2.17 and 2.18).

use auth_core::address;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::call::{Call, given};
use super::{Route, atomic, shown};
use crate::http::Reply;
use crate::recipes::gotrue::links::{self, LinkRequest, LinkType};
use crate::recipes::gotrue::{Refusal, Result};

pub const ROUTES: &[Route] = &[
    atomic("POST", "/invite", invite).about("Makes a user and mails an invitation"),
    atomic("POST", "/admin/generate_link", generate)
        .about("Makes a link of a kind, and hands it out instead of mailing it"),
];

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: Option<String>,
    email: Option<String>,
    new_email: Option<String>,
    password: Option<String>,
    data: Option<Map<String, Value>>,
    redirect_to: Option<String>,
}

fn invite(call: &Call) -> Result<Reply> {
    let role = call.admin()?;
    let body: Body = call.body()?;
    let context = call.context();
    let email = address::email(body.email.as_deref().unwrap_or_default())?;
    let user = links::invite(&context, &role, &email, body.data.unwrap_or_default())?;
    Ok(Reply::bare_json(200, &shown::user(&context, &user)))
}

fn generate(call: &Call) -> Result<Reply> {
    let role = call.admin()?;
    let body: Body = call.body()?;
    let mut context = call.context();
    let redirect_to = given(body.redirect_to);
    if redirect_to.is_some() {
        context.redirects[0] = redirect_to.as_deref();
    }
    let email = address::email(body.email.as_deref().unwrap_or_default())?;
    let kind = body.kind.as_deref().and_then(LinkType::from_name);
    let kind =
        kind.ok_or_else(|| Refusal::validation("Invalid email action link type requested"))?;
    let new_email = given(body.new_email)
        .map(|text| address::email(&text))
        .transpose()?;
    let password = given(body.password);
    let request = LinkRequest {
        kind,
        email: &email,
        new_email: new_email.as_deref(),
        password: password.as_deref(),
        data: body.data.unwrap_or_default(),
    };
    let made = links::generate(&context, &role, request)?;
    let mut document = shown::user(&context, &made.user);
    for (name, value) in [
        ("action_link", made.action_link),
        ("email_otp", made.code.code),
        ("hashed_token", made.code.link),
        ("verification_type", made.verification_type.to_owned()),
        ("redirect_to", made.redirect_to),
    ] {
        document[name] = value.into();
    }
    Ok(Reply::bare_json(200, &document))
}
