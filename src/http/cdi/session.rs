//! The session resource (CDI, "Session" and "Sessions").

use serde_json::{Map, Value, json};

use super::call::{Call, invalid_field};
use super::{Route, route};
use crate::documents::{self, minted, ok, only, status};
use crate::error::{Error, Result};
use crate::http::Reply;
use crate::keys::KeyKind;
use crate::recipes::session::{
    self, CreateRequest, DOES_NOT_EXIST, Refresh, RefreshRequest, Selection, SessionDetails,
    Verify, VerifyRequest,
};

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/session", create),
    route("GET", "/recipe/session", get),
    route("POST", "/recipe/session/verify", verify),
    route("POST", "/recipe/session/refresh", refresh),
    route("POST", "/recipe/session/regenerate", regenerate),
    route("POST", "/recipe/session/remove", remove),
    route("GET", "/recipe/session/user", list_of_user),
    route("GET", "/recipe/session/data", get_data),
    route("PUT", "/recipe/session/data", put_data),
    route("GET", "/recipe/jwt/data", get_payload),
    route("PUT", "/recipe/jwt/data", put_payload),
];

fn key_kind(use_dynamic: bool) -> KeyKind {
    if use_dynamic {
        KeyKind::Dynamic
    } else {
        KeyKind::Static
    }
}

fn unauthorised(message: &str) -> Value {
    status("UNAUTHORISED", json!({ "message": message }))
}

fn create(call: &Call) -> Result<Reply> {
    let user_id = call.text("userId")?;
    let anti_csrf = call.bool_or_simple("enableAntiCsrf", false)?;
    let payload = call.object("userDataInJWT")?.clone();
    let data = call.object("userDataInDatabase")?.clone();
    let key_kind = key_kind(call.bool_opt("useDynamicSigningKey")?.unwrap_or(true));
    let access_token_validity_ms = access_token_validity(call)?;
    let tenant = call.tenant()?;
    let request = CreateRequest {
        user_id,
        payload,
        data,
        anti_csrf,
        key_kind,
        access_token_validity_ms,
    };
    let made = session::create(&tenant, call.dialect(&tenant), request)?;
    Ok(Reply::json(200, &minted(&made, call.cdi.session_shape)))
}

fn access_token_validity(call: &Call) -> Result<Option<i64>> {
    if call.cdi.access_token_validity {
        call.long_opt("accessTokenValidity")
    } else {
        Ok(None)
    }
}

/// With a handle, what is known of a session. With an access token and no handle, the simplified profile's
/// way to verify.
fn get(call: &Call) -> Result<Reply> {
    if call.param("sessionHandle").is_none()
        && let Some(access_token) = call.param("accessToken")
    {
        return verify_simply(call, access_token);
    }
    let handle = call.required_param("sessionHandle")?;
    let app = call.any_app()?;
    let document = match session::get(&app, handle)? {
        Some(details) => documents::session_details(&details, call.cdi.session_shape),
        None => unauthorised(DOES_NOT_EXIST),
    };
    Ok(Reply::json(200, &document))
}

fn verify(call: &Call) -> Result<Reply> {
    let access_token = call.text("accessToken")?;
    let anti_csrf = call.text_opt("antiCsrfToken")?;
    let check_anti_csrf = call.bool_or_simple("doAntiCsrfCheck", false)?
        & call.bool_or_simple("enableAntiCsrf", false)?;
    let check_database = call.bool_or_simple("checkDatabase", true)?;
    // Earlier versions tolerate any tenant in the path; the token names its own.
    let app = if call.cdi.access_token_validity {
        call.app()?
    } else {
        call.any_app()?
    };
    let request = VerifyRequest {
        access_token,
        anti_csrf,
        check_anti_csrf,
        check_database,
    };
    let document = match session::verify(&app, call.dialect(&app), request)? {
        Verify::Ok(verified) => {
            let info = documents::session(&verified.session, call.cdi.session_shape);
            let mut document = ok(json!({ "session": info }));
            if let Some(token) = &verified.access_token {
                document["accessToken"] = documents::token(token);
            }
            if let Some(available) = verified.payload_update_available {
                document["payloadUpdateAvailable"] = available.into();
            }
            document
        }
        Verify::TryRefreshToken { message } => {
            status("TRY_REFRESH_TOKEN", json!({ "message": message }))
        }
        Verify::Unauthorised { message } => unauthorised(message),
    };
    Ok(Reply::json(200, &document))
}

