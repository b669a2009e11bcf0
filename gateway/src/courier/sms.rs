//! Text messages, through Twilio or a webhook of one's own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::outcome::Undelivered;
use super::{Folder, Message, read, receiver, webhook};
use crate::outgoing::{Answer, Http};

const TWILIO: &str = "https://api.twilio.com";

/// What to send.
#[derive(Deserialize)]
struct Text {
    to: String,
    text: String,
    /// "sms" or "whatsapp".
    channel: String,
}

/// Twilio's account.
#[derive(Deserialize)]
struct Twilio {
    account_sid: String,
    auth_token: String,
    from: Option<String>,
    messaging_service_sid: Option<String>,
    base_url: Option<String>,
}

/// Delivers a message of the channel "sms".
///
/// # Errors
/// [`Undelivered`].
pub async fn deliver(
    http: &Http,
    folder: Option<&Folder>,
    message: &Message,
) -> Result<String, Undelivered> {
    if let (None, Some(folder)) = (&message.transport, folder) {
        let Text { to, text, .. } = read(&message.content, "the message")?;
        folder.keep(
            &format!("{}.txt", message.id),
            format!("To: {to}\n\n{text}\n").as_bytes(),
        )?;
        folder.show(&[("To", &to)], &text);
        return Ok("kept in the mail folder".to_owned());
    }
    let why = "no provider of text messages is configured (and the gateway has no --mail-folder)";
    let transport = receiver(message, why)?;
    match transport["provider"].as_str() {
        Some("twilio") => {
            let account = read(transport, "Twilio's configuration")?;
            twilio(http, &account, &read(&message.content, "the message")?).await
        }
        Some("webhook") => webhook::post(http, &message.id, transport, &message.content).await,
        _ => Err(Undelivered::transient(
            "the provider of text messages is not known to this gateway",
        )),
    }
}

/// Creates a message at Twilio (<https://www.twilio.com/docs/messaging/api/message-resource>). It has no way to
/// recognise repeats: whose answer was lost is sent again.
async fn twilio(http: &Http, account: &Twilio, text: &Text) -> Result<String, Undelivered> {
    let credentials = format!("{}:{}", account.account_sid, account.auth_token);
    let mut authorization =
        HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials)))
            .map_err(|_| Undelivered::permanent("Twilio's credentials do not fit into a header"))?;
    authorization.set_sensitive(true);
    let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = vec![(CONTENT_TYPE, form_type), (AUTHORIZATION, authorization)];
    let form = Bytes::from(form(account, text)?);
    let answer = http
        .send(Method::POST, &address(account)?, headers, form)
        .await?;
    if answer.status.is_success() {
        let body = json(answer).await;
        return Ok(body["sid"].as_str().unwrap_or("accepted").to_owned());
    }
    Err(refusal(answer).await)
}

fn address(account: &Twilio) -> Result<Url, Undelivered> {
    let unusable = || Undelivered::permanent("Twilio's base URL is not an HTTP address");
    let base = account.base_url.as_deref().unwrap_or(TWILIO);
    let mut url = Url::parse(base).map_err(|_| unusable())?;
    url.path_segments_mut()
        .map_err(|()| unusable())?
        .pop_if_empty()
        .extend([
            "2010-04-01",
            "Accounts",
            &account.account_sid,
            "Messages.json",
        ]);
    Ok(url)
}

fn form(account: &Twilio, text: &Text) -> Result<String, Undelivered> {
    let number = |number: &str| match text.channel.as_str() {
        "whatsapp" if !number.starts_with("whatsapp:") => format!("whatsapp:{number}"),
        _ => number.to_owned(),
    };
    if !["sms", "whatsapp"].contains(&text.channel.as_str()) {
        return Err(Undelivered::permanent("Twilio has no such kind of message"));
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", &number(&text.to));
    match (&account.messaging_service_sid, &account.from) {
        (Some(service), _) => form.append_pair("MessagingServiceSid", service),
        (None, Some(from)) => form.append_pair("From", &number(from)),
        (None, None) => {
            return Err(Undelivered::permanent(
                "Twilio's configuration names no sender",
            ));
        }
    };
    form.append_pair("Body", &text.text);
    Ok(form.finish())
}

/// Numbers and texts that Twilio does not take are a matter of the message. Credentials that it does not take are a
/// matter of the configuration, which may be right the next time.
async fn refusal(answer: Answer) -> Undelivered {
    let status = answer.status;
    let is_permanent =
        status.is_client_error() && ![401, 403, 404, 408, 429].contains(&status.as_u16());
    let retry_after = answer.retry_after();
    let body = json(answer).await;
    let reason = match body["code"].as_u64() {
        Some(code) => format!("Twilio answered {} (error {code})", status.as_u16()),
        None => format!("Twilio answered {}", status.as_u16()),
    };
    Undelivered {
        is_permanent,
        retry_after,
        ..Undelivered::transient(reason)
    }
    .with_answer(body["message"].as_str().unwrap_or_default())
}

async fn json(answer: Answer) -> Value {
    serde_json::from_slice(&answer.body().await).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(extra: &Value) -> Twilio {
        let mut all = serde_json::json!({"account_sid": "AC1/../x", "auth_token": "t"});
        for (name, value) in extra.as_object().expect("an object") {
            all[name] = value.clone();
        }
        serde_json::from_value(all).expect("an account")
    }

    fn text(channel: &str) -> Text {
        Text {
            to: "+15551234567".to_owned(),
            text: "Ihr Code: 12&34 ü".to_owned(),
            channel: channel.to_owned(),
        }
    }

    #[test]
    fn addresses() {
        let url = |extra| address(&account(&extra)).map(|url| url.to_string());
        let path = "/2010-04-01/Accounts/AC1%2F..%2Fx/Messages.json";
        let usual = url(serde_json::json!({})).expect("an address");
        assert_eq!(usual, format!("https://api.twilio.com{path}"));
        let other = serde_json::json!({"base_url": "https://api.dublin.ie1.twilio.com/"});
        let other = url(other).expect("an address");
        assert_eq!(other, format!("https://api.dublin.ie1.twilio.com{path}"));
        assert!(url(serde_json::json!({"base_url": "data:x"})).is_err());
    }

    #[test]
    fn forms() {
        let one = account(&serde_json::json!({"from": "+1999"}));
        assert_eq!(
            form(&one, &text("sms")).expect("a form"),
            "To=%2B15551234567&From=%2B1999&Body=Ihr+Code%3A+12%2634+%C3%BC"
        );
        let whatsapp = form(&one, &text("whatsapp")).expect("a form");
        assert!(whatsapp.starts_with("To=whatsapp%3A%2B15551234567&From=whatsapp%3A%2B1999&"));
        let service = account(&serde_json::json!({"messaging_service_sid": "MG1"}));
        let form_of_service = form(&service, &text("sms")).expect("a form");
        assert!(form_of_service.contains("&MessagingServiceSid=MG1&"));
        for (account, channel) in [(account(&serde_json::json!({})), "sms"), (one, "fax")] {
            assert!(
                form(&account, &text(channel))
                    .expect_err("refused")
                    .is_permanent
            );
        }
    }
}
