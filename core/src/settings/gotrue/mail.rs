//! Mail (5.4).

use super::*;

/// The subject and the template of a mail.
macro_rules! mail {
    ($name:literal, $env:literal, $what:literal) => {
        mail!($name, $env, "", "", $what)
    };
    ($name:literal, $env:literal, $suffix:literal, $env_suffix:literal, $what:literal) => {
        [
            text(
                concat!("mailer_subjects_", $name, $suffix),
                concat!("MAILER_SUBJECTS_", $env, $env_suffix),
                concat!(
                    "The subject, as a Go template, of the mail that ",
                    $what,
                    "."
                ),
            )
            .checked(check::template),
            text(
                concat!("mailer_templates_", $name, $suffix),
                concat!("MAILER_TEMPLATES_", $env, $env_suffix),
                concat!("The HTML, as a Go template, of the mail that ", $what, "."),
            )
            .checked(check::mail_template),
        ]
    };
}

/// The same of a notification, and whether it is sent.
macro_rules! notification {
    ($name:literal, $env:literal, $what:literal) => {{
        let [subject, template] = mail!($name, $env, "_notification", "_NOTIFICATION", $what);
        [
            flag(
                concat!("mailer_notifications_", $name, "_enabled"),
                concat!("MAILER_NOTIFICATIONS_", $env, "_ENABLED"),
                false,
                concat!("Whether a mail is sent that ", $what, "."),
            ),
            subject,
            template,
        ]
    }};
}

/// Where the link of a mail leads.
macro_rules! link {
    ($name:literal, $env:literal, $what:literal) => {
        text(
            concat!("mailer_urlpaths_", $name),
            concat!("MAILER_URLPATHS_", $env),
            concat!("The path of the link in mails that ", $what, "."),
        )
        .defaulting(Literal::Text("/verify"))
        .checked(check::path_or_url)
    };
}

pub(super) const MAILS: &[[Setting; 2]] = &[
    mail!("confirmation", "CONFIRMATION", "confirms a new address"),
    mail!("invite", "INVITE", "invites"),
    mail!("recovery", "RECOVERY", "lets choose another password"),
    mail!("magic_link", "MAGIC_LINK", "signs in"),
    mail!("email_change", "EMAIL_CHANGE", "confirms a changed address"),
    mail!("reauthentication", "REAUTHENTICATION", "brings a nonce"),
];

pub(super) const NOTIFICATIONS: &[[Setting; 3]] = &[
    notification!(
        "password_changed",
        "PASSWORD_CHANGED",
        "tells of a changed password"
    ),
    notification!(
        "email_changed",
        "EMAIL_CHANGED",
        "tells of a changed address"
    ),
    notification!(
        "phone_changed",
        "PHONE_CHANGED",
        "tells of a changed phone number"
    ),
    notification!(
        "identity_linked",
        "IDENTITY_LINKED",
        "tells of a linked identity"
    ),
    notification!(
        "identity_unlinked",
        "IDENTITY_UNLINKED",
        "tells of an unlinked identity"
    ),
    notification!(
        "mfa_factor_enrolled",
        "MFA_FACTOR_ENROLLED",
        "tells of a new second factor"
    ),
    notification!(
        "mfa_factor_unenrolled",
        "MFA_FACTOR_UNENROLLED",
        "tells of a removed second factor"
    ),
];

pub(super) const SETTINGS: &[Setting] = &[
    flag(
        "mailer_autoconfirm",
        "MAILER_AUTOCONFIRM",
        false,
        "Whether new addresses count as confirmed; mails are not limited then.",
    ),
    flag(
        "mailer_allow_unverified_email_sign_ins",
        "MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS",
        false,
        "Whether one can sign in whose address is not confirmed.",
    ),
    flag(
        "mailer_secure_email_change_enabled",
        "MAILER_SECURE_EMAIL_CHANGE_ENABLED",
        true,
        "Whether the old address, too, must confirm a change.",
    ),
    integer(
        "mailer_otp_exp",
        "MAILER_OTP_EXP",
        86_400,
        (1, 31_557_600),
        "Life of a code that was sent by mail.",
    )
    .in_unit("s"),
    integer(
        "mailer_otp_length",
        "MAILER_OTP_LENGTH",
        6,
        (6, 10),
        "How many digits the codes in mails have.",
    ),
    text(
        "mailer_external_hosts",
        "MAILER_EXTERNAL_HOSTS",
        "The hosts, with commas between them, that links may have instead of that of api_external_url.",
    ),
    flag(
        "mailer_email_validation_extended",
        "MAILER_EMAIL_VALIDATION_EXTENDED",
        false,
        "Whether addresses are refused whose domain is for tests or takes no mail.",
    ),
    text(
        "mailer_email_validation_service_url",
        "MAILER_EMAIL_VALIDATION_SERVICE_URL",
        "A service that is asked about addresses.",
    )
    .checked(check::web_url),
    secret(
        "mailer_email_validation_service_headers",
        "MAILER_EMAIL_VALIDATION_SERVICE_HEADERS",
        "The headers, as a JSON object, that this service is sent.",
    )
    .checked(check::headers),
    text(
        "mailer_email_validation_blocked_mx",
        "MAILER_EMAIL_VALIDATION_BLOCKED_MX",
        "Mail servers, as a JSON array, whose addresses are refused.",
    )
    .checked(check::json_texts),
    text(
        "smtp_host",
        "SMTP_HOST",
        "The mail server; without one no mail is sent.",
    ),
    integer(
        "smtp_port",
        "SMTP_PORT",
        587,
        (1, 65_535),
        "The port of the mail server.",
    ),
    text("smtp_user", "SMTP_USER", "The user at the mail server."),
    secret("smtp_pass", "SMTP_PASS", "The password at the mail server."),
    text(
        "smtp_admin_email",
        "SMTP_ADMIN_EMAIL",
        "The address that mails are from.",
    ),
    text(
        "smtp_sender_name",
        "SMTP_SENDER_NAME",
        "The name that mails are from.",
    ),
    text(
        "smtp_headers",
        "SMTP_HEADERS",
        "Further headers of mails, as a JSON object.",
    )
    .checked(check::headers),
    duration(
        "smtp_max_frequency",
        "SMTP_MAX_FREQUENCY",
        "1m",
        0.0,
        "How long after one mail another can be sent to a user.",
    ),
    link!("invite", "INVITE", "invite"),
    link!("confirmation", "CONFIRMATION", "confirm a new address"),
    link!(
        "recovery",
        "RECOVERY",
        "sign in or let choose another password"
    ),
    link!("email_change", "EMAIL_CHANGE", "confirm a changed address"),
];
