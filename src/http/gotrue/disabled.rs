//! Operations of what is switched off here: each says so as GoTrue does where it is.

use super::call::Call;
use super::{Route, route};
use crate::http::Reply;
use crate::recipes::gotrue::{Refusal, Result};

pub const ROUTES: &[Route] = &[
    route("GET", "/authorize", authorize),
    route("POST", "/sso", saml),
    route("GET", "/sso/saml/metadata", saml),
    route("POST", "/sso/saml/acs", saml),
    route("GET", "/saml/metadata", saml),
    route("POST", "/saml/acs", saml),
    route("GET", "/admin/sso/providers", admin_saml),
    route("POST", "/admin/sso/providers", admin_saml),
    route("GET", "/admin/sso/providers/{id}", admin_saml),
    route("PUT", "/admin/sso/providers/{id}", admin_saml),
    route("DELETE", "/admin/sso/providers/{id}", admin_saml),
    route(
        "GET",
        "/.well-known/oauth-authorization-server",
        oauth_server,
    ),
    route("GET", "/oauth/authorize", oauth_server),
    route("POST", "/oauth/token", oauth_server),
    route("GET", "/oauth/userinfo", oauth_server),
    route("POST", "/oauth/clients/register", oauth_server),
    route("GET", "/oauth/authorizations/{id}", oauth_server),
    route("POST", "/oauth/authorizations/{id}/consent", oauth_server),
    route("GET", "/user/oauth/grants", oauth_server),
    route("DELETE", "/user/oauth/grants", oauth_server),
    route("GET", "/admin/oauth/clients", oauth_server),
    route("POST", "/admin/oauth/clients", oauth_server),
    route("GET", "/admin/oauth/clients/{id}", oauth_server),
    route("PUT", "/admin/oauth/clients/{id}", oauth_server),
    route("DELETE", "/admin/oauth/clients/{id}", oauth_server),
    route(
        "POST",
        "/admin/oauth/clients/{id}/regenerate_secret",
        oauth_server,
    ),
    route("GET", "/admin/custom-providers", custom_providers),
    route("POST", "/admin/custom-providers", custom_providers),
    route("GET", "/admin/custom-providers/{id}", custom_providers),
    route("PUT", "/admin/custom-providers/{id}", custom_providers),
    route("DELETE", "/admin/custom-providers/{id}", custom_providers),
    route("GET", "/factors/recovery-codes", recovery_codes),
    route("POST", "/factors/recovery-codes", recovery_codes),
    route("DELETE", "/factors/recovery-codes", recovery_codes),
    route("POST", "/factors/recovery-codes/regenerate", recovery_codes),
    route(
        "POST",
        "/factors/recovery-codes/verify",
        verify_recovery_code,
    ),
    route("GET", "/passkeys", passkeys),
    route("PATCH", "/passkeys/{id}", passkeys),
    route("DELETE", "/passkeys/{id}", passkeys),
    route("POST", "/passkeys/registration/options", passkeys),
    route("POST", "/passkeys/registration/verify", passkeys),
    route("POST", "/passkeys/authentication/options", passkeys),
    route("POST", "/passkeys/authentication/verify", passkeys),
    route("GET", "/admin/users/{id}/passkeys", passkeys),
    route("DELETE", "/admin/users/{id}/passkeys/{id}", passkeys),
];

fn refuse(code: &'static str, message: &str) -> Result<Reply> {
    Err(Refusal::new(404, code, message).into())
}

fn authorize(_: &Call) -> Result<Reply> {
    let message = "Unsupported provider: provider is not enabled";
    Err(Refusal::validation(message).into())
}

fn saml(_: &Call) -> Result<Reply> {
    refuse("saml_provider_disabled", "SAML 2.0 is disabled")
}

fn admin_saml(call: &Call) -> Result<Reply> {
    call.admin()?;
    saml(call)
}

fn oauth_server(_: &Call) -> Result<Reply> {
    refuse("feature_disabled", "OAuth server is disabled")
}

fn custom_providers(call: &Call) -> Result<Reply> {
    call.admin()?;
    refuse("feature_disabled", "Custom OAuth providers are disabled")
}

fn recovery_codes(call: &Call) -> Result<Reply> {
    call.user()?;
    let message = "MFA enroll is disabled for recovery codes";
    Err(Refusal::new(422, "mfa_recovery_codes_enroll_not_enabled", message).into())
}

fn verify_recovery_code(call: &Call) -> Result<Reply> {
    call.user()?;
    let message = "MFA verification is disabled for recovery codes";
    Err(Refusal::new(422, "mfa_recovery_codes_verify_not_enabled", message).into())
}

fn passkeys(_: &Call) -> Result<Reply> {
    refuse("passkey_disabled", "Passkeys are disabled")
}
