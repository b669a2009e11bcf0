//! Verifying an access token (CDI, "Verify").

use auth_core::access_token::{AccessToken, TokenError, Unverified};
use auth_core::{hash, refresh_token};
use serde_json::Value;

use super::mint::{self, DatedToken};
use super::{Dialect, Handle, RotationRule, SessionInfo, object};
use crate::db::Time;
use crate::error::{Error, Result};
use crate::keys;
use crate::store::sessions::{self, Rotation};
use crate::tenant::{self, Tenant};

/// What [`verify`] is asked for.
pub struct VerifyRequest<'a> {
    pub access_token: &'a str,
    /// The anti-CSRF value that came with the token.
    pub anti_csrf: Option<&'a str>,
    /// Whether that value is checked.
    pub check_anti_csrf: bool,
    /// Whether the session must still be there. Without, a revoked session verifies until its token expires.
    pub check_database: bool,
}

/// A token that verified.
pub struct Verified {
    pub session: SessionInfo,
    /// The token's own times, in seconds since the epoch.
    pub issued_at: i64,
    pub expires_at: i64,
    /// Whether the token asks for an anti-CSRF value.
    pub has_anti_csrf: bool,
    /// A token to use from now on, when the session was promoted or its payload changed.
    pub access_token: Option<DatedToken>,
    /// Whether the stored payload differs from the token's, where that was looked at and no token was made.
    pub payload_update_available: Option<bool>,
}

/// What came of verifying.
pub enum Verify {
    Ok(Box<Verified>),
    /// The token is no good; a refresh may help.
    TryRefreshToken {
        message: String,
    },
    /// The session is over.
    Unauthorised {
        message: &'static str,
    },
}

/// Reads a token of an app and checks its signature, not its time.
pub(super) fn read(
    app: &Tenant,
    text: &str,
) -> Result<std::result::Result<AccessToken, TokenError>> {
    let token = match Unverified::parse(text) {
        Ok(token) => token,
        Err(error) => return Ok(Err(error)),
    };
    let kid = token.kid.clone();
    let verified =
        keys::with_verifying_key(app, &keys::SUPERTOKENS, &kid, |key| token.verify(key))?;
    Ok(verified.unwrap_or(Err(TokenError::UnknownKey)))
}

/// The session as a token tells it.
pub(super) fn info_of(token: &AccessToken) -> SessionInfo {
    SessionInfo {
        handle: token.session_handle.clone(),
        user_id: token.user_id.clone(),
        recipe_user_id: token.recipe_user_id.clone(),
        tenant_id: token.tenant_id.clone(),
        payload: token.payload.clone(),
    }
}

/// Verifies an access token.
///
/// # Errors
/// [`Error::Keys`] when keys cannot be read.
pub fn verify(app: &Tenant, dialect: Dialect, request: VerifyRequest) -> Result<Verify> {
    let token = match read(app, request.access_token)? {
        Ok(token) => token,
        Err(error) => return Ok(try_refresh(error.to_string())),
    };
    let now = Time::now();
    if token.expires_at < now.seconds() {
        return Ok(try_refresh(TokenError::Expired.to_string()));
    }
    if request.check_anti_csrf && !anti_csrf_matches(&token, request.anti_csrf) {
        return Ok(try_refresh("anti-csrf check failed".to_owned()));
    }
    let needs_row = request.check_database
        || (dialect.rotation == RotationRule::OnFirstUse
            && token.parent_refresh_token_hash.is_some());
    if !needs_row {
        return Ok(ok(&token, None, None));
    }
    match dialect.rotation {
        RotationRule::OnFirstUse => promote(app, dialect, token, request.check_database, now),
        RotationRule::AtRefresh => Ok(check_lineage(app, &token)),
    }
}

fn try_refresh(message: String) -> Verify {
    Verify::TryRefreshToken { message }
}

