//! Sessions: access tokens that need no database, and refresh tokens that rotate (CDI, "Sessions").
//!
//! One file an operation that has rules of its own: [`refresh`], [`verify`]; the rest is here.

mod handle;
pub mod live;
mod mint;
mod refresh;
mod revoke;
mod verify;

use auth_core::access_token::Version;
use auth_core::normalise;
use auth_core::refresh_token;
use auth_core::signing::Algorithm;
use serde_json::{Map, Value};

use super::account;
use crate::db::Time;
use crate::error::{Error, Result};
use crate::keys::KeyKind;
use crate::store;
use crate::store::sessions::SessionRow;
use crate::tenant::{self, Tenant};

pub use handle::Handle;
pub use mint::{DatedToken, Minted};
pub use refresh::{Refresh, RefreshRequest, refresh};
pub use revoke::{Selection, list, revoke, revoke_all};
pub use verify::{Verify, VerifyRequest, verify};

/// What a session is seen as from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionInfo {
    pub handle: String,
    pub user_id: String,
    pub recipe_user_id: String,
    pub tenant_id: String,
    pub payload: Map<String, Value>,
}

/// How a door wants its tokens. Protocol versions end here: recipes know dialects only.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// Which claims access tokens have.
    pub token_version: Version,
    /// What they are signed with.
    pub algorithm: Algorithm,
    /// When a refresh token is replaced.
    pub rotation: RotationRule,
}

/// When a refresh token is replaced by its child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationRule {
    /// When the child, or the access token that came with it, is first used (CDI up to 5.5).
    OnFirstUse,
    /// At the refresh itself; the replaced token goes on working for a time of grace (CDI from 5.6).
    AtRefresh,
}

/// What [`create`] is asked for.
pub struct CreateRequest<'a> {
    /// Whose session it is: any text, known as a user or not.
    pub user_id: &'a str,
    pub payload: Map<String, Value>,
    pub data: Map<String, Value>,
    pub anti_csrf: bool,
    pub key_kind: KeyKind,
    /// Life of the access token in milliseconds, in place of the configured one.
    pub access_token_validity_ms: Option<i64>,
}

/// Opens a session.
///
/// # Errors
/// [`Error::Invalid`] for a payload with a claim that only the server sets, or a validity out of range.
pub fn create(tenant: &Tenant, dialect: Dialect, request: CreateRequest) -> Result<Minted> {
    refuse_protected(dialect.token_version, &request.payload)?;
    normalise::check_length("userId", request.user_id, normalise::MAX_KEY)?;
    let validity_ms = mint::access_token_validity_ms(tenant, request.access_token_validity_ms)?;
    let app_id = &tenant.app_id;
    tenant.hold()?;
    let found = account::resolve(tenant, request.user_id);
    let user_id = found.as_ref().map(|found| found.user_id);
    // A user that callers know by another id is known by it in the session, too.
    let subject = found.map_or_else(|| request.user_id.to_owned(), |found| found.shown_id);
    let now = Time::now();
    let slot = user_id.map_or_else(
        || account::slot_of_subject(&subject),
        auth_core::ids::Slot::of,
    );
    let id = auth_core::ids::new_id(slot);
    let token = mint::RefreshPart::first(tenant, id, request.anti_csrf)?;
    let mut session = SessionRow {
        id,
        tenant_id: tenant.id().to_owned(),
        subject,
        user_id,
        refresh_hash: refresh_token::row_hash(&token.hash).to_vec(),
        previous_refresh_hash: None,
        created_at: now,
        expires_at: now.plus(tenant.settings.refresh_token_validity_ms()),
        use_static_key: request.key_kind == KeyKind::Static,
        payload: Value::Object(request.payload),
        data: Value::Object(request.data),
    };
    session.user_id = store::sessions::insert(app_id, &session);
    let minted = mint::mint(tenant, dialect, session, token, None, validity_ms, now)?;
    store::active_users::mark(app_id, &minted.session.user_id, now);
    Ok(minted)
}

fn refuse_protected(version: Version, payload: &Map<String, Value>) -> Result<()> {
    if version.has_protected_claim(payload) {
        return Err(Error::invalid(PROTECTED_FIELD));
    }
    Ok(())
}

/// What callers are told whose payload holds a claim that only the server sets.
const PROTECTED_FIELD: &str = "The user payload contains protected field";

/// Why a session cannot be used; what CDI clients see as `message`.
pub const DOES_NOT_EXIST: &str = "Session does not exist.";

/// Everything about a session that has not expired.
pub struct SessionDetails {
    pub info: SessionInfo,
    pub data: Map<String, Value>,
    pub created_at: Time,
    pub expires_at: Time,
}

