//! Sessions.

use pgrx::prelude::*;
use serde_json::{Value, json};

use super::{answer, app_of, dialect, identifier, object, required, tenant_of};
use crate::documents::{self, SessionShape, minted, ok, only, refresh_failure, status};
use crate::keys::KeyKind;
use crate::recipes::session::{
    self, CreateRequest, DOES_NOT_EXIST, Refresh, RefreshRequest, Selection, Verify, VerifyRequest,
};

fn gone() -> Value {
    status("UNAUTHORISED", json!({ "message": DOES_NOT_EXIST }))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_session(
    user_id: Option<&str>,
    access_token_payload: default!(Option<pgrx::JsonB>, "'{}'"),
    session_data: default!(Option<pgrx::JsonB>, "'{}'"),
    anti_csrf: default!(Option<bool>, false),
    use_dynamic_key: default!(Option<bool>, true),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let request = CreateRequest {
            user_id: required("user_id", user_id)?,
            payload: object("access_token_payload", access_token_payload)?,
            data: object("session_data", session_data)?,
            anti_csrf: required("anti_csrf", anti_csrf)?,
            key_kind: match required("use_dynamic_key", use_dynamic_key)? {
                true => KeyKind::Dynamic,
                false => KeyKind::Static,
            },
            access_token_validity_ms: None,
        };
        let made = session::create(&tenant, dialect(&tenant), request)?;
        Ok(minted(&made, SessionShape::NEWEST))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn verify_session(
    access_token: Option<&str>,
    anti_csrf_token: default!(Option<&str>, "NULL"),
    check_database: default!(Option<bool>, false),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let request = VerifyRequest {
            access_token: required("access_token", access_token)?,
            anti_csrf: anti_csrf_token,
            check_anti_csrf: anti_csrf_token.is_some(),
            check_database: required("check_database", check_database)?,
        };
        Ok(match session::verify(&app, dialect(&app), request)? {
            Verify::Ok(verified) => {
                let info = documents::session(&verified.session, SessionShape::NEWEST);
                let mut document = ok(json!({ "session": info }));
                if let Some(available) = verified.payload_update_available {
                    document["payloadUpdateAvailable"] = available.into();
                }
                document
            }
            Verify::TryRefreshToken { message } => {
                status("TRY_REFRESH_TOKEN", json!({ "message": message }))
            }
            Verify::Unauthorised { message } => {
                status("UNAUTHORISED", json!({ "message": message }))
            }
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn refresh(
    refresh_token: Option<&str>,
    anti_csrf_token: default!(Option<&str>, "NULL"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let request = RefreshRequest {
            refresh_token: required("refresh_token", refresh_token)?,
            anti_csrf: anti_csrf_token,
            enable_anti_csrf: None,
            key_kind: None,
            access_token_validity_ms: None,
        };
        Ok(match session::refresh(&app, dialect(&app), request)? {
            Refresh::Ok(made) => minted(&made, SessionShape::NEWEST),
            failure => refresh_failure(&failure),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn regenerate_access_token(
    access_token: Option<&str>,
    access_token_payload: default!(Option<pgrx::JsonB>, "NULL"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let token = required("access_token", access_token)?;
        let payload = match access_token_payload {
            Some(payload) => Some(object("access_token_payload", Some(payload))?),
            None => None,
        };
        let algorithm = dialect(&app).algorithm;
        Ok(
            match session::regenerate(&app, algorithm, token, payload)? {
                Some(made) => {
                    let info = documents::session(&made.session, SessionShape::NEWEST);
                    let mut document = ok(json!({ "session": info }));
                    if let Some(token) = &made.access_token {
                        document["accessToken"] = documents::token(token);
                    }
                    document
                }
                None => gone(),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn get_session(
    session_handle: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        Ok(
            match session::get(&app, required("session_handle", session_handle)?)? {
                Some(details) => documents::session_details(&details, SessionShape::NEWEST),
                None => gone(),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_sessions(
    user_id: Option<&str>,
    all_linked: default!(Option<bool>, true),
    tenant_id: default!(Option<&str>, "NULL"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let tenant_id = tenant_id.map(identifier);
        let selection = Selection {
            user_id: required("user_id", user_id)?,
            tenant_id: tenant_id.as_deref(),
            all_linked: required("all_linked", all_linked)?,
        };
        Ok(ok(
            json!({"sessionHandles": session::list(&app, &selection)}),
        ))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn revoke_session(
    session_handle: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let handle = required("session_handle", session_handle)?.to_owned();
        let revoked = session::revoke(&*app_of(app_id)?, &[handle])?;
        Ok(ok(json!({ "sessionHandlesRevoked": revoked })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn revoke_sessions(
    session_handles: Option<Vec<Option<String>>>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let handles: Vec<_> = required("session_handles", session_handles)?
            .into_iter()
            .flatten()
            .collect();
        let revoked = session::revoke(&*app_of(app_id)?, &handles)?;
        Ok(ok(json!({ "sessionHandlesRevoked": revoked })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn revoke_user_sessions(
    user_id: Option<&str>,
    all_linked: default!(Option<bool>, true),
    tenant_id: default!(Option<&str>, "NULL"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let tenant_id = tenant_id.map(identifier);
        let selection = Selection {
            user_id: required("user_id", user_id)?,
            tenant_id: tenant_id.as_deref(),
            all_linked: required("all_linked", all_linked)?,
        };
        Ok(ok(
            json!({"sessionHandlesRevoked": session::revoke_all(&app, &selection)}),
        ))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn update_session_data(
    session_handle: Option<&str>,
    session_data: Option<pgrx::JsonB>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let handle = required("session_handle", session_handle)?;
        let data = object("session_data", session_data)?;
        Ok(if session::set_data(&app, handle, data)? {
            only("OK")
        } else {
            gone()
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn update_access_token_payload(
    session_handle: Option<&str>,
    access_token_payload: Option<pgrx::JsonB>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let handle = required("session_handle", session_handle)?;
        let payload = object("access_token_payload", access_token_payload)?;
        let version = dialect(&app).token_version;
        Ok(if session::set_payload(&app, version, handle, payload)? {
            only("OK")
        } else {
            gone()
        })
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_session IS 'Opens a session for a user, or for any other text. Status: OK with session, accessToken and refreshToken (times in milliseconds since the epoch), and antiCsrfToken if asked for. The payload goes into the access token; session_data stays on the server. A payload with a claim that only the server sets (sub, exp, iat, ...) is an error (22023). use_dynamic_key: sign with the key that rotates, not with that which stays';
COMMENT ON FUNCTION auth.verify_session IS 'Verifies an access token of any dialect. Statuses: OK with session; TRY_REFRESH_TOKEN with message; UNAUTHORISED with message. Reads no table unless check_database, which also sees that a session was revoked. The anti-CSRF value is checked when it is given';
COMMENT ON FUNCTION auth.refresh IS 'Exchanges a refresh token for new tokens. Statuses: OK as create_session; UNAUTHORISED with message; TOKEN_THEFT_DETECTED with session, and the session is then over. The replaced token works for refresh_token_rotation_grace_period seconds more, so that a client that lost the answer can come back. A session with an anti-CSRF value must bring it';
COMMENT ON FUNCTION auth.regenerate_access_token IS 'Gives a session another payload (none given: the stored one), and its bearer an access token that lives as long as the presented one. Statuses: OK with session and, unless the presented token has expired, accessToken; UNAUTHORISED';
COMMENT ON FUNCTION auth.get_session IS 'What is known of a session. Statuses: OK with sessionHandle, userId, recipeUserId, tenantId, userDataInDatabase, userDataInJWT, expiry and timeCreated (milliseconds since the epoch); UNAUTHORISED';
COMMENT ON FUNCTION auth.list_sessions IS 'Handles of a user''s sessions that have not expired, in one tenant or (null) in all; all_linked: also of those of linked login methods. Status: OK with sessionHandles';
COMMENT ON FUNCTION auth.revoke_session IS 'Ends a session: it cannot be refreshed any more, and its access tokens live until they expire for whoever does not ask the database. Status: OK with sessionHandlesRevoked, empty when there was none';
COMMENT ON FUNCTION auth.revoke_sessions IS 'Ends sessions, as auth.revoke_session does. Status: OK with sessionHandlesRevoked, those that were there';
COMMENT ON FUNCTION auth.revoke_user_sessions IS 'Ends a user''s sessions, in one tenant or (null) in all, as auth.revoke_session does; all_linked: also those of linked login methods. Status: OK with sessionHandlesRevoked';
COMMENT ON FUNCTION auth.update_session_data IS 'Replaces the data that a session keeps on the server. Statuses: OK; UNAUTHORISED';
COMMENT ON FUNCTION auth.update_access_token_payload IS 'Replaces the payload that a session''s next access token carries. Statuses: OK; UNAUTHORISED';
"#,
    name = "comments_session",
    requires = [
        create_session,
        verify_session,
        refresh,
        regenerate_access_token,
        get_session,
        list_sessions,
        revoke_session,
        revoke_sessions,
        revoke_user_sessions,
        update_session_data,
        update_access_token_payload
    ]
);