fn ok(
    token: &AccessToken,
    access_token: Option<DatedToken>,
    payload_update_available: Option<bool>,
) -> Verify {
    Verify::Ok(Box::new(Verified {
        session: info_of(token),
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        has_anti_csrf: token.anti_csrf.is_some(),
        access_token,
        payload_update_available,
    }))
}

fn anti_csrf_matches(token: &AccessToken, given: Option<&str>) -> bool {
    match (&token.anti_csrf, given) {
        (Some(expected), Some(given)) => hash::equal(expected.as_bytes(), given.as_bytes()),
        _ => false,
    }
}

const BLACKLISTED: &str = "Either the session has ended or has been blacklisted";

/// CDI up to 5.5: the first use of a token that came from a refresh puts the refresh token that came with it
/// in force, and the bearer gets a token without a parent.
fn promote(
    app: &Tenant,
    dialect: Dialect,
    mut token: AccessToken,
    check_database: bool,
    now: Time,
) -> Result<Verify> {
    let gone = if check_database {
        BLACKLISTED
    } else {
        "Session missing in db"
    };
    let gone = Verify::Unauthorised { message: gone };
    let Some(handle) = Handle::parse(&token.session_handle) else {
        return Ok(gone);
    };
    let tenant = match tenant::find(&app.app_id, &handle.tenant_id) {
        Err(Error::TenantNotFound { .. }) => return Ok(gone),
        tenant => tenant?,
    };
    let (app_id, own_hash) = (
        &app.app_id,
        refresh_token::row_hash(&token.refresh_token_hash),
    );
    let promoted = token
        .parent_refresh_token_hash
        .as_deref()
        .and_then(|parent| {
            let rotation = Rotation {
                new_hash: &own_hash,
                now,
                expires_at: now.plus(tenant.settings.refresh_token_validity_ms()),
            };
            let parent = refresh_token::row_hash(parent);
            sessions::promote(app_id, tenant.id(), handle.id, &parent, &rotation)
        });
    let row = match promoted {
        Some(row) => row,
        None => match sessions::find(app_id, tenant.id(), handle.id) {
            Some(row) => row,
            None => return Ok(gone),
        },
    };
    let payload_differs = check_database && !same_payload(&token, &row.payload);
    let is_in_force = row.refresh_hash == own_hash;
    // A token without a parent that matches the row is up to date.
    let wants_token = payload_differs || (is_in_force && token.parent_refresh_token_hash.is_some());
    if !wants_token {
        return Ok(ok(&token, None, None));
    }
    let key_kind = mint::key_kind(&row);
    token.parent_refresh_token_hash = None;
    token.payload = object(row.payload);
    token.issued_at = now.seconds();
    token.expires_at = now.seconds() + tenant.settings.access_token_validity_s();
    let access_token = mint::sign(&tenant, dialect.algorithm, key_kind, &token)?;
    Ok(ok(&token, Some(access_token), None))
}

/// CDI from 5.6: nothing is written; a token of a branch that was rotated out is refused.
fn check_lineage(app: &Tenant, token: &AccessToken) -> Verify {
    let row = Handle::parse(&token.session_handle)
        .and_then(|handle| sessions::find(&app.app_id, &handle.tenant_id, handle.id));
    let Some(row) = row else {
        return Verify::Unauthorised {
            message: BLACKLISTED,
        };
    };
    let in_lineage = |hash: &str| {
        let hash = refresh_token::row_hash(hash);
        row.refresh_hash == hash || row.previous_refresh_hash.as_deref() == Some(&hash)
    };
    let parent = token.parent_refresh_token_hash.as_deref();
    if !in_lineage(&token.refresh_token_hash) && !parent.is_some_and(in_lineage) {
        return Verify::Unauthorised {
            message: "rotated-out token branch; refresh required",
        };
    }
    ok(token, None, Some(!same_payload(token, &row.payload)))
}

fn same_payload(token: &AccessToken, stored: &Value) -> bool {
    stored.as_object() == Some(&token.payload)
}
