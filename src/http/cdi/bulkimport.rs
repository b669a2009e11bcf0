//! Bulk import (CDI, "Bulk import"). Faulty users are told as JSON, with the code and the type of a refusal.

use serde_json::{Value, json};

use super::call::Call;
use super::{Route, route};
use crate::documents::{ok, only, queue_entry, queued_user, user};
use crate::error::Result;
use crate::http::Reply;
use crate::recipes::{bulkimport, users};

pub const ROUTES: &[Route] = &[
    route("POST", "/bulk-import/users", queue),
    route("GET", "/bulk-import/users", list),
    route("GET", "/bulk-import/users/count", count),
    route("POST", "/bulk-import/users/remove", remove),
    route("POST", "/bulk-import/import", import),
];

/// How many entries a page has unless the caller says.
const PAGE: i64 = 100;

fn refusal(document: &Value) -> Reply {
    Reply::text(400, &document.to_string())
}

fn queue(call: &Call) -> Result<Reply> {
    let users = call.array("users")?;
    if users.is_empty() {
        return Ok(Reply::json(200, &only("OK")));
    }
    if users.len() > bulkimport::MAX_QUEUED {
        let error = format!(
            "You can only add {} users at a time.",
            bulkimport::MAX_QUEUED
        );
        return Ok(refusal(&json!({ "error": error })));
    }
    Ok(match bulkimport::queue(&*call.app()?, users)? {
        Ok(queued) => {
            let users: Vec<_> = queued.iter().map(queued_user).collect();
            Reply::json(200, &ok(json!({ "users": users })))
        }
        Err(faulty) => {
            let users: Vec<_> = faulty
                .iter()
                .map(|user| json!({"index": user.index, "errors": user.errors}))
                .collect();
            refusal(&json!({
                "error": "Data has missing or invalid fields. Please check the users field for more details.",
                "users": users,
            }))
        }
    })
}

fn list(call: &Call) -> Result<Reply> {
    let (status, token) = (call.param("status"), call.param("paginationToken"));
    let limit = call.int_param("limit")?.unwrap_or(PAGE);
    let page = bulkimport::list(&*call.app()?, status, limit, token)?;
    let users: Vec<_> = page.entries.iter().map(queue_entry).collect();
    let mut document = ok(json!({ "users": users }));
    if let Some(next) = page.next {
        document["nextPaginationToken"] = json!(next);
    }
    Ok(Reply::json(200, &document))
}

fn count(call: &Call) -> Result<Reply> {
    let count = bulkimport::count(&*call.app()?, call.param("status"))?;
    Ok(Reply::json(200, &ok(json!({ "count": count }))))
}

fn remove(call: &Call) -> Result<Reply> {
    let ids = call.texts("ids")?;
    let (deleted, invalid) = bulkimport::remove(&*call.app()?, &ids)?;
    let document = json!({"deletedIds": deleted, "invalidIds": invalid});
    Ok(Reply::json(200, &document))
}

fn import(call: &Call) -> Result<Reply> {
    let given = Value::Object(call.body()?.clone());
    let app = call.app()?;
    let outcome = bulkimport::import(&app, &[given])?.remove(0);
    Ok(match outcome {
        Ok(id) => {
            let made = users::get(&app, &id.to_string());
            let made = made.expect("the user was just made in this transaction");
            Reply::json(
                200,
                &ok(json!({ "user": user(&made, call.cdi.user_shape) })),
            )
        }
        Err(errors) => refusal(&json!({ "errors": errors })),
    })
}
