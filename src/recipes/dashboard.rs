//! The people who run the dashboard, their sessions, and the settings that it shows (CDI, "Dashboard").

use auth_core::settings::{self, Setting};
use auth_core::{dashboard, hash, ids, normalise};
use serde_json::Value;
use uuid::Uuid;

use super::multitenancy::SECRET;
use crate::db::Time;
use crate::error::{Error, Result};
use crate::hashing;
use crate::keyring::keyring;
use crate::store;
use crate::store::dashboard::{self as rows, DashboardSession, DashboardUser};
use crate::tenant::Tenant;

/// How long somebody stays signed in.
const SESSION_LIFETIME_MS: i64 = 30 * 24 * 3_600_000;

/// A text as it counts here: trimmed, and not empty.
fn trimmed<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    match text.trim() {
        "" => Err(Error::invalid(format!(
            "Field name '{field}' cannot be an empty String"
        ))),
        text => Ok(text),
    }
}

/// An address as it is stored; `None` when the text is none.
///
/// # Errors
/// [`Error::Invalid`] for an empty or overlong text.
pub fn address(field: &str, text: &str) -> Result<Option<String>> {
    let email = normalise::email(trimmed(field, text)?);
    normalise::check_length("email", &email, normalise::MAX_KEY)?;
    Ok(dashboard::is_address(&email).then_some(email))
}

/// Why an account cannot be as asked.
pub enum Refusal {
    InvalidEmail,
    WeakPassword(&'static str),
    EmailAlreadyExists,
}

/// Adds somebody.
///
/// # Errors
/// [`Error::Invalid`] for empty texts, [`Error::Busy`].
pub fn create_user(
    app: &Tenant,
    email: &str,
    password: &str,
) -> Result<std::result::Result<DashboardUser, Refusal>> {
    let Some(email) = address("email", email)? else {
        return Ok(Err(Refusal::InvalidEmail));
    };
    let password = trimmed("password", password)?;
    if let Some(weakness) = dashboard::weakness(password) {
        return Ok(Err(Refusal::WeakPassword(weakness)));
    }
    let user = DashboardUser {
        id: ids::new_id(ids::Slot::random()),
        email,
        created_at: Time::now(),
    };
    let password_hash = hashing::hash(app, password)?;
    lock(app)?;
    let added = rows::insert(&app.app_id, &user, &password_hash);
    Ok(if added {
        Ok(user)
    } else {
        Err(Refusal::EmailAlreadyExists)
    })
}

/// Who is meant: an id, which counts if both are given, or an address.
pub struct Who<'a> {
    pub id: Option<&'a str>,
    pub email: Option<&'a str>,
}

fn find(app: &Tenant, who: &Who) -> Result<Option<DashboardUser>> {
    match (who.id, who.email) {
        (Some(id), _) => {
            let id = Uuid::parse_str(trimmed("userId", id)?).ok();
            Ok(id.and_then(|id| rows::find(&app.app_id, id)))
        }
        (None, Some(email)) => {
            let email = normalise::email(trimmed("email", email)?);
            Ok(rows::find_by_email(&app.app_id, &email))
        }
        (None, None) => Err(Error::invalid(
            "Either field 'email' or 'userId' must be present",
        )),
    }
}

/// Has those who give out addresses take turns.
fn lock(app: &Tenant) -> Result<()> {
    match store::tenants::lock_app(&app.app_id) {
        true => Ok(()),
        false => Err(Error::AppNotFound {
            app_id: app.app_id.clone(),
        }),
    }
}

/// What came of a change.
pub enum Update {
    Ok(DashboardUser),
    UnknownUser,
    Refused(Refusal),
}

/// Changes somebody's address, password or both, and signs them out everywhere.
///
/// # Errors
/// [`Error::Invalid`] when nobody is named and for empty texts, [`Error::Busy`].
pub fn update_user(
    app: &Tenant,
    who: &Who,
    new_email: Option<&str>,
    new_password: Option<&str>,
) -> Result<Update> {
    let new_email = new_email
        .map(|email| address("newEmail", email))
        .transpose()?;
    if new_email == Some(None) {
        return Ok(Update::Refused(Refusal::InvalidEmail));
    }
    let new_password = new_password
        .map(|password| trimmed("newPassword", password))
        .transpose()?;
    if let Some(weakness) = new_password.and_then(dashboard::weakness) {
        return Ok(Update::Refused(Refusal::WeakPassword(weakness)));
    }
    let Some(mut user) = find(app, who)? else {
        return Ok(Update::UnknownUser);
    };
    let password_hash = new_password
        .map(|password| hashing::hash(app, password))
        .transpose()?;
    let new_email = new_email.flatten();
    if new_email.is_some() {
        lock(app)?;
    }
    // Unless they were removed while we hashed.
    if !rows::lock(&app.app_id, user.id) {
        return Ok(Update::UnknownUser);
    }
    if let Some(email) = new_email {
        if !rows::set_email(user.id, &app.app_id, &email) {
            return Ok(Update::Refused(Refusal::EmailAlreadyExists));
        }
        user.email = email;
    }
    if let Some(password_hash) = password_hash {
        rows::set_password_hash(user.id, &password_hash);
    }
    rows::delete_sessions_of(user.id);
    Ok(Update::Ok(user))
}

