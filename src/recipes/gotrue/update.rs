//! What users change of themselves (GoTrue reference, 2.9 and 2.11).

use auth_core::address::Channel;
use auth_core::mail_templates::MailKind;
use auth_core::pkce::Challenge;
use serde_json::{Map, Value};

use super::accounts;
use super::audit::{self, Action, Actor};
use super::flows::{self, FlowKind};
use super::mails::{self, Mail};
use super::notifications::{self, Happening};
use super::{Context, Refusal, Result, codes, contacts, passwords, texts};
use crate::store::auth_sessions::{self, AuthSession};
use crate::store::auth_users::{self, AuthUser};
use crate::store::identities::methods_of;
use crate::store::one_time_codes::{self, Kind};

/// A change that a user asks for. Addresses and numbers are in the form in which they are stored.
pub struct Update<'a> {
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub password: Option<&'a str>,
    pub current_password: Option<&'a str>,
    pub nonce: Option<&'a str>,
    pub data: Option<Map<String, Value>>,
    pub app_metadata: Option<Map<String, Value>>,
    pub channel: Channel,
    pub challenge: Option<&'a Challenge>,
}

/// A session after which the password may be changed without further proof.
const FRESH_MS: i64 = 24 * 60 * 60 * 1000;

/// Does all that is asked for, or nothing.
///
/// # Errors
/// [`Refusal`].
pub fn update(
    context: &Context,
    user: &AuthUser,
    session: Option<&AuthSession>,
    request: Update,
) -> Result<AuthUser> {
    // Hashed before anything is locked.
    let hash = request
        .password
        .map(|password| passwords::hash(context, password))
        .transpose()?;
    let wanted = [request.email, request.phone];
    accounts::lock_addresses(context, wanted.into_iter().flatten());
    let mut user = accounts::lock(context, user.id)?;
    let email = request
        .email
        .filter(|email| Some(*email) != user.email.as_deref());
    let phone = request
        .phone
        .filter(|phone| Some(*phone) != user.phone.as_deref());
    refuse_what_users_may_not(context, &user, &request, email, phone)?;
    if let Some(password) = request.password {
        check_password(context, &mut user, session, &request, password)?;
    }
    if let Some(data) = &request.data {
        accounts::merge(&mut user.user_metadata, data);
    }
    if let Some(app_metadata) = &request.app_metadata {
        accounts::merge(&mut user.app_metadata, app_metadata);
    }
    // Before codes are sent: those that were sent earlier are worth nothing with another password.
    if let Some(hash) = hash {
        set_password(context, &mut user, session, &hash)?;
    }
    if let Some(email) = email {
        change_email(context, &mut user, email, request.challenge)?;
    }
    if let Some(phone) = phone {
        change_phone(context, &mut user, phone, request.channel)?;
    }
    auth_users::update(&user, context.now);
    audit::note(
        context,
        Actor::User(&user),
        Action::UserModified,
        Value::Null,
    );
    accounts::find(context, user.id)
}

fn refuse_what_users_may_not(
    context: &Context,
    user: &AuthUser,
    request: &Update,
    email: Option<&str>,
    phone: Option<&str>,
) -> Result<()> {
    let settings = &context.tenant.settings;
    let is_admin = user.aud == settings.jwt_aud()
        && Some(user.role.as_str()) == settings.setting_text("jwt_admin_group_name");
    if request.app_metadata.is_some() && !is_admin {
        let message = "Updating app_metadata requires admin privileges";
        return Err(Refusal::new(403, "not_admin", message).into());
    }
    let names_itself = email.is_some() || phone.is_some();
    if user.is_anonymous && request.password.is_some() && !names_itself {
        let message =
            "Updating password of an anonymous user without an email or phone is not allowed";
        return Err(Refusal::new(422, "validation_failed", message).into());
    }
    let is_managed = request.password.is_some() || names_itself || request.nonce.is_some();
    if user.is_sso_user && is_managed {
        let message = "Updating email, phone, password of a SSO account only possible via SSO";
        return Err(Refusal::new(422, "user_sso_managed", message).into());
    }
    let (app_id, tenant_id) = (&context.tenant.app_id, context.tenant.id());
    let id = Some(user.id);
    if email.is_some_and(|email| auth_users::email_is_taken(app_id, tenant_id, email, id)) {
        return Err(Refusal::email_exists().into());
    }
    if phone.is_some_and(|phone| auth_users::phone_is_taken(app_id, tenant_id, phone, id)) {
        return Err(Refusal::phone_exists().into());
    }
    Ok(())
}