fn verify_simply(call: &Call, access_token: &str) -> Result<Reply> {
    let app = call.any_app()?;
    let anti_csrf = call
        .param("antiCsrfToken")
        .or_else(|| call.request.header("anti-csrf"));
    let request = |check_anti_csrf| VerifyRequest {
        access_token,
        anti_csrf,
        check_anti_csrf,
        check_database: true,
    };
    let dialect = call.dialect(&app);
    let mut verified = session::verify(&app, dialect, request(false))?;
    if call.flag_param("doAntiCsrfCheck", false)
        && matches!(&verified, Verify::Ok(found) if found.has_anti_csrf)
    {
        verified = session::verify(&app, dialect, request(true))?;
    }
    Ok(match verified {
        Verify::Ok(verified) => {
            let info = documents::session(&verified.session, call.cdi.session_shape);
            let token = match &verified.access_token {
                Some(token) => documents::token(token),
                None => json!({"token": access_token, "expiry": verified.expires_at * 1000,
                               "createdTime": verified.issued_at * 1000}),
            };
            Reply::json(200, &ok(json!({"session": info, "accessToken": token})))
        }
        Verify::TryRefreshToken { message } => Reply::json(
            401,
            &status("TRY_REFRESH_TOKEN", json!({ "message": message })),
        ),
        Verify::Unauthorised { message } => Reply::json(401, &unauthorised(message)),
    })
}

fn refresh(call: &Call) -> Result<Reply> {
    let refresh_token = call.text("refreshToken")?;
    let enable_anti_csrf = call.bool_or_simple("enableAntiCsrf", false)?;
    let anti_csrf = call.text_opt("antiCsrfToken")?;
    let use_dynamic = call.bool_opt("useDynamicSigningKey")?;
    if use_dynamic.is_none() && call.cdi.refresh_needs_key_kind && !call.is_simple {
        return Err(invalid_field("useDynamicSigningKey"));
    }
    let access_token_validity_ms = access_token_validity(call)?;
    let app = call.any_app()?;
    let request = RefreshRequest {
        refresh_token,
        anti_csrf,
        enable_anti_csrf: Some(enable_anti_csrf),
        key_kind: use_dynamic.map(key_kind),
        access_token_validity_ms,
    };
    let refreshed = session::refresh(&app, call.dialect(&app), request)?;
    if let Refresh::Ok(made) = &refreshed {
        return Ok(Reply::json(200, &minted(made, call.cdi.session_shape)));
    }
    // The simplified profile tells failures by the code, too.
    let code = if call.is_simple { 401 } else { 200 };
    let mut document = documents::refresh_failure(&refreshed);
    if call.is_simple && document.get("message").is_none() {
        document["message"] = "Token theft detected".into();
    }
    Ok(Reply::json(code, &document))
}

fn regenerate(call: &Call) -> Result<Reply> {
    let access_token = call.text("accessToken")?;
    let payload = call.object_opt("userDataInJWT")?.cloned();
    let app = call.any_app()?;
    let made = session::regenerate(&app, call.algorithm(&app), access_token, payload)?;
    let document = match made {
        Some(made) => {
            let info = documents::session(&made.session, call.cdi.session_shape);
            let mut document = ok(json!({ "session": info }));
            if let Some(token) = &made.access_token {
                document["accessToken"] = documents::token(token);
            }
            document
        }
        None => unauthorised(DOES_NOT_EXIST),
    };
    Ok(Reply::json(200, &document))
}

