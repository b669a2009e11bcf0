//! The passwordless resource (CDI, "Passwordless").

use serde_json::{Value, json};

use super::call::{Call, invalid_field};
use super::{Route, route};
use crate::documents::{
    consumed_device, device_codes, new_code, ok, only, refused_code, signed_in, updated_contact,
    user,
};
use crate::error::{Error, Result};
use crate::http::Reply;
use crate::recipes::passwordless::{self, Change, CreateCode, PresentedCode, Recipient, Selection};
use crate::recipes::users::{self, AccountInfoQuery};
use crate::store::users::Recipe;

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/signinup/code", create_code),
    route("POST", "/recipe/signinup/code/check", check_code),
    route("POST", "/recipe/signinup/code/consume", consume_code),
    route("GET", "/recipe/signinup/codes", list),
    route("POST", "/recipe/signinup/codes/remove", revoke_all),
    route("POST", "/recipe/signinup/code/remove", revoke),
];

fn create_code(call: &Call) -> Result<Reply> {
    let email = call.text_opt("email")?;
    let phone = call.text_opt("phoneNumber")?;
    let device = call.text_opt("deviceId")?;
    let recipient = match (email, phone, device) {
        (Some(email), None, None) => Recipient::Email(email),
        (None, Some(phone), None) => Recipient::Phone(phone),
        (None, None, Some(device)) => Recipient::Device(device),
        _ => {
            return Err(Error::invalid(
                "Please provide exactly one of email, phoneNumber or deviceId",
            ));
        }
    };
    let code = call.text_opt("userInputCode")?;
    let tenant = call.tenant_with(Recipe::Passwordless)?;
    let document = match passwordless::create_code(&tenant, &recipient, code)? {
        CreateCode::Ok(code) => new_code(&code),
        CreateCode::RestartFlow => only("RESTART_FLOW_ERROR"),
        CreateCode::UserInputCodeAlreadyUsed => only("USER_INPUT_CODE_ALREADY_USED_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

/// What the body presents: a link's code, or a typed one.
fn presented<'a>(call: &'a Call) -> Result<(&'a str, PresentedCode<'a>)> {
    let pre_auth_session_id = call.text("preAuthSessionId")?;
    let parts = (
        call.text_opt("linkCode")?,
        call.text_opt("deviceId")?,
        call.text_opt("userInputCode")?,
    );
    match parts {
        (Some(link), None, None) => Ok((pre_auth_session_id, PresentedCode::Link(link))),
        (None, Some(device_id), Some(user_input_code)) => Ok((
            pre_auth_session_id,
            PresentedCode::Typed {
                device_id,
                user_input_code,
            },
        )),
        _ => Err(Error::invalid(
            "Please provide exactly one of linkCode or deviceId+userInputCode",
        )),
    }
}

fn check_code(call: &Call) -> Result<Reply> {
    if !call.cdi.consumed_device {
        return Ok(Reply::text(404, "Not found"));
    }
    let (pre_auth_session_id, code) = presented(call)?;
    let tenant = call.tenant_with(Recipe::Passwordless)?;
    let document = match passwordless::check_code(&tenant, pre_auth_session_id, &code)? {
        Ok(device) => ok(json!({"consumedDevice": consumed_device(&device)})),
        Err(refused) => refused_code(&refused),
    };
    Ok(Reply::json(200, &document))
}

fn consume_code(call: &Call) -> Result<Reply> {
    let (pre_auth_session_id, code) = presented(call)?;
    let tenant = call.tenant_with(Recipe::Passwordless)?;
    let verify = call.cdi.verifies_on_sign_in;
    let outcome = passwordless::consume_code(&tenant, pre_auth_session_id, &code, verify)?;
    let document = match outcome {
        Ok(consumed) => {
            let done = &consumed.signed_in;
            let mut document = signed_in(&done.user, done.recipe_user_id, call.cdi.user_shape);
            document["createdNewUser"] = consumed.created_new_user.into();
            if call.cdi.consumed_device {
                document["consumedDevice"] = consumed_device(&consumed.device);
            }
            document
        }
        Err(refused) => refused_code(&refused),
    };
    Ok(Reply::json(200, &document))
}

fn list(call: &Call) -> Result<Reply> {
    let given = [
        call.param("email").map(Selection::Email),
        call.param("phoneNumber").map(Selection::Phone),
        call.param("deviceId").map(Selection::Device),
        call.param("preAuthSessionId")
            .map(Selection::PreAuthSession),
    ];
    let mut given = given.into_iter().flatten();
    let (Some(selection), None) = (given.next(), given.next()) else {
        return Err(Error::invalid(
            "Please provide exactly one of email, phoneNumber, deviceId or preAuthSessionId",
        ));
    };
    let tenant = call.tenant()?;
    let lifetime = tenant.settings.passwordless_code_lifetime_ms();
    let devices = passwordless::list(&tenant, &selection)?;
    let devices: Vec<_> = devices
        .iter()
        .map(|device| device_codes(device, lifetime))
        .collect();
    Ok(Reply::json(200, &ok(json!({ "devices": devices }))))
}

fn revoke_all(call: &Call) -> Result<Reply> {
    let (email, phone) = (call.text_opt("email")?, call.text_opt("phoneNumber")?);
    if email.is_some() == phone.is_some() {
        return Err(Error::invalid(
            "Please provide exactly one of email or phoneNumber",
        ));
    }
    passwordless::revoke_all(&*call.tenant()?, email, phone)?;
    Ok(Reply::json(200, &only("OK")))
}

fn revoke(call: &Call) -> Result<Reply> {
    let code_id = call.text_opt("codeId")?;
    let device = match call.cdi.consumed_device {
        true => call.text_opt("preAuthSessionId")?,
        false => None,
    };
    match (code_id, device) {
        (Some(code_id), None) => passwordless::revoke_code(&*call.tenant()?, code_id),
        (None, Some(id)) => passwordless::revoke_device(&*call.tenant()?, id),
        (None, None) if !call.cdi.consumed_device => return Err(invalid_field("codeId")),
        (None, None) => {
            return Err(Error::invalid(
                "Please provide either 'codeId' or 'preAuthSessionId'",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(Error::invalid(
                "Please provide only one of 'codeId' or 'preAuthSessionId'",
            ));
        }
    }
    Ok(Reply::json(200, &only("OK")))
}

/// `GET /recipe/user` for this recipe.
pub fn get_user(call: &Call) -> Result<Reply> {
    let parts = (
        call.param("userId"),
        call.param("email"),
        call.param("phoneNumber"),
    );
    let (found, unknown) = match parts {
        (Some(user_id), None, None) => (
            users::get(&*call.app()?, user_id).into_iter().collect(),
            "UNKNOWN_USER_ID_ERROR",
        ),
        (None, Some(email), None) => {
            let query = AccountInfoQuery {
                email: Some(email.to_owned()),
                ..Default::default()
            };
            let found = users::by_account_info(&*call.tenant()?, &query)?;
            (found, "UNKNOWN_EMAIL_ERROR")
        }
        (None, None, Some(phone)) => {
            let query = AccountInfoQuery {
                phone: Some(phone.to_owned()),
                ..Default::default()
            };
            let found = users::by_account_info(&*call.tenant()?, &query)?;
            (found, "UNKNOWN_PHONE_NUMBER_ERROR")
        }
        _ => {
            return Err(Error::invalid(
                "Please provide exactly one of userId, email or phoneNumber",
            ));
        }
    };
    let found = found.into_iter().find_map(|mut user| {
        user.login_methods
            .retain(|method| method.recipe == Recipe::Passwordless);
        (!user.login_methods.is_empty()).then_some(user)
    });
    let shape = call.cdi.user_shape.without_linking();
    let document = match found {
        Some(found) => ok(json!({"user": user(&found, shape)})),
        None => only(unknown),
    };
    Ok(Reply::json(200, &document))
}

/// `PUT /recipe/user` for this recipe.
pub fn update_user(call: &Call) -> Result<Reply> {
    let id = call.text(call.cdi.login_method_id_field)?;
    let (email, phone) = (change(call, "email")?, change(call, "phoneNumber")?);
    let update = passwordless::update(&*call.app()?, id, email, phone)?;
    Ok(Reply::json(200, &updated_contact(&update)))
}

/// Absent keeps, null clears.
fn change<'a>(call: &'a Call, name: &str) -> Result<Change<'a>> {
    if call.body()?.get(name) == Some(&Value::Null) {
        return Ok(Change::Clear);
    }
    Ok(call.text_opt(name)?.map_or(Change::Keep, Change::Set))
}
