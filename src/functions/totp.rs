//! Time-based one-time passwords.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, app_of, required, tenant_of};
use crate::documents::{ok, only, refused_totp, totp_device};
use crate::error::Result;
use crate::recipes::totp::{self, Added, CodeVerification, DeviceVerification, NewDevice, Renamed};

fn new_device<'a>(
    user_id: Option<&'a str>,
    name: Option<&'a str>,
    period: Option<i32>,
    skew: Option<i32>,
) -> Result<NewDevice<'a>> {
    Ok(NewDevice {
        user_id: required("user_id", user_id)?,
        name,
        period_s: required("period", period)?.into(),
        skew: required("skew", skew)?.into(),
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_totp_device(
    user_id: Option<&str>,
    device_name: default!(Option<&str>, "NULL"),
    period: default!(Option<i32>, 30),
    skew: default!(Option<i32>, 1),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let device = new_device(user_id, device_name, period, skew)?;
        Ok(match totp::create_device(&*app_of(app_id)?, &device)? {
            Added::Ok { name, secret } => ok(json!({"deviceName": name, "secret": secret})),
            Added::AlreadyExists => only("DEVICE_ALREADY_EXISTS_ERROR"),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn import_totp_device(
    user_id: Option<&str>,
    secret_key: Option<&str>,
    device_name: default!(Option<&str>, "NULL"),
    period: default!(Option<i32>, 30),
    skew: default!(Option<i32>, 1),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let device = new_device(user_id, device_name, period, skew)?;
        let secret = required("secret_key", secret_key)?;
        Ok(
            match totp::import_device(&*app_of(app_id)?, &device, secret)? {
                Added::Ok { name, .. } => ok(json!({ "deviceName": name })),
                Added::AlreadyExists => only("DEVICE_ALREADY_EXISTS_ERROR"),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn rename_totp_device(
    user_id: Option<&str>,
    device_name: Option<&str>,
    new_name: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let user_id = required("user_id", user_id)?;
        let name = required("device_name", device_name)?;
        let new_name = required("new_name", new_name)?;
        let renamed = totp::rename_device(&*app_of(app_id)?, user_id, name, new_name)?;
        Ok(only(match renamed {
            Renamed::Ok => "OK",
            Renamed::UnknownDevice => "UNKNOWN_DEVICE_ERROR",
            Renamed::AlreadyExists => "DEVICE_ALREADY_EXISTS_ERROR",
        }))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_totp_devices(
    user_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let devices = totp::list_devices(&*app_of(app_id)?, required("user_id", user_id)?)?;
        let devices: Vec<_> = devices.iter().map(totp_device).collect();
        Ok(ok(json!({ "devices": devices })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn remove_totp_device(
    user_id: Option<&str>,
    device_name: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let user_id = required("user_id", user_id)?;
        let name = required("device_name", device_name)?;
        let existed = totp::remove_device(&*app_of(app_id)?, user_id, name)?;
        Ok(ok(json!({ "didDeviceExist": existed })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn verify_totp_device(
    user_id: Option<&str>,
    device_name: Option<&str>,
    code: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let user_id = required("user_id", user_id)?;
        let name = required("device_name", device_name)?;
        let code = required("code", code)?;
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(match totp::verify_device(&tenant, user_id, name, code)? {
            DeviceVerification::Ok {
                was_already_verified,
            } => ok(json!({ "wasAlreadyVerified": was_already_verified })),
            DeviceVerification::UnknownDevice => only("UNKNOWN_DEVICE_ERROR"),
            DeviceVerification::Refused(refusal) => refused_totp(&refusal, true),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn verify_totp(
    user_id: Option<&str>,
    code: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let (user_id, code) = (required("user_id", user_id)?, required("code", code)?);
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(match totp::verify_code(&tenant, user_id, code)? {
            CodeVerification::Ok => only("OK"),
            CodeVerification::UnknownUser => only("UNKNOWN_USER_ID_ERROR"),
            CodeVerification::Refused(refusal) => refused_totp(&refusal, true),
        })
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_totp_device IS 'Adds an authenticator app to a user (any id). period is in seconds, skew how many periods a clock may be off. Show the secret (Base32) to the user as a QR code; the device counts once a code of it was verified. Statuses: OK with deviceName and secret; DEVICE_ALREADY_EXISTS_ERROR for the name of a verified device';
COMMENT ON FUNCTION auth.import_totp_device IS 'Adds an authenticator app with the secret (Base32) that it has already; it counts at once. Statuses: OK with deviceName; DEVICE_ALREADY_EXISTS_ERROR';
COMMENT ON FUNCTION auth.rename_totp_device IS 'Gives an authenticator app another name. Statuses: OK; UNKNOWN_DEVICE_ERROR; DEVICE_ALREADY_EXISTS_ERROR';
COMMENT ON FUNCTION auth.list_totp_devices IS 'A user''s authenticator apps. Status: OK with devices (name, period, skew, verified)';
COMMENT ON FUNCTION auth.remove_totp_device IS 'Removes an authenticator app; with the last one the attempts of the user are forgotten. Status: OK with didDeviceExist';
COMMENT ON FUNCTION auth.verify_totp_device IS 'Has a code prove that the user holds the device. Statuses: OK with wasAlreadyVerified (then the code was not looked at); UNKNOWN_DEVICE_ERROR; INVALID_TOTP_ERROR with currentNumberOfFailedAttempts and maxNumberOfFailedAttempts; LIMIT_REACHED_ERROR with retryAfterMs as well. Commit whatever the status is: wrong codes are counted';
COMMENT ON FUNCTION auth.verify_totp IS 'Takes a code of one of the user''s verified devices; each is taken once in a tenant. Statuses: OK; UNKNOWN_USER_ID_ERROR without any device; INVALID_TOTP_ERROR and LIMIT_REACHED_ERROR as auth.verify_totp_device. Commit whatever the status is: wrong codes are counted';
"#,
    name = "comments_totp",
    requires = [
        create_totp_device,
        import_totp_device,
        rename_totp_device,
        list_totp_devices,
        remove_totp_device,
        verify_totp_device,
        verify_totp
    ]
);
