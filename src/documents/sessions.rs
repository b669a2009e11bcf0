//! Sessions and their tokens (CDI, "Session").

use serde_json::{Value, json};

use super::{ok, only, status};
use crate::recipes::session::{DatedToken, Minted, Refresh, SessionDetails, SessionInfo};

/// How sessions are shown.
#[derive(Debug, Clone, Copy)]
pub struct SessionShape {
    /// From CDI 4.0 on.
    pub recipe_user_id: bool,
}

impl SessionShape {
    /// What SQL functions answer.
    pub const NEWEST: Self = Self {
        recipe_user_id: true,
    };
}

/// The `session` member of answers.
pub fn session(session: &SessionInfo, shape: SessionShape) -> Value {
    let mut document = json!({
        "handle": session.handle,
        "userId": session.user_id,
        "userDataInJWT": session.payload,
        "tenantId": session.tenant_id,
    });
    if shape.recipe_user_id {
        document["recipeUserId"] = session.recipe_user_id.as_str().into();
    }
    document
}

/// Everything about a session.
pub fn session_details(details: &SessionDetails, shape: SessionShape) -> Value {
    let info = &details.info;
    let mut document = ok(json!({
        "sessionHandle": info.handle,
        "userId": info.user_id,
        "userDataInDatabase": details.data,
        "userDataInJWT": info.payload,
        "expiry": details.expires_at.0,
        "timeCreated": details.created_at.0,
        "tenantId": info.tenant_id,
    }));
    if shape.recipe_user_id {
        document["recipeUserId"] = info.recipe_user_id.as_str().into();
    }
    document
}

/// A token with its times in milliseconds.
pub fn token(token: &DatedToken) -> Value {
    json!({"token": token.token, "expiry": token.expiry, "createdTime": token.created})
}

/// A session with new tokens.
pub fn minted(minted: &Minted, shape: SessionShape) -> Value {
    let mut document = ok(json!({
        "session": session(&minted.session, shape),
        "accessToken": token(&minted.access_token),
        "refreshToken": token(&minted.refresh_token),
    }));
    if let Some(anti_csrf) = &minted.anti_csrf {
        document["antiCsrfToken"] = anti_csrf.as_str().into();
    }
    document
}

/// What a refresh that failed answers.
pub fn refresh_failure(refreshed: &Refresh) -> Value {
    let (mut document, subtype) = match refreshed {
        Refresh::Ok(_) => (only("OK"), &None),
        Refresh::Unauthorised { message, subtype } => (
            status("UNAUTHORISED", json!({ "message": message })),
            subtype,
        ),
        Refresh::TokenTheftDetected {
            handle,
            user_id,
            recipe_user_id,
            subtype,
        } => {
            let session =
                json!({"handle": handle, "userId": user_id, "recipeUserId": recipe_user_id});
            (
                status("TOKEN_THEFT_DETECTED", json!({ "session": session })),
                subtype,
            )
        }
    };
    if let Some(subtype) = subtype {
        document["recentTokenReuseSubtype"] = subtype.name().into();
    }
    document
}
