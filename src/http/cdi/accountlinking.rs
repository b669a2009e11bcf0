//! The account-linking resource (CDI, "Account linking").

use serde_json::json;

use super::call::Call;
use super::{Route, route};
use crate::documents::{linked, ok, primary};
use crate::error::Result;
use crate::http::Reply;
use crate::recipes::accountlinking::{self, Mode};

pub const ROUTES: &[Route] = &[
    route("GET", "/recipe/accountlinking/user/primary/check", |call| {
        create_primary(call, call.required_param("recipeUserId")?, Mode::Check)
    }),
    route("POST", "/recipe/accountlinking/user/primary", |call| {
        create_primary(call, call.text("recipeUserId")?, Mode::Do)
    }),
    route("GET", "/recipe/accountlinking/user/link/check", |call| {
        let recipe_user_id = call.required_param("recipeUserId")?;
        let primary_user_id = call.required_param("primaryUserId")?;
        link(call, recipe_user_id, primary_user_id, Mode::Check)
    }),
    route("POST", "/recipe/accountlinking/user/link", |call| {
        let recipe_user_id = call.text("recipeUserId")?;
        let primary_user_id = call.text("primaryUserId")?;
        link(call, recipe_user_id, primary_user_id, Mode::Do)
    }),
    route("POST", "/recipe/accountlinking/user/unlink", unlink),
];

fn create_primary(call: &Call, recipe_user_id: &str, mode: Mode) -> Result<Reply> {
    let app = call.app()?;
    let outcome = accountlinking::create_primary(&app, recipe_user_id, mode)?;
    let document = primary(&app, &outcome, call.cdi.user_shape);
    Ok(Reply::json(200, &document))
}

fn link(call: &Call, recipe_user_id: &str, primary_user_id: &str, mode: Mode) -> Result<Reply> {
    let app = call.app()?;
    let outcome = accountlinking::link(&app, recipe_user_id, primary_user_id, mode)?;
    let document = linked(&app, &outcome, call.cdi.user_shape);
    Ok(Reply::json(200, &document))
}

fn unlink(call: &Call) -> Result<Reply> {
    let recipe_user_id = call.text("recipeUserId")?;
    let unlinked = accountlinking::unlink(&*call.app()?, recipe_user_id)?;
    let document = ok(json!({
        "wasRecipeUserDeleted": unlinked.was_recipe_user_deleted,
        "wasLinked": unlinked.was_linked,
    }));
    Ok(Reply::json(200, &document))
}
