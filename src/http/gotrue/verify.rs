//! Codes that come back (GoTrue reference, 2.5), and where browsers are sent with what came of them (1.7).

use auth_core::{address, otp};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::call::{Call, given};
use super::{Discretion, Route, atomic, shown, verify_page};
use crate::http::Reply;
use crate::recipes::gotrue::accounts::stored_phone;
use crate::recipes::gotrue::limits::Limit;
use crate::recipes::gotrue::refusal::Form;
use crate::recipes::gotrue::sessions::Tokens;
use crate::recipes::gotrue::verify::{FIRST_HALF, Place, Verified, VerifyType, by_code, by_link};
use crate::recipes::gotrue::{Failure, Refusal, Result};

pub const ROUTES: &[Route] = &[
    atomic("GET", "/verify", follow)
        .about("Takes the token of a link, and goes on to where the link leads")
        .limited(Limit::Verify),
    atomic("POST", "/verify", post)
        .about("Takes a code, or the token of a link, and gives tokens")
        .limited(Limit::Verify)
        .discreet(Discretion::Refusals),
];

/// What clients send is JSON; what the page sends that [`follow`] may show is a form, and answered as the link would be.
fn post(call: &Call) -> Result<Reply> {
    let content_type = call.request.header("content-type").unwrap_or_default();
    if content_type.starts_with(FORM) {
        let fields: Vec<(String, String)> = form_urlencoded::parse(call.request.body)
            .into_owned()
            .collect();
        return use_link(call, &fields);
    }
    verify(call)
}

const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: Option<String>,
    token: Option<String>,
    token_hash: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    redirect_to: Option<String>,
}

const NO_TYPE: &str = "Verify requires a verification type";

fn verify(call: &Call) -> Result<Reply> {
    let body: Body = call.body()?;
    let context = call.context();
    let invalid = |message: &str| Failure::from(Refusal::validation(message));
    let kind = given(body.kind).ok_or_else(|| invalid(NO_TYPE))?;
    let kind = VerifyType::from_name(&kind);
    let unsupported = || invalid("Unsupported verification type");
    let (email, phone) = (given(body.email), given(body.phone));
    let verified = match (given(body.token), given(body.token_hash)) {
        (None, None) | (Some(_), Some(_)) => {
            return Err(invalid("Verify requires either a token or a token hash"));
        }
        (None, Some(link)) => {
            if email.is_some() || phone.is_some() || given(body.redirect_to).is_some() {
                return Err(invalid("Only the token_hash and type should be provided"));
            }
            by_link(&context, kind.ok_or_else(unsupported)?, &link, false)?
        }
        (Some(token), None) => match (email, phone) {
            (Some(email), None) => {
                let email = address::email(&email)
                    .map_err(|_| Refusal::new(422, "validation_failed", "Invalid email format"))?;
                by_code(
                    &context,
                    kind.ok_or_else(unsupported)?,
                    Place::Email(&email),
                    &token,
                )?
            }
            (None, Some(phone)) => {
                let phone = stored_phone(&address::phone(&phone)?);
                by_code(
                    &context,
                    kind.ok_or_else(unsupported)?,
                    Place::Phone(&phone),
                    &token,
                )?
            }
            _ => {
                return Err(invalid(
                    "Only an email address or phone number should be provided on verify",
                ));
            }
        },
    };
    match verified {
        Verified::Tokens(tokens, _) => shown::tokens(&context, &tokens),
        Verified::FirstHalf => Ok(Reply::bare_json(
            200,
            &json!({"code": "200", "msg": FIRST_HALF}),
        )),
        Verified::AuthCode(_) => unreachable!("only links that redirect give codes"),
    }
}

/// A link is followed: it is used up, or, where a setting wants it, a page with a button is shown.
fn follow(call: &Call) -> Result<Reply> {
    if !call.tenant.settings.is_on("verify_by_post") {
        return use_link(call, &call.query);
    }
    verify_page::show(call)
}

/// Uses a link up: whatever comes of it, the browser is sent on.
fn use_link(call: &Call, fields: &[(String, String)]) -> Result<Reply> {
    let field = |wanted: &str| {
        let found = fields.iter().find(|(name, _)| name == wanted);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let mut context = call.context();
    context.redirects[0] = context.redirects[0].or(field("redirect_to"));
    let invalid = |message: &str| Failure::from(Refusal::validation(message));
    let kind = field("type").ok_or_else(|| invalid(NO_TYPE))?;
    let token = field("token").ok_or_else(|| invalid("Verify requires a token or a token hash"))?;
    let target = context.redirect_to()?;
    let is_pkce = otp::is_pkce(token);
    let verified = VerifyType::from_name(kind)
        .ok_or_else(|| invalid("Unsupported verification type"))
        .and_then(|kind| by_link(&context, kind, token, true));
    let location = match verified {
        Ok(Verified::Tokens(tokens, kind)) => with_tokens(&target, &tokens, kind),
        Ok(Verified::AuthCode(code)) => with_query(&target, &[("code", &code)]),
        Ok(Verified::FirstHalf) => {
            let message = [("message", FIRST_HALF)];
            let target = if is_pkce {
                with_query(&target, &message)
            } else {
                target
            };
            with_fragment(&target, &message)
        }
        // What was written on the way is undone, as for every refusal.
        Err(Failure::Refused(refusal)) => {
            let location = with_refusal(&target, &refusal, is_pkce);
            let form = Form::Redirect(location);
            return Err(Refusal { form, ..*refusal }.into());
        }
        Err(other) => return Err(other),
    };
    Ok(Reply::redirect(303, location))
}

fn with_tokens(target: &str, tokens: &Tokens, kind: VerifyType) -> String {
    let (expires_at, expires_in) = (tokens.expires_at.to_string(), tokens.expires_in.to_string());
    with_fragment(
        target,
        &[
            ("access_token", &tokens.access_token),
            ("expires_at", &expires_at),
            ("expires_in", &expires_in),
            ("refresh_token", &tokens.refresh_token),
            ("token_type", "bearer"),
            ("type", kind.name()),
        ],
    )
}

fn with_refusal(target: &str, refusal: &Refusal, is_pkce: bool) -> String {
    let error = match refusal.status {
        400 => "invalid_request",
        401 => "unauthorized_client",
        403 => "access_denied",
        500 => "server_error",
        503 => "temporarily_unavailable",
        _ => "",
    };
    let code = refusal.shown_code();
    let mut members = vec![
        ("error_code", code),
        ("error_description", refusal.message.as_str()),
    ];
    if !error.is_empty() {
        members.insert(0, ("error", error));
    }
    let target = if is_pkce {
        with_query(target, &members)
    } else {
        target.to_owned()
    };
    with_fragment(&target, &members)
}

/// An address with members in its fragment, sorted, and the empty one by which clients tell that the fragment is ours.
fn with_fragment(target: &str, members: &[(&str, &str)]) -> String {
    let mut members = members.to_vec();
    members.push(("sb", ""));
    members.sort_unstable();
    let base = target.split('#').next().unwrap_or_default();
    let fragment = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(members)
        .finish();
    format!("{base}#{fragment}")
}

/// An address with further members in its query, in place of those of the same names.
fn with_query(target: &str, members: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse(target) else {
        return target.to_owned();
    };
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !members.iter().any(|(new, _)| new == name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(members)
        .extend_pairs(kept);
    url.into()
}