/// What has to be proven before a password is changed.
fn check_password(
    context: &Context,
    user: &mut AuthUser,
    session: Option<&AuthSession>,
    request: &Update,
    password: &str,
) -> Result<()> {
    if context.is_on("update_password_require_reauthentication") {
        let is_fresh = session.is_some_and(|s| context.now < s.created_at.plus(FRESH_MS));
        match request.nonce {
            Some(nonce) => use_nonce(context, user, nonce)?,
            None if is_fresh => {}
            None => {
                let message = "Password update requires reauthentication";
                return Err(Refusal::new(400, "reauthentication_needed", message).into());
            }
        }
    }
    let methods = methods_of(&context.tenant.app_id, user.id);
    let stored = passwords::method_of(user, &methods).and_then(|m| m.password_hash.as_deref());
    let Some(stored) = stored else {
        return Ok(());
    };
    let requires_current = context.is_on("update_password_require_current_password")
        && !session.is_some_and(is_recovery);
    if request.current_password.is_none() && requires_current {
        let message = "Current password required when setting new password.";
        return Err(Refusal::new(400, "current_password_required", message).into());
    }
    let is_wrong = |current| passwords::matches(context, current, Some(stored)).map(|right| !right);
    if request.current_password.map(is_wrong).transpose()? == Some(true) {
        let message = "Current password is incorrect";
        return Err(Refusal::new(400, "current_password_invalid", message).into());
    }
    if passwords::matches(context, password, Some(stored))? {
        let message = "New password should be different from the old password.";
        return Err(Refusal::new(422, "same_password", message).into());
    }
    Ok(())
}

/// Whether somebody came by a mail or a message instead of a password.
fn is_recovery(session: &AuthSession) -> bool {
    let methods = session.amr.as_array().into_iter().flatten();
    methods
        .filter_map(|entry| entry["method"].as_str())
        .any(|method| matches!(method, "otp" | "magiclink" | "recovery"))
}

/// Uses up the code with which a user proves once more who it is.
fn use_nonce(context: &Context, user: &mut AuthUser, nonce: &str) -> Result<()> {
    let address = user.email.as_deref().or(user.phone.as_deref());
    let address = address.unwrap_or_default().to_owned();
    let code = codes::find_typed(context, user, &[Kind::Reauthentication], &address, nonce)?;
    if code.is_some_and(|code| one_time_codes::consume(&code)) {
        return Ok(());
    }
    let message = "Verification requires valid reauthentication code";
    let refusal = Refusal::new(422, "reauthentication_not_valid", message);
    // Nothing has been written so far but that the code was wrong.
    Err(refusal.keeping_writes().into())
}

fn set_password(
    context: &Context,
    user: &mut AuthUser,
    session: Option<&AuthSession>,
    hash: &str,
) -> Result<()> {
    if user.email.is_none() && user.phone.is_none() {
        // It goes with the address or the number that is about to be confirmed.
        auth_users::set_pending_password(user.id, Some(hash));
    } else {
        passwords::set(context, user, hash)?;
    }
    auth_sessions::delete_of(user.id, session.map(|session| session.id));
    audit::note(
        context,
        Actor::User(user),
        Action::UserUpdatedPassword,
        Value::Null,
    );
    notifications::tell(context, user, &Happening::PasswordChanged)
}

fn change_email(
    context: &Context,
    user: &mut AuthUser,
    email: &str,
    challenge: Option<&Challenge>,
) -> Result<()> {
    if user.is_anonymous && context.tenant.settings.mailer_autoconfirm() {
        user.is_anonymous = false;
        return contacts::set_email(context, user, email, true);
    }
    send_email_change(context, user, email, challenge)
}

