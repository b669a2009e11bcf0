//! The mails that GoTrue sends, and their templates where no setting has others (4.20).

/// The sources of a mail's templates; see [`crate::template`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailTemplates {
    /// Of one line.
    pub subject: &'static str,
    /// Plain text.
    pub text: &'static str,
    /// HTML.
    pub html: &'static str,
}

/// What a mail is for: `email_action_type` in the send-email hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// Confirms the address of who has signed up.
    Signup,
    /// Invites.
    Invite,
    /// Signs in.
    MagicLink,
    /// Lets choose another password.
    Recovery,
    /// Confirms another address; there may be one to the old and one to the new.
    EmailChange,
    /// Confirms who is signed in. It has a code and no link.
    Reauthentication,
}

macro_rules! templates {
    ($name:literal) => {
        MailTemplates {
            subject: include_str!(concat!("../templates/", $name, ".subject.txt")),
            text: include_str!(concat!("../templates/", $name, ".txt")),
            html: include_str!(concat!("../templates/", $name, ".html")),
        }
    };
}

impl MailKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Signup,
        Self::Invite,
        Self::MagicLink,
        Self::Recovery,
        Self::EmailChange,
        Self::Reauthentication,
    ];

    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::Invite => "invite",
            Self::MagicLink => "magiclink",
            Self::Recovery => "recovery",
            Self::EmailChange => "email_change",
            Self::Reauthentication => "reauthentication",
        }
    }

    /// Its templates.
    pub fn templates(self) -> MailTemplates {
        match self {
            Self::Signup => templates!("signup"),
            Self::Invite => templates!("invite"),
            Self::MagicLink => templates!("magiclink"),
            Self::Recovery => templates!("recovery"),
            Self::EmailChange => templates!("email_change"),
            Self::Reauthentication => templates!("reauthentication"),
        }
    }
}

/// What a mail tells of that has happened; it has neither code nor link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notification {
    PasswordChanged,
    /// Goes to the former address.
    EmailChanged,
    PhoneChanged,
    IdentityLinked,
    IdentityUnlinked,
    MfaFactorEnrolled,
    MfaFactorUnenrolled,
}

impl Notification {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::PhoneChanged,
        Self::IdentityLinked,
        Self::IdentityUnlinked,
        Self::MfaFactorEnrolled,
        Self::MfaFactorUnenrolled,
    ];

    /// Its name in settings; in the protocol `_notification` follows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::PhoneChanged => "phone_changed",
            Self::IdentityLinked => "identity_linked",
            Self::IdentityUnlinked => "identity_unlinked",
            Self::MfaFactorEnrolled => "mfa_factor_enrolled",
            Self::MfaFactorUnenrolled => "mfa_factor_unenrolled",
        }
    }

    /// Its templates.
    pub fn templates(self) -> MailTemplates {
        match self {
            Self::PasswordChanged => templates!("notifications/password_changed"),
            Self::EmailChanged => templates!("notifications/email_changed"),
            Self::PhoneChanged => templates!("notifications/phone_changed"),
            Self::IdentityLinked => templates!("notifications/identity_linked"),
            Self::IdentityUnlinked => templates!("notifications/identity_unlinked"),
            Self::MfaFactorEnrolled => templates!("notifications/mfa_factor_enrolled"),
            Self::MfaFactorUnenrolled => templates!("notifications/mfa_factor_unenrolled"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::Template;

    #[test]
    fn every_mail_has_its_code_and_its_link() {
        let values = json!({
            "SiteURL": "https://x.dev",
            "ConfirmationURL": "https://api.x.dev/verify?token=abc&type=signup",
            "Email": "<ada>@x.dev",
            "NewEmail": "eve@x.dev",
            "Token": "012345",
        });
        for kind in MailKind::ALL {
            let MailTemplates {
                subject,
                text,
                html,
            } = kind.templates();
            let subject = Template::text(subject)
                .unwrap()
                .render_line(&values)
                .unwrap();
            assert!(!subject.is_empty() && subject.len() < 50, "{subject}");
            let text = Template::text(text).unwrap().render(&values).unwrap();
            let html = Template::html(html).unwrap().render(&values).unwrap();
            for mail in [&text, &html] {
                assert!(
                    mail.contains("https://x.dev") && mail.contains("012345"),
                    "{mail}"
                );
                // Each variable is spelt as GoTrue spells it.
                assert!(!mail.contains("no value"), "{mail}");
                let tells_addresses = mail.contains("eve@x.dev");
                assert_eq!(tells_addresses, kind == MailKind::EmailChange, "{mail}");
            }
            let has_link = kind != MailKind::Reauthentication;
            let link = "https://api.x.dev/verify?token=abc&type=signup\n";
            assert_eq!(text.contains(link), has_link, "{text}");
            let link = r#"<a href="https://api.x.dev/verify?token=abc&amp;type=signup">"#;
            assert_eq!(html.contains(link), has_link, "{html}");
            assert!(!html.contains("<ada>"));
        }
    }

    #[test]
    fn notifications_say_what_has_happened() {
        let values = json!({
            "SiteURL": "https://x.dev", "Email": "<ada>@x.dev", "OldEmail": "old@x.dev", "Phone": "491", "OldPhone": "492",
            "Provider": "google", "FactorType": "totp",
        });
        for notification in Notification::ALL {
            let MailTemplates {
                subject,
                text,
                html,
            } = notification.templates();
            let subject = Template::text(subject)
                .unwrap()
                .render_line(&values)
                .unwrap();
            assert!(!subject.is_empty() && subject.len() < 50, "{subject}");
            let text = Template::text(text).unwrap().render(&values).unwrap();
            let html = Template::html(html).unwrap().render(&values).unwrap();
            for mail in [&text, &html] {
                assert!(
                    mail.contains("https://x.dev") && !mail.contains("no value"),
                    "{mail}"
                );
            }
            assert!(!html.contains("<ada>"));
        }
    }

    #[test]
    fn a_mail_without_a_former_address_names_none() {
        let values = json!({"NewEmail": "eve@x.dev", "Email": ""});
        let text = MailKind::EmailChange.templates().text;
        let text = Template::text(text).unwrap().render(&values).unwrap();
        assert!(text.contains("is to change to\neve@x.dev."), "{text}");
    }
}
