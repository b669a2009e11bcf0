//! Mails with codes and links (GoTrue reference, 4.20). Links are built from settings alone, never from what a request
//! says of its host.

use auth_core::mail_templates::{MailKind, MailTemplates};
use auth_core::template::{Template, TemplateError};
use serde_json::{Value, json};
use uuid::Uuid;

use super::codes::NewCode;
use super::hooks::{self, Event};
use super::limits::{self, Sent};
use super::{Context, Refusal, Result};
use crate::db::Time;
use crate::error::Error;
use crate::recipes::outbox::{self, Outgoing};
use crate::store::auth_users::AuthUser;

/// A mail to a user.
pub struct Mail<'a> {
    pub kind: MailKind,
    pub to: &'a str,
    pub code: &'a NewCode,
    /// The address that is to become the user's, if that is what it is about.
    pub new_email: Option<&'a str>,
}

/// Refuses when something was sent a moment ago.
///
/// # Errors
/// [`Refusal`].
pub fn refuse_too_soon(
    context: &Context,
    last_sent_at: Option<Time>,
    setting: &str,
    code: &'static str,
) -> Result<()> {
    let frequency = context.tenant.settings.duration(setting);
    let frequency_ms = frequency.map_or(0, |duration| duration.micros() / 1000);
    let wait_ms = last_sent_at.map_or(0, |at| at.plus(frequency_ms).0 - context.now.0);
    // Without a limit, what was sent while this request waited is not too soon either.
    if wait_ms <= 0 || frequency_ms == 0 {
        return Ok(());
    }
    let seconds = (wait_ms + 999) / 1000;
    let message =
        format!("For security purposes, you can only request this after {seconds} seconds.");
    Err(Refusal::new(429, code, message).into())
}

/// The same for mails.
///
/// # Errors
/// [`Refusal`].
pub fn refuse_mail_too_soon(context: &Context, last_sent_at: Option<Time>) -> Result<()> {
    refuse_too_soon(
        context,
        last_sent_at,
        "smtp_max_frequency",
        "over_email_send_rate_limit",
    )
}

/// Mails a code and its link.
///
/// # Errors
/// [`Refusal`] when the address may not be written to; [`Error::Unconfigured`].
pub fn send(context: &Context, user: &AuthUser, mail: &Mail) -> Result<()> {
    let settings = &context.tenant.settings;
    settings.authorized_addresses().check(mail.to)?;
    limits::sending(context, Sent::Email)?;
    if settings.hook("send_email").is_some() {
        let mut shown = hooks::shown_user(context, user);
        shown["email"] = mail.to.into();
        return tell_hook(context, shown, mail.kind, mail.code, None, None);
    }
    let values = values(context, user, mail)?;
    let name = setting_name(mail.kind);
    let page = Page {
        kind: mail.kind.name(),
        subject: settings.setting_text(&format!("mailer_subjects_{name}")),
        template: settings.setting_text(&format!("mailer_templates_{name}")),
        usual: mail.kind.templates(),
    };
    post(context, user.id, mail.to, &page, &values)
}

/// What a mail is made of.
pub struct Page<'a> {
    pub kind: &'a str,
    /// In place of the usual ones, if a setting has others.
    pub subject: Option<&'a str>,
    pub template: Option<&'a str>,
    pub usual: MailTemplates,
}

/// Puts a mail to a user into the outbox.
///
/// # Errors
/// [`Error::Unconfigured`] when its templates do not work.
pub fn post(context: &Context, user_id: Uuid, to: &str, page: &Page, values: &Value) -> Result<()> {
    let settings = &context.tenant.settings;
    let unusable = |error: TemplateError| Error::Unconfigured(error.to_string());
    let subject = page.subject.unwrap_or(page.usual.subject);
    let subject = Template::text(subject).and_then(|t| t.render_line(values));
    // A template of one's own goes alone: the text that we have says something else.
    let text = page.template.is_none().then_some(page.usual.text);
    let text = text.map(|text| Template::text(text).and_then(|t| t.render(values)));
    let html = Template::html(page.template.unwrap_or(page.usual.html));
    let html = html.and_then(|t| t.render(values));
    let site = settings.site_url().unwrap_or_default();
    let from = settings
        .setting_text("smtp_admin_email")
        .map_or_else(|| format!("noreply@{}", host_of(site)), str::to_owned);
    let message = json!({
        "from": {"address": from, "name": settings.setting_text("smtp_sender_name")},
        "to": to,
        "subject": subject.map_err(unusable)?,
        "text": text.transpose().map_err(unusable)?,
        "html": html.map_err(unusable)?,
        "headers": settings.smtp_headers(),
    });
    let outgoing = Outgoing {
        channel: "email",
        kind: page.kind,
        user_id: Some(user_id),
        message,
    };
    outbox::post(context.tenant, &outgoing, context.now)?;
    Ok(())
}

