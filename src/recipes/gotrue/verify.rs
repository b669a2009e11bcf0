//! Codes that come back, typed in or by their links, and what they prove (GoTrue reference, 2.5 and 4.6).

use auth_core::otp;
use serde_json::{Value, json};

use super::audit::{self, Action, Actor};
use super::codes::{self, WRONG, WRONG_LINK};
use super::flows::{self, FlowKind};
use super::sessions::{self, Tokens};
use super::{Context, Refusal, Result, accounts, contacts};
use crate::store::auth_users::{self, AuthUser};
use crate::store::one_time_codes::{self, CodeRow, Kind};

/// What a code is said to be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyType {
    Signup,
    Invite,
    Recovery,
    MagicLink,
    EmailChange,
    /// Any code that was mailed to sign in or up.
    Email,
    Sms,
    PhoneChange,
}

impl VerifyType {
    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "signup" => Self::Signup,
            "invite" => Self::Invite,
            "recovery" => Self::Recovery,
            "magiclink" => Self::MagicLink,
            "email_change" => Self::EmailChange,
            "email" => Self::Email,
            "sms" => Self::Sms,
            "phone_change" => Self::PhoneChange,
            _ => return None,
        })
    }

    /// Its name in redirects.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::Invite => "invite",
            Self::Recovery => "recovery",
            Self::MagicLink => "magiclink",
            Self::EmailChange => "email_change",
            Self::Email => "email",
            Self::Sms => "sms",
            Self::PhoneChange => "phone_change",
        }
    }

    /// The kinds of codes that are mailed for it.
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Signup | Self::Invite | Self::Sms => &[Kind::Confirmation],
            Self::Recovery | Self::MagicLink => &[Kind::Recovery],
            Self::Email => &[Kind::Confirmation, Kind::Recovery],
            Self::EmailChange => &[Kind::EmailChangeCurrent, Kind::EmailChangeNew],
            Self::PhoneChange => &[Kind::PhoneChange],
        }
    }

    fn flow(self) -> FlowKind {
        match self {
            Self::Invite => FlowKind::Invite,
            Self::Recovery => FlowKind::Recovery,
            Self::MagicLink => FlowKind::MagicLink,
            Self::EmailChange => FlowKind::EmailChange,
            Self::Signup | Self::Email | Self::Sms | Self::PhoneChange => FlowKind::Signup,
        }
    }
}

