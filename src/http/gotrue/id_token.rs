//! The grant `id_token` (GoTrue reference, 2.4).

use serde::Deserialize;

use super::call::{Call, given};
use super::shown;
use crate::http::Reply;
use crate::recipes::gotrue::id_tokens::{self, Shown};
use crate::recipes::gotrue::{Refusal, Result, external};

#[derive(Deserialize)]
struct Body {
    id_token: Option<String>,
    provider: Option<String>,
    client_id: Option<String>,
    issuer: Option<String>,
    access_token: Option<String>,
    nonce: Option<String>,
    #[serde(default)]
    link_identity: bool,
}

pub fn grant(call: &Call) -> Result<Reply> {
    let body: Body = call.body()?;
    let invalid = |message: &str| Refusal::oauth("invalid request", message);
    let id_token = given(body.id_token).ok_or_else(|| invalid("id_token required"))?;
    let (provider, client_id) = (given(body.provider), given(body.client_id));
    let issuer = given(body.issuer);
    if provider.is_none() && (client_id.is_none() || issuer.is_none()) {
        return Err(invalid("provider or client_id and issuer required").into());
    }
    let caller = match body.link_identity {
        true if call.request.header("authorization").is_none() => {
            return Err(invalid("Linking requires a valid user authentication").into());
        }
        true => Some(call.user()?),
        false => None,
    };
    let context = call.context();
    let (access_token, nonce) = (given(body.access_token), given(body.nonce));
    let shown = Shown {
        id_token: &id_token,
        provider: provider.as_deref(),
        client_id: client_id.as_deref(),
        issuer: issuer.as_deref(),
        access_token: access_token.as_deref(),
        nonce: nonce.as_deref(),
    };
    let account = id_tokens::account(&context, &shown)?;
    let tokens = match caller {
        Some(caller) => external::link(&context, &caller.user, &account)?,
        None => external::sign_in(&context, &account)?,
    };
    shown::tokens(&context, &tokens)
}
