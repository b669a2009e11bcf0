//! Passkeys (CDI, "WebAuthn").

use auth_core::webauthn::{CeremonyRequest, RegisterRequest};
use serde_json::{Value, json};

use super::call::{Call, invalid_field};
use super::{Route, route};
use crate::documents::{
    invalid_webauthn_options, ok, only, refused_webauthn, signed_in, user, webauthn_credential,
    webauthn_options, webauthn_register_options,
};
use crate::error::Result;
use crate::http::Reply;
use crate::recipes::webauthn::{self, RecoveryToken, Register, SignIn, SignUp, UpdateEmail};

pub const ROUTES: &[Route] = &[
    route(
        "POST",
        "/recipe/webauthn/options/register",
        register_options,
    ),
    route("POST", "/recipe/webauthn/options/signin", sign_in_options),
    route("GET", "/recipe/webauthn/options", options),
    route("DELETE", "/recipe/webauthn/options/remove", remove_options),
    route("POST", "/recipe/webauthn/signup", sign_up),
    route("POST", "/recipe/webauthn/signin", sign_in),
    route(
        "POST",
        "/recipe/webauthn/user/credential/register",
        register,
    ),
    route("GET", "/recipe/webauthn/user/credential", credential),
    route("GET", "/recipe/webauthn/user/credential/list", credentials),
    route("DELETE", "/recipe/webauthn/user/credential/remove", remove),
    route("POST", "/recipe/webauthn/user/recover/token", create_token),
    route(
        "POST",
        "/recipe/webauthn/user/recover/token/consume",
        consume_token,
    ),
    route("GET", "/recipe/webauthn/user/recover", user_of_token),
    route("PUT", "/recipe/webauthn/user/email", update_email),
];

fn ceremony<'a>(call: &'a Call) -> Result<CeremonyRequest<'a>> {
    Ok(CeremonyRequest {
        relying_party_id: call.text("relyingPartyId")?,
        relying_party_name: call.text("relyingPartyName")?,
        origin: call.text("origin")?,
        timeout_ms: call.long_opt("timeout")?,
        user_verification: call.text_opt("userVerification")?,
        user_presence: call.bool_opt("userPresence")?,
    })
}

fn register_options(call: &Call) -> Result<Reply> {
    // The one is the specification's spelling, the other that of the SDKs.
    let body = call.body()?;
    let algorithms = body.get("supportedAlgorithmIDs");
    let request = RegisterRequest {
        email: call.text("email")?,
        ceremony: ceremony(call)?,
        display_name: call.text_opt("displayName")?,
        attestation: call.text_opt("attestation")?,
        resident_key: call.text_opt("residentKey")?,
        algorithms: algorithms.or_else(|| body.get("supportedAlgorithmIds")),
    };
    let document = match webauthn::register_options(&*call.tenant()?, request)? {
        Ok(options) => webauthn_register_options(&options),
        Err(error) => invalid_webauthn_options(&error),
    };
    Ok(Reply::json(200, &document))
}

fn sign_in_options(call: &Call) -> Result<Reply> {
    let document = match webauthn::sign_in_options(&*call.tenant()?, ceremony(call)?)? {
        Ok(options) => webauthn_options(&options),
        Err(error) => invalid_webauthn_options(&error),
    };
    Ok(Reply::json(200, &document))
}

fn options(call: &Call) -> Result<Reply> {
    let id = call.required_param("webauthnGeneratedOptionsId")?;
    let document = match webauthn::options(&*call.tenant()?, id) {
        Some(options) => {
            let mut document = webauthn_options(&options);
            // Null for a sign-in: supertokens-python reads it in any case.
            document["email"] = json!(options.email);
            document
        }
        None => only("OPTIONS_NOT_FOUND_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn remove_options(call: &Call) -> Result<Reply> {
    let id = call.required_param("webauthnGeneratedOptionsId")?;
    let existed = webauthn::remove_options(&*call.tenant()?, id);
    Ok(ok_or(existed, "OPTIONS_NOT_FOUND_ERROR"))
}

fn ok_or(is_ok: bool, otherwise: &str) -> Reply {
    Reply::json(200, &only(if is_ok { "OK" } else { otherwise }))
}

/// The browser's answer: any object.
fn answer<'a>(call: &'a Call) -> Result<&'a Value> {
    let value = call.body()?.get("credential");
    value
        .filter(|value| value.is_object())
        .ok_or_else(|| invalid_field("credential"))
}

fn sign_up(call: &Call) -> Result<Reply> {
    let options_id = call.text("webauthnGeneratedOptionsId")?;
    let answer = answer(call)?;
    let document = match webauthn::sign_up(&*call.tenant()?, options_id, answer)? {
        SignUp::Ok(made) => {
            let who = &made.signed_in;
            let mut document = signed_in(&who.user, who.recipe_user_id, call.cdi.user_shape);
            document["webauthnCredentialId"] = json!(made.credential_id);
            document["relyingPartyId"] = json!(made.options.relying_party_id);
            document["relyingPartyName"] = json!(made.options.relying_party_name);
            document
        }
        SignUp::EmailAlreadyExists => only("EMAIL_ALREADY_EXISTS_ERROR"),
        SignUp::Refused(refusal) => refused_webauthn(&refusal),
    };
    Ok(Reply::json(200, &document))
}

