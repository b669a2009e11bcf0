//! Invitations, and links that administrators hand out themselves (GoTrue reference, 2.17 and 2.18).

use auth_core::mail_templates::MailKind;
use serde_json::{Map, Value, json};

use super::accounts::{self, NewUser};
use super::audit::{self, Action, Actor};
use super::codes::{self, NewCode};
use super::mails::{self, Mail};
use super::{Context, Refusal, Result, passwords};
use crate::store::auth_users::{self, AuthUser};
use crate::store::one_time_codes::Kind;

/// Invites an address by mail: a new user, or one who has not confirmed it.
///
/// # Errors
/// [`Refusal`].
pub fn invite(
    context: &Context,
    role: &str,
    email: &str,
    data: Map<String, Value>,
) -> Result<AuthUser> {
    let mut user = find_or_create(context, email, None, data, true)?;
    note_invitation(context, role, &user);
    let digits = context.tenant.settings.mailer_otp_length();
    let code = codes::issue(context, user.id, Kind::Confirmation, email, digits, false)?;
    let mail = Mail {
        kind: MailKind::Invite,
        to: email,
        code: &code,
        new_email: None,
    };
    mails::send(context, &user, &mail)?;
    user.invited_at = Some(context.now);
    user.confirmation_sent_at = Some(context.now);
    auth_users::update(&user, context.now);
    Ok(user)
}

fn note_invitation(context: &Context, role: &str, user: &AuthUser) {
    let traits = json!({"user_id": user.id, "user_email": user.email});
    audit::note(context, Actor::Admin(role), Action::UserInvited, traits);
}

/// The user of an address, locked, who has not confirmed it, or a new one.
fn find_or_create(
    context: &Context,
    email: &str,
    password_hash: Option<&str>,
    data: Map<String, Value>,
    is_invited: bool,
) -> Result<AuthUser> {
    let tenant = context.tenant;
    auth_users::lock_address(&tenant.app_id, tenant.id(), email);
    if let Some(user) = accounts::find_by_email(context, email) {
        if user.email_confirmed_at.is_some() {
            return Err(Refusal::email_exists().into());
        }
        let mut user = accounts::lock(context, user.id)?;
        if !is_invited {
            accounts::merge(&mut user.user_metadata, &data);
        }
        return Ok(user);
    }
    if auth_users::email_is_taken(&tenant.app_id, tenant.id(), email, None) {
        return Err(Refusal::email_exists().into());
    }
    let app_metadata = json!({"provider": "email", "providers": ["email"]});
    accounts::create(
        context,
        NewUser {
            email: Some(email),
            password_hash,
            app_metadata: app_metadata.as_object().cloned().unwrap_or_default(),
            user_metadata: data,
            is_invited,
            has_hooks: is_invited,
            ..NewUser::default()
        },
    )
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkType {
    Signup,
    Invite,
    MagicLink,
    Recovery,
    EmailChangeCurrent,
    EmailChangeNew,
}

impl LinkType {
    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "signup" => Self::Signup,
            "invite" => Self::Invite,
            "magiclink" => Self::MagicLink,
            "recovery" => Self::Recovery,
            "email_change_current" => Self::EmailChangeCurrent,
            "email_change_new" => Self::EmailChangeNew,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::Invite => "invite",
            Self::MagicLink => "magiclink",
            Self::Recovery => "recovery",
            Self::EmailChangeCurrent => "email_change_current",
            Self::EmailChangeNew => "email_change_new",
        }
    }
}

/// A link that is asked for. Addresses are in the form in which they are stored.
pub struct LinkRequest<'a> {
    pub kind: LinkType,
    pub email: &'a str,
    pub new_email: Option<&'a str>,
    pub password: Option<&'a str>,
    pub data: Map<String, Value>,
}

/// A link, which nobody was sent.
pub struct Link {
    pub user: AuthUser,
    pub code: NewCode,
    pub action_link: String,
    pub verification_type: &'static str,
    pub redirect_to: String,
}

