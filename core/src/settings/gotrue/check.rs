//! The checks of GoTrue's texts. Each returns the text to store, `None` for no value. The key is put before what
//! they say.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use crate::address;
use crate::jwk_set::JwtKeys;
use crate::redirects::RedirectPolicy;
use crate::template::Template;

type Checked = Result<Option<String>, &'static str>;

/// The text without the blanks around it, unless nothing is left, if it is right.
fn trimmed(text: &str, is_right: impl FnOnce(&str) -> bool, message: &'static str) -> Checked {
    let text = text.trim();
    if text.is_empty() {
        Ok(None)
    } else if is_right(text) {
        Ok(Some(text.to_owned()))
    } else {
        Err(message)
    }
}

pub(super) fn verbatim(text: &str) -> Checked {
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

pub(super) fn url(text: &str) -> Checked {
    trimmed(
        text,
        |text| Url::parse(text).is_ok(),
        "must be an absolute URL",
    )
}

pub(super) fn web_url(text: &str) -> Checked {
    trimmed(text, is_web_url, "must be an http or https URL")
}

fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Where links lead, or a template is: a path behind the external or the site's URL, or a URL of its own.
pub(super) fn path_or_url(text: &str) -> Checked {
    optional_path_or_url(text)?
        .map(Some)
        .ok_or("must not be empty")
}

/// The same where there may be none.
pub(super) fn optional_path_or_url(text: &str) -> Checked {
    trimmed(text, is_place, "must be a path or an http or https URL")
}

pub(super) fn uri_allow_list(text: &str) -> Checked {
    trimmed(
        text,
        |text| RedirectPolicy::new("http://localhost", text).is_ok(),
        "must be globs with commas between them",
    )
}

pub(super) fn jwt_keys(text: &str) -> Checked {
    trimmed(
        text,
        // The secret, which another setting has, plays no part in whether the keys are sound.
        |text| JwtKeys::new(text, "-", "").is_ok(),
        "must be a JSON array of keys with different kids, of which exactly one signs",
    )
}

/// A template for a line of text, as subjects and text messages have it.
pub(super) fn template(text: &str) -> Checked {
    match Template::text(text) {
        Ok(_) => verbatim(text),
        Err(_) => Err("must be a Go template"),
    }
}

/// The template of a mail itself. GoTrue is given where it is.
pub(super) fn mail_template(text: &str) -> Checked {
    match Template::html(text) {
        Ok(_) if !is_place(text) => verbatim(text),
        _ => Err("must be a Go template of HTML, and not where one is"),
    }
}

/// Whether a text says where a template is.
pub(super) fn is_place(text: &str) -> bool {
    text.starts_with('/') || is_web_url(text)
}

/// The same where there must be one.
pub(super) fn sms_template(text: &str) -> Checked {
    template(text)?.map(Some).ok_or("must not be empty")
}

/// An object that has a text, or texts, for each name: headers.
pub(super) fn headers(text: &str) -> Checked {
    let is_text = |value: &Value| match value {
        Value::String(_) => true,
        Value::Array(values) => values.iter().all(Value::is_string),
        _ => false,
    };
    trimmed(
        text,
        |text| match serde_json::from_str(text) {
            Ok(Value::Object(headers)) => headers.values().all(is_text),
            _ => false,
        },
        "must be a JSON object of texts or of arrays of texts",
    )
}

pub(super) fn json_texts(text: &str) -> Checked {
    trimmed(
        text,
        |text| serde_json::from_str::<Vec<String>>(text).is_ok(),
        "must be a JSON array of texts",
    )
}

/// `name=value` pairs with commas between them.
pub(super) fn linking_domains(text: &str) -> Checked {
    let is_pair = |pair: &str| match pair.split_once('=') {
        Some((provider, domain)) => !provider.trim().is_empty() && !domain.trim().is_empty(),
        None => false,
    };
    trimmed(
        text,
        |text| text.split(',').all(is_pair),
        "must be provider=domain pairs",
    )
}

/// `phone:code` pairs with commas between them.
pub(super) fn test_otp(text: &str) -> Checked {
    let is_pair = |pair: &str| match pair.split_once(':') {
        Some((phone, code)) => {
            let code = code.trim();
            address::phone(phone.trim()).is_ok()
                && !code.is_empty()
                && code.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => false,
    };
    trimmed(
        text,
        |text| text.split(',').all(is_pair),
        "must be phone:code pairs",
    )
}

/// A moment as RFC 3339 has it.
pub(super) fn moment(text: &str) -> Checked {
    trimmed(
        text,
        |text| parse_moment(text).is_some(),
        "must be a moment such as '2030-01-31T12:00:00Z'",
    )
}

/// A moment, in milliseconds since the epoch.
pub(super) fn parse_moment(text: &str) -> Option<i64> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Where a hook is: a function of this database, or an endpoint.
pub(super) fn hook_uri(text: &str) -> Checked {
    let is_function = |text: &str| {
        // pg-functions://<database>/<schema>/<function>
        text.strip_prefix("pg-functions://").is_some_and(|place| {
            let parts: Vec<&str> = place.split('/').collect();
            parts.len() == 3 && !parts.contains(&"")
        })
    };
    trimmed(
        text,
        |text| is_function(text) || is_web_url(text),
        "must be pg-functions://database/schema/function or an http or https URL",
    )
}

/// Keys of standard webhooks with bars between them.
pub(super) fn hook_secrets(text: &str) -> Checked {
    trimmed(
        text,
        |text| {
            text.split('|').all(|secret| {
                secret.strip_prefix("v1,whsec_").is_some_and(|key| {
                    data_encoding::BASE64
                        .decode(key.as_bytes())
                        .is_ok_and(|key| !key.is_empty())
                })
            })
        },
        "must be v1,whsec_<base64> with | between them",
    )
}

/// A text that there must be.
pub(super) fn required(text: &str) -> Checked {
    trimmed(text, |_| true, "")?
        .map(Some)
        .ok_or("must not be empty")
}

pub(super) fn base64(text: &str) -> Checked {
    trimmed(
        text,
        |text| data_encoding::BASE64.decode(text.as_bytes()).is_ok(),
        "must be base64",
    )
}