/// The session of a handle; `None` when it is gone or expired.
///
/// # Errors
/// [`Error::TenantNotFound`] when the handle names an unknown tenant.
pub fn get(app: &Tenant, handle: &str) -> Result<Option<SessionDetails>> {
    let Some((handle, _)) = locate(app, handle)? else {
        return Ok(None);
    };
    let row = store::sessions::find(&app.app_id, &handle.tenant_id, handle.id);
    let row = row.filter(|row| row.expires_at > Time::now());
    Ok(row.map(|row| SessionDetails {
        created_at: row.created_at,
        expires_at: row.expires_at,
        data: object(row.data.clone()),
        info: info(app, row),
    }))
}

fn info(app: &Tenant, row: SessionRow) -> SessionInfo {
    SessionInfo {
        handle: Handle {
            id: row.id,
            tenant_id: row.tenant_id.clone(),
        }
        .to_string(),
        user_id: shown_user_id(app, &row),
        recipe_user_id: row.subject,
        tenant_id: row.tenant_id,
        payload: object(row.payload),
    }
}

/// The id by which callers know the user whose session it is: the primary user's, or the subject when that is no user.
fn shown_user_id(app: &Tenant, row: &SessionRow) -> String {
    match row.user_id {
        // Nearly always the session is that of a user by its own id, and there is nothing to look up.
        Some(id) if account::parse_id(&row.subject) != Some(id) => account::shown_id(app, id),
        _ => row.subject.clone(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        // Only ever written as objects; a hand-made row may differ.
        _ => Map::new(),
    }
}

/// A handle taken apart, and its tenant; `None` when it is no handle of ours.
fn locate(app: &Tenant, handle: &str) -> Result<Option<(Handle, std::rc::Rc<Tenant>)>> {
    let Some(handle) = Handle::parse(handle) else {
        return Ok(None);
    };
    let tenant = tenant::find(&app.app_id, &handle.tenant_id)?;
    Ok(Some((handle, tenant)))
}

/// Replaces the data of a session; whether it is there.
///
/// # Errors
/// [`Error::TenantNotFound`] when the handle names an unknown tenant.
pub fn set_data(app: &Tenant, handle: &str, data: Map<String, Value>) -> Result<bool> {
    let Some((handle, _)) = locate(app, handle)? else {
        return Ok(false);
    };
    let (id, data) = (handle.id, Value::Object(data));
    Ok(store::sessions::set_data(
        &app.app_id,
        &handle.tenant_id,
        id,
        &data,
        Time::now(),
    ))
}

/// Replaces the payload of a session, which its next access token will carry; whether it is there.
///
/// # Errors
/// [`Error::Invalid`] for a claim that only the server sets, [`Error::TenantNotFound`].
pub fn set_payload(
    app: &Tenant,
    version: Version,
    handle: &str,
    payload: Map<String, Value>,
) -> Result<bool> {
    refuse_protected(version, &payload)?;
    let Some((handle, _)) = locate(app, handle)? else {
        return Ok(false);
    };
    let (id, payload) = (handle.id, Value::Object(payload));
    Ok(store::sessions::set_payload(
        &app.app_id,
        &handle.tenant_id,
        id,
        &payload,
        Time::now(),
    ))
}

/// A regenerated access token; none when the presented one has expired.
pub struct Regenerated {
    pub session: SessionInfo,
    pub access_token: Option<DatedToken>,
}

/// Gives a session another payload, and its bearer an access token with it that lives as long as the presented
/// one. `None` when the session is gone or the token is none of ours.
///
/// The core of SuperTokens does not check the token's signature here. We do: SDKs send tokens that they have
/// just verified.
///
/// # Errors
/// [`Error::Invalid`] for a claim that only the server sets.
pub fn regenerate(
    app: &Tenant,
    algorithm: Algorithm,
    access_token: &str,
    payload: Option<Map<String, Value>>,
) -> Result<Option<Regenerated>> {
    let Ok(mut token) = verify::read(app, access_token)? else {
        return Ok(None);
    };
    let Some((handle, tenant)) = locate(app, &token.session_handle)? else {
        return Ok(None);
    };
    let row = store::sessions::find(&app.app_id, &handle.tenant_id, handle.id);
    let now = Time::now();
    let Some(row) = row.filter(|row| row.expires_at > now) else {
        return Ok(None);
    };
    let key_kind = mint::key_kind(&row);
    token.payload = match payload {
        Some(payload) => {
            refuse_protected(token.version, &payload)?;
            let value = Value::Object(payload.clone());
            store::sessions::set_payload(&app.app_id, &handle.tenant_id, handle.id, &value, now);
            payload
        }
        None => object(row.payload),
    };
    let session = verify::info_of(&token);
    let expired = token.expires_at < now.seconds();
    let access_token = (!expired)
        .then(|| {
            token.issued_at = now.seconds();
            mint::sign(&tenant, algorithm, key_kind, &token)
        })
        .transpose()?;
    Ok(Some(Regenerated {
        session,
        access_token,
    }))
}
