//! Second factors (GoTrue reference, 2.14 and 3.8). Authenticator apps are the TOTP devices of all doors.

use auth_core::ids::{self, Slot};
use auth_core::totp::{Secret, key_uri, qr_svg};
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::{self, Action, Actor};
use super::notifications::{self, Happening};
use super::{Context, Refusal, Result, accounts};
use crate::keyring::keyring;
use crate::recipes::{account, totp};
use crate::store::auth_sessions::{self, AuthSession};
use crate::store::auth_users::AuthUser;
use crate::store::factors::{self, Factor, FactorKind};
use crate::store::totp::lock_user;

/// For how many seconds a code of an app is shown.
const PERIOD_S: i64 = 30;
/// How many periods before and after the present one codes are taken from.
const SKEW: i64 = 1;

impl FactorKind {
    /// Its name in the protocol.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Phone(_) => "phone",
        }
    }

    /// How it stands in `amr`.
    pub(super) fn amr(&self) -> &'static str {
        match self {
            Self::Totp => totp::AMR,
            Self::Phone(_) => "mfa/phone",
        }
    }
}

/// The id that a user's authenticator apps are kept under.
pub(super) fn subject(context: &Context, user: &AuthUser) -> String {
    account::shown_id(context.tenant, user.id)
}

/// The factors of a user, oldest first.
pub fn list(context: &Context, user: &AuthUser) -> Vec<Factor> {
    factors::list(&context.tenant.app_id, user.id, &subject(context, user))
}

/// The factor of that id, if it is the user's.
///
/// # Errors
/// [`Refusal`].
pub fn find(context: &Context, user: &AuthUser, id: Uuid) -> Result<Factor> {
    let mut all = list(context, user).into_iter();
    all.find(|factor| factor.id == id)
        .ok_or_else(|| Refusal::new(404, "mfa_factor_not_found", "Factor not found").into())
}

/// Whether a user has a second factor that counts, which the session has not been shown.
pub fn lacks_assurance(context: &Context, user: &AuthUser, session: Option<&AuthSession>) -> bool {
    session.is_none_or(|session| session.aal != "aal2")
        && list(context, user).iter().any(|factor| factor.is_verified)
}

/// What is to be enrolled.
pub struct Enrolment<'a> {
    /// None for an authenticator app; else a number in the form in which it is stored.
    pub phone: Option<&'a str>,
    pub friendly_name: &'a str,
    /// What apps show; the site if there is none.
    pub issuer: Option<&'a str>,
}

/// A factor that was enrolled, with what its app has to know.
pub struct Enrolled {
    pub factor: Factor,
    pub totp: Option<Value>,
}

