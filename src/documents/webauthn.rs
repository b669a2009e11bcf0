//! Passkeys (CDI, "WebAuthn").

use auth_core::webauthn::{OptionsError, Requirement};
use serde_json::{Value, json};

use super::{ok, only, status};
use crate::recipes::webauthn::{Refusal, RegistrationOptions};
use crate::store::webauthn::{Credential, Options};

/// Options for a registration, for `navigator.credentials.create`.
pub fn webauthn_register_options(options: &RegistrationOptions) -> Value {
    let (row, asked) = (&options.row, &options.asked);
    let algorithms = asked.algorithms.iter();
    let algorithms: Vec<_> = algorithms
        .map(|alg| json!({"type": "public-key", "alg": alg}))
        .collect();
    ok(json!({
        "webauthnGeneratedOptionsId": row.id,
        "rp": {"id": row.relying_party_id, "name": row.relying_party_name},
        "user": {
            "id": options.user_handle,
            "name": row.email,
            "displayName": asked.display_name,
        },
        "email": row.email,
        "timeout": row.timeout_ms,
        "challenge": row.challenge,
        "attestation": asked.attestation.name(),
        "createdAt": row.created_at.0,
        "expiresAt": row.expires_at.0,
        "pubKeyCredParams": algorithms,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "requireResidentKey": asked.resident_key == Requirement::Required,
            "residentKey": asked.resident_key.name(),
            "userVerification": row.user_verification,
        },
    }))
}

/// Options as they are kept; those for a sign-in are for `navigator.credentials.get`.
pub fn webauthn_options(options: &Options) -> Value {
    ok(json!({
        "webauthnGeneratedOptionsId": options.id,
        "relyingPartyId": options.relying_party_id,
        "relyingPartyName": options.relying_party_name,
        "origin": options.origin,
        "challenge": options.challenge,
        "timeout": options.timeout_ms,
        "userVerification": options.user_verification,
        "userPresence": options.user_presence,
        "createdAt": options.created_at.0,
        "expiresAt": options.expires_at.0,
    }))
}

/// Options that cannot be.
pub fn invalid_webauthn_options(error: &OptionsError) -> Value {
    status(
        "INVALID_OPTIONS_ERROR",
        json!({"reason": error.to_string()}),
    )
}

/// An answer of a browser that is refused.
pub fn refused_webauthn(refusal: &Refusal) -> Value {
    let (name, reason) = match refusal {
        Refusal::OptionsNotFound => return only("OPTIONS_NOT_FOUND_ERROR"),
        Refusal::InvalidOptions(reason) => ("INVALID_OPTIONS_ERROR", reason),
        Refusal::InvalidCredentials(reason) => ("INVALID_CREDENTIALS_ERROR", reason),
        Refusal::InvalidAuthenticator(reason) => ("INVALID_AUTHENTICATOR_ERROR", reason),
    };
    status(name, json!({ "reason": reason }))
}

/// A passkey.
pub fn webauthn_credential(recipe_user_id: &str, credential: &Credential) -> Value {
    json!({
        "webauthnCredentialId": credential.id,
        "recipeUserId": recipe_user_id,
        "relyingPartyId": credential.relying_party_id,
        "createdAt": credential.created_at.0,
    })
}
