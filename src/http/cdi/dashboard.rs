//! The dashboard's resource (CDI, "Dashboard").

use serde_json::json;

use super::call::Call;
use super::{Route, route};
use crate::documents::{
    dashboard_session, dashboard_user, ok, only, refused_dashboard_user, shown_setting,
};
use crate::error::Result;
use crate::http::Reply;
use crate::recipes::dashboard::{self, Update, Who};

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/dashboard/user", create_user),
    route("PUT", "/recipe/dashboard/user", update_user),
    route("DELETE", "/recipe/dashboard/user", delete_user),
    route("GET", "/recipe/dashboard/users", list_users),
    route("GET", "/recipe/dashboard/user/sessions", list_sessions),
    route("POST", "/recipe/dashboard/signin", sign_in),
    route("POST", "/recipe/dashboard/session/verify", verify_session),
    route("DELETE", "/recipe/dashboard/session", sign_out),
    route("GET", "/recipe/dashboard/tenant/core-config", core_config),
];

fn create_user(call: &Call) -> Result<Reply> {
    let email = call.text("email")?;
    // Before the password is looked for.
    if dashboard::address("email", email)?.is_none() {
        return Ok(Reply::json(200, &only("INVALID_EMAIL_ERROR")));
    }
    let password = call.text("password")?;
    let document = match dashboard::create_user(&*call.app()?, email, password)? {
        Ok(user) => ok(json!({ "user": dashboard_user(&user) })),
        Err(refusal) => refused_dashboard_user(&refusal),
    };
    Ok(Reply::json(200, &document))
}

fn update_user(call: &Call) -> Result<Reply> {
    let who = Who {
        id: call.text_opt("userId")?,
        email: call.text_opt("email")?,
    };
    let (new_email, new_password) = (call.text_opt("newEmail")?, call.text_opt("newPassword")?);
    let updated = dashboard::update_user(&*call.app()?, &who, new_email, new_password)?;
    let document = match updated {
        Update::Ok(user) => ok(json!({ "user": dashboard_user(&user) })),
        Update::UnknownUser => only("UNKNOWN_USER_ERROR"),
        Update::Refused(refusal) => refused_dashboard_user(&refusal),
    };
    Ok(Reply::json(200, &document))
}

fn delete_user(call: &Call) -> Result<Reply> {
    let who = Who {
        id: call.param("userId"),
        email: call.param("email"),
    };
    let existed = dashboard::delete_user(&*call.app()?, &who)?;
    Ok(Reply::json(200, &ok(json!({ "didUserExist": existed }))))
}

fn list_users(call: &Call) -> Result<Reply> {
    let users = dashboard::list_users(&*call.app()?);
    let users: Vec<_> = users.iter().map(dashboard_user).collect();
    Ok(Reply::json(200, &ok(json!({ "users": users }))))
}

fn list_sessions(call: &Call) -> Result<Reply> {
    let user_id = call.required_param("userId")?;
    let sessions = dashboard::list_sessions(&*call.app()?, user_id)?;
    let sessions: Vec<_> = sessions.iter().map(dashboard_session).collect();
    Ok(Reply::json(200, &ok(json!({ "sessions": sessions }))))
}

fn sign_in(call: &Call) -> Result<Reply> {
    let (email, password) = (call.text("email")?, call.text("password")?);
    let document = match dashboard::sign_in(&*call.app()?, email, password)? {
        Some(session_id) => ok(json!({ "sessionId": session_id })),
        None => only("INVALID_CREDENTIALS_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn verify_session(call: &Call) -> Result<Reply> {
    let session_id = call.text("sessionId")?;
    let document = match dashboard::verify_session(&*call.app()?, session_id)? {
        Some(email) => ok(json!({ "email": email })),
        None => only("INVALID_SESSION_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn sign_out(call: &Call) -> Result<Reply> {
    dashboard::sign_out(&*call.app()?, call.required_param("sessionId")?)?;
    Ok(Reply::json(200, &only("OK")))
}

fn core_config(call: &Call) -> Result<Reply> {
    let settings = dashboard::shown_settings(&*call.tenant()?, call.sees_protected);
    let config: Vec<_> = settings
        .iter()
        .map(|(setting, value)| shown_setting(setting, value))
        .collect();
    Ok(Reply::json(200, &ok(json!({ "config": config }))))
}
