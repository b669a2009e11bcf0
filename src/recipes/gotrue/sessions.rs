//! Sessions of the GoTrue door and their tokens (GoTrue reference, 3.7, 3.8, 4.9 and 4.10).
//!
//! They are the sessions of all doors. Refresh tokens are of the counter design: they follow from the session and how
//! often it was refreshed, so nothing of them is stored.

use auth_core::counter_token::CounterToken;
use auth_core::ids::{self, Slot};
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::{self, Action, Actor};
use super::{Context, Failure, Refusal, Result, accounts, factors, hooks, jwt};
use crate::db::Time;
use crate::keyring::keyring;
use crate::store::auth_sessions::{self, AuthSession};
use crate::store::auth_users::{self, AuthUser};
use crate::store::{active_users, users};
use crate::tenant::PUBLIC;

/// Names the MAC keys of these refresh tokens among the derived ones.
const MAC_PURPOSE: &str = "counter-refresh-token";

/// What hooks are told of a refresh.
const REFRESH: &str = "token_refresh";

/// A session with its tokens.
pub struct Tokens {
    pub access_token: String,
    /// In seconds since the epoch.
    pub expires_at: i64,
    /// In seconds.
    pub expires_in: i64,
    pub refresh_token: String,
    pub user: AuthUser,
}

/// Opens a session for a user, who has signed in by `method` (one of the names of `amr`) and, if it is one's, through
/// this login method.
///
/// # Errors
/// [`Failure::Overtaken`] when the user has just been deleted.
pub fn open(
    context: &Context,
    user_id: Uuid,
    login_method_id: Option<Uuid>,
    method: &str,
) -> Result<Tokens> {
    let (app_id, now) = (&context.tenant.app_id, context.now);
    let session = AuthSession {
        id: ids::new_id(Slot::of(user_id)),
        user_id,
        created_at: now,
        refreshed_at: None,
        generation: 0,
        aal: "aal1".to_owned(),
        amr: json!([{"method": method, "timestamp": now.seconds()}]),
        not_after: None,
        tag: None,
        tenant_id: context.tenant.id().to_owned(),
    };
    context.tenant.hold()?;
    let is_open = auth_sessions::insert(
        app_id,
        &session,
        login_method_id,
        context.client,
        expiry(context, &session, now),
    );
    if !is_open {
        auth_users::find(app_id, user_id).ok_or(Failure::Overtaken)?;
        // A link or a code of another tenant.
        return Err(Refusal::user_not_found(403).into());
    }
    auth_users::mark_signed_in(user_id, now);
    active_users::mark(app_id, &user_id.to_string(), now);
    let mut user = auth_users::find(app_id, user_id).ok_or(Failure::Overtaken)?;
    if user.deleted_at.is_some() {
        return Err(Refusal::user_not_found(403).into());
    }
    if accounts::recount_changed_providers(context, &mut user) {
        auth_users::set_app_metadata(user.id, &user.app_metadata);
    }
    tokens(context, user, &session, method)
}

/// Until when a session can be refreshed, if it is not before.
fn expiry(context: &Context, session: &AuthSession, now: Time) -> Time {
    let settings = &context.tenant.settings;
    let after = |from: Time, key| {
        let duration = settings.duration(key);
        duration.map(|duration| from.plus(duration.micros() / 1000))
    };
    let ends = [
        session.not_after,
        after(session.created_at, "sessions_timebox"),
        after(now, "sessions_inactivity_timeout"),
    ];
    ends.into_iter().flatten().min().unwrap_or(Time::MAX)
}

/// The tokens of a session as it is, for somebody who has just used this method.
///
/// # Errors
/// [`crate::error::Error::Keys`].
pub fn tokens(
    context: &Context,
    user: AuthUser,
    session: &AuthSession,
    method: &str,
) -> Result<Tokens> {
    let settings = &context.tenant.settings;
    let issued_at = context.now.seconds();
    let expires_at = match low_assurance_end(context, &user, session) {
        Some(end) => (issued_at + settings.jwt_exp_s()).min(end.seconds()),
        None => issued_at + settings.jwt_exp_s(),
    };
    let expires_in = expires_at - issued_at;
    let mut claims = json!({
        "aud": user.aud,
        "exp": expires_at,
        "iat": issued_at,
        "sub": user.id,
        "email": user.email.as_deref().unwrap_or_default(),
        "phone": super::accounts::bare_phone(user.phone.as_deref().unwrap_or_default()),
        "app_metadata": user.app_metadata,
        "user_metadata": user.user_metadata,
        "role": user.role,
        "aal": session.aal,
        "amr": session.amr,
        "session_id": session.id,
        "is_anonymous": user.is_anonymous,
    });
    if let Some(issuer) = settings.setting_text("jwt_issuer") {
        claims["iss"] = issuer.into();
    }
    let mut claims = hooks::custom_claims(context, claims, method)?;
    // For policies, as SuperTokens names it. GoTrue knows of one tenant only.
    if session.tenant_id != PUBLIC {
        claims["tId"] = session.tenant_id.as_str().into();
    }
    Ok(Tokens {
        access_token: jwt::sign(context.tenant, &claims)?,
        expires_at,
        expires_in,
        refresh_token: refresh_token(context, session)?,
        user,
    })
}

/// When a session ends that lacks the second factor of its user, where there is such a limit.
fn low_assurance_end(context: &Context, user: &AuthUser, session: &AuthSession) -> Option<Time> {
    let allowed = context.tenant.settings.duration("sessions_allow_low_aal")?;
    factors::lacks_assurance(context, user, Some(session))
        .then(|| session.created_at.plus(allowed.micros() / 1000))
}