fn sign_in(call: &Call) -> Result<Reply> {
    let options_id = call.text("webauthnGeneratedOptionsId")?;
    let answer = answer(call)?;
    let single_use = call.cdi.single_use_webauthn_options;
    let document = match webauthn::sign_in(&*call.tenant()?, options_id, answer, single_use)? {
        SignIn::Ok(who) => signed_in(&who.user, who.recipe_user_id, call.cdi.user_shape),
        SignIn::CredentialNotFound => only("CREDENTIAL_NOT_FOUND_ERROR"),
        SignIn::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
        SignIn::Refused(refusal) => refused_webauthn(&refusal),
    };
    Ok(Reply::json(200, &document))
}

fn register(call: &Call) -> Result<Reply> {
    let recipe_user_id = call.text("recipeUserId")?;
    let options_id = call.text("webauthnGeneratedOptionsId")?;
    let answer = answer(call)?;
    let outcome = webauthn::register(&*call.tenant()?, recipe_user_id, options_id, answer)?;
    let document = match outcome {
        Register::Ok(registered) => ok(json!({
            "webauthnCredentialId": registered.credential_id,
            "recipeUserId": registered.recipe_user_id,
            "email": registered.email,
            "relyingPartyId": registered.options.relying_party_id,
            "relyingPartyName": registered.options.relying_party_name,
        })),
        Register::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
        Register::CredentialAlreadyExists => only("CREDENTIAL_ALREADY_EXISTS_ERROR"),
        Register::Refused(refusal) => refused_webauthn(&refusal),
    };
    Ok(Reply::json(200, &document))
}

fn credential(call: &Call) -> Result<Reply> {
    let recipe_user_id = call.required_param("recipeUserId")?;
    let id = call.required_param("webauthnCredentialId")?;
    let document = match webauthn::find(&*call.tenant()?, recipe_user_id, id) {
        Some((recipe_user_id, found)) => {
            let mut document = ok(webauthn_credential(&recipe_user_id, &found));
            document["updatedAt"] = json!(found.updated_at.0);
            document
        }
        None => only("CREDENTIAL_NOT_FOUND_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn credentials(call: &Call) -> Result<Reply> {
    let recipe_user_id = call.required_param("recipeUserId")?;
    let (recipe_user_id, found) = webauthn::list(&*call.tenant()?, recipe_user_id);
    let shown = found
        .iter()
        .map(|one| webauthn_credential(&recipe_user_id, one));
    let shown: Vec<_> = shown.collect();
    Ok(Reply::json(200, &ok(json!({ "credentials": shown }))))
}

fn remove(call: &Call) -> Result<Reply> {
    let recipe_user_id = call.required_param("recipeUserId")?;
    let id = call.required_param("webauthnCredentialId")?;
    let existed = webauthn::remove(&*call.tenant()?, recipe_user_id, id);
    Ok(ok_or(existed, "CREDENTIAL_NOT_FOUND_ERROR"))
}

fn create_token(call: &Call) -> Result<Reply> {
    let (email, user_id) = (call.text("email")?, call.text("userId")?);
    let document = match webauthn::create_token(&*call.tenant()?, user_id, email)? {
        RecoveryToken::Ok { token } => ok(json!({ "token": token })),
        RecoveryToken::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn consume_token(call: &Call) -> Result<Reply> {
    let token = call.text("token")?;
    let document = match webauthn::consume_token(&*call.tenant()?, token) {
        Some((user_id, email)) => ok(json!({"userId": user_id, "email": email})),
        None => only("RECOVER_ACCOUNT_TOKEN_INVALID_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn user_of_token(call: &Call) -> Result<Reply> {
    let token = call.required_param("token")?;
    let document = match webauthn::user_of_token(&*call.tenant()?, token) {
        Some((found, recipe_user_id)) => ok(json!({
            "user": user(&found, call.cdi.user_shape),
            "recipeUserId": recipe_user_id,
        })),
        None => only("RECOVER_ACCOUNT_TOKEN_INVALID_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn update_email(call: &Call) -> Result<Reply> {
    let (recipe_user_id, email) = (call.text("recipeUserId")?, call.text("email")?);
    let outcome = webauthn::update_email(&*call.tenant()?, recipe_user_id, email)?;
    let status = match outcome {
        UpdateEmail::Ok => "OK",
        UpdateEmail::UnknownUserId => "UNKNOWN_USER_ID_ERROR",
        UpdateEmail::EmailAlreadyExists => "EMAIL_ALREADY_EXISTS_ERROR",
        UpdateEmail::UserWithEmailAlreadyExists => "USER_WITH_EMAIL_ALREADY_EXISTS_ERROR",
    };
    Ok(Reply::json(200, &only(status)))
}