/// Enrols a factor, which counts once a code of it was shown.
///
/// # Errors
/// [`Refusal`].
pub fn enrol(
    context: &Context,
    user: &AuthUser,
    session: &AuthSession,
    new: Enrolment,
) -> Result<Enrolled> {
    let user = accounts::lock(context, user.id)?;
    let (app_id, subject) = (&context.tenant.app_id, subject(context, &user));
    lock_user(app_id, &subject);
    forget_unfinished(context, &user);
    let mut all = list(context, &user);
    if let Some(phone) = new.phone {
        let has_number = |factor: &Factor| factor.kind == FactorKind::Phone(phone.to_owned());
        if all
            .iter()
            .any(|factor| has_number(factor) && factor.is_verified)
        {
            let message =
                "A verified phone factor already exists, unenroll the existing factor to continue";
            return Err(Refusal::new(422, "mfa_verified_factor_exists", message).into());
        }
        let (same, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(has_number);
        factors::delete(&same.iter().map(|factor| factor.id).collect::<Vec<_>>());
        all = rest;
    }
    let settings = &context.tenant.settings;
    let most = |key| settings.setting_number(key) as usize;
    let verified = all.iter().filter(|factor| factor.is_verified).count();
    if all
        .iter()
        .any(|factor| factor.friendly_name == new.friendly_name)
    {
        let message = format!(
            "A factor with the friendly name {:?} for this user already exists",
            new.friendly_name
        );
        return Err(Refusal::new(422, "mfa_factor_name_conflict", message).into());
    }
    if all.len() >= most("mfa_max_enrolled_factors") || verified >= most("mfa_max_verified_factors")
    {
        let message = "Maximum number of verified factors reached, unenroll to continue";
        return Err(Refusal::new(422, "too_many_enrolled_mfa_factors", message).into());
    }
    if verified > 0 && session.aal != "aal2" {
        let message = "AAL2 required to enroll a new factor";
        return Err(Refusal::new(403, "insufficient_aal", message).into());
    }
    let factor = Factor {
        id: ids::new_id(Slot::of(user.id)),
        kind: new.phone.map_or(FactorKind::Totp, |phone| {
            FactorKind::Phone(phone.to_owned())
        }),
        friendly_name: new.friendly_name.to_owned(),
        is_verified: false,
        created_at: context.now,
        updated_at: context.now,
        last_challenged_at: None,
    };
    let (is_new, totp) = match new.phone {
        Some(phone) => (factors::insert_phone(app_id, user.id, &factor, phone), None),
        None => {
            let secret = Secret::random();
            let purpose = totp::purpose(context.tenant, &subject);
            let sealed = keyring()?.seal(&purpose, secret.bytes());
            let shown = authenticator(context, &user, &secret, new.issuer);
            let is_new = factors::insert_totp(app_id, &subject, &factor, &sealed, PERIOD_S, SKEW);
            (is_new, Some(shown))
        }
    };
    if !is_new {
        return Err(super::Failure::Overtaken);
    }
    note(
        context,
        &user,
        Action::FactorInProgress,
        json!({"factor_id": factor.id}),
    );
    Ok(Enrolled { factor, totp })
}

/// What an authenticator app has to know.
fn authenticator(
    context: &Context,
    user: &AuthUser,
    secret: &Secret,
    issuer: Option<&str>,
) -> Value {
    let site = context.tenant.settings.site_url().unwrap_or_default();
    let site = site.split_once("://").map_or(site, |(_, rest)| rest);
    let host = site.split(['/', '?', '#']).next().unwrap_or_default();
    let named = [user.email.as_deref(), user.phone.as_deref()];
    let id = user.id.to_string();
    let account = named.into_iter().flatten().next().unwrap_or(&id);
    let uri = key_uri(secret, issuer.unwrap_or(host), account, PERIOD_S);
    json!({"qr_code": qr_svg(&uri), "secret": secret.base32(), "uri": uri})
}

/// Removes factors that have waited too long for their verification.
fn forget_unfinished(context: &Context, user: &AuthUser) {
    let life = context
        .tenant
        .settings
        .duration("mfa_factor_expiry_duration");
    let life_ms = life.map_or(300_000, |life| life.micros() / 1000);
    let is_old = |factor: &Factor| {
        !factor.is_verified
            && factor.last_challenged_at.is_none()
            && factor.created_at.plus(life_ms) < context.now
    };
    let old: Vec<_> = list(context, user)
        .into_iter()
        .filter(is_old)
        .map(|factor| factor.id)
        .collect();
    if !old.is_empty() {
        factors::delete(&old);
    }
}

pub(super) fn note(context: &Context, user: &AuthUser, action: Action, traits: Value) {
    audit::note(context, Actor::User(user), action, traits);
}

/// Removes a factor of a user; sessions that used it have one factor again.
///
/// # Errors
/// [`Refusal`] when the session has not been shown a factor that counts.
pub fn unenrol(
    context: &Context,
    user: &AuthUser,
    session: Option<&AuthSession>,
    factor: &Factor,
) -> Result<()> {
    if factor.is_verified && session.is_none_or(|session| session.aal != "aal2") {
        let message = "AAL2 required to unenroll verified factor";
        return Err(Refusal::new(422, "insufficient_aal", message).into());
    }
    remove(context, user, factor)?;
    let traits = json!({"factor_id": factor.id, "factor_status": factor.is_verified});
    note(context, user, Action::FactorUnenrolled, traits);
    if !factor.is_verified {
        return Ok(());
    }
    let factor_type = factor.kind.name();
    notifications::tell(
        context,
        user,
        &Happening::MfaFactorUnenrolled { factor_type },
    )
}

/// Removes a factor by an administrator.
///
/// # Errors
/// [`super::Failure::Overtaken`].
pub fn delete(context: &Context, user: &AuthUser, factor: &Factor) -> Result<()> {
    remove(context, user, factor)?;
    let traits = json!({"user_id": user.id, "factor_id": factor.id});
    note(context, user, Action::FactorDeleted, traits);
    Ok(())
}

/// Removes all factors of a locked user, who is told nothing: sessions are ended with it.
pub fn delete_all(context: &Context, user: &AuthUser) {
    lock_user(&context.tenant.app_id, &subject(context, user));
    let ids: Vec<_> = list(context, user).iter().map(|factor| factor.id).collect();
    factors::delete(&ids);
}

fn remove(context: &Context, user: &AuthUser, factor: &Factor) -> Result<()> {
    accounts::lock(context, user.id)?;
    lock_user(&context.tenant.app_id, &subject(context, user));
    factors::delete(&[factor.id]);
    auth_sessions::lower(user.id, factor.id, factor.kind.amr());
    Ok(())
}

/// Gives a factor another name or number, by an administrator.
///
/// # Errors
/// [`Refusal`] when another factor of the user has that name.
pub fn rename(
    context: &Context,
    user: &AuthUser,
    factor: &Factor,
    friendly_name: Option<&str>,
    phone: Option<&str>,
) -> Result<Factor> {
    accounts::lock(context, user.id)?;
    lock_user(&context.tenant.app_id, &subject(context, user));
    let name = friendly_name.unwrap_or(&factor.friendly_name);
    let is_taken = |other: &Factor| other.id != factor.id && other.friendly_name == name;
    if list(context, user).iter().any(is_taken) {
        let message =
            format!("A factor with the friendly name {name:?} for this user already exists");
        return Err(Refusal::new(422, "mfa_factor_name_conflict", message).into());
    }
    factors::update(factor.id, name, phone, context.now);
    let traits = json!({"user_id": user.id, "factor_id": factor.id});
    note(context, user, Action::FactorUpdated, traits);
    find(context, user, factor.id)
}
