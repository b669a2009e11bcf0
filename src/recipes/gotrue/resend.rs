//! Sending once more what was sent before (GoTrue reference, 2.8).

use auth_core::address::Channel;
use auth_core::pkce::Challenge;
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::{self, Action, Actor};
use super::{Context, Result, accounts, sign_up, texts, update};
use crate::store::auth_users;
use crate::store::one_time_codes::Kind;

/// What is to be sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResendType {
    Signup,
    EmailChange,
    Sms,
    PhoneChange,
}

impl ResendType {
    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "signup" => Self::Signup,
            "email_change" => Self::EmailChange,
            "sms" => Self::Sms,
            "phone_change" => Self::PhoneChange,
            _ => return None,
        })
    }
}

/// Sends it, if there is anything that waits for it.
///
/// # Errors
/// [`super::Refusal`].
pub fn resend(
    context: &Context,
    user_id: Uuid,
    kind: ResendType,
    challenge: Option<&Challenge>,
) -> Result<texts::MessageId> {
    let mut user = accounts::lock(context, user_id)?;
    let channel = Channel::Sms;
    let message_id = match kind {
        ResendType::Signup if user.email.is_some() && user.email_confirmed_at.is_none() => {
            let actor = Actor::User(&user);
            audit::note(
                context,
                actor,
                Action::UserConfirmationRequested,
                Value::Null,
            );
            let email = user.email.clone().unwrap_or_default();
            return sign_up::send_confirmation(context, &mut user, &email, channel, challenge);
        }
        ResendType::EmailChange => {
            let Some(email) = user.email_change.clone() else {
                return Ok(None);
            };
            update::send_email_change(context, &mut user, &email, challenge)?;
            None
        }
        ResendType::Sms if user.phone_confirmed_at.is_none() => {
            let (actor, traits) = (Actor::User(&user), json!({"channel": "sms"}));
            audit::note(context, actor, Action::UserRecoveryRequested, traits);
            let phone = user.phone.clone().unwrap_or_default();
            let last = user.confirmation_sent_at;
            let sent = texts::send_code(context, &user, Kind::Confirmation, &phone, channel, last)?;
            user.confirmation_sent_at = Some(context.now);
            sent
        }
        ResendType::PhoneChange => {
            let Some(phone) = user.phone_change.clone() else {
                return Ok(None);
            };
            let last = user.phone_change_sent_at;
            let sent = texts::send_code(context, &user, Kind::PhoneChange, &phone, channel, last)?;
            user.phone_change_sent_at = Some(context.now);
            sent
        }
        ResendType::Signup | ResendType::Sms => return Ok(None),
    };
    auth_users::update(&user, context.now);
    Ok(message_id)
}
