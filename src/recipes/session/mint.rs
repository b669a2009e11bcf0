//! Making the tokens of a session.

use auth_core::access_token::AccessToken;
use auth_core::refresh_token::{self, RefreshToken};
use auth_core::signing::Algorithm;
use auth_core::{ids, random};
use uuid::Uuid;

use super::{Dialect, SessionInfo, info};
use crate::db::Time;
use crate::error::{Error, Result};
use crate::keyring::keyring;
use crate::keys::{self, KeyKind};
use crate::store::sessions::SessionRow;
use crate::tenant::Tenant;

/// Names the MAC keys of refresh tokens among the derived ones.
pub(super) const MAC_PURPOSE: &str = "refresh-token";

/// A token and its times, in milliseconds since the epoch.
pub struct DatedToken {
    pub token: String,
    pub expiry: i64,
    pub created: i64,
}

/// A session with new tokens.
pub struct Minted {
    pub session: SessionInfo,
    pub access_token: DatedToken,
    pub refresh_token: DatedToken,
    pub anti_csrf: Option<String>,
}

/// A new refresh token, and what follows from it.
pub(super) struct RefreshPart {
    pub text: String,
    /// Its hash text; an access token carries it.
    pub hash: String,
    pub anti_csrf: Option<Uuid>,
}

impl RefreshPart {
    /// The first token of a session.
    pub fn first(tenant: &Tenant, session_id: Uuid, anti_csrf: bool) -> Result<Self> {
        Self::new(tenant, session_id, 0, None, anti_csrf)
    }

    /// A token that follows `parent`.
    pub fn child(
        tenant: &Tenant,
        parent: &RefreshToken,
        hash: &str,
        anti_csrf: bool,
    ) -> Result<Self> {
        let generation = parent.generation.saturating_add(1);
        let parent_hash = refresh_token::row_hash(hash);
        Self::new(
            tenant,
            parent.session_id,
            generation,
            Some(parent_hash),
            anti_csrf,
        )
    }

    fn new(
        tenant: &Tenant,
        session_id: Uuid,
        generation: u32,
        parent: Option<[u8; 32]>,
        anti_csrf: bool,
    ) -> Result<Self> {
        let anti_csrf = anti_csrf.then(|| ids::new_id(ids::Slot::random()));
        let token = RefreshToken::new(session_id, tenant.id(), generation, parent, anti_csrf);
        let keys = keyring()?.mac_keys(MAC_PURPOSE, &tenant.app_id);
        let text = token.encode(&keys[0]);
        let hash = refresh_token::token_hash(&text);
        Ok(Self {
            text,
            hash,
            anti_csrf,
        })
    }
}

/// The life of a new access token in milliseconds: `asked`, or the configured one, shortened by chance so that
/// the tokens of a wave of sign-ins do not all expire at once.
///
/// # Errors
/// [`Error::Invalid`] when `asked` is out of range.
pub(super) fn access_token_validity_ms(tenant: &Tenant, asked: Option<i64>) -> Result<i64> {
    let configured = tenant.settings.access_token_validity_s() * 1000;
    match asked {
        Some(ms) if ms > 0 && ms <= configured => Ok(ms),
        Some(_) => Err(Error::invalid(format!(
            "accessTokenValidity must be greater than 0 and at most the configured \
             access_token_validity ({configured} ms)"
        ))),
        None => {
            let jitter = random::unit() * tenant.settings.access_token_validity_jitter();
            Ok((configured as f64 * (1.0 - jitter)) as i64)
        }
    }
}

/// Which kind of key signs the tokens of a session.
pub(super) fn key_kind(row: &SessionRow) -> KeyKind {
    if row.use_static_key {
        KeyKind::Static
    } else {
        KeyKind::Dynamic
    }
}

/// Makes the access token of a session whose row is written, and puts both tokens together.
pub(super) fn mint(
    tenant: &Tenant,
    dialect: Dialect,
    row: SessionRow,
    refresh: RefreshPart,
    parent_hash: Option<String>,
    validity_ms: i64,
    now: Time,
) -> Result<Minted> {
    let refresh_expiry = now.plus(tenant.settings.refresh_token_validity_ms()).0;
    let key_kind = key_kind(&row);
    let session = info(tenant, row);
    let anti_csrf = refresh.anti_csrf.map(|value| value.to_string());
    let token = AccessToken {
        version: dialect.token_version,
        session_handle: session.handle.clone(),
        user_id: session.user_id.clone(),
        recipe_user_id: session.recipe_user_id.clone(),
        tenant_id: session.tenant_id.clone(),
        refresh_token_hash: refresh.hash,
        parent_refresh_token_hash: parent_hash,
        anti_csrf: anti_csrf.clone(),
        payload: session.payload.clone(),
        issued_at: now.seconds(),
        expires_at: now.plus(validity_ms).seconds(),
    };
    let access_token = sign(tenant, dialect.algorithm, key_kind, &token)?;
    let refresh_token = DatedToken {
        token: refresh.text,
        expiry: refresh_expiry,
        created: now.0,
    };
    Ok(Minted {
        session,
        access_token,
        refresh_token,
        anti_csrf,
    })
}

/// Signs an access token.
pub(super) fn sign(
    tenant: &Tenant,
    algorithm: Algorithm,
    key_kind: KeyKind,
    token: &AccessToken,
) -> Result<DatedToken> {
    // Keys are the app's; a tenant's settings for them are those of the app.
    let key = keys::signing_key(tenant, key_kind, algorithm)?;
    Ok(DatedToken {
        token: token
            .sign(&key)
            .map_err(|error| Error::Keys(error.to_string()))?,
        expiry: token.expires_at * 1000,
        created: token.issued_at * 1000,
    })
}