/// Makes a link.
///
/// # Errors
/// [`Refusal`].
pub fn generate(context: &Context, role: &str, request: LinkRequest) -> Result<Link> {
    let known = accounts::find_by_email(context, request.email);
    let kind = match (request.kind, &known) {
        // Whoever is not known signs up.
        (LinkType::MagicLink, None) => LinkType::Signup,
        (kind, _) => kind,
    };
    let mut user = match (kind, known) {
        (LinkType::Signup, known) => {
            let needs_password = known.is_none() && request.kind == LinkType::Signup;
            let hash = match request.password {
                Some(password) if needs_password => {
                    passwords::check_new(context, password)?;
                    Some(passwords::hash(context, password)?)
                }
                None if needs_password => {
                    return Err(Refusal::validation("Signup requires a valid password").into());
                }
                _ => None,
            };
            find_or_create(context, request.email, hash.as_deref(), request.data, false)?
        }
        (LinkType::Invite, _) => find_or_create(context, request.email, None, request.data, true)?,
        (_, None) => {
            let message = "User with this email not found";
            return Err(Refusal::new(404, "user_not_found", message).into());
        }
        (_, Some(user)) => accounts::lock(context, user.id)?,
    };
    let (code, mail) = issue(
        context,
        role,
        kind,
        &mut user,
        &request.new_email,
        request.email,
    )?;
    auth_users::update(&user, context.now);
    let redirect_to = context.redirect_to()?;
    let action_link = mails::link(context, mail, &code.link, &redirect_to)?;
    Ok(Link {
        user: accounts::find(context, user.id)?,
        code,
        action_link,
        verification_type: kind.name(),
        redirect_to,
    })
}

/// Makes the code of a link, and notes it as if it had been sent.
fn issue(
    context: &Context,
    role: &str,
    kind: LinkType,
    user: &mut AuthUser,
    new_email: &Option<&str>,
    email: &str,
) -> Result<(NewCode, MailKind)> {
    let now = Some(context.now);
    let digits = context.tenant.settings.mailer_otp_length();
    let code = |kind, address: &str| codes::issue(context, user.id, kind, address, digits, false);
    Ok(match kind {
        LinkType::Signup => {
            let code = code(Kind::Confirmation, email)?;
            user.confirmation_sent_at = now;
            (code, MailKind::Signup)
        }
        LinkType::Invite => {
            note_invitation(context, role, user);
            let code = code(Kind::Confirmation, email)?;
            user.invited_at = now;
            user.confirmation_sent_at = now;
            (code, MailKind::Invite)
        }
        LinkType::MagicLink | LinkType::Recovery => {
            let actor = Actor::User(user);
            audit::note(context, actor, Action::UserRecoveryRequested, Value::Null);
            let code = code(Kind::Recovery, email)?;
            user.recovery_sent_at = now;
            let mail = match kind {
                LinkType::Recovery => MailKind::Recovery,
                _ => MailKind::MagicLink,
            };
            (code, mail)
        }
        LinkType::EmailChangeCurrent | LinkType::EmailChangeNew => {
            let is_current = kind == LinkType::EmailChangeCurrent;
            if is_current && !context.is_on("mailer_secure_email_change_enabled") {
                let message = "Enable secure email change to generate link for current email";
                return Err(Refusal::validation(message).into());
            }
            let new_email = new_email
                .ok_or_else(|| Refusal::validation("An email address is required: new_email"))?;
            let (app_id, tenant_id) = (&context.tenant.app_id, context.tenant.id());
            if auth_users::email_is_taken(app_id, tenant_id, new_email, Some(user.id)) {
                return Err(Refusal::email_exists().into());
            }
            let code = if is_current {
                code(Kind::EmailChangeCurrent, email)?
            } else {
                code(Kind::EmailChangeNew, new_email)?
            };
            user.email_change = Some(new_email.to_owned());
            user.email_change_sent_at = now;
            user.email_change_is_half_confirmed = false;
            (code, MailKind::EmailChange)
        }
    })
}
