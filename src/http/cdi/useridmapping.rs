//! The user-id-mapping resource (CDI, "UserIdMapping").

use serde_json::{Value, json};

use super::call::{Call, invalid_field};
use super::{Route, route};
use crate::documents::{mapped, ok, only, user_id_mapping};
use crate::error::Result;
use crate::http::Reply;
use crate::recipes::useridmapping::{self, CreateRequest, IdType};

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/userid/map", create),
    route("GET", "/recipe/userid/map", get),
    route("POST", "/recipe/userid/map/remove", remove),
    route("PUT", "/recipe/userid/external-user-id-info", set_info),
];

/// A text that may be null or absent.
fn nullable<'a>(call: &'a Call, name: &str) -> Result<Option<&'a str>> {
    match call.body()?.get(name) {
        Some(Value::Null) => Ok(None),
        _ => call.text_opt(name),
    }
}

fn create(call: &Call) -> Result<Reply> {
    let request = CreateRequest {
        user_id: call.text("superTokensUserId")?,
        external_id: call.text("externalUserId")?,
        external_info: nullable(call, "externalUserIdInfo")?,
        force: call.bool_opt("force")?.unwrap_or(false),
        moves_email_verification: call.cdi.verifies_on_sign_in,
    };
    let outcome = useridmapping::create(&*call.app()?, &request)?;
    Ok(Reply::json(200, &mapped(&outcome)))
}

fn id_type(named: Option<&str>) -> Result<IdType> {
    named.map_or(Ok(IdType::Any), IdType::parse)
}

fn get(call: &Call) -> Result<Reply> {
    let user_id = call.required_param("userId")?;
    let id_type = id_type(call.param("userIdType"))?;
    let document = match useridmapping::get(&*call.app()?, user_id, id_type)? {
        Some(mapping) => ok(user_id_mapping(&mapping)),
        None => only("UNKNOWN_MAPPING_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn remove(call: &Call) -> Result<Reply> {
    let user_id = call.text("userId")?;
    let id_type = id_type(call.text_opt("userIdType")?)?;
    let force = call.bool_opt("force")?.unwrap_or(false);
    let existed = useridmapping::remove(&*call.app()?, user_id, id_type, force)?;
    Ok(Reply::json(200, &ok(json!({ "didMappingExist": existed }))))
}

fn set_info(call: &Call) -> Result<Reply> {
    let user_id = call.text("userId")?;
    let id_type = id_type(call.text_opt("userIdType")?)?;
    if !call.body()?.contains_key("externalUserIdInfo") {
        return Err(invalid_field("externalUserIdInfo"));
    }
    let info = nullable(call, "externalUserIdInfo")?;
    let document = match useridmapping::set_info(&*call.app()?, user_id, id_type, info)? {
        true => only("OK"),
        false => only("UNKNOWN_MAPPING_ERROR"),
    };
    Ok(Reply::json(200, &document))
}
