//! Sign-in with a code that is sent to an address or a number.

use pgrx::prelude::*;
use serde_json::{Value, json};

use super::{answer, app_of, required, tenant_of};
use crate::documents::{
    UserShape, consumed_device, device_codes, new_code, ok, only, refused_code, signed_in,
    updated_contact,
};
use crate::error::{Error, Result};
use crate::recipes::passwordless::{
    self, Change, CreateCode, DeviceCodes, PresentedCode, Recipient, Selection,
};

/// The only one of several arguments that is not null.
fn only_one<T, const N: usize>(names: &str, given: [Option<T>; N]) -> Result<T> {
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Error::invalid(format!(
            "exactly one of the arguments {names} must not be null"
        ))),
    }
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_code(
    email: default!(Option<&str>, "NULL"),
    phone_number: default!(Option<&str>, "NULL"),
    device_id: default!(Option<&str>, "NULL"),
    user_input_code: default!(Option<&str>, "NULL"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let recipient = only_one(
            "\"email\", \"phone_number\" and \"device_id\"",
            [
                email.map(Recipient::Email),
                phone_number.map(Recipient::Phone),
                device_id.map(Recipient::Device),
            ],
        )?;
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(
            match passwordless::create_code(&tenant, &recipient, user_input_code)? {
                CreateCode::Ok(code) => new_code(&code),
                CreateCode::RestartFlow => only("RESTART_FLOW_ERROR"),
                CreateCode::UserInputCodeAlreadyUsed => only("USER_INPUT_CODE_ALREADY_USED_ERROR"),
            },
        )
    })
}

