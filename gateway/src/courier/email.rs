//! Mails: what they look like, and on which way they go.

use std::collections::BTreeMap;

use email_encoding::headers::rfc2047;
use email_encoding::headers::writer::EmailWriter;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message as Writing};
use serde::Deserialize;

use super::outcome::Undelivered;
use super::smtp::Smtp;
use super::{Folder, Message, read, receiver};

/// What the courier writes itself, or what would change who receives a mail or how it is read.
const RESERVED: [&str; 8] = [
    "auto-submitted",
    "bcc",
    "cc",
    "date",
    "from",
    "message-id",
    "subject",
    "to",
];

/// A mail, as the database describes it.
#[derive(Deserialize)]
pub struct Mail {
    from: Sender,
    to: String,
    subject: String,
    text: Option<String>,
    html: Option<String>,
    headers: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Sender {
    address: String,
    name: Option<String>,
}

/// Delivers a message of the channel "email": to its server, or, if none is configured, into the folder.
///
/// # Errors
/// [`Undelivered`].
pub async fn deliver(
    smtp: &Smtp,
    folder: Option<&Folder>,
    message: &Message,
) -> Result<String, Undelivered> {
    let mail: Mail = read(&message.content, "the mail")?;
    let (envelope, bytes) = write(&message.id, &mail)?;
    if let (None, Some(folder)) = (&message.transport, folder) {
        let text = mail.text.as_ref().or(mail.html.as_ref());
        let text = text.map_or("", String::as_str);
        folder.keep(&format!("{}.eml", message.id), &bytes)?;
        folder.show(&[("To", &mail.to), ("Subject", &mail.subject)], text);
        return Ok("kept in the mail folder".to_owned());
    }
    let why = "no mail server is configured (and the gateway has no --mail-folder)";
    let transport = receiver(message, why)?;
    smtp.send(transport, &envelope, &bytes).await
}

/// Envelope and text. Each attempt has the same Message-ID, so that a mail that arrives twice can be recognised.
fn write(id: &str, mail: &Mail) -> Result<(Envelope, Vec<u8>), Undelivered> {
    let from = address("the sender's address", &mail.from.address)?;
    let to = address("the recipient's address", &mail.to)?;
    one_line("the subject", &mail.subject)?;
    let name = mail.from.name.clone().filter(|name| !name.is_empty());
    one_line("the sender's name", name.as_deref().unwrap_or_default())?;
    let mut writing = Writing::builder()
        .message_id(Some(format!("<{id}@{}>", from.domain())))
        .date_now()
        .from(Mailbox::new(name, from.clone()))
        .to(Mailbox::new(None, to.clone()))
        // Keeps autoresponders silent (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated")?);
    writing = writing.raw_header(subject(&mail.subject));
    for (name, value) in mail.headers.iter().flatten() {
        let lower = name.to_ascii_lowercase();
        if RESERVED.contains(&lower.as_str()) || lower.starts_with("content-") {
            return Err(Undelivered::permanent(format!(
                "the mail's headers: {lower} is not theirs to set"
            )));
        }
        writing = writing.raw_header(header(name, value)?);
    }
    let written = match (&mail.text, &mail.html) {
        (Some(text), Some(html)) => writing.multipart(MultiPart::alternative_plain_html(
            text.clone(),
            html.clone(),
        )),
        (Some(text), None) => writing.singlepart(SinglePart::plain(text.clone())),
        (None, Some(html)) => writing.singlepart(SinglePart::html(html.clone())),
        (None, None) => return Err(Undelivered::permanent("the mail has neither text nor html")),
    };
    let envelope = Envelope::new(Some(from), vec![to]);
    match (written, envelope) {
        (Ok(written), Ok(envelope)) => Ok((envelope, written.formatted())),
        _ => Err(Undelivered::permanent("the mail cannot be written")),
    }
}

/// A subject. One that looks encoded is encoded: what readers made of it could be another header (RFC 2047).
fn subject(text: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Subject");
    if !text.contains("=?") {
        return HeaderValue::new(name, text.to_owned());
    }
    let mut encoded = String::new();
    {
        let mut writer = EmailWriter::new(&mut encoded, "Subject: ".len(), 0, false);
        rfc2047::encode(text, &mut writer).expect("writing to a String cannot fail");
    }
    HeaderValue::dangerous_new_pre_encoded(name, text.to_owned(), encoded)
}

/// An address; its domain as the DNS has it.
fn address(what: &str, text: &str) -> Result<Address, Undelivered> {
    one_line(what, text)?;
    let invalid = || Undelivered::permanent(format!("{what} is not one"));
    let (user, domain) = text.rsplit_once('@').ok_or_else(invalid)?;
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        let host = url::Host::parse(domain).map_err(|_| invalid())?;
        host.to_string()
    };
    Address::new(user, domain).map_err(|_| invalid())
}

