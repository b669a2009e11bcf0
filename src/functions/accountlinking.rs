//! Several login methods of one user.

use pgrx::prelude::*;
use serde_json::{Value, json};

use super::{answer, app_of, required};
use crate::documents::{UserShape, linked, ok, primary};
use crate::error::Result;
use crate::recipes::accountlinking::{self, Mode};

fn make_primary(recipe_user_id: Option<&str>, app_id: Option<&str>, mode: Mode) -> Result<Value> {
    let recipe_user_id = required("recipe_user_id", recipe_user_id)?;
    let app = app_of(app_id)?;
    let outcome = accountlinking::create_primary(&app, recipe_user_id, mode)?;
    Ok(primary(&app, &outcome, UserShape::NEWEST))
}

fn link(
    recipe_user_id: Option<&str>,
    primary_user_id: Option<&str>,
    app_id: Option<&str>,
    mode: Mode,
) -> Result<Value> {
    let recipe_user_id = required("recipe_user_id", recipe_user_id)?;
    let primary_user_id = required("primary_user_id", primary_user_id)?;
    let app = app_of(app_id)?;
    let outcome = accountlinking::link(&app, recipe_user_id, primary_user_id, mode)?;
    Ok(linked(&app, &outcome, UserShape::NEWEST))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn can_create_primary_user(
    recipe_user_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| make_primary(recipe_user_id, app_id, Mode::Check))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_primary_user(
    recipe_user_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| make_primary(recipe_user_id, app_id, Mode::Do))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn can_link_accounts(
    recipe_user_id: Option<&str>,
    primary_user_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| link(recipe_user_id, primary_user_id, app_id, Mode::Check))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn link_accounts(
    recipe_user_id: Option<&str>,
    primary_user_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| link(recipe_user_id, primary_user_id, app_id, Mode::Do))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn unlink_account(
    recipe_user_id: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let recipe_user_id = required("recipe_user_id", recipe_user_id)?;
        let unlinked = accountlinking::unlink(&*app_of(app_id)?, recipe_user_id)?;
        Ok(ok(json!({
            "wasRecipeUserDeleted": unlinked.was_recipe_user_deleted,
            "wasLinked": unlinked.was_linked,
        })))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.can_create_primary_user IS 'What auth.create_primary_user would answer; changes nothing';
COMMENT ON FUNCTION auth.create_primary_user IS 'Lets further login methods be linked to a user. Status: OK with wasAlreadyAPrimaryUser and user; RECIPE_USER_ID_ALREADY_LINKED_WITH_PRIMARY_USER_ID_ERROR, ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR, both with primaryUserId and description';
COMMENT ON FUNCTION auth.can_link_accounts IS 'What auth.link_accounts would answer; changes nothing';
COMMENT ON FUNCTION auth.link_accounts IS 'Makes the login method of one user one of a primary user''s, and ends the former''s sessions. Link only what is known to be the same person: both addresses verified. Status: OK with accountsAlreadyLinked and user; INPUT_USER_IS_NOT_A_PRIMARY_USER, RECIPE_USER_ID_ALREADY_LINKED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR, ACCOUNT_INFO_ALREADY_ASSOCIATED_WITH_ANOTHER_PRIMARY_USER_ID_ERROR';
COMMENT ON FUNCTION auth.unlink_account IS 'Makes a linked login method a user of its own again. That of the primary user itself is deleted while others are linked to it, for the user''s id is its. Status: OK with wasLinked and wasRecipeUserDeleted';
"#,
    name = "comments_accountlinking",
    requires = [
        can_create_primary_user,
        create_primary_user,
        can_link_accounts,
        link_accounts,
        unlink_account
    ]
);
