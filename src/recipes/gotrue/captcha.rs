//! CAPTCHAs: whether whoever verifies them takes the caller for a person (GoTrue reference, 4.17).

use serde::Deserialize;

use super::{Context, Refusal, Result};
use crate::fetch::{Fetch, Response};

/// What the verifier says.
#[derive(Deserialize)]
struct Verdict {
    #[serde(default)]
    success: bool,
    #[serde(default, rename = "error-codes")]
    error_codes: Vec<String>,
}

/// Refuses whoever shows no CAPTCHA that was solved, where one is needed.
///
/// # Errors
/// [`Refusal`]; [`super::Failure::Needs`] when it was not verified yet.
pub fn check(context: &Context, token: &str) -> Result<()> {
    let token = token.trim();
    if token.is_empty() {
        return Err(disallowed("no captcha_token found").into());
    }
    let failed = || Refusal::new(500, "", "captcha verification process failed");
    let verdict = match context.fetch(verification(context, token))? {
        Ok(Response { status: 200, body }) => serde_json::from_str::<Verdict>(body).ok(),
        _ => None,
    };
    let verdict = verdict.ok_or_else(failed)?;
    match verdict.success {
        true => Ok(()),
        false => Err(disallowed(&verdict.error_codes.join(", ")).into()),
    }
}

fn disallowed(why: &str) -> Refusal {
    let message = format!("captcha protection: request disallowed ({why})");
    Refusal::new(400, "captcha_failed", message)
}

fn verification(context: &Context, token: &str) -> Fetch {
    let settings = &context.tenant.settings;
    let usual = match settings.setting_text("captcha_provider") {
        Some("turnstile") => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        _ => "https://hcaptcha.com/siteverify",
    };
    let url = settings.setting_text("captcha_url").unwrap_or(usual);
    let secret = settings.setting_text("captcha_secret").unwrap_or_default();
    let mut fields = vec![("secret", secret), ("response", token)];
    fields.extend(context.client.address.map(|address| ("remoteip", address)));
    let mut fetch = Fetch::post_form(url, &fields);
    if let Some(limit) = settings.duration("captcha_timeout") {
        fetch.timeout_ms = (limit.micros() / 1000).max(1);
    }
    fetch
}