fn header(name: &str, value: &str) -> Result<HeaderValue, Undelivered> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !name.chars().all(is_name) {
        return Err(Undelivered::permanent("a header's name is not one"));
    }
    one_line("a header", value)?;
    let name = HeaderName::new_from_ascii(name.to_owned())
        .map_err(|_| Undelivered::permanent("a header's name is not one"))?;
    Ok(HeaderValue::new(name, value.to_owned()))
}

/// Refuses line breaks and their like: behind one, a new header or a command to the server could begin.
fn one_line(what: &str, text: &str) -> Result<(), Undelivered> {
    if text.chars().any(char::is_control) {
        let reason = format!("{what} holds a line break or another control character");
        return Err(Undelivered::permanent(reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written(changes: Value) -> Result<(Envelope, String), Undelivered> {
        let mut mail = json!({
            "from": {"address": "noreply@example.org", "name": "Example"},
            "to": "ada@example.org",
            "subject": "Hello",
            "text": "First\n.\nSecond",
            "html": "<p>First</p>",
        });
        for (name, value) in changes.as_object().expect("an object") {
            mail[name] = value.clone();
        }
        let mail: Mail = serde_json::from_value(mail).expect("a mail");
        let (envelope, bytes) = write("0198-1", &mail)?;
        Ok((envelope, String::from_utf8(bytes).expect("ASCII")))
    }

    #[test]
    fn what_looks_encoded_is_encoded() {
        let subject = "Hello =?utf-8?B?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=!";
        let (_, written) = written(json!({ "subject": subject })).expect("a mail");
        let line = written.lines().find(|line| line.starts_with("Subject: "));
        let line = line.expect("a subject");
        assert!(line.starts_with("Subject: =?utf-8?b?"), "{line}");
        assert!(!written.contains("DQpCY2M6"));
    }

    #[test]
    fn headers_of_every_mail() {
        let (envelope, text) =
            written(json!({"headers": {"Reply-To": "x@example.org"}})).expect("a mail");
        for line in [
            "Message-ID: <0198-1@example.org>\r\n",
            "From: Example <noreply@example.org>\r\n",
            "To: ada@example.org\r\n",
            "Subject: Hello\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Reply-To: x@example.org\r\n",
            "MIME-Version: 1.0\r\n",
            "multipart/alternative;",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.contains("\r\nDate: ") || text.starts_with("Date: "));
        assert_eq!(envelope.to()[0].to_string(), "ada@example.org");
        let plain = text.find("text/plain").expect("a plain part");
        assert!(plain < text.find("text/html").expect("an HTML part"));
    }

    #[test]
    fn one_part_is_enough_and_none_is_not() {
        let (_, text) = written(json!({"html": null})).expect("a mail");
        assert!(text.contains("text/plain") && !text.contains("multipart"));
        let (_, text) = written(json!({"text": null})).expect("a mail");
        assert!(text.contains("text/html") && !text.contains("multipart"));
        let refused = written(json!({"text": null, "html": null})).expect_err("empty");
        assert!(refused.is_permanent);
    }

    #[test]
    fn nothing_is_smuggled_in() {
        for injected in [
            json!({"to": "ada@example.org\r\nBcc: eve@example.org"}),
            json!({"to": "ada@example.org\n"}),
            json!({"to": "ada\r@example.org"}),
            json!({"to": "\"ada\r\nRCPT TO:<eve@example.org>\"@example.org"}),
            json!({"to": "ada@example.org>\0"}),
            json!({"to": "ada@example.org> SIZE=1"}),
            json!({"to": "ada@example.org, eve@example.org"}),
            json!({"to": "Ada <ada@example.org>"}),
            json!({"to": "ada"}),
            json!({"from": {"address": "a@example.org\r\nX: y"}}),
            json!({"from": {"address": "a@example.org", "name": "A\r\nBcc: eve@example.org"}}),
            json!({"subject": "Hello\r\nBcc: eve@example.org"}),
            json!({"subject": "Hello\rBcc: eve@example.org"}),
            json!({"subject": "Hello\n\nbody"}),
            json!({"headers": {"X-A": "b\r\nBcc: eve@example.org"}}),
            json!({"headers": {"X-A: b\r\nBcc": "eve@example.org"}}),
            json!({"headers": {"": "x"}}),
            json!({"headers": {"Bcc": "eve@example.org"}}),
            json!({"headers": {"FROM": "eve@example.org"}}),
            json!({"headers": {"Content-Type": "text/html"}}),
        ] {
            let refused = written(injected.clone()).expect_err("it is refused");
            assert!(refused.is_permanent, "{injected}");
            assert!(!refused.reason.contains("eve"), "{}", refused.reason);
        }
    }

    #[test]
    fn other_scripts() {
        let (envelope, text) = written(json!({
            "from": {"address": "noreply@example.org", "name": "Zoë \"Z\" Ωmega"},
            "to": "ada@bücher.example",
            "subject": "Grüße, 你好 ".repeat(20),
            "text": "Ünïcödé ✓",
        }))
        .expect("a mail");
        assert_eq!(envelope.to()[0].to_string(), "ada@xn--bcher-kva.example");
        assert!(text.is_ascii());
        assert!(text.lines().all(|line| line.len() <= 998));
    }
}
