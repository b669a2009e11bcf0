//! Mails that tell a user what has happened to the account (GoTrue reference, 4.20). All are off unless a setting wants them.

use auth_core::mail_templates::Notification;
use serde_json::{Map, Value, json};

use super::accounts::bare_phone;
use super::hooks::{self, Event};
use super::mails::{self, Page};
use super::{Context, Result};
use crate::store::auth_users::AuthUser;

/// What has happened.
pub enum Happening<'a> {
    PasswordChanged,
    EmailChanged { old: &'a str },
    PhoneChanged { old: Option<&'a str> },
    IdentityLinked { provider: &'a str },
    IdentityUnlinked { provider: &'a str },
    MfaFactorEnrolled { factor_type: &'a str },
    MfaFactorUnenrolled { factor_type: &'a str },
}

impl Happening<'_> {
    fn notification(&self) -> Notification {
        match self {
            Self::PasswordChanged => Notification::PasswordChanged,
            Self::EmailChanged { .. } => Notification::EmailChanged,
            Self::PhoneChanged { .. } => Notification::PhoneChanged,
            Self::IdentityLinked { .. } => Notification::IdentityLinked,
            Self::IdentityUnlinked { .. } => Notification::IdentityUnlinked,
            Self::MfaFactorEnrolled { .. } => Notification::MfaFactorEnrolled,
            Self::MfaFactorUnenrolled { .. } => Notification::MfaFactorUnenrolled,
        }
    }

    /// Its own values: name in the hook's document, name in templates, value.
    fn values(&self, user: &AuthUser) -> Vec<(&'static str, &'static str, String)> {
        let phone = |stored: Option<&str>| bare_phone(stored.unwrap_or_default()).to_owned();
        match self {
            Self::PasswordChanged => Vec::new(),
            Self::EmailChanged { old } => vec![("old_email", "OldEmail", (*old).to_owned())],
            Self::PhoneChanged { old } => vec![
                ("phone", "Phone", phone(user.phone.as_deref())),
                ("old_phone", "OldPhone", phone(*old)),
            ],
            Self::IdentityLinked { provider } | Self::IdentityUnlinked { provider } => {
                vec![("provider", "Provider", (*provider).to_owned())]
            }
            Self::MfaFactorEnrolled { factor_type } | Self::MfaFactorUnenrolled { factor_type } => {
                vec![("factor_type", "FactorType", (*factor_type).to_owned())]
            }
        }
    }
}

/// Tells a user, if there is an address that may be written to. No limit counts these mails: whoever has taken an account
/// over could use it up first.
///
/// # Errors
/// Those of the hook; [`crate::error::Error::Unconfigured`].
pub fn tell(context: &Context, user: &AuthUser, happening: &Happening) -> Result<()> {
    let settings = &context.tenant.settings;
    let notification = happening.notification();
    let name = notification.name();
    if !context.is_on(&format!("mailer_notifications_{name}_enabled")) {
        return Ok(());
    }
    let to = match happening {
        Happening::EmailChanged { old } => Some(*old),
        _ if user.email_confirmed_at.is_none() => None,
        _ => user.email.as_deref(),
    };
    let may_be_told = |to: &&str| settings.authorized_addresses().check(to).is_ok();
    let Some(to) = to.filter(may_be_told) else {
        return Ok(());
    };
    let (own, kind) = (happening.values(user), format!("{name}_notification"));
    if settings.hook("send_email").is_some() {
        let mut data = json!({
            "token": "", "token_hash": "", "token_new": "", "token_hash_new": "", "redirect_to": "",
            "email_action_type": kind, "site_url": settings.api_external_url().unwrap_or_default(),
        });
        for (name, _, value) in own {
            data[name] = value.into();
        }
        let input = json!({"user": hooks::shown_user(context, user), "email_data": data});
        hooks::call(context, Event::SendEmail, input)?;
        return Ok(());
    }
    let mut values = Map::from_iter([
        ("SiteURL".to_owned(), settings.site_url().into()),
        ("Email".to_owned(), user.email.as_deref().into()),
        ("Data".to_owned(), user.user_metadata.clone()),
    ]);
    values.extend(
        own.into_iter()
            .map(|(_, name, value)| (name.to_owned(), value.into())),
    );
    let page = Page {
        kind: &kind,
        subject: settings.setting_text(&format!("mailer_subjects_{kind}")),
        template: settings.setting_text(&format!("mailer_templates_{kind}")),
        usual: notification.templates(),
    };
    mails::post(context, user.id, to, &page, &Value::Object(values))
}
