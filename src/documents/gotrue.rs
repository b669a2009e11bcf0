//! What the GoTrue door answers with (GoTrue reference, section 3).

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::db::Time;
use crate::recipes::gotrue::accounts::bare_phone;
use crate::recipes::gotrue::identities::Identity;
use crate::store::auth_users::AuthUser;
use crate::store::factors::{Factor, FactorKind};

/// A time as RFC 3339 has it; one beyond the year 9999 as the end of that.
pub fn time(time: Time) -> Value {
    let nanos = i128::from(time.0.min(Time::MAX.0)) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .into()
}

/// A user (3.2).
pub fn auth_user(user: &AuthUser, identities: &[Identity], factors: &[Factor]) -> Value {
    let mut document = json!({
        "id": user.id,
        "aud": user.aud,
        "role": user.role,
        "email": user.email.as_deref().unwrap_or_default(),
        "phone": bare_phone(user.phone.as_deref().unwrap_or_default()),
        "app_metadata": user.app_metadata,
        "user_metadata": user.user_metadata,
        "created_at": time(user.created_at),
        "updated_at": time(user.updated_at),
        "is_anonymous": user.is_anonymous,
    });
    document["identities"] = identities.iter().map(identity).collect();
    let confirmed_at = [user.email_confirmed_at, user.phone_confirmed_at];
    let times = [
        ("email_confirmed_at", user.email_confirmed_at),
        ("phone_confirmed_at", user.phone_confirmed_at),
        ("confirmed_at", confirmed_at.into_iter().flatten().min()),
        ("invited_at", user.invited_at),
        ("confirmation_sent_at", user.confirmation_sent_at),
        ("recovery_sent_at", user.recovery_sent_at),
        ("email_change_sent_at", user.email_change_sent_at),
        ("phone_change_sent_at", user.phone_change_sent_at),
        ("reauthentication_sent_at", user.reauthentication_sent_at),
        ("last_sign_in_at", user.last_sign_in_at),
        ("banned_until", user.banned_until),
        ("deleted_at", user.deleted_at),
    ];
    for (name, value) in times {
        if let Some(value) = value {
            document[name] = time(value);
        }
    }
    if let Some(email) = &user.email_change {
        document["new_email"] = email.as_str().into();
    }
    if let Some(phone) = &user.phone_change {
        document["new_phone"] = bare_phone(phone).into();
    }
    if !factors.is_empty() {
        document["factors"] = factors.iter().map(factor).collect();
    }
    document
}

/// An identity (3.3).
fn identity(identity: &Identity) -> Value {
    let mut document = json!({
        "identity_id": identity.id,
        "id": identity.provider_id,
        "user_id": identity.user_id,
        "identity_data": identity.data,
        "provider": identity.provider,
        "created_at": time(identity.created_at),
        "updated_at": time(identity.updated_at),
    });
    if let Some(at) = identity.last_sign_in_at {
        document["last_sign_in_at"] = time(at);
    }
    if let Some(email) = identity.email() {
        document["email"] = email.into();
    }
    document
}

/// A second factor (3.4).
pub fn factor(factor: &Factor) -> Value {
    let mut document = json!({
        "id": factor.id,
        "status": if factor.is_verified { "verified" } else { "unverified" },
        "factor_type": factor.kind.name(),
        "created_at": time(factor.created_at),
        "updated_at": time(factor.updated_at),
        "last_challenged_at": factor.last_challenged_at.map(time),
    });
    if !factor.friendly_name.is_empty() {
        document["friendly_name"] = factor.friendly_name.as_str().into();
    }
    if let FactorKind::Phone(phone) = &factor.kind {
        document["phone"] = bare_phone(phone).into();
    }
    document
}
