//! Signing out (GoTrue reference, 2.13).

use super::call::Call;
use super::{Route, atomic};
use crate::http::Reply;
use crate::recipes::gotrue::sessions::{Scope, log_out};
use crate::recipes::gotrue::{Refusal, Result};

pub const ROUTES: &[Route] = &[atomic("POST", "/logout", logout)
    .about("Ends sessions of the caller: all, this one, or the others")];

fn logout(call: &Call) -> Result<Reply> {
    let caller = call.user()?;
    let scope = match call.param("scope").unwrap_or("global") {
        "global" => Scope::Global,
        "local" => Scope::Local,
        "others" => Scope::Others,
        other => {
            let message = format!("Unsupported logout scope {other:?}");
            return Err(Refusal::validation(message).into());
        }
    };
    let context = call.context_of(&caller.claims);
    log_out(&context, &caller.user, caller.session.as_ref(), scope);
    Ok(Reply::empty(204))
}
