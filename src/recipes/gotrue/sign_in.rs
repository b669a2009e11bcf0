//! Signing in with a password, and by what is mailed or texted (GoTrue reference, 2.4, 2.6 and 2.7).

use auth_core::address::Channel;
use auth_core::mail_templates::MailKind;
use auth_core::password_rules::Weaknesses;
use auth_core::pkce::Challenge;
use serde_json::{Map, Value, json};

use super::accounts;
use super::audit::{self, Action, Actor};
use super::flows::{self, FlowKind};
use super::hooks::{self, Event};
use super::limits::WrongPasswords;
use super::mails::{self, Mail};
use super::sessions::{self, Tokens};
use super::sign_up::{self, SignUp};
use super::{Context, Failure, Refusal, Result, codes, passwords, texts};
use crate::store::auth_sessions;
use crate::store::auth_users::{self, AuthUser};
use crate::store::identities::{MethodRow, methods_of};
use crate::store::login_methods;
use crate::store::one_time_codes::Kind;

/// Signs in with a password, to the account of the address or number that was given; what is weak about it by the rules of today.
///
/// # Errors
/// [`Refusal`].
pub fn with_password(
    context: &Context,
    user: Option<AuthUser>,
    account: &str,
    password: &str,
    by_email: bool,
) -> Result<(Tokens, Weaknesses)> {
    let wrong_ones = WrongPasswords::look(context, account)?;
    // Told whatever the password: so the protocol has it.
    if user
        .as_ref()
        .is_some_and(|user| user.is_banned(context.now))
    {
        return Err(Refusal::user_banned(400).into());
    }
    let app_id = &context.tenant.app_id;
    let methods = user.as_ref().map(|user| methods_of(app_id, user.id));
    let methods = methods.unwrap_or_default();
    // Found by what none of its login methods has: that one has just been unlinked from this user, or deleted.
    if user.is_some() && !methods.iter().any(|method| method.has(account)) {
        return Err(Failure::Overtaken);
    }
    let method = user
        .as_ref()
        .and_then(|user| passwords::method_of(user, &methods));
    let stored = method.and_then(|method| method.password_hash.as_deref());
    let checked = crate::hashing::check(context.tenant, password, stored)?;
    if let Some(user) = &user {
        ask_hook(context, user, checked.matches)?;
    }
    let (Some(user), Some(method)) = (user, method.filter(|_| checked.matches)) else {
        wrong_ones.count(context);
        return Err(Refusal::invalid_credentials().keeping_writes().into());
    };
    let user = still_has(context, &user, method)?;
    wrong_ones.forget(context);
    let is_unconfirmed = accounts::is_unconfirmed(&user, account);
    if by_email && is_unconfirmed && !context.is_on("mailer_allow_unverified_email_sign_ins") {
        return Err(Refusal::new(400, "email_not_confirmed", "Email not confirmed").into());
    }
    if !by_email && is_unconfirmed {
        return Err(Refusal::new(400, "phone_not_confirmed", "Phone not confirmed").into());
    }
    if let Some(stronger) = &checked.rehashed {
        // Unless the password was changed while we hashed.
        login_methods::set_password_hash(method.id, stronger, stored);
    }
    let provider = if by_email { "email" } else { "phone" };
    let traits = json!({ "provider": provider });
    audit::note(context, Actor::User(&user), Action::Login, traits);
    let tokens = sessions::open(context, user.id, Some(method.id), "password")?;
    Ok((tokens, passwords::weaknesses(context, password, true)?))
}

/// The user, who is locked, if the password that was checked is still its own: hashing takes long.
fn still_has(context: &Context, user: &AuthUser, checked: &MethodRow) -> Result<AuthUser> {
    let user = accounts::lock(context, user.id)?;
    let is_same = |method: &MethodRow| {
        method.id == checked.id && method.password_hash == checked.password_hash
    };
    match methods_of(&context.tenant.app_id, user.id)
        .iter()
        .any(is_same)
    {
        true => Ok(user),
        false => Err(Failure::Overtaken),
    }
}

