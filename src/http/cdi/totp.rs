//! The TOTP resource (CDI, "TOTP").

use serde_json::json;

use super::call::{Call, invalid_field};
use super::{Route, route};
use crate::documents::{ok, only, refused_totp, totp_device};
use crate::error::Result;
use crate::http::Reply;
use crate::recipes::totp::{self, Added, CodeVerification, DeviceVerification, NewDevice, Renamed};

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/totp/device", create),
    route("PUT", "/recipe/totp/device", rename),
    route("GET", "/recipe/totp/device/list", list),
    route("POST", "/recipe/totp/device/remove", remove),
    route("POST", "/recipe/totp/device/import", import),
    route("POST", "/recipe/totp/device/verify", verify_device),
    route("POST", "/recipe/totp/device/status/bulk", status),
    route("POST", "/recipe/totp/verify", verify),
];

fn new_device<'a>(call: &'a Call) -> Result<NewDevice<'a>> {
    let number = |name| call.long_opt(name)?.ok_or_else(|| invalid_field(name));
    Ok(NewDevice {
        user_id: call.text("userId")?,
        name: call.text_opt("deviceName")?,
        skew: number("skew")?,
        period_s: number("period")?,
    })
}

fn create(call: &Call) -> Result<Reply> {
    let device = new_device(call)?;
    let document = match totp::create_device(&*call.app()?, &device)? {
        Added::Ok { name, secret } => ok(json!({"deviceName": name, "secret": secret})),
        Added::AlreadyExists => only("DEVICE_ALREADY_EXISTS_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn import(call: &Call) -> Result<Reply> {
    let (device, secret) = (new_device(call)?, call.text("secretKey")?);
    let document = match totp::import_device(&*call.app()?, &device, secret)? {
        Added::Ok { name, .. } => ok(json!({ "deviceName": name })),
        Added::AlreadyExists => only("DEVICE_ALREADY_EXISTS_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn rename(call: &Call) -> Result<Reply> {
    let user_id = call.text("userId")?;
    let name = call.text("existingDeviceName")?;
    let new_name = call.text("newDeviceName")?;
    let status = match totp::rename_device(&*call.app()?, user_id, name, new_name)? {
        Renamed::Ok => "OK",
        Renamed::UnknownDevice => "UNKNOWN_DEVICE_ERROR",
        Renamed::AlreadyExists => "DEVICE_ALREADY_EXISTS_ERROR",
    };
    Ok(Reply::json(200, &only(status)))
}

fn list(call: &Call) -> Result<Reply> {
    let user_id = call.required_param("userId")?;
    let devices = totp::list_devices(&*call.app()?, user_id)?;
    let devices: Vec<_> = devices.iter().map(totp_device).collect();
    Ok(Reply::json(200, &ok(json!({ "devices": devices }))))
}

fn remove(call: &Call) -> Result<Reply> {
    let (user_id, name) = (call.text("userId")?, call.text("deviceName")?);
    let existed = totp::remove_device(&*call.app()?, user_id, name)?;
    Ok(Reply::json(200, &ok(json!({ "didDeviceExist": existed }))))
}

fn verify_device(call: &Call) -> Result<Reply> {
    let (user_id, name) = (call.text("userId")?, call.text("deviceName")?);
    let code = call.text("totp")?;
    let document = match totp::verify_device(&*call.tenant()?, user_id, name, code)? {
        DeviceVerification::Ok {
            was_already_verified,
        } => ok(json!({ "wasAlreadyVerified": was_already_verified })),
        DeviceVerification::UnknownDevice => only("UNKNOWN_DEVICE_ERROR"),
        DeviceVerification::Refused(refusal) => refused_totp(&refusal, call.cdi.totp_counts),
    };
    Ok(Reply::json(200, &document))
}

fn verify(call: &Call) -> Result<Reply> {
    let (user_id, code) = (call.text("userId")?, call.text("totp")?);
    let document = match totp::verify_code(&*call.tenant()?, user_id, code)? {
        CodeVerification::Ok => only("OK"),
        CodeVerification::UnknownUser => only("UNKNOWN_USER_ID_ERROR"),
        CodeVerification::Refused(refusal) => refused_totp(&refusal, call.cdi.totp_counts),
    };
    Ok(Reply::json(200, &document))
}

fn status(call: &Call) -> Result<Reply> {
    let user_ids = call.texts("userIds")?;
    let status = totp::status(&*call.app()?, &user_ids)?;
    let users: Vec<_> = user_ids
        .iter()
        .zip(status)
        .map(|(user_id, has)| json!({"userId": user_id, "hasVerifiedDevice": has}))
        .collect();
    Ok(Reply::json(200, &ok(json!({ "users": users }))))
}
