//! What the server is, and its keys (GoTrue reference, 2.1).

use auth_core::settings::PROVIDERS;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::{Route, route};
use crate::http::Reply;
use crate::recipes::gotrue::{Result, jwt};

pub const ROUTES: &[Route] = &[
    route("GET", "", health).about("Whether the service is up"),
    route("GET", "/health", health).about("The same"),
    route("GET", "/settings", settings).about("How one can sign up and in"),
    route("GET", "/.well-known/jwks.json", jwks).about("The keys that tokens are signed with"),
    route("GET", "/.well-known/openid-configuration", discovery)
        .about("Issuer and keys, as OpenID Connect Discovery has them"),
];

/// Providers that newer clients know, and the list of settings does not have.
const UNLISTED: [&str; 2] = ["x", "vercel_marketplace"];

fn health(_: &Call) -> Result<Reply> {
    let document = json!({
        "version": concat!("v", env!("CARGO_PKG_VERSION")),
        "name": "GoTrue",
        "description": "GoTrue is a user registration and authentication API",
    });
    Ok(Reply::bare_json(200, &document))
}

fn settings(call: &Call) -> Result<Reply> {
    let settings = &call.tenant.settings;
    let mut external = Map::new();
    for name in PROVIDERS
        .into_iter()
        .filter(|name| !UNLISTED.contains(name))
    {
        let is_on = settings
            .provider(name)
            .is_some_and(|provider| provider.enabled);
        external.insert(name.to_owned(), is_on.into());
    }
    for (name, key) in [
        ("email", "external_email_enabled"),
        ("phone", "external_phone_enabled"),
        ("anonymous_users", "external_anonymous_users_enabled"),
    ] {
        external.insert(name.to_owned(), settings.is_on(key).into());
    }
    let document = json!({
        "external": external,
        "disable_signup": settings.disable_signup(),
        "mailer_autoconfirm": settings.mailer_autoconfirm(),
        "phone_autoconfirm": settings.sms_autoconfirm(),
        "sms_provider": settings.setting_text("sms_provider").unwrap_or_default(),
        "saml_enabled": false,
        "passkeys_enabled": false,
    });
    Ok(Reply::bare_json(200, &document))
}

fn jwks(call: &Call) -> Result<Reply> {
    Ok(cacheable(&jwt::published(&call.tenant)?))
}

fn cacheable(document: &Value) -> Reply {
    let life = "public, max-age=600".to_owned();
    Reply::bare_json(200, document).with_header("cache-control", life)
}

fn discovery(call: &Call) -> Result<Reply> {
    let settings = &call.tenant.settings;
    let issuer = settings
        .setting_text("jwt_issuer")
        .or(settings.api_external_url())
        .unwrap_or_default();
    let base = issuer.trim_end_matches('/');
    Ok(cacheable(&json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/oauth/authorize"),
        "token_endpoint": format!("{base}/oauth/token"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "userinfo_endpoint": format!("{base}/oauth/userinfo"),
        "scopes_supported": ["openid", "profile", "email", "phone", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported": [
            "sub", "aud", "iss", "exp", "iat", "auth_time", "nonce", "email", "email_verified", "phone_number",
            "phone_number_verified", "name", "picture", "preferred_username", "updated_at",
        ],
        "code_challenge_methods_supported": ["S256", "plain"],
    })))
}
