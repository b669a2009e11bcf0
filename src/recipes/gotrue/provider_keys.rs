//! The keys of identity providers (OpenID Connect Discovery 1.0, section 4).

use auth_core::id_token::{IdToken, IdTokenError};
use serde_json::Value;

use super::{Context, Failure, Refusal, Result};
use crate::fetch::{Fetch, Response};
use crate::store::provider_documents;

/// A document is as good as new for so long.
const FRESH_MS: i64 = 3_600_000;
/// Who shows a key that is not known has the keys fetched anew, but not more often.
const LEAST_MS: i64 = 60_000;
/// One that cannot be had anew is used for so long.
const USABLE_MS: i64 = 86_400_000;

/// Checks an ID token against the keys that its issuer publishes now.
///
/// # Errors
/// [`Failure::Needs`] when they have to be fetched; [`Refusal`] when they cannot be, or the token is bad.
pub fn verify(context: &Context, token: &str, issuer: &str) -> Result<IdToken> {
    let base = issuer.trim_end_matches('/');
    let url = format!("{base}/.well-known/openid-configuration");
    let configuration = document(context, &url, FRESH_MS)?;
    // A provider that says it is another is none (section 4.3).
    if configuration["issuer"] != issuer {
        return Err(unreachable().into());
    }
    let url = configuration["jwks_uri"].as_str().ok_or_else(unreachable)?;
    let check = |keys: &Value| {
        let keys = keys["keys"].as_array().map_or(&[][..], Vec::as_slice);
        IdToken::verify(token, keys, issuer, context.now.seconds())
    };
    let mut outcome = check(&document(context, url, FRESH_MS)?);
    if matches!(outcome, Err(IdTokenError::UnknownKey)) {
        outcome = check(&document(context, url, LEAST_MS)?);
    }
    // What was fetched is kept: whoever shows bad tokens does not have it fetched each time.
    outcome.map_err(|_| bad_token().keeping_writes().into())
}

/// What whoever shows a token is told that is not good.
pub fn bad_token() -> Refusal {
    Refusal::oauth("invalid request", "Bad ID token")
}

fn unreachable() -> Refusal {
    Refusal::new(500, "", "The provider cannot be reached")
}

/// A document that is no older than this, or can be had no younger.
fn document(context: &Context, url: &str, oldest_ms: i64) -> Result<Value> {
    let known = provider_documents::find(url);
    let is_since = |ms: i64| move |(_, at): &&(Value, _)| *at >= context.now.plus(-ms);
    if let Some((document, _)) = known.as_ref().filter(is_since(oldest_ms)) {
        return Ok(document.clone());
    }
    let fetched = match context.fetch(Fetch::get(url))? {
        Ok(Response { status: 200, body }) => serde_json::from_str::<Value>(body).ok(),
        _ => None,
    };
    match (fetched.filter(Value::is_object), known) {
        (Some(document), _) => {
            provider_documents::put(url, &document, context.now);
            Ok(document)
        }
        (None, Some(known)) if is_since(USABLE_MS)(&&known) => Ok(known.0),
        (None, _) => Err(Failure::from(unreachable())),
    }
}