/// Begins a change of address of a user who is locked: mails to the new one, and to the old one where both must agree.
///
/// # Errors
/// [`Refusal`].
pub fn send_email_change(
    context: &Context,
    user: &mut AuthUser,
    email: &str,
    challenge: Option<&Challenge>,
) -> Result<()> {
    let settings = &context.tenant.settings;
    mails::refuse_mail_too_soon(context, user.email_change_sent_at)?;
    let digits = settings.mailer_otp_length();
    let is_pkce = challenge.is_some();
    one_time_codes::delete(user.id, Kind::EmailChangeCurrent);
    let issue = |kind, to: &str| codes::issue(context, user.id, kind, to, digits, is_pkce);
    let new = issue(Kind::EmailChangeNew, email)?;
    let current = user.email.clone();
    let current = current.filter(|_| context.is_on("mailer_secure_email_change_enabled"));
    let current = match current {
        Some(address) => Some((issue(Kind::EmailChangeCurrent, &address)?, address)),
        None => None,
    };
    let to_current = current
        .as_ref()
        .map(|(code, address)| (address.as_str(), code));
    // As hooks are to see the user: with the change that is asked for.
    user.email_change = Some(email.to_owned());
    mails::send_change(context, user, (email, &new), to_current)?;
    if let Some(challenge) = challenge {
        flows::begin(context, user.id, FlowKind::EmailChange, challenge);
    }
    user.email_change_is_half_confirmed = false;
    user.email_change_sent_at = Some(context.now);
    Ok(())
}

/// Begins a change of number: texts to the new one.
fn change_phone(
    context: &Context,
    user: &mut AuthUser,
    phone: &str,
    channel: Channel,
) -> Result<()> {
    if context.tenant.settings.sms_autoconfirm() {
        user.is_anonymous = false;
        let old = user.phone.clone();
        contacts::set_phone(context, user, phone, true)?;
        let old = old.as_deref();
        return notifications::tell(context, user, &Happening::PhoneChanged { old });
    }
    let last = user.phone_change_sent_at;
    texts::send_code(context, user, Kind::PhoneChange, phone, channel, last)?;
    user.phone_change = Some(phone.to_owned());
    user.phone_change_sent_at = Some(context.now);
    Ok(())
}

/// Sends a signed-in user a code with which it can prove once more who it is.
///
/// # Errors
/// [`Refusal`].
pub fn reauthenticate(context: &Context, user: &AuthUser) -> Result<texts::MessageId> {
    let mut user = accounts::lock(context, user.id)?;
    let kind = Kind::Reauthentication;
    let mut message_id = None;
    match (user.email.clone(), user.phone.clone()) {
        (None, None) => {
            return Err(Refusal::validation(
                "Reauthentication requires the user to have an email or a phone number",
            )
            .into());
        }
        (Some(_), _) if user.email_confirmed_at.is_none() => {
            let message = "Please verify your email first.";
            return Err(Refusal::new(422, "email_not_confirmed", message).into());
        }
        (Some(email), _) => {
            mails::refuse_mail_too_soon(context, user.reauthentication_sent_at)?;
            let digits = context.tenant.settings.mailer_otp_length();
            let code = codes::issue(context, user.id, kind, &email, digits, false)?;
            let mail = Mail {
                kind: MailKind::Reauthentication,
                to: &email,
                code: &code,
                new_email: None,
            };
            mails::send(context, &user, &mail)?;
        }
        (None, Some(_)) if user.phone_confirmed_at.is_none() => {
            let message = "Please verify your phone first.";
            return Err(Refusal::new(422, "phone_not_confirmed", message).into());
        }
        (None, Some(phone)) => {
            let last = user.reauthentication_sent_at;
            message_id = texts::send_code(context, &user, kind, &phone, Channel::Sms, last)?;
        }
    }
    audit::note(
        context,
        Actor::User(&user),
        Action::UserReauthenticateRequested,
        Value::Null,
    );
    user.reauthentication_sent_at = Some(context.now);
    auth_users::update(&user, context.now);
    Ok(message_id)
}
