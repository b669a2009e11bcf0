//! The user-metadata resource (CDI, "UserMetadata").

use serde_json::{Value, json};

use super::call::Call;
use super::{Route, route};
use crate::documents::{ok, only};
use crate::error::{Error, Result};
use crate::http::Reply;
use crate::recipes::usermetadata;

pub const ROUTES: &[Route] = &[
    route("GET", "/recipe/user/metadata", get),
    route("PUT", "/recipe/user/metadata", update),
    route("POST", "/recipe/user/metadata/remove", remove),
    // Of the simplified profile.
    route("DELETE", "/recipe/user/metadata", remove_simply),
    route("POST", "/recipe/user/metadata/bulk", get_many),
];

fn get(call: &Call) -> Result<Reply> {
    let user_id = call.required_param("userId")?;
    let metadata = usermetadata::get(&*call.app()?, user_id);
    Ok(Reply::json(200, &ok(json!({ "metadata": metadata }))))
}

fn update(call: &Call) -> Result<Reply> {
    let user_id = call.text("userId")?;
    let update = call.object("metadataUpdate")?.clone();
    let metadata = usermetadata::update(&*call.app()?, user_id, update)?;
    Ok(Reply::json(200, &ok(json!({ "metadata": metadata }))))
}

fn remove(call: &Call) -> Result<Reply> {
    let user_id = call.text("userId")?;
    usermetadata::remove(&*call.app()?, user_id);
    Ok(Reply::json(200, &only("OK")))
}

fn remove_simply(call: &Call) -> Result<Reply> {
    let user_id = call.required_param("userId")?;
    usermetadata::remove(&*call.app()?, user_id);
    Ok(Reply::json(200, &only("OK")))
}

fn get_many(call: &Call) -> Result<Reply> {
    let ids = call.array("userIds")?.iter().map(Value::as_str);
    let ids: Option<Vec<String>> = ids.map(|id| id.map(str::to_owned)).collect();
    let ids = ids.ok_or_else(|| Error::invalid("userIds array must contain only strings"))?;
    let found = usermetadata::get_many(&*call.app()?, &ids)?;
    let users: Vec<_> = ids
        .iter()
        .zip(found)
        .map(|(id, metadata)| json!({"userId": id, "metadata": metadata}))
        .collect();
    Ok(Reply::json(200, &ok(json!({ "users": users }))))
}
