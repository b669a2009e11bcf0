//! Refreshing a session: rotation, grace, and the detection of theft (CDI, "Refresh").

use auth_core::hash;
use auth_core::refresh_token::{self, RefreshToken};

use super::mint::{self, MAC_PURPOSE, Minted, RefreshPart};
use super::{Dialect, Handle, RotationRule, shown_user_id};
use crate::db::Time;
use crate::error::{Error, Result};
use crate::keyring::keyring;
use crate::keys::KeyKind;
use crate::store;
use crate::store::sessions::{self, Rotation, SessionRow};
use crate::tenant::{self, Tenant};

/// What [`refresh`] is asked for.
pub struct RefreshRequest<'a> {
    pub refresh_token: &'a str,
    /// The anti-CSRF value that came with the token.
    pub anti_csrf: Option<&'a str>,
    /// Whether that value is checked, and the new tokens get one; `None` as it was for the presented token.
    pub enable_anti_csrf: Option<bool>,
    /// Which keys sign from now on; `None` leaves it as it is.
    pub key_kind: Option<KeyKind>,
    /// Life of the access token in milliseconds, in place of the configured one.
    pub access_token_validity_ms: Option<i64>,
}

/// How a token that is no longer in force is related to the one that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReuseSubtype {
    /// It was replaced last, and its time of grace is over.
    RecentPrevious,
    /// Its parent was replaced last: another child of that parent won.
    OrphanedBranch,
    /// It is older.
    StaleLineage,
}

impl ReuseSubtype {
    /// Its name in CDI.
    pub fn name(self) -> &'static str {
        match self {
            Self::RecentPrevious => "RECENT_PREV",
            Self::OrphanedBranch => "ORPHANED_BRANCH",
            Self::StaleLineage => "STALE_LINEAGE",
        }
    }
}

/// What came of a refresh.
pub enum Refresh {
    Ok(Box<Minted>),
    Unauthorised {
        message: &'static str,
        subtype: Option<ReuseSubtype>,
    },
    TokenTheftDetected {
        handle: String,
        user_id: String,
        recipe_user_id: String,
        subtype: Option<ReuseSubtype>,
    },
}

const GONE: Refresh = Refresh::Unauthorised {
    message: "Session missing in db or has expired",
    subtype: None,
};

/// A presented token with its hashes.
struct Presented {
    token: RefreshToken,
    /// Hash text of the token.
    hash: String,
    /// What the row keeps of it.
    row_hash: [u8; 32],
}

/// Exchanges a refresh token for new tokens.
///
/// # Errors
/// [`Error::Invalid`] for a validity out of range, or a stored payload that the dialect cannot carry.
pub fn refresh(app: &Tenant, dialect: Dialect, request: RefreshRequest) -> Result<Refresh> {
    let keys = keyring()?.mac_keys(MAC_PURPOSE, &app.app_id);
    let Some(token) = RefreshToken::decode(request.refresh_token, &keys) else {
        return Ok(Refresh::Unauthorised {
            message: "Invalid refresh token",
            subtype: None,
        });
    };
    let enable_anti_csrf = request
        .enable_anti_csrf
        .unwrap_or(token.anti_csrf.is_some());
    if enable_anti_csrf
        && let Some(expected) = token.anti_csrf
        && !request
            .anti_csrf
            .is_some_and(|given| hash::equal(given.as_bytes(), expected.to_string().as_bytes()))
    {
        let message = "Anti CSRF token missing, or not matching";
        return Ok(Refresh::Unauthorised {
            message,
            subtype: None,
        });
    }
    let tenant = match tenant::find(&app.app_id, &token.tenant_id) {
        // The session went with its tenant.
        Err(Error::TenantNotFound { .. }) => return Ok(GONE),
        tenant => tenant?,
    };
    let validity_ms = mint::access_token_validity_ms(&tenant, request.access_token_validity_ms)?;
    let hash = refresh_token::token_hash(request.refresh_token);
    let presented = Presented {
        token,
        row_hash: refresh_token::row_hash(&hash),
        hash,
    };
    let child = RefreshPart::child(&tenant, &presented.token, &presented.hash, enable_anti_csrf)?;
    let now = Time::now();
    let rotated = match dialect.rotation {
        RotationRule::AtRefresh => rotate(&tenant, &presented, &child, request.key_kind, now),
        RotationRule::OnFirstUse => promote(&tenant, &presented, request.key_kind, now),
    };
    let row = match rotated {
        Ok(row) => row,
        Err(refused) => return Ok(refused),
    };
    if row
        .payload
        .as_object()
        .is_some_and(|p| dialect.token_version.has_protected_claim(p))
    {
        let message = super::PROTECTED_FIELD;
        return Ok(Refresh::Unauthorised {
            message,
            subtype: None,
        });
    }
    // While the presented token stays in force, the new access token says so: its first use replaces it.
    let parent_hash =
        (dialect.rotation == RotationRule::OnFirstUse).then(|| presented.hash.clone());
    let minted = mint::mint(&tenant, dialect, row, child, parent_hash, validity_ms, now)?;
    store::active_users::mark(&app.app_id, &minted.session.user_id, now);
    Ok(Refresh::Ok(Box::new(minted)))
}