/// Lets the hook reject an attempt.
fn ask_hook(context: &Context, user: &AuthUser, valid: bool) -> Result<()> {
    let input = json!({"user_id": user.id, "valid": valid});
    let Some(output) = hooks::call(context, Event::PasswordVerificationAttempt, input)? else {
        return Ok(());
    };
    let usual = "Further password verification attempts will be rejected.";
    let Some(message) = hooks::rejection(&output, usual) else {
        return Ok(());
    };
    if output.get("should_logout_user") == Some(&Value::Bool(true)) {
        auth_sessions::delete_of(user.id, None);
    }
    Err(Refusal::new(400, "invalid_credentials", message)
        .keeping_writes()
        .into())
}

/// A request for a link or a code to sign in with.
pub struct OtpRequest<'a> {
    /// Exactly one of address and number.
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub data: Map<String, Value>,
    pub channel: Channel,
    pub challenge: Option<&'a Challenge>,
}

/// Mails or texts what signs in; whoever is not known is signed up.
///
/// # Errors
/// [`Refusal`].
pub fn send_otp(context: &Context, request: OtpRequest) -> Result<texts::MessageId> {
    let by_email = request.email.is_some();
    let find = || match (request.email, request.phone) {
        (Some(email), _) => accounts::find_by_email(context, email),
        (None, phone) => accounts::find_by_phone(context, phone.unwrap_or_default()),
    };
    let address = request.email.or(request.phone).unwrap_or_default();
    let user = match find() {
        Some(user) if !accounts::is_unconfirmed(&user, address) => user,
        _ => {
            if context.tenant.settings.disable_signup() {
                return Err(Refusal::new(422, "signup_disabled", SIGNUP_DISABLED).into());
            }
            let auto = sign_up::autoconfirm(context, by_email);
            let sign_up = SignUp {
                email: request.email,
                phone: request.phone,
                password_hash: None,
                data: request.data,
                channel: request.channel,
                challenge: request.challenge,
            };
            if !auto {
                sign_up::sign_up(context, sign_up)?;
                return Ok(None);
            }
            sign_up::make_confirmed(context, &sign_up)?
        }
    };
    let mut user = accounts::lock(context, user.id)?;
    if by_email {
        let kind = MailKind::MagicLink;
        send_link(context, &mut user, address, kind, request.challenge)?;
        return Ok(None);
    }
    let traits = json!({"channel": request.channel.name()});
    audit::note(
        context,
        Actor::User(&user),
        Action::UserRecoveryRequested,
        traits,
    );
    let last = user.confirmation_sent_at;
    let kind = Kind::Confirmation;
    let id = texts::send_code(context, &user, kind, address, request.channel, last)?;
    user.confirmation_sent_at = Some(context.now);
    auth_users::update(&user, context.now);
    Ok(id)
}

/// What is said where nobody can sign up.
pub const SIGNUP_DISABLED: &str = "Signups not allowed for this instance";

/// Mails a user who is locked a link to sign in, or to choose another password, to an address of it.
///
/// # Errors
/// [`Refusal`].
pub fn send_link(
    context: &Context,
    user: &mut AuthUser,
    email: &str,
    kind: MailKind,
    challenge: Option<&Challenge>,
) -> Result<()> {
    mails::refuse_mail_too_soon(context, user.recovery_sent_at)?;
    audit::note(
        context,
        Actor::User(user),
        Action::UserRecoveryRequested,
        Value::Null,
    );
    let digits = context.tenant.settings.mailer_otp_length();
    let code = codes::issue(
        context,
        user.id,
        Kind::Recovery,
        email,
        digits,
        challenge.is_some(),
    )?;
    let mail = Mail {
        kind,
        to: email,
        code: &code,
        new_email: None,
    };
    mails::send(context, user, &mail)?;
    if let Some(challenge) = challenge {
        let flow = match kind {
            MailKind::Recovery => FlowKind::Recovery,
            _ => FlowKind::MagicLink,
        };
        flows::begin(context, user.id, flow, challenge);
    }
    user.recovery_sent_at = Some(context.now);
    auth_users::update(user, context.now);
    Ok(())
}
