//! Codes and the devices that wait for them (CDI, "Passwordless").

use serde_json::{Value, json};

use super::{ok, only, status};
use crate::recipes::passwordless::{ConsumedDevice, DeviceCodes, NewCode, Refused, Update};
use crate::store::login_methods::Contact;
use crate::store::passwordless::Code;

/// A code that was just made.
pub fn new_code(code: &NewCode) -> Value {
    ok(json!({
        "preAuthSessionId": code.pre_auth_session_id,
        "codeId": code.code_id,
        "deviceId": code.device_id,
        "userInputCode": code.user_input_code,
        "linkCode": code.link_code,
        "timeCreated": code.created_at.0,
        "codeLifetime": code.lifetime_ms,
    }))
}

/// The device whose code was presented.
pub fn consumed_device(device: &ConsumedDevice) -> Value {
    let mut document = json!({
        "preAuthSessionId": device.pre_auth_session_id,
        "failedCodeInputAttemptCount": device.failed_attempts,
    });
    put_contact(&mut document, &device.contact);
    document
}

/// A device that waits, with its codes.
pub fn device_codes(listed: &DeviceCodes, lifetime_ms: i64) -> Value {
    let code = |code: &Code| json!({"codeId": code.id, "timeCreated": code.created_at.0, "codeLifetime": lifetime_ms});
    let mut document = json!({
        "preAuthSessionId": listed.device.id,
        "failedCodeInputAttemptCount": listed.device.failed_attempts,
        "codes": listed.codes.iter().map(code).collect::<Vec<_>>(),
    });
    put_contact(&mut document, &listed.device.contact);
    document
}

fn put_contact(document: &mut Value, contact: &Contact) {
    if let Some(email) = &contact.email {
        document["email"] = email.as_str().into();
    }
    if let Some(phone) = &contact.phone {
        document["phoneNumber"] = phone.as_str().into();
    }
}

/// Why a code was not accepted.
pub fn refused_code(refused: &Refused) -> Value {
    let (name, failed_attempts, max) = match refused {
        Refused::RestartFlow => return only("RESTART_FLOW_ERROR"),
        Refused::Incorrect {
            failed_attempts,
            max,
        } => ("INCORRECT_USER_INPUT_CODE_ERROR", failed_attempts, max),
        Refused::Expired {
            failed_attempts,
            max,
        } => ("EXPIRED_USER_INPUT_CODE_ERROR", failed_attempts, max),
    };
    let counts = json!({
        "failedCodeInputAttemptCount": failed_attempts,
        "maximumCodeInputAttempts": max,
    });
    status(name, counts)
}

/// What came of changing address or number.
pub fn updated_contact(update: &Update) -> Value {
    match update {
        Update::Ok => only("OK"),
        Update::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
        Update::EmailAlreadyExists => only("EMAIL_ALREADY_EXISTS_ERROR"),
        Update::PhoneNumberAlreadyExists => only("PHONE_NUMBER_ALREADY_EXISTS_ERROR"),
        Update::EmailChangeNotAllowed { reason } => status(
            "EMAIL_CHANGE_NOT_ALLOWED_ERROR",
            json!({ "reason": reason }),
        ),
        Update::PhoneNumberChangeNotAllowed { reason } => status(
            "PHONE_NUMBER_CHANGE_NOT_ALLOWED_ERROR",
            json!({ "reason": reason }),
        ),
    }
}
