//! The e-mail-verification resource (CDI, "EmailVerification").

use serde_json::json;

use super::call::Call;
use super::{Route, route};
use crate::documents::{ok, only};
use crate::error::{Error, Result};
use crate::http::Reply;
use crate::recipes::emailverification::{self, Verification, VerificationToken};

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/user/email/verify/token", create_token),
    route("POST", "/recipe/user/email/verify", verify),
    route("GET", "/recipe/user/email/verify", is_verified),
    route(
        "POST",
        "/recipe/user/email/verify/token/remove",
        revoke_tokens,
    ),
    route("POST", "/recipe/user/email/verify/remove", unverify),
];

fn create_token(call: &Call) -> Result<Reply> {
    let (user_id, email) = (call.text("userId")?, call.text("email")?);
    let document = match emailverification::create_token(&*call.tenant()?, user_id, email)? {
        VerificationToken::Ok { token } => ok(json!({ "token": token })),
        VerificationToken::AlreadyVerified => only("EMAIL_ALREADY_VERIFIED_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn verify(call: &Call) -> Result<Reply> {
    if call.text("method")? != "token" {
        return Err(Error::invalid("Unsupported method for email verification"));
    }
    let token = call.text("token")?;
    let document = match emailverification::verify(&*call.tenant()?, token) {
        Verification::Ok { user_id, email } => ok(json!({"userId": user_id, "email": email})),
        Verification::InvalidToken => only("EMAIL_VERIFICATION_INVALID_TOKEN_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn is_verified(call: &Call) -> Result<Reply> {
    let (user_id, email) = (
        call.required_param("userId")?,
        call.required_param("email")?,
    );
    let is_verified = emailverification::is_verified(&*call.app()?, user_id, email);
    Ok(Reply::json(200, &ok(json!({ "isVerified": is_verified }))))
}

fn revoke_tokens(call: &Call) -> Result<Reply> {
    let (user_id, email) = (call.text("userId")?, call.text("email")?);
    emailverification::revoke_tokens(&*call.tenant()?, user_id, email);
    Ok(Reply::json(200, &only("OK")))
}

fn unverify(call: &Call) -> Result<Reply> {
    let (user_id, email) = (call.text("userId")?, call.text("email")?);
    emailverification::unverify(&*call.app()?, user_id, email);
    Ok(Reply::json(200, &only("OK")))
}
