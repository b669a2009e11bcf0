//! The dashboard (CDI, "Dashboard").

use auth_core::settings::{Kind, Scope, Setting};
use serde_json::{Value, json};

use super::{only, status};
use crate::recipes::dashboard::{Refusal, Session};
use crate::store::dashboard::DashboardUser;

/// Somebody who may sign in to the dashboard.
pub fn dashboard_user(user: &DashboardUser) -> Value {
    json!({
        "userId": user.id,
        "email": user.email,
        "timeJoined": user.created_at.0,
    })
}

/// A session of the dashboard.
pub fn dashboard_session(session: &Session) -> Value {
    json!({
        "sessionId": session.id,
        "userId": session.row.user_id,
        "timeCreated": session.row.created_at.0,
        "expiry": session.row.expires_at.0,
    })
}

/// Why an account cannot be as asked.
pub fn refused_dashboard_user(refusal: &Refusal) -> Value {
    match refusal {
        Refusal::InvalidEmail => only("INVALID_EMAIL_ERROR"),
        Refusal::WeakPassword(message) => {
            status("PASSWORD_WEAK_ERROR", json!({ "message": message }))
        }
        Refusal::EmailAlreadyExists => only("EMAIL_ALREADY_EXISTS_ERROR"),
    }
}

/// A setting as the dashboard shows it.
pub fn shown_setting(setting: &Setting, value: &Value) -> Value {
    let (value_type, possible_values) = match setting.kind {
        Kind::Integer | Kind::Long | Kind::Number => ("number", Value::Null),
        Kind::Boolean => ("boolean", Value::Null),
        Kind::Text => ("string", Value::Null),
        Kind::Enum(options) => ("enum", json!(options)),
    };
    json!({
        "key": setting.key,
        "valueType": value_type,
        "value": value,
        "description": setting.description,
        "isDifferentAcrossTenants": setting.scope == Scope::Tenant,
        "possibleValues": possible_values,
        "isNullable": setting.nullable(),
        "defaultValue": setting.default_value(),
        // There are no plugins whose settings these could be.
        "isPluginProperty": false,
        "isPluginPropertyEditable": false,
    })
}
