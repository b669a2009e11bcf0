//! Asking for second factors, and the answers (GoTrue reference, 2.14 and 3.8).

use auth_core::address::Channel;
use auth_core::ids::{self, Slot};
use auth_core::{hash, otp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::Action;
use super::factors::{list, note, subject};
use super::hooks::{self, Event};
use super::limits::{self, Sent};
use super::mails::refuse_too_soon;
use super::notifications::{self, Happening};
use super::sessions::{self, Tokens};
use super::texts::{self, Message};
use super::{Context, Refusal, Result, accounts, codes};
use crate::recipes::totp;
use crate::store::auth_sessions::{self, AuthSession};
use crate::store::auth_users::AuthUser;
use crate::store::factors::{self, Challenge, Factor, FactorKind};

/// After so many wrong codes a challenge is over.
const MOST_WRONG: i32 = 10;

/// A question that was asked, and until when it can be answered, in seconds since the epoch.
pub struct Asked {
    pub id: Uuid,
    pub expires_at: i64,
}

fn life_ms(context: &Context) -> i64 {
    (context
        .tenant
        .settings
        .setting_number("mfa_challenge_expiry_duration")
        * 1000.0) as i64
}

/// Asks for a code of a factor; to a phone it is sent.
///
/// # Errors
/// [`Refusal`].
pub fn challenge(
    context: &Context,
    user: &AuthUser,
    factor: &Factor,
    channel: Channel,
) -> Result<Asked> {
    let user = accounts::lock(context, user.id)?;
    let code_hash = match &factor.kind {
        FactorKind::Totp => None,
        FactorKind::Phone(phone) => Some(send_code(context, &user, factor, phone, channel)?),
    };
    let challenge = Challenge {
        id: ids::new_id(Slot::of(user.id)),
        factor_id: factor.id,
        ip_address: context.client.address.unwrap_or_default().to_owned(),
        code_hash,
        wrong_attempts: 0,
        created_at: context.now,
        verified_at: None,
    };
    factors::insert_challenge(&context.tenant.app_id, user.id, &challenge);
    factors::set_challenged(factor.id, context.now);
    let status = if factor.is_verified {
        "verified"
    } else {
        "unverified"
    };
    let traits = json!({"factor_id": factor.id, "factor_status": status});
    note(context, &user, Action::ChallengeCreated, traits);
    Ok(Asked {
        id: challenge.id,
        expires_at: context.now.plus(life_ms(context)).seconds(),
    })
}

fn send_code(
    context: &Context,
    user: &AuthUser,
    factor: &Factor,
    phone: &str,
    channel: Channel,
) -> Result<Vec<u8>> {
    let settings = &context.tenant.settings;
    refuse_too_soon(
        context,
        factor.last_challenged_at,
        "mfa_phone_max_frequency",
        "over_sms_send_rate_limit",
    )?;
    limits::sending(context, Sent::Sms)?;
    let code = otp::new(settings.setting_number("mfa_phone_otp_length") as i64);
    let message = Message {
        phone,
        code: &code,
        template: "mfa_phone_template",
        kind: "mfa",
        channel,
    };
    texts::send(context, user, &message)?;
    codes::code_hash(context, phone, &code)
}

/// Takes the answer to a question: the session is then one of two factors.
///
/// # Errors
/// [`Refusal`].
pub fn verify(
    context: &Context,
    user: &AuthUser,
    session: &AuthSession,
    factor: &Factor,
    challenge_id: Uuid,
    code: &str,
) -> Result<Tokens> {
    let user = accounts::lock(context, user.id)?;
    let challenge = factors::lock_challenge(factor.id, challenge_id).ok_or_else(|| {
        let message = "MFA factor with the provided challenge ID not found";
        Refusal::new(422, "mfa_factor_not_found", message)
    })?;
    if challenge.verified_at.is_some()
        || challenge.ip_address != context.client.address.unwrap_or_default()
    {
        let message = "Challenge and verify IP addresses mismatch.";
        return Err(Refusal::new(422, "mfa_ip_address_mismatch", message).into());
    }
    if context.now > challenge.created_at.plus(life_ms(context))
        || challenge.wrong_attempts >= MOST_WRONG
    {
        factors::delete_challenge(challenge.id);
        let message = format!(
            "MFA challenge {} has expired, verify against another challenge or create a new challenge.",
            challenge.id
        );
        return Err(Refusal::new(422, "mfa_challenge_expired", message)
            .keeping_writes()
            .into());
    }
    let traits = json!({
        "factor_id": factor.id, "challenge_id": challenge.id, "factor_type": factor.kind.name(),
    });
    note(context, &user, Action::VerificationAttempted, traits);
    let is_right = match &factor.kind {
        FactorKind::Totp => is_right_totp(context, &user, factor, code)?,
        FactorKind::Phone(phone) => {
            let hashes = codes::code_hashes(context, phone, code)?;
            let sent = challenge.code_hash.as_deref().unwrap_or_default();
            hashes
                .iter()
                .fold(false, |found, made| hash::equal(made, sent) | found)
        }
    };
    factors::settle_challenge(challenge.id, is_right, context.now);
    ask_hook(context, &user, factor, is_right)?;
    if !is_right {
        let what = match factor.kind {
            FactorKind::Totp => "TOTP",
            FactorKind::Phone(_) => "MFA Phone",
        };
        let message = format!("Invalid {what} code entered");
        return Err(Refusal::new(422, "mfa_verification_failed", message)
            .keeping_writes()
            .into());
    }
    factors::set_verified(factor.id, context.now);
    if !factor.is_verified {
        let factor_type = factor.kind.name();
        notifications::tell(
            context,
            &user,
            &Happening::MfaFactorEnrolled { factor_type },
        )?;
    }
    let is_like_it = |other: &Factor| !other.is_verified && other.kind.name() == factor.kind.name();
    let rivals: Vec<_> = list(context, &user)
        .into_iter()
        .filter(|other| other.id != factor.id && is_like_it(other))
        .map(|other| other.id)
        .collect();
    factors::delete(&rivals);
    auth_sessions::delete_low_of(user.id, session.id);
    let amr = with_method(&session.amr, factor.kind.amr(), context.now.seconds());
    let raised =
        auth_sessions::raise(session.id, factor.id, &amr).ok_or(super::Failure::Overtaken)?;
    sessions::tokens(context, user, &raised, factor.kind.amr())
}

/// Lets the hook reject an attempt, after which the user is signed out everywhere.
fn ask_hook(context: &Context, user: &AuthUser, factor: &Factor, valid: bool) -> Result<()> {
    let input = json!({
        "user_id": user.id, "factor_id": factor.id, "factor_type": factor.kind.name(), "valid": valid,
    });
    let output = hooks::call(context, Event::MfaVerificationAttempt, input)?;
    let usual = "Further MFA verification attempts will be rejected.";
    let Some(message) = output.and_then(|output| hooks::rejection(&output, usual)) else {
        return Ok(());
    };
    auth_sessions::delete_of(user.id, None);
    Err(Refusal::new(403, "mfa_verification_rejected", message)
        .keeping_writes()
        .into())
}

fn is_right_totp(context: &Context, user: &AuthUser, factor: &Factor, code: &str) -> Result<bool> {
    let subject = subject(context, user);
    match totp::check_device(context.tenant, &subject, &factor.friendly_name, code)? {
        None => Ok(true),
        Some(totp::Refusal::Invalid { .. }) => Ok(false),
        Some(totp::Refusal::LimitReached { retry_after_ms, .. }) => {
            let message = format!(
                "Too many wrong codes; try again in {} seconds",
                retry_after_ms / 1000
            );
            Err(Refusal::new(429, "over_request_rate_limit", message)
                .keeping_writes()
                .into())
        }
    }
}

/// A list of methods with one that was just used, the newest first.
fn with_method(amr: &Value, method: &str, seconds: i64) -> Value {
    let mut methods = vec![json!({"method": method, "timestamp": seconds})];
    let others = amr.as_array().into_iter().flatten();
    methods.extend(others.filter(|entry| entry["method"] != method).cloned());
    methods.into()
}
