//! The page that a link in a mail shows where only its button is to use the link up: scanners of mails follow links, too.

use super::call::Call;
use crate::http::Reply;
use crate::recipes::gotrue::Result;
use crate::recipes::gotrue::verify::VerifyType;

/// Shows it. The button sends back what the link had.
pub fn show(call: &Call) -> Result<Reply> {
    let input = |(name, value): &(String, String)| {
        let (name, value) = (escape(name), escape(value));
        format!(r#"<input type="hidden" name="{name}" value="{value}">"#)
    };
    let inputs: String = call.query.iter().map(input).collect();
    let kind = call.param("type").and_then(VerifyType::from_name);
    let title = title(kind);
    let policy = call.context().redirect_policy()?;
    let site = escape(policy.site_url());
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"></head>\
         <body><main><h1>{title}</h1><p>This link is for your account at {site}. Continue if it was you who asked for it; \
         otherwise close this page, and nothing happens.</p>\
         <form method=\"post\">{inputs}<button>Continue</button></form></main></body></html>"
    );
    Ok(Reply::page(&page)
        // Nothing is loaded, nobody else learns the link or keeps it, and the page is shown in no frame. Where its form may
        // lead is not said: browsers would hold the way on to the site for a part of it.
        .with_header("referrer-policy", "no-referrer".to_owned())
        .with_header("cache-control", "no-store".to_owned())
        .with_header("x-content-type-options", "nosniff".to_owned())
        .with_header(
            "content-security-policy",
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'".to_owned(),
        ))
}

fn title(kind: Option<VerifyType>) -> &'static str {
    match kind {
        Some(VerifyType::Invite) => "Accept your invitation",
        Some(VerifyType::Recovery) => "Choose another password",
        Some(VerifyType::MagicLink) => "Sign in",
        Some(VerifyType::EmailChange) => "Confirm your new email address",
        _ => "Confirm your email address",
    }
}

/// A text as it stands in HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