/// Rotation inside the refresh. One guarded update decides; only when it refuses is the row looked at.
fn rotate(
    tenant: &Tenant,
    presented: &Presented,
    child: &RefreshPart,
    key_kind: Option<KeyKind>,
    now: Time,
) -> std::result::Result<SessionRow, Refresh> {
    let (app_id, token) = (&tenant.app_id, &presented.token);
    let grace_ms = tenant.settings.refresh_token_rotation_grace_period_s() * 1000;
    let rotated = sessions::rotate(
        app_id,
        tenant.id(),
        token.session_id,
        &sessions::Presented {
            hash: &presented.row_hash,
            parent_hash: token.parent.as_ref(),
            grace_start: (grace_ms > 0).then(|| now.plus(-grace_ms)),
        },
        key_kind.map(|kind| kind == KeyKind::Static),
        &Rotation {
            new_hash: &refresh_token::row_hash(&child.hash),
            now,
            expires_at: now.plus(tenant.settings.refresh_token_validity_ms()),
        },
    );
    if let Some(row) = rotated {
        return Ok(row);
    }
    let row = live(tenant, token, now).ok_or(GONE)?;
    let previous = row.previous_refresh_hash.as_deref();
    let subtype = if previous == Some(&presented.row_hash) {
        ReuseSubtype::RecentPrevious
    } else if previous.is_some() && previous == token.parent.as_ref().map(<[u8; 32]>::as_slice) {
        ReuseSubtype::OrphanedBranch
    } else {
        ReuseSubtype::StaleLineage
    };
    sessions::delete(app_id, tenant.id(), token.session_id);
    let is_theft =
        subtype == ReuseSubtype::StaleLineage || tenant.settings.recent_token_reuse_is_theft();
    Err(if is_theft {
        theft(tenant, &row, Some(subtype))
    } else {
        let message = "refresh token reuse detected";
        Refresh::Unauthorised {
            message,
            subtype: Some(subtype),
        }
    })
}

/// Lazy promotion: the token in force stays so until a child of it, or the access token that came with the
/// child, is used. A client that lost an answer can always come back with what it has.
fn promote(
    tenant: &Tenant,
    presented: &Presented,
    key_kind: Option<KeyKind>,
    now: Time,
) -> std::result::Result<SessionRow, Refresh> {
    let (app_id, token) = (&tenant.app_id, &presented.token);
    let promoted = token.parent.as_ref().and_then(|parent| {
        let rotation = Rotation {
            new_hash: &presented.row_hash,
            now,
            expires_at: now.plus(tenant.settings.refresh_token_validity_ms()),
        };
        sessions::promote(app_id, tenant.id(), token.session_id, parent, &rotation)
    });
    let mut row = match promoted {
        Some(row) => row,
        None => {
            // Also when another request has just promoted the same token: then it is the one in force.
            let row = live(tenant, token, now).ok_or(GONE)?;
            if row.refresh_hash != presented.row_hash {
                return Err(theft(tenant, &row, None));
            }
            row
        }
    };
    if let Some(kind) = key_kind
        && (kind == KeyKind::Static) != row.use_static_key
    {
        row.use_static_key = kind == KeyKind::Static;
        sessions::set_use_static_key(app_id, row.id, row.use_static_key);
    }
    Ok(row)
}

fn live(tenant: &Tenant, token: &RefreshToken, now: Time) -> Option<SessionRow> {
    sessions::find(&tenant.app_id, tenant.id(), token.session_id)
        .filter(|row| row.expires_at >= now)
}

fn theft(app: &Tenant, row: &SessionRow, subtype: Option<ReuseSubtype>) -> Refresh {
    Refresh::TokenTheftDetected {
        handle: Handle {
            id: row.id,
            tenant_id: row.tenant_id.clone(),
        }
        .to_string(),
        user_id: shown_user_id(app, row),
        recipe_user_id: row.subject.clone(),
        subtype,
    }
}
