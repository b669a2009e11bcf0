//! The user-roles resource (CDI, "UserRoles").

use serde_json::{Value, json};

use super::call::Call;
use super::{Route, route};
use crate::documents::{ok, only};
use crate::error::Result;
use crate::http::Reply;
use crate::recipes::userroles::{self, UnknownRole};

pub const ROUTES: &[Route] = &[
    route("PUT", "/recipe/role", create),
    route("POST", "/recipe/role/remove", remove),
    route("GET", "/recipe/roles", list),
    route("GET", "/recipe/role/permissions", permissions),
    route(
        "POST",
        "/recipe/role/permissions/remove",
        remove_permissions,
    ),
    route("GET", "/recipe/permission/roles", with_permission),
    route("PUT", "/recipe/user/role", assign),
    route("POST", "/recipe/user/role/remove", unassign),
    route("GET", "/recipe/user/roles", of_user),
    route("GET", "/recipe/role/users", users_with),
    // Of the simplified profile.
    route("PUT", "/recipe/roles", create),
    route("PUT", "/recipe/user/roles", assign),
    route("DELETE", "/recipe/user/roles", unassign_simply),
];

/// An answer with one member, or that the role is unknown.
fn answer<T: Into<Value>>(
    name: &'static str,
    outcome: std::result::Result<T, UnknownRole>,
) -> Reply {
    let document = match outcome {
        Ok(value) => ok(json!({ name: value.into() })),
        Err(UnknownRole) => only("UNKNOWN_ROLE_ERROR"),
    };
    Reply::json(200, &document)
}

fn create(call: &Call) -> Result<Reply> {
    let role = call.text("role")?;
    let permissions = call.texts_opt("permissions")?.unwrap_or_default();
    let created = userroles::create_or_add(&*call.app()?, role, &permissions)?;
    Ok(answer("createdNewRole", Ok(created)))
}

fn remove(call: &Call) -> Result<Reply> {
    let existed = userroles::delete(&*call.app()?, call.text("role")?)?;
    Ok(answer("didRoleExist", Ok(existed)))
}

fn list(call: &Call) -> Result<Reply> {
    Ok(answer("roles", Ok(userroles::list(&*call.app()?))))
}

fn permissions(call: &Call) -> Result<Reply> {
    let role = call.required_param("role")?;
    let permissions = userroles::permissions(&*call.app()?, role)?;
    Ok(answer("permissions", permissions))
}

fn remove_permissions(call: &Call) -> Result<Reply> {
    let role = call.text("role")?;
    let permissions = call.texts_opt("permissions")?;
    let outcome = userroles::remove_permissions(&*call.app()?, role, permissions.as_deref())?;
    let document = match outcome {
        Ok(()) => only("OK"),
        Err(UnknownRole) => only("UNKNOWN_ROLE_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn with_permission(call: &Call) -> Result<Reply> {
    let permission = call.required_param("permission")?;
    let roles = userroles::with_permission(&*call.app()?, permission)?;
    Ok(answer("roles", Ok(roles)))
}

fn assign(call: &Call) -> Result<Reply> {
    let (user_id, role) = (call.text("userId")?, call.text("role")?);
    let had = userroles::assign(&*call.tenant()?, user_id, role)?;
    Ok(answer("didUserAlreadyHaveRole", had))
}

fn unassign(call: &Call) -> Result<Reply> {
    let (user_id, role) = (call.text("userId")?, call.text("role")?);
    let had = userroles::unassign(&*call.tenant()?, user_id, role)?;
    Ok(answer("didUserHaveRole", had))
}

fn unassign_simply(call: &Call) -> Result<Reply> {
    let (user_id, role) = (call.required_param("userId")?, call.required_param("role")?);
    let had = userroles::unassign(&*call.tenant()?, user_id, role)?;
    Ok(answer("didUserHaveRole", had))
}

fn of_user(call: &Call) -> Result<Reply> {
    let user_id = call.required_param("userId")?;
    Ok(answer(
        "roles",
        Ok(userroles::of_user(&*call.tenant()?, user_id)),
    ))
}

fn users_with(call: &Call) -> Result<Reply> {
    let role = call.required_param("role")?;
    Ok(answer(
        "users",
        userroles::users_with(&*call.tenant()?, role)?,
    ))
}