/// Where a code was sent, as the caller says.
pub enum Place<'a> {
    Email(&'a str),
    Phone(&'a str),
}

/// What came of a code.
pub enum Verified {
    Tokens(Box<Tokens>, VerifyType),
    /// The code of a flow with PKCE, to be exchanged by who has its verifier.
    AuthCode(String),
    /// The other of two addresses has to confirm the change, too.
    FirstHalf,
}

/// What a caller is told who has confirmed the first half of a change.
pub const FIRST_HALF: &str =
    "Confirmation link accepted. Please proceed to confirm link sent to the other email";

/// Takes a link; with `redirects` one of a flow with PKCE gives its code instead of tokens.
///
/// # Errors
/// [`Refusal`].
pub fn by_link(
    context: &Context,
    kind: VerifyType,
    link: &str,
    redirects: bool,
) -> Result<Verified> {
    if matches!(kind, VerifyType::Sms | VerifyType::PhoneChange) {
        return Err(Refusal::validation("Invalid email verification type").into());
    }
    let code = codes::find_linked(context, kind.kinds(), link)?;
    let user = lock(context, &code)?;
    let gives_code = redirects && otp::is_pkce(link);
    apply(context, kind, user, &code, gives_code, WRONG_LINK)
}

/// Takes a code that was typed in.
///
/// # Errors
/// [`Refusal`].
pub fn by_code(context: &Context, kind: VerifyType, place: Place, typed: &str) -> Result<Verified> {
    let (address, user) = match place {
        Place::Email(email) => (email, accounts::find_by_email(context, email)),
        Place::Phone(phone) => (phone, accounts::find_by_phone(context, phone)),
    };
    let is_phone = matches!(place, Place::Phone(_));
    if is_phone != matches!(kind, VerifyType::Sms | VerifyType::PhoneChange) {
        return Err(wrong());
    }
    let kinds = kind.kinds();
    let found = match kind {
        // The address is not the user's yet.
        VerifyType::EmailChange | VerifyType::PhoneChange => {
            codes::find_by_address(context, kinds, address, typed)?
        }
        _ => match user {
            Some(user) => codes::find_typed(context, &user, kinds, address, typed)?,
            // One who has come with an account whose provider does not vouch for the address may have been mailed a code.
            None => codes::find_by_address(context, kinds, address, typed)?,
        },
    };
    let code = found.ok_or_else(wrong)?;
    let user = lock(context, &code)?;
    apply(context, kind, user, &code, false, WRONG)
}

/// Locks the user of a code, and before it the addresses that it is about.
fn lock(context: &Context, code: &CodeRow) -> Result<AuthUser> {
    let user = accounts::find(context, code.user_id)?;
    let mut addresses = vec![code.address.as_str()];
    if code.kind == Kind::EmailChangeCurrent || code.kind == Kind::EmailChangeNew {
        addresses.extend(user.email_change.as_deref());
    }
    accounts::lock_addresses(context, addresses);
    accounts::lock(context, code.user_id)
}

fn wrong() -> super::Failure {
    Refusal::otp_expired(WRONG).keeping_writes().into()
}

/// Does what a code is for, which is used up.
fn apply(
    context: &Context,
    kind: VerifyType,
    mut user: AuthUser,
    code: &CodeRow,
    gives_code: bool,
    message: &str,
) -> Result<Verified> {
    if user.is_banned(context.now) {
        return Err(Refusal::user_banned(403).into());
    }
    if !one_time_codes::consume(code) {
        return Err(Refusal::otp_expired(message).into());
    }
    let kind = match (kind, code.kind) {
        (VerifyType::Email, Kind::Confirmation) => VerifyType::Signup,
        (VerifyType::Email, _) => VerifyType::MagicLink,
        (kind, _) => kind,
    };
    match kind {
        VerifyType::Signup
        | VerifyType::Invite
        | VerifyType::Recovery
        | VerifyType::MagicLink
        | VerifyType::Sms
            // The user may have got another address since.
            if !accounts::has(context, &user, &code.address) =>
        {
            return Err(Refusal::otp_expired(message).into());
        }
        VerifyType::EmailChange if is_first_half(context, &user) => {
            user.email_change_is_half_confirmed = true;
            auth_users::update(&user, context.now);
            return Ok(Verified::FirstHalf);
        }
        VerifyType::EmailChange => contacts::confirm_email_change(context, &mut user)?,
        VerifyType::PhoneChange => contacts::confirm_phone_change(context, &mut user)?,
        VerifyType::Sms => confirm_phone(context, &mut user, &code.address)?,
        _ => confirm_email(context, &mut user, &code.address, kind)?,
    }
    one_time_codes::delete_of(user.id);
    if gives_code {
        let code = flows::issue_code(context, user.id, kind.flow())?;
        return Ok(Verified::AuthCode(code));
    }
    let tokens = sessions::open(context, user.id, None, "otp")?;
    Ok(Verified::Tokens(Box::new(tokens), kind))
}

/// Whether a change of address still needs the other address's consent.
fn is_first_half(context: &Context, user: &AuthUser) -> bool {
    context.is_on("mailer_secure_email_change_enabled")
        && !context.tenant.settings.mailer_autoconfirm()
        && user.email.is_some()
        && !user.email_change_is_half_confirmed
}

fn confirm_email(
    context: &Context,
    user: &mut AuthUser,
    email: &str,
    kind: VerifyType,
) -> Result<()> {
    let is_first = accounts::is_unconfirmed(user, email);
    if user.email.as_deref() != Some(email) {
        accounts::prove_linked(context, user, email);
    } else if is_first {
        user.email_confirmed_at = Some(context.now);
        user.is_anonymous = false;
        accounts::verified(context, user)?;
    }
    let is_sign_up = is_first || matches!(kind, VerifyType::Signup | VerifyType::Invite);
    let (action, traits) = if is_sign_up {
        (Action::UserSignedUp, json!({"provider": "email"}))
    } else {
        (Action::Login, Value::Null)
    };
    audit::note(context, Actor::User(user), action, traits);
    Ok(())
}

fn confirm_phone(context: &Context, user: &mut AuthUser, phone: &str) -> Result<()> {
    if accounts::is_unconfirmed(user, phone) {
        user.phone_confirmed_at = Some(context.now);
        user.is_anonymous = false;
        accounts::verified(context, user)?;
    }
    let traits = json!({"provider": "phone"});
    audit::note(context, Actor::User(user), Action::UserSignedUp, traits);
    Ok(())
}