/// The refresh token in force.
fn refresh_token(context: &Context, session: &AuthSession) -> Result<String> {
    let keys = keyring()?.mac_keys(MAC_PURPOSE, &context.tenant.app_id);
    let token = CounterToken {
        session_id: session.id,
        counter: u64::try_from(session.generation).unwrap_or_default(),
    };
    Ok(token.encode(&keys[0]))
}

fn not_found() -> Refusal {
    Refusal::new(
        400,
        "refresh_token_not_found",
        "Invalid Refresh Token: Refresh Token Not Found",
    )
}

fn expired(why: &str) -> Failure {
    let message = format!("Invalid Refresh Token: Session Expired{why}");
    Refusal::new(400, "session_expired", message).into()
}

/// Refreshes a session.
///
/// # Errors
/// [`Refusal`].
pub fn refresh(context: &Context, text: &str) -> Result<Tokens> {
    let (app_id, now) = (&context.tenant.app_id, context.now);
    let keys = keyring()?.mac_keys(MAC_PURPOSE, app_id);
    let token = CounterToken::decode(text, &keys).map_err(|_| not_found())?;
    loop {
        let mut session = auth_sessions::find(app_id, token.session_id).ok_or_else(not_found)?;
        let user = auth_users::find(app_id, session.user_id).ok_or_else(not_found)?;
        if user.is_banned(now) {
            let message = "Invalid Refresh Token: User Banned";
            return Err(Refusal::new(400, "user_banned", message).into());
        }
        check_life(context, &session)?;
        if low_assurance_end(context, &user, &session).is_some_and(|end| now > end) {
            return Err(expired(" (Low AAL: User Needs MFA Verification)"));
        }
        let generation = u64::try_from(session.generation).unwrap_or_default();
        if token.counter > generation {
            let message = "Invalid Refresh Token: Not Issued By This Server";
            return Err(Refusal::validation(message).into());
        }
        if token.counter < generation {
            check_reuse(context, &session, generation - token.counter)?;
            return tokens(context, user, &session, REFRESH);
        }
        let (client, expires_at) = (context.client, expiry(context, &session, now));
        let (id, from) = (session.id, session.generation);
        if !auth_sessions::advance(app_id, id, from, client, now, expires_at) {
            // Another request with the same token was quicker: both get the token that is in force now.
            continue;
        }
        session.generation += 1;
        audit::note(
            context,
            Actor::User(&user),
            Action::TokenRefreshed,
            Value::Null,
        );
        active_users::mark(app_id, &user.id.to_string(), now);
        return tokens(context, user, &session, REFRESH);
    }
}

/// Whether a session may still be refreshed.
///
/// # Errors
/// [`Refusal`].
pub fn check_life(context: &Context, session: &AuthSession) -> Result<()> {
    let (settings, now) = (&context.tenant.settings, context.now);
    let is_over = |from: Time, key| {
        let duration = settings.duration(key);
        duration.is_some_and(|duration| now > from.plus(duration.micros() / 1000))
    };
    if session.not_after.is_some_and(|end| now > end)
        || is_over(session.created_at, "sessions_timebox")
    {
        return Err(expired(""));
    }
    let last = session.refreshed_at.unwrap_or(session.created_at);
    if is_over(last, "sessions_inactivity_timeout") {
        return Err(expired(" (Inactivity)"));
    }
    if context.is_on("sessions_single_per_user") {
        let tags: Vec<_> = settings.list("sessions_tags");
        let tags: Vec<_> = tags.into_iter().map(str::to_owned).collect();
        let newest = auth_sessions::newest_of(session.user_id, session.tag.as_deref(), &tags);
        if newest.is_some_and(|newest| newest != session.id) {
            return Err(expired(" (Revoked by Newer Login)"));
        }
    }
    Ok(())
}

/// Whether a token that is not in force any more may be used once more: the last one before, whose answer may have been
/// lost, or one that was used a moment ago. If not, the session has been stolen, and ends.
fn check_reuse(context: &Context, session: &AuthSession, behind: u64) -> Result<()> {
    let settings = &context.tenant.settings;
    let interval_ms = settings.refresh_token_reuse_interval_s() * 1000;
    let is_recent = session
        .refreshed_at
        .is_some_and(|at| context.now <= at.plus(interval_ms));
    if behind == 1 || is_recent || settings.is_on("refresh_token_allow_reuse") {
        return Ok(());
    }
    let message = "Invalid Refresh Token: Already Used";
    let refusal = Refusal::new(400, "refresh_token_already_used", message);
    if settings.is_on("refresh_token_rotation_enabled") {
        auth_sessions::delete(&context.tenant.app_id, session.id);
        return Err(refusal.keeping_writes().into());
    }
    Err(refusal.into())
}

/// Which sessions of a user are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Global,
    Local,
    Others,
}

/// Ends sessions of a user: all, the one at hand, or the others. Without one at hand, all.
pub fn log_out(context: &Context, user: &AuthUser, session: Option<&AuthSession>, scope: Scope) {
    users::lock_for_change(user.id);
    match (scope, session) {
        (Scope::Local, Some(session)) => {
            auth_sessions::delete(&context.tenant.app_id, session.id);
        }
        (Scope::Others, Some(session)) => auth_sessions::delete_of(user.id, Some(session.id)),
        (Scope::Global, _) | (_, None) => auth_sessions::delete_of(user.id, None),
    }
    audit::note(context, Actor::User(user), Action::Logout, Value::Null);
}