fn presented<'a>(
    device_id: Option<&'a str>,
    user_input_code: Option<&'a str>,
    link_code: Option<&'a str>,
) -> Result<PresentedCode<'a>> {
    match (link_code, device_id, user_input_code) {
        (Some(link_code), None, None) => Ok(PresentedCode::Link(link_code)),
        (None, Some(device_id), Some(user_input_code)) => Ok(PresentedCode::Typed {
            device_id,
            user_input_code,
        }),
        _ => Err(Error::invalid(
            "either \"link_code\" or \"device_id\" and \"user_input_code\" must not be null",
        )),
    }
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn check_code(
    pre_auth_session_id: Option<&str>,
    device_id: default!(Option<&str>, "NULL"),
    user_input_code: default!(Option<&str>, "NULL"),
    link_code: default!(Option<&str>, "NULL"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let id = required("pre_auth_session_id", pre_auth_session_id)?;
        let code = presented(device_id, user_input_code, link_code)?;
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(match passwordless::check_code(&tenant, id, &code)? {
            Ok(device) => ok(json!({"consumedDevice": consumed_device(&device)})),
            Err(refused) => refused_code(&refused),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn consume_code(
    pre_auth_session_id: Option<&str>,
    device_id: default!(Option<&str>, "NULL"),
    user_input_code: default!(Option<&str>, "NULL"),
    link_code: default!(Option<&str>, "NULL"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let id = required("pre_auth_session_id", pre_auth_session_id)?;
        let code = presented(device_id, user_input_code, link_code)?;
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(
            match passwordless::consume_code(&tenant, id, &code, true)? {
                Ok(consumed) => {
                    let done = &consumed.signed_in;
                    let mut document =
                        signed_in(&done.user, done.recipe_user_id, UserShape::NEWEST);
                    document["createdNewUser"] = consumed.created_new_user.into();
                    document["consumedDevice"] = consumed_device(&consumed.device);
                    document
                }
                Err(refused) => refused_code(&refused),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_codes(
    email: default!(Option<&str>, "NULL"),
    phone_number: default!(Option<&str>, "NULL"),
    device_id: default!(Option<&str>, "NULL"),
    pre_auth_session_id: default!(Option<&str>, "NULL"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let selection = only_one(
            "\"email\", \"phone_number\", \"device_id\" and \"pre_auth_session_id\"",
            [
                email.map(Selection::Email),
                phone_number.map(Selection::Phone),
                device_id.map(Selection::Device),
                pre_auth_session_id.map(Selection::PreAuthSession),
            ],
        )?;
        let tenant = tenant_of(tenant_id, app_id)?;
        let lifetime = tenant.settings.passwordless_code_lifetime_ms();
        let devices = passwordless::list(&tenant, &selection)?;
        let devices: Vec<Value> = devices
            .iter()
            .map(|device: &DeviceCodes| device_codes(device, lifetime))
            .collect();
        Ok(ok(json!({ "devices": devices })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn revoke_code(
    code_id: default!(Option<&str>, "NULL"),
    pre_auth_session_id: default!(Option<&str>, "NULL"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        match (code_id, pre_auth_session_id) {
            (Some(code_id), None) => passwordless::revoke_code(&tenant, code_id),
            (None, Some(id)) => passwordless::revoke_device(&tenant, id),
            _ => {
                return Err(Error::invalid(
                    "exactly one of the arguments \"code_id\" and \"pre_auth_session_id\" must not be null",
                ));
            }
        }
        Ok(only("OK"))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn revoke_all_codes(
    email: default!(Option<&str>, "NULL"),
    phone_number: default!(Option<&str>, "NULL"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        only_one("\"email\" and \"phone_number\"", [email, phone_number])?;
        passwordless::revoke_all(&*tenant_of(tenant_id, app_id)?, email, phone_number)?;
        Ok(only("OK"))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn update_passwordless_user(
    recipe_user_id: Option<&str>,
    email: default!(Option<&str>, "NULL"),
    phone_number: default!(Option<&str>, "NULL"),
    clear_email: default!(bool, false),
    clear_phone_number: default!(bool, false),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let id = required("recipe_user_id", recipe_user_id)?;
        let email = change_of("email", email, clear_email)?;
        let phone = change_of("phone_number", phone_number, clear_phone_number)?;
        let update = passwordless::update(&*app_of(app_id)?, id, email, phone)?;
        Ok(updated_contact(&update))
    })
}

fn change_of<'a>(name: &str, value: Option<&'a str>, clear: bool) -> Result<Change<'a>> {
    match (value, clear) {
        (Some(_), true) => Err(Error::invalid(format!(
            "argument \"{name}\" must be null where it is to be cleared"
        ))),
        (Some(value), false) => Ok(Change::Set(value)),
        (None, true) => Ok(Change::Clear),
        (None, false) => Ok(Change::Keep),
    }
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_code IS 'A code for one of: an address, a number, or a device that has one already (send again). user_input_code: a code of your own in place of six digits. Status: OK with preAuthSessionId, codeId, deviceId, userInputCode, linkCode, timeCreated and codeLifetime (ms); RESTART_FLOW_ERROR, USER_INPUT_CODE_ALREADY_USED_ERROR. Send userInputCode or a link with linkCode; the front end keeps deviceId and preAuthSessionId';
COMMENT ON FUNCTION auth.check_code IS 'Whether a code is right, by device_id and user_input_code or by link_code; it is not used up, but a wrong one counts. Status: OK with consumedDevice; RESTART_FLOW_ERROR, INCORRECT_USER_INPUT_CODE_ERROR, EXPIRED_USER_INPUT_CODE_ERROR with failedCodeInputAttemptCount and maximumCodeInputAttempts';
COMMENT ON FUNCTION auth.consume_code IS 'Signs in, or up, with a code, by device_id and user_input_code or by link_code, and uses up all codes of its address or number. An address counts as verified. Status: OK with user, recipeUserId, createdNewUser and consumedDevice; otherwise as auth.check_code';
COMMENT ON FUNCTION auth.list_codes IS 'The devices that wait for codes, of an address, a number, a device or a pre-auth session. Status: OK with devices';
COMMENT ON FUNCTION auth.revoke_code IS 'Makes a code worthless, or all codes of a device (pre_auth_session_id). Status: OK, also for what is unknown';
COMMENT ON FUNCTION auth.revoke_all_codes IS 'Makes all codes of an address or a number in a tenant worthless. Status: OK';
COMMENT ON FUNCTION auth.update_passwordless_user IS 'Changes address or number of a passwordless login method; what is null stays, unless it is to be cleared. Status: OK, UNKNOWN_USER_ID_ERROR, EMAIL_ALREADY_EXISTS_ERROR, PHONE_NUMBER_ALREADY_EXISTS_ERROR, EMAIL_CHANGE_NOT_ALLOWED_ERROR, PHONE_NUMBER_CHANGE_NOT_ALLOWED_ERROR';
"#,
    name = "comments_passwordless",
    requires = [
        create_code,
        check_code,
        consume_code,
        list_codes,
        revoke_code,
        revoke_all_codes,
        update_passwordless_user
    ]
);
