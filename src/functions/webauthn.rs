//! Passkeys.

use auth_core::webauthn::{CeremonyRequest, RegisterRequest};
use pgrx::prelude::*;
use serde_json::{Map, Value, json};

use super::{answer, app_of, object, required, tenant_of};
use crate::documents::{
    UserShape, invalid_webauthn_options, ok, only, refused_webauthn, signed_in,
    webauthn_credential, webauthn_options, webauthn_register_options,
};
use crate::error::{Error, Result};
use crate::recipes::webauthn::{self, RecoveryToken, Register, SignIn, SignUp};

/// A member of the argument `wishes`.
fn wish<'a, T>(
    wishes: &'a Map<String, Value>,
    name: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>> {
    match wishes.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| {
            Error::invalid(format!("member \"{name}\" of wishes is of another type"))
        }),
    }
}

fn ceremony<'a>(
    relying_party_id: &'a str,
    origin: &'a str,
    wishes: &'a Map<String, Value>,
) -> Result<CeremonyRequest<'a>> {
    let name = wish(wishes, "relyingPartyName", Value::as_str)?;
    Ok(CeremonyRequest {
        relying_party_id,
        relying_party_name: name.unwrap_or(relying_party_id),
        origin,
        // A minute: the protocol's six seconds are too short for a person.
        timeout_ms: wish(wishes, "timeout", Value::as_i64)?.or(Some(60_000)),
        user_verification: wish(wishes, "userVerification", Value::as_str)?,
        user_presence: wish(wishes, "userPresence", Value::as_bool)?.or(Some(true)),
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_webauthn_register_options(
    email: Option<&str>,
    relying_party_id: Option<&str>,
    origin: Option<&str>,
    wishes: default!(Option<pgrx::JsonB>, "'{}'"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let wishes = object("wishes", wishes)?;
        let party = required("relying_party_id", relying_party_id)?;
        let request = RegisterRequest {
            email: required("email", email)?,
            ceremony: ceremony(party, required("origin", origin)?, &wishes)?,
            display_name: wish(&wishes, "displayName", Value::as_str)?,
            attestation: wish(&wishes, "attestation", Value::as_str)?,
            resident_key: wish(&wishes, "residentKey", Value::as_str)?,
            algorithms: wishes.get("supportedAlgorithmIds"),
        };
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(match webauthn::register_options(&tenant, request)? {
            Ok(options) => webauthn_register_options(&options),
            Err(error) => invalid_webauthn_options(&error),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_webauthn_sign_in_options(
    relying_party_id: Option<&str>,
    origin: Option<&str>,
    wishes: default!(Option<pgrx::JsonB>, "'{}'"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let wishes = object("wishes", wishes)?;
        let party = required("relying_party_id", relying_party_id)?;
        let request = ceremony(party, required("origin", origin)?, &wishes)?;
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(match webauthn::sign_in_options(&tenant, request)? {
            Ok(options) => webauthn_options(&options),
            Err(error) => invalid_webauthn_options(&error),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn sign_up_with_webauthn(
    options_id: Option<&str>,
    credential: Option<pgrx::JsonB>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let options_id = required("options_id", options_id)?;
        let credential = required("credential", credential)?.0;
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(match webauthn::sign_up(&tenant, options_id, &credential)? {
            SignUp::Ok(made) => {
                let who = &made.signed_in;
                let mut document = signed_in(&who.user, who.recipe_user_id, UserShape::NEWEST);
                document["webauthnCredentialId"] = json!(made.credential_id);
                document
            }
            SignUp::EmailAlreadyExists => only("EMAIL_ALREADY_EXISTS_ERROR"),
            SignUp::Refused(refusal) => refused_webauthn(&refusal),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn sign_in_with_webauthn(
    options_id: Option<&str>,
    credential: Option<pgrx::JsonB>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let options_id = required("options_id", options_id)?;
        let credential = required("credential", credential)?.0;
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(
            match webauthn::sign_in(&tenant, options_id, &credential, true)? {
                SignIn::Ok(who) => signed_in(&who.user, who.recipe_user_id, UserShape::NEWEST),
                SignIn::CredentialNotFound => only("CREDENTIAL_NOT_FOUND_ERROR"),
                SignIn::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
                SignIn::Refused(refusal) => refused_webauthn(&refusal),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn register_webauthn_credential(
    recipe_user_id: Option<&str>,
    options_id: Option<&str>,
    credential: Option<pgrx::JsonB>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let recipe_user_id = required("recipe_user_id", recipe_user_id)?;
        let options_id = required("options_id", options_id)?;
        let credential = required("credential", credential)?.0;
        let tenant = tenant_of(tenant_id, app_id)?;
        let outcome = webauthn::register(&tenant, recipe_user_id, options_id, &credential)?;
        Ok(match outcome {
            Register::Ok(made) => ok(json!({"webauthnCredentialId": made.credential_id})),
            Register::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
            Register::CredentialAlreadyExists => only("CREDENTIAL_ALREADY_EXISTS_ERROR"),
            Register::Refused(refusal) => refused_webauthn(&refusal),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_webauthn_credentials(
    recipe_user_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let recipe_user_id = required("recipe_user_id", recipe_user_id)?;
        let (shown_id, found) = webauthn::list(&*app_of(app_id)?, recipe_user_id);
        let shown = found.iter().map(|one| webauthn_credential(&shown_id, one));
        let shown: Vec<_> = shown.collect();
        Ok(ok(json!({ "credentials": shown })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn remove_webauthn_credential(
    recipe_user_id: Option<&str>,
    credential_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let recipe_user_id = required("recipe_user_id", recipe_user_id)?;
        let id = required("credential_id", credential_id)?;
        let existed = webauthn::remove(&*app_of(app_id)?, recipe_user_id, id);
        Ok(only(if existed {
            "OK"
        } else {
            "CREDENTIAL_NOT_FOUND_ERROR"
        }))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_recover_account_token(
    user_id: Option<&str>,
    email: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let (user_id, email) = (required("user_id", user_id)?, required("email", email)?);
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(match webauthn::create_token(&tenant, user_id, email)? {
            RecoveryToken::Ok { token } => ok(json!({ "token": token })),
            RecoveryToken::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn consume_recover_account_token(
    token: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let token = required("token", token)?;
        Ok(
            match webauthn::consume_token(&*tenant_of(tenant_id, app_id)?, token) {
                Some((user_id, email)) => ok(json!({"userId": user_id, "email": email})),
                None => only("RECOVER_ACCOUNT_TOKEN_INVALID_ERROR"),
            },
        )
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_webauthn_register_options IS 'Options for navigator.credentials.create: email is the user''s address, relying_party_id the domain, origin that of the page. wishes may hold relyingPartyName, displayName, timeout (milliseconds, 60000), attestation, residentKey, userVerification, userPresence (true) and supportedAlgorithmIds. Statuses: OK with the options and webauthnGeneratedOptionsId; INVALID_OPTIONS_ERROR with reason';
COMMENT ON FUNCTION auth.create_webauthn_sign_in_options IS 'Options for navigator.credentials.get. wishes may hold relyingPartyName, timeout (milliseconds, 60000), userVerification and userPresence (true). Statuses: OK with the options and webauthnGeneratedOptionsId; INVALID_OPTIONS_ERROR with reason';
COMMENT ON FUNCTION auth.sign_up_with_webauthn IS 'Makes a user with the address of the options, who signs in with this passkey; credential is the browser''s answer (PublicKeyCredential.toJSON). Statuses: OK with user, recipeUserId and webauthnCredentialId; EMAIL_ALREADY_EXISTS_ERROR; OPTIONS_NOT_FOUND_ERROR; INVALID_OPTIONS_ERROR, INVALID_CREDENTIALS_ERROR and INVALID_AUTHENTICATOR_ERROR with reason';
COMMENT ON FUNCTION auth.sign_in_with_webauthn IS 'Signs in the user whose passkey has answered; the options are gone then. Statuses: OK with user and recipeUserId; CREDENTIAL_NOT_FOUND_ERROR; UNKNOWN_USER_ID_ERROR; and the refusals of auth.sign_up_with_webauthn';
COMMENT ON FUNCTION auth.register_webauthn_credential IS 'Adds a passkey to a login method of the recipe webauthn. Statuses: OK with webauthnCredentialId; UNKNOWN_USER_ID_ERROR; CREDENTIAL_ALREADY_EXISTS_ERROR; and the refusals of auth.sign_up_with_webauthn';
COMMENT ON FUNCTION auth.list_webauthn_credentials IS 'The passkeys of a login method. Status: OK with credentials';
COMMENT ON FUNCTION auth.remove_webauthn_credential IS 'Removes a passkey of a login method, the last one, too. Statuses: OK; CREDENTIAL_NOT_FOUND_ERROR';
COMMENT ON FUNCTION auth.create_recover_account_token IS 'Makes a token for a user who has lost the passkey, to be sent to the address. Statuses: OK with token; UNKNOWN_USER_ID_ERROR';
COMMENT ON FUNCTION auth.consume_recover_account_token IS 'Uses up a token of auth.create_recover_account_token, and all others of its address; then register a passkey for the user. Statuses: OK with userId and email; RECOVER_ACCOUNT_TOKEN_INVALID_ERROR';
"#,
    name = "comments_webauthn",
    requires = [
        create_webauthn_register_options,
        create_webauthn_sign_in_options,
        sign_up_with_webauthn,
        sign_in_with_webauthn,
        register_webauthn_credential,
        list_webauthn_credentials,
        remove_webauthn_credential,
        create_recover_account_token,
        consume_recover_account_token
    ]
);
