//! A user's identities (GoTrue reference, 2.12 and 4.12).

use serde_json::json;

use super::call::Call;
use super::{Route, atomic, route};
use crate::http::Reply;
use crate::recipes::gotrue::{Refusal, Result, external, unlink};

pub const ROUTES: &[Route] = &[
    route("GET", "/user/identities/authorize", authorize)
        .about("Begins to link a provider's account to the caller"),
    atomic("DELETE", "/user/identities/{id}", unlink_identity)
        .about("Takes a way to sign in from the caller, who must keep another"),
];

/// The pages of providers are not there yet, which is what is said.
fn authorize(call: &Call) -> Result<Reply> {
    call.user()?;
    external::refuse_unless_linking(&call.context())?;
    let message = "Unsupported provider: provider is not enabled";
    Err(Refusal::validation(message).into())
}

fn unlink_identity(call: &Call) -> Result<Reply> {
    let caller = call.user()?;
    external::refuse_unless_linking(&call.context())?;
    let id = call.id(0, "identity_id")?;
    let context = call.context_of(&caller.claims);
    if caller.user.aud != context.audience {
        let message = "Token audience doesn't match request audience";
        return Err(Refusal::new(403, "unexpected_audience", message).into());
    }
    unlink::unlink(&context, &caller.user, id)?;
    Ok(Reply::bare_json(200, &json!({})))
}