/// Mails the codes of a change of address: to the new one, and to the present one where both must agree. A hook is told
/// of both at once.
///
/// # Errors
/// As [`send`].
pub fn send_change(
    context: &Context,
    user: &AuthUser,
    new: (&str, &NewCode),
    current: Option<(&str, &NewCode)>,
) -> Result<()> {
    let settings = &context.tenant.settings;
    if settings.hook("send_email").is_some() {
        for (to, _) in [Some(new), current].into_iter().flatten() {
            settings.authorized_addresses().check(to)?;
        }
        limits::sending(context, Sent::Email)?;
        let old_email = user.email.as_deref();
        let both = current.map(|(_, code)| (code, new.1));
        let shown = hooks::shown_user(context, user);
        return tell_hook(
            context,
            shown,
            MailKind::EmailChange,
            new.1,
            both,
            old_email,
        );
    }
    for (to, code) in [Some(new), current].into_iter().flatten() {
        let mail = Mail {
            kind: MailKind::EmailChange,
            to,
            code,
            new_email: Some(new.0),
        };
        send(context, user, &mail)?;
    }
    Ok(())
}

/// Has the hook send a mail. Of the two codes of a change each goes with the other's hash: so GoTrue has it.
fn tell_hook(
    context: &Context,
    user: Value,
    kind: MailKind,
    code: &NewCode,
    current_and_new: Option<(&NewCode, &NewCode)>,
    old_email: Option<&str>,
) -> Result<()> {
    let mut data = json!({
        "token": code.code,
        "token_hash": code.link,
        "redirect_to": context.redirect_to()?,
        "email_action_type": kind.name(),
        "site_url": context.tenant.settings.api_external_url().unwrap_or_default(),
        "token_new": "",
        "token_hash_new": "",
    });
    if let Some((current, new)) = current_and_new {
        data["token"] = current.code.as_str().into();
        data["token_hash"] = new.link.as_str().into();
        data["token_new"] = new.code.as_str().into();
        data["token_hash_new"] = current.link.as_str().into();
    }
    if let Some(old_email) = old_email {
        data["old_email"] = old_email.into();
    }
    let input = json!({"user": user, "email_data": data});
    hooks::call(context, Event::SendEmail, input)?;
    Ok(())
}

/// What settings call a mail.
fn setting_name(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Signup => "confirmation",
        MailKind::MagicLink => "magic_link",
        other => other.name(),
    }
}

/// What templates may show.
fn values(context: &Context, user: &AuthUser, mail: &Mail) -> Result<Value> {
    let redirect_to = context.redirect_to()?;
    let email = user.email.as_deref().unwrap_or_default();
    let mut values = json!({
        "SiteURL": context.redirect_policy()?.site_url(),
        "ConfirmationURL": link(context, mail.kind, &mail.code.link, &redirect_to)?,
        "Email": if mail.new_email.is_none() || email.is_empty() { mail.to } else { email },
        "Token": mail.code.code,
        "TokenHash": mail.code.link,
        "Data": user.user_metadata,
        "RedirectTo": redirect_to,
    });
    if let Some(new_email) = mail.new_email {
        values["NewEmail"] = new_email.into();
        values["SendingTo"] = mail.to.into();
    }
    Ok(values)
}

/// The link that stands for a code.
///
/// # Errors
/// [`Error::Unconfigured`] when it is not known where the API is reached.
pub fn link(context: &Context, kind: MailKind, token: &str, redirect_to: &str) -> Result<String> {
    let settings = &context.tenant.settings;
    let base = settings.api_external_url().ok_or_else(|| {
        Error::Unconfigured(
            "the setting api_external_url is missing, which links begin with".into(),
        )
    })?;
    let path = settings.setting_text(match kind {
        MailKind::Invite => "mailer_urlpaths_invite",
        MailKind::Signup => "mailer_urlpaths_confirmation",
        MailKind::EmailChange => "mailer_urlpaths_email_change",
        MailKind::Recovery | MailKind::MagicLink | MailKind::Reauthentication => {
            "mailer_urlpaths_recovery"
        }
    });
    let path = path.unwrap_or("/verify");
    let start = if path.starts_with("http") {
        path.to_owned()
    } else {
        format!("{base}{path}")
    };
    // Clients look for the address as it is, so only what would break the link is written otherwise.
    let redirect_to = if redirect_to.contains(['&', '=', '#']) {
        form_urlencoded::byte_serialize(redirect_to.as_bytes()).collect()
    } else {
        redirect_to.to_owned()
    };
    let (kind, joint) = (kind.name(), if start.contains('?') { '&' } else { '?' });
    Ok(format!(
        "{start}{joint}token={token}&type={kind}&redirect_to={redirect_to}"
    ))
}

/// The host of a site, for a sender's address.
fn host_of(site: &str) -> &str {
    let behind = site.split_once("://").map_or(site, |(_, rest)| rest);
    let host = behind
        .split(['/', ':', '?', '#'])
        .next()
        .unwrap_or_default();
    if host.is_empty() { "localhost" } else { host }
}
