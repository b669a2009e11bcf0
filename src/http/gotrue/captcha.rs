//! The CAPTCHA of a request (GoTrue reference, 4.17).

use serde::Deserialize;

use super::call::Call;
use crate::recipes::gotrue::{Result, captcha};

#[derive(Deserialize)]
struct Body {
    gotrue_meta_security: Option<Security>,
}

#[derive(Deserialize)]
struct Security {
    captcha_token: Option<String>,
}

/// Refuses a request without one, where one is needed: not of administrators.
///
/// # Errors
/// [`crate::recipes::gotrue::Refusal`].
pub fn check(call: &Call) -> Result<()> {
    let context = call.context();
    if !context.is_on("captcha_enabled") || call.admin().is_ok() {
        return Ok(());
    }
    let body: Body = call.body()?;
    let token = body.gotrue_meta_security.and_then(|all| all.captcha_token);
    captcha::check(&context, &token.unwrap_or_default())
}