fn remove(call: &Call) -> Result<Reply> {
    let user_id = call.text_opt("userId")?;
    let handles = call.texts_opt("sessionHandles")?;
    let across_tenants = call.bool_opt("revokeAcrossAllTenants")?;
    let all_linked = call.bool_opt("revokeSessionsForLinkedAccounts")?;
    let revoked = match (user_id, handles) {
        (Some(user_id), None) => {
            let selection = selection(call, user_id, across_tenants, all_linked);
            session::revoke_all(&*scope(call, &selection)?, &selection)
        }
        (None, Some(handles)) => {
            for (name, value) in [
                ("revokeAcrossAllTenants", across_tenants),
                ("revokeSessionsForLinkedAccounts", all_linked),
            ] {
                if value.is_some() {
                    return Err(Error::invalid(format!(
                        "Invalid JSON input - {name} can only be set if userId is set"
                    )));
                }
            }
            session::revoke(&*call.any_app()?, &handles)?
        }
        _ => {
            return Err(Error::invalid(
                "Invalid JSON input - use one of userId or sessionHandles array",
            ));
        }
    };
    Ok(Reply::json(
        200,
        &ok(json!({ "sessionHandlesRevoked": revoked })),
    ))
}

fn selection<'a>(
    call: &'a Call,
    user_id: &'a str,
    across_tenants: Option<bool>,
    all_linked: Option<bool>,
) -> Selection<'a> {
    let across_tenants = across_tenants.unwrap_or(true);
    Selection {
        user_id,
        tenant_id: (!across_tenants).then_some(call.tenant_id.as_str()),
        all_linked: all_linked.unwrap_or(true),
    }
}

/// Across all tenants the operation is one of the app; in one tenant it is the tenant's.
fn scope(call: &Call, selection: &Selection) -> Result<std::rc::Rc<crate::tenant::Tenant>> {
    if selection.tenant_id.is_some() {
        call.tenant()
    } else {
        call.app()
    }
}

fn list_of_user(call: &Call) -> Result<Reply> {
    let user_id = call.required_param("userId")?;
    let across_tenants = call.flag_param("fetchAcrossAllTenants", true);
    let all_linked = call.flag_param("fetchSessionsForAllLinkedAccounts", true);
    let selection = selection(call, user_id, Some(across_tenants), Some(all_linked));
    let handles = session::list(&*scope(call, &selection)?, &selection);
    Ok(Reply::json(200, &ok(json!({ "sessionHandles": handles }))))
}

fn get_data(call: &Call) -> Result<Reply> {
    get_part(call, |details| json!({"userDataInDatabase": details.data}))
}

fn get_payload(call: &Call) -> Result<Reply> {
    get_part(
        call,
        |details| json!({"userDataInJWT": details.info.payload}),
    )
}

fn get_part(call: &Call, part: impl FnOnce(&SessionDetails) -> Value) -> Result<Reply> {
    let handle = call.required_param("sessionHandle")?;
    let document = match session::get(&*call.any_app()?, handle)? {
        Some(details) => ok(part(&details)),
        None => unauthorised(DOES_NOT_EXIST),
    };
    Ok(Reply::json(200, &document))
}

fn put_data(call: &Call) -> Result<Reply> {
    let (handle, data) = (
        call.text("sessionHandle")?,
        call.object("userDataInDatabase")?,
    );
    let app = call.any_app()?;
    Ok(found(session::set_data(&app, handle, data.clone())?))
}

fn put_payload(call: &Call) -> Result<Reply> {
    let handle = call.text("sessionHandle")?;
    let payload: &Map<_, _> = call.object("userDataInJWT")?;
    let app = call.any_app()?;
    Ok(found(session::set_payload(
        &app,
        call.cdi.token_version,
        handle,
        payload.clone(),
    )?))
}

fn found(found: bool) -> Reply {
    let document = if found {
        only("OK")
    } else {
        unauthorised(DOES_NOT_EXIST)
    };
    Reply::json(200, &document)
}
