//! E-mail address and password.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, app_of, required, tenant_of};
use crate::documents::{UserShape, ok, only, signed_in, status, user};
use crate::recipes::emailpassword::{self, Reset, ResetToken, SignIn, SignUp, Update};

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn sign_up(
    email: Option<&str>,
    password: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let (email, password) = (required("email", email)?, required("password", password)?);
        Ok(match emailpassword::sign_up(&tenant, email, password)? {
            SignUp::Ok(done) => signed_in(&done.user, done.recipe_user_id, UserShape::NEWEST),
            SignUp::EmailAlreadyExists => only("EMAIL_ALREADY_EXISTS_ERROR"),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn sign_in(
    email: Option<&str>,
    password: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let (email, password) = (required("email", email)?, required("password", password)?);
        Ok(match emailpassword::sign_in(&tenant, email, password)? {
            SignIn::Ok(done) => signed_in(&done.user, done.recipe_user_id, UserShape::NEWEST),
            SignIn::WrongCredentials => only("WRONG_CREDENTIALS_ERROR"),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_reset_password_token(
    user_id: Option<&str>,
    email: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let (user_id, email) = (required("user_id", user_id)?, required("email", email)?);
        Ok(
            match emailpassword::create_reset_token(&tenant, user_id, email)? {
                ResetToken::Ok { token } => ok(json!({ "token": token })),
                ResetToken::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn consume_reset_password_token(
    token: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let reset = emailpassword::consume_reset_token(&tenant, required("token", token)?);
        Ok(match reset {
            Reset::Ok { user_id, email, .. } => ok(json!({"userId": user_id, "email": email})),
            Reset::InvalidToken => only("RESET_PASSWORD_INVALID_TOKEN_ERROR"),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn reset_password(
    token: Option<&str>,
    new_password: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let token = required("token", token)?;
        let new_password = required("new_password", new_password)?;
        Ok(
            match emailpassword::reset_password(&tenant, token, new_password)? {
                Reset::Ok { user_id, .. } => ok(json!({ "userId": user_id })),
                Reset::InvalidToken => only("RESET_PASSWORD_INVALID_TOKEN_ERROR"),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn update_email_or_password(
    recipe_user_id: Option<&str>,
    email: default!(Option<&str>, "NULL"),
    password: default!(Option<&str>, "NULL"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let app = app_of(app_id)?;
        let id = required("recipe_user_id", recipe_user_id)?;
        Ok(match emailpassword::update(&app, id, email, password)? {
            Update::Ok => only("OK"),
            Update::UnknownUserId => only("UNKNOWN_USER_ID_ERROR"),
            Update::EmailAlreadyExists => only("EMAIL_ALREADY_EXISTS_ERROR"),
            Update::EmailChangeNotAllowed { reason } => status(
                "EMAIL_CHANGE_NOT_ALLOWED_ERROR",
                json!({ "reason": reason }),
            ),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn import_user_with_password_hash(
    email: Option<&str>,
    password_hash: Option<&str>,
    hashing_algorithm: default!(Option<&str>, "NULL"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let email = required("email", email)?;
        let hash = required("password_hash", password_hash)?;
        let imported = emailpassword::import(&tenant, email, hash, hashing_algorithm)?;
        Ok(ok(json!({
            "user": user(&imported.user, UserShape::NEWEST),
            "didUserAlreadyExist": imported.did_user_already_exist,
        })))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.sign_up IS 'Makes a user with e-mail address and password. Statuses: OK with user and recipeUserId; EMAIL_ALREADY_EXISTS_ERROR; BUSY_ERROR. The address is trimmed and lower-cased; an empty password is an error (22023). Pass both as bind parameters';
COMMENT ON FUNCTION auth.sign_in IS 'Checks an e-mail address and a password. Statuses: OK with user and recipeUserId; WRONG_CREDENTIALS_ERROR; BUSY_ERROR. An unknown address takes as long as a wrong password';
COMMENT ON FUNCTION auth.create_reset_password_token IS 'Makes a token with which the password of any user or login method can be reset once. Statuses: OK with token; UNKNOWN_USER_ID_ERROR. Lives for password_reset_token_lifetime milliseconds';
COMMENT ON FUNCTION auth.consume_reset_password_token IS 'Uses a reset token up, and every other of the same user. Statuses: OK with userId and email; RESET_PASSWORD_INVALID_TOKEN_ERROR. The password stays';
COMMENT ON FUNCTION auth.reset_password IS 'Uses a reset token up and sets a new password. Statuses: OK with userId; RESET_PASSWORD_INVALID_TOKEN_ERROR; BUSY_ERROR';
COMMENT ON FUNCTION auth.update_email_or_password IS 'Changes the address, the password or both of a login method, all or nothing. Statuses: OK; UNKNOWN_USER_ID_ERROR; EMAIL_ALREADY_EXISTS_ERROR; EMAIL_CHANGE_NOT_ALLOWED_ERROR with reason; BUSY_ERROR';
COMMENT ON FUNCTION auth.import_user_with_password_hash IS 'Makes a user with an argon2, bcrypt or Firebase scrypt hash from elsewhere, or replaces the hash of the one with that address. Status: OK with user and didUserAlreadyExist. A hash that could never match is an error (22023)';
"#,
    name = "comments_emailpassword",
    requires = [
        sign_up,
        sign_in,
        create_reset_password_token,
        consume_reset_password_token,
        reset_password,
        update_email_or_password,
        import_user_with_password_hash
    ]
);
