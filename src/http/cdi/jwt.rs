//! The JWT resource and the published keys (CDI, "JWT" and "JWKS").

use serde_json::json;

use super::call::{Call, invalid_field};
use super::{Route, open, route};
use crate::documents::{ok, only};
use crate::error::Result;
use crate::http::Reply;
use crate::keys::{self, KeyKind};
use crate::recipes::jwt;

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/jwt", create),
    route("GET", "/recipe/jwt/jwks", jwks),
    open("GET", "/.well-known/jwks.json", well_known_jwks),
];

fn create(call: &Call) -> Result<Reply> {
    let algorithm = call.text("algorithm")?;
    let domain = call.text("jwksDomain")?;
    let payload = call.object("payload")?.clone();
    let validity = call
        .long_opt("validity")?
        .ok_or_else(|| invalid_field("validity"))?;
    let use_static = call.bool_opt("useStaticSigningKey")?.unwrap_or(true);
    let app = call.app()?;
    let ours = call.algorithm(&app);
    if !algorithm.eq_ignore_ascii_case(ours.name()) {
        return Ok(Reply::json(200, &only("UNSUPPORTED_ALGORITHM_ERROR")));
    }
    let kind = if use_static {
        KeyKind::Static
    } else {
        KeyKind::Dynamic
    };
    let token = jwt::create(&app, payload, validity, Some(domain), kind, ours)?;
    Ok(Reply::json(200, &ok(json!({ "jwt": token }))))
}

fn jwks(call: &Call) -> Result<Reply> {
    let app = call.app()?;
    let published = keys::published(&app, &keys::supertokens_sorts(&[call.algorithm(&app)]))?;
    Ok(Reply::json(200, &ok(json!({"keys": published.keys}))))
}

/// Open to everybody: verifiers fetch it without key or version.
fn well_known_jwks(call: &Call) -> Result<Reply> {
    let app = call.any_app()?;
    let published = keys::published(&app, &keys::supertokens_sorts(&[call.algorithm(&app)]))?;
    let caching = format!("max-age={}, must-revalidate", published.max_age_s);
    let document = json!({"keys": published.keys});
    Ok(Reply::json(200, &document).with_header("cache-control", caching))
}
