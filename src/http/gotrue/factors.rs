//! Second factors (GoTrue reference, 2.14).

use auth_core::address;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::call::{Call, Caller, given};
use super::{Route, atomic, shown};
use crate::http::Reply;
use crate::recipes::gotrue::accounts::stored_phone;
use crate::recipes::gotrue::factors::{self, Enrolment};
use crate::recipes::gotrue::limits::Limit;
use crate::recipes::gotrue::{Context, Refusal, Result, challenges, texts};
use crate::store::factors::{Factor, FactorKind};

pub const ROUTES: &[Route] = &[
    atomic("POST", "/factors", enrol)
        .about("Gives the caller a second factor, which counts once it is verified"),
    atomic("POST", "/factors/{id}/challenge", challenge)
        .about("Asks for a second factor; a phone is sent a code")
        .limited(Limit::FactorChallenge),
    atomic("POST", "/factors/{id}/verify", verify)
        .about("Answers: gives tokens of a session with two factors")
        .limited(Limit::FactorVerify),
    atomic("DELETE", "/factors/{id}", unenrol).about("Removes one of the caller's second factors"),
];

fn caller(call: &Call) -> Result<Caller> {
    let caller = call.user()?;
    if caller.user.is_anonymous {
        let message = "Anonymous user not allowed to perform these actions";
        return Err(Refusal::new(403, "no_authorization", message).into());
    }
    Ok(caller)
}

fn named(call: &Call, context: &Context, caller: &Caller) -> Result<Factor> {
    let id = call.id(0, "factor_id")?;
    factors::find(context, &caller.user, id)
}

/// Refuses what is switched off for a kind of factor; `step` is `enroll` or `verify`.
fn refuse_disabled(context: &Context, kind: &str, step: &str) -> Result<()> {
    let (code, what) = match (kind, step) {
        ("totp", "enroll") => (
            "mfa_totp_enroll_not_enabled",
            "MFA enroll is disabled for TOTP",
        ),
        ("totp", _) => (
            "mfa_totp_verify_not_enabled",
            "MFA verification is disabled for TOTP",
        ),
        (_, "enroll") => (
            "mfa_phone_enroll_not_enabled",
            "MFA enroll is disabled for Phone",
        ),
        _ => (
            "mfa_phone_verify_not_enabled",
            "MFA verification is disabled for Phone",
        ),
    };
    if context.is_on(&format!("mfa_{kind}_{step}_enabled")) {
        Ok(())
    } else {
        Err(Refusal::new(422, code, what).into())
    }
}

#[derive(Deserialize)]
struct Enrol {
    factor_type: Option<String>,
    friendly_name: Option<String>,
    issuer: Option<String>,
    phone: Option<String>,
}

fn enrol(call: &Call) -> Result<Reply> {
    let caller = caller(call)?;
    let context = call.context_of(&caller.claims);
    let body: Enrol = call.body()?;
    let Some(session) = &caller.session else {
        return Err(Refusal::new(500, "", "A valid session is required to enroll a factor").into());
    };
    let kind = body.factor_type.unwrap_or_default();
    let phone = match kind.as_str() {
        "totp" => None,
        "phone" => Some(given(body.phone.clone())),
        "webauthn" => {
            let message = "MFA enroll is disabled for WebAuthn";
            return Err(Refusal::new(422, "mfa_webauthn_enroll_not_enabled", message).into());
        }
        _ => {
            let message = "factor_type needs to be totp, phone, or webauthn";
            return Err(Refusal::validation(message).into());
        }
    };
    refuse_disabled(&context, &kind, "enroll")?;
    let phone = match phone {
        Some(None) => {
            return Err(Refusal::validation("Phone number required to enroll Phone factor").into());
        }
        Some(Some(text)) => Some(stored_phone(&address::phone(&text)?)),
        None => None,
    };
    let issuer = given(body.issuer);
    let enrolment = Enrolment {
        phone: phone.as_deref(),
        friendly_name: body.friendly_name.as_deref().unwrap_or_default(),
        issuer: issuer.as_deref(),
    };
    let enrolled = factors::enrol(&context, &caller.user, session, enrolment)?;
    let made = &enrolled.factor;
    let mut document = json!({
        "id": made.id, "type": made.kind.name(), "friendly_name": made.friendly_name,
    });
    if let Some(totp) = enrolled.totp {
        document["totp"] = totp;
    }
    if let FactorKind::Phone(_) = made.kind {
        document["phone"] = body.phone.into();
    }
    Ok(Reply::bare_json(200, &document))
}

#[derive(Deserialize, Default)]
struct Ask {
    channel: Option<String>,
}

fn challenge(call: &Call) -> Result<Reply> {
    let caller = caller(call)?;
    let context = call.context_of(&caller.claims);
    let factor = named(call, &context, &caller)?;
    refuse_disabled(&context, factor.kind.name(), "verify")?;
    let body = if call.request.body.is_empty() {
        Ask::default()
    } else {
        call.body()?
    };
    let channel = match factor.kind {
        FactorKind::Phone(_) => {
            texts::channel(&context, body.channel.as_deref().unwrap_or_default())?
        }
        FactorKind::Totp => Default::default(),
    };
    let asked = challenges::challenge(&context, &caller.user, &factor, channel)?;
    let document =
        json!({"id": asked.id, "type": factor.kind.name(), "expires_at": asked.expires_at});
    Ok(Reply::bare_json(200, &document))
}

#[derive(Deserialize)]
struct Verify {
    challenge_id: Option<Uuid>,
    code: Option<String>,
}

fn verify(call: &Call) -> Result<Reply> {
    let caller = caller(call)?;
    let context = call.context_of(&caller.claims);
    let factor = named(call, &context, &caller)?;
    let body: Verify = call.body()?;
    let code = body.code.unwrap_or_default();
    if code.is_empty() {
        return Err(Refusal::validation("Code needs to be non-empty").into());
    }
    let Some(challenge_id) = body.challenge_id else {
        return Err(Refusal::bad_json("challenge_id must be a UUID").into());
    };
    refuse_disabled(&context, factor.kind.name(), "verify")?;
    let Some(session) = &caller.session else {
        return Err(Refusal::new(500, "", "A valid session is required to verify a factor").into());
    };
    let tokens = challenges::verify(
        &context,
        &caller.user,
        session,
        &factor,
        challenge_id,
        &code,
    )?;
    shown::tokens(&context, &tokens)
}

fn unenrol(call: &Call) -> Result<Reply> {
    let caller = caller(call)?;
    let context = call.context_of(&caller.claims);
    let factor = named(call, &context, &caller)?;
    factors::unenrol(&context, &caller.user, caller.session.as_ref(), &factor)?;
    Ok(Reply::bare_json(200, &json!({"id": factor.id})))
}
