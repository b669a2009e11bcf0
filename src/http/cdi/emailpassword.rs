//! The e-mail-and-password resource (CDI, "EmailPassword").

use serde_json::json;

use super::call::Call;
use super::{Route, route};
use crate::documents::{ok, only, signed_in, status, user};
use crate::error::{Error, Result};
use crate::http::Reply;
use crate::recipes::emailpassword::{self, Reset, ResetToken, SignIn, SignUp, Update};
use crate::recipes::users::{self, AccountInfoQuery};
use crate::store::users::Recipe;
use crate::tenant::Tenant;

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/signup", sign_up),
    route("POST", "/recipe/signin", sign_in),
    route(
        "POST",
        "/recipe/user/password/reset/token",
        create_reset_token,
    ),
    route(
        "POST",
        "/recipe/user/password/reset/token/consume",
        consume_reset_token,
    ),
    route("POST", "/recipe/user/password/reset", reset_password),
    route("POST", "/recipe/user/passwordhash/import", import_user),
];

fn sign_up(call: &Call) -> Result<Reply> {
    let (email, password) = (call.text("email")?, call.text("password")?);
    if password.is_empty() {
        return Err(Error::invalid("Password cannot be an empty string"));
    }
    refuse_malformed_address(call, email)?;
    let tenant = call.tenant_with(Recipe::EmailPassword)?;
    let document = match emailpassword::sign_up(&tenant, email, password)? {
        SignUp::Ok(done) => signed_in(&done.user, done.recipe_user_id, call.cdi.user_shape),
        SignUp::EmailAlreadyExists => only("EMAIL_ALREADY_EXISTS_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

/// The simplified profile promises that an address is one. Versioned callers check for themselves.
fn refuse_malformed_address(call: &Call, email: &str) -> Result<()> {
    let email = email.trim();
    let is_address = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !email.contains(char::is_whitespace)
    });
    if call.is_simple && !is_address {
        Err(super::call::invalid_field("email"))
    } else {
        Ok(())
    }
}

fn sign_in(call: &Call) -> Result<Reply> {
    let (email, password) = (call.text("email")?, call.text("password")?);
    refuse_malformed_address(call, email)?;
    let tenant = call.tenant_with(Recipe::EmailPassword)?;
    let document = match emailpassword::sign_in(&tenant, email, password)? {
        SignIn::Ok(done) => signed_in(&done.user, done.recipe_user_id, call.cdi.user_shape),
        SignIn::WrongCredentials => only("WRONG_CREDENTIALS_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn create_reset_token(call: &Call) -> Result<Reply> {
    let user_id = call.text("userId")?;
    let tenant = call.tenant()?;
    let unknown = Reply::json(200, &only("UNKNOWN_USER_ID_ERROR"));
    let address = if call.cdi.reset_token_has_email {
        // An unknown user is reported before a missing address.
        match call.text_opt("email") {
            Ok(Some(email)) => Some(email.to_owned()),
            _ if users::get(&tenant, user_id).is_none() => return Ok(unknown),
            other => {
                other?;
                return Err(super::call::invalid_field("email"));
            }
        }
    } else {
        emailpassword::only_address(&tenant, user_id)?
    };
    let Some(email) = address else {
        return Ok(unknown);
    };
    Ok(
        match emailpassword::create_reset_token(&tenant, user_id, &email)? {
            ResetToken::Ok { token } => Reply::json(200, &ok(json!({ "token": token }))),
            ResetToken::UnknownUserId => unknown,
        },
    )
}

fn consume_reset_token(call: &Call) -> Result<Reply> {
    let token = call.text("token")?;
    let tenant = call.tenant()?;
    let document = match emailpassword::consume_reset_token(&tenant, token) {
        Reset::Ok { user_id, email, .. } => ok(json!({"userId": user_id, "email": email})),
        Reset::InvalidToken => only("RESET_PASSWORD_INVALID_TOKEN_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn reset_password(call: &Call) -> Result<Reply> {
    if call.text("method")? != "token" {
        return Err(Error::invalid("Unsupported method for password reset"));
    }
    let (token, new_password) = (call.text("token")?, call.text("newPassword")?);
    let tenant = call.tenant()?;
    let document = match emailpassword::reset_password(&tenant, token, new_password)? {
        Reset::Ok { user_id, .. } => ok(json!({ "userId": user_id })),
        Reset::InvalidToken => only("RESET_PASSWORD_INVALID_TOKEN_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

/// `GET /recipe/user` for this recipe.
pub fn get_user(call: &Call) -> Result<Reply> {
    let (user, unknown) = match (call.param("userId"), call.param("email")) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid("Please provide only one of userId or email"));
        }
        (None, None) => return Err(Error::invalid("Please provide one of userId or email")),
        (Some(user_id), None) => (users::get(&*call.app()?, user_id), "UNKNOWN_USER_ID_ERROR"),
        (None, Some(email)) => (
            find_by_email(&*call.tenant()?, email)?,
            "UNKNOWN_EMAIL_ERROR",
        ),
    };
    let user = user.and_then(|mut user| {
        user.login_methods
            .retain(|method| method.recipe == Recipe::EmailPassword);
        (!user.login_methods.is_empty()).then_some(user)
    });
    let shape = call.cdi.user_shape.without_linking();
    let document = match user {
        Some(found) => ok(json!({"user": self::user(&found, shape)})),
        None => only(unknown),
    };
    Ok(Reply::json(200, &document))
}

fn find_by_email(tenant: &Tenant, email: &str) -> Result<Option<crate::store::users::User>> {
    let query = AccountInfoQuery {
        email: Some(email.to_owned()),
        ..Default::default()
    };
    let users = users::by_account_info(tenant, &query)?;
    let is_password = |user: &crate::store::users::User| {
        user.login_methods
            .iter()
            .any(|method| method.recipe == Recipe::EmailPassword)
    };
    Ok(users.into_iter().find(is_password))
}

/// `PUT /recipe/user` for this recipe.
pub fn update_user(call: &Call) -> Result<Reply> {
    let id = call.text(call.cdi.login_method_id_field)?;
    let (email, password) = (call.text_opt("email")?, call.text_opt("password")?);
    let app = call.app()?;
    let document = match emailpassword::update(&app, id, email, password)? {
        Update::Ok => only("OK"),
        Update::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
        Update::EmailAlreadyExists => only("EMAIL_ALREADY_EXISTS_ERROR"),
        Update::EmailChangeNotAllowed { reason } => status(
            "EMAIL_CHANGE_NOT_ALLOWED_ERROR",
            json!({ "reason": reason }),
        ),
    };
    Ok(Reply::json(200, &document))
}

fn import_user(call: &Call) -> Result<Reply> {
    let (email, hash) = (call.text("email")?, call.text("passwordHash")?);
    let algorithm = call.text_opt("hashingAlgorithm")?;
    emailpassword::refuse_malformed_import(hash, algorithm)?;
    let tenant = call.tenant()?;
    let imported = emailpassword::import(&tenant, email, hash, algorithm)?;
    let document = ok(json!({
        "user": user(&imported.user, call.cdi.user_shape),
        "didUserAlreadyExist": imported.did_user_already_exist,
    }));
    Ok(Reply::json(200, &document))
}
