//! The account-linking resource (CDI, "Account linking").

use serde_json::json;

use super::call::Call;
use super::{Route, route};
use crate::documents::{link_obstacle, ok, primary_obstacle, user};
use crate::error::Result;
use crate::http::Reply;
use crate::recipes::accountlinking::{self, Mode, Obstacle};

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
    let document = match accountlinking::create_primary(&app, recipe_user_id, mode)? {
        Ok(was_already) => {
            let mut document = ok(json!({ "wasAlreadyAPrimaryUser": was_already }));
            if mode == Mode::Do {
                let made = accountlinking::user_of(&app, recipe_user_id)?;
                document["user"] = user(&made, call.cdi.user_shape);
            }
            document
        }
        Err(obstacle) => primary_obstacle(&app, &obstacle),
    };
    Ok(Reply::json(200, &document))
}

fn link(call: &Call, recipe_user_id: &str, primary_user_id: &str, mode: Mode) -> Result<Reply> {
    let app = call.app()?;
    let outcome = accountlinking::link(&app, recipe_user_id, primary_user_id, mode)?;
    let (mut document, shows_user) = match &outcome {
        Ok(were_already) => (ok(json!({ "accountsAlreadyLinked": were_already })), true),
        Err(obstacle) => (
            link_obstacle(&app, obstacle),
            matches!(obstacle, Obstacle::AlreadyLinked { .. }),
        ),
    };
    if mode == Mode::Do && shows_user {
        let shown = accountlinking::user_of(&app, recipe_user_id)?;
        document["user"] = user(&shown, call.cdi.user_shape);
    }
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