/// Removes somebody; whether they were there.
///
/// # Errors
/// [`Error::Invalid`] when nobody is named and for empty texts.
pub fn delete_user(app: &Tenant, who: &Who) -> Result<bool> {
    Ok(find(app, who)?.is_some_and(|user| rows::delete(&app.app_id, user.id)))
}

/// Everybody, those first who were added first.
pub fn list_users(app: &Tenant) -> Vec<DashboardUser> {
    rows::list(&app.app_id)
}

/// A session with its id.
pub struct Session {
    pub id: String,
    pub row: DashboardSession,
}

/// Somebody's sessions; expired ones stay until they are cleaned up.
///
/// # Errors
/// [`Error::Invalid`] for an empty id, [`Error::Keys`].
pub fn list_sessions(app: &Tenant, user_id: &str) -> Result<Vec<Session>> {
    let Ok(user_id) = Uuid::parse_str(trimmed("userId", user_id)?) else {
        return Ok(Vec::new());
    };
    let keyring = keyring()?;
    let open = |row: DashboardSession| {
        let id = keyring
            .open(&purpose(app), &row.sealed_id)
            .map_err(|error| Error::Keys(format!("a session of the dashboard: {error}")))?;
        let id = String::from_utf8_lossy(&id).into_owned();
        Ok(Session { id, row })
    };
    let sessions = rows::sessions(&app.app_id, user_id);
    sessions.into_iter().map(open).collect()
}

/// What a session's id is sealed for.
fn purpose(app: &Tenant) -> String {
    format!("dashboard-session/{}", app.app_id)
}

/// Signs somebody in; the new session's id, or `None` for a wrong address or password, which take equally long.
///
/// # Errors
/// [`Error::Invalid`] for empty texts, [`Error::Busy`], [`Error::Keys`].
pub fn sign_in(app: &Tenant, email: &str, password: &str) -> Result<Option<String>> {
    let email = normalise::email(trimmed("email", email)?);
    let password = trimmed("password", password)?;
    let found = rows::find_with_password(&app.app_id, &email);
    let stored = found
        .as_ref()
        .map(|(_, password_hash)| password_hash.as_str());
    let matches = hashing::check(app, password, stored)?.matches;
    let Some((user_id, password_hash)) = found.filter(|_| matches) else {
        return Ok(None);
    };
    let id = ids::new_id(ids::Slot::random()).to_string();
    let now = Time::now();
    let session = DashboardSession {
        id_hash: hash::sha256(id.as_bytes()),
        user_id,
        sealed_id: keyring()?.seal(&purpose(app), id.as_bytes()),
        created_at: now,
        expires_at: now.plus(SESSION_LIFETIME_MS),
    };
    // Unless they were removed or changed while we hashed.
    Ok(rows::insert_session(&app.app_id, &session, &email, &password_hash).then_some(id))
}

/// The address of the person whose live session this is.
///
/// # Errors
/// [`Error::Invalid`] for an empty id.
pub fn verify_session(app: &Tenant, session_id: &str) -> Result<Option<String>> {
    let id_hash = hash::sha256(trimmed("sessionId", session_id)?.as_bytes());
    Ok(rows::session_email(&app.app_id, &id_hash, Time::now()))
}

/// Ends a session, if there is one.
///
/// # Errors
/// [`Error::Invalid`] for an empty id.
pub fn sign_out(app: &Tenant, session_id: &str) -> Result<()> {
    let id_hash = hash::sha256(trimmed("sessionId", session_id)?.as_bytes());
    rows::delete_session(&app.app_id, &id_hash);
    Ok(())
}

/// The settings that the dashboard shows, each with its value in force; protected ones only to callers who may see them.
pub fn shown_settings(tenant: &Tenant, sees_protected: bool) -> Vec<(&'static Setting, Value)> {
    let shown = settings::all()
        .iter()
        .filter(|setting| setting.dashboard && (sees_protected || !setting.protected));
    let value = |setting: &Setting| match tenant.settings.get(setting.key) {
        value if setting.secret && !value.is_null() => SECRET.into(),
        value => value.clone(),
    };
    shown.map(|setting| (setting, value(setting))).collect()
}
