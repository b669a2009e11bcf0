//! What is shown of users and sessions.

use serde_json::{Value, json};

use crate::documents::gotrue::auth_user;
use crate::http::Reply;
use crate::recipes::gotrue::sessions::Tokens;
use crate::recipes::gotrue::{Context, Result, factors, identities};
use crate::store::auth_users::AuthUser;

/// A user.
pub fn user(context: &Context, user: &AuthUser) -> Value {
    let identities = identities::list(context, user);
    auth_user(user, &identities, &factors::list(context, user))
}

/// A user who has none, or of whom none are told.
pub fn user_without_identities(user: &AuthUser) -> Value {
    auth_user(user, &[], &[])
}

/// A session with its tokens (3.1).
pub fn token_document(context: &Context, tokens: &Tokens) -> Value {
    let mut document = json!({
        "access_token": tokens.access_token,
        "token_type": "bearer",
        "expires_in": tokens.expires_in,
        "expires_at": tokens.expires_at,
        "refresh_token": tokens.refresh_token,
    });
    document["user"] = user(context, &tokens.user);
    document
}

/// The reply with a session and its tokens.
pub fn tokens(context: &Context, tokens: &Tokens) -> Result<Reply> {
    Ok(Reply::bare_json(200, &token_document(context, tokens)))
}
