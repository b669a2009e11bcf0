//! Verification of e-mail addresses.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, app_of, required, tenant_of};
use crate::documents::{ok, only};
use crate::recipes::emailverification::{self, Verification, VerificationToken};

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_email_verification_token(
    user_id: Option<&str>,
    email: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let (user_id, email) = (required("user_id", user_id)?, required("email", email)?);
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(
            match emailverification::create_token(&tenant, user_id, email)? {
                VerificationToken::Ok { token } => ok(json!({ "token": token })),
                VerificationToken::AlreadyVerified => only("EMAIL_ALREADY_VERIFIED_ERROR"),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn verify_email(
    token: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let token = required("token", token)?;
        Ok(
            match emailverification::verify(&*tenant_of(tenant_id, app_id)?, token) {
                Verification::Ok { user_id, email } => {
                    ok(json!({"userId": user_id, "email": email}))
                }
                Verification::InvalidToken => only("EMAIL_VERIFICATION_INVALID_TOKEN_ERROR"),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn is_email_verified(
    user_id: Option<&str>,
    email: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let (user_id, email) = (required("user_id", user_id)?, required("email", email)?);
        let is_verified = emailverification::is_verified(&*app_of(app_id)?, user_id, email);
        Ok(ok(json!({ "isVerified": is_verified })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn revoke_email_verification_tokens(
    user_id: Option<&str>,
    email: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let (user_id, email) = (required("user_id", user_id)?, required("email", email)?);
        emailverification::revoke_tokens(&*tenant_of(tenant_id, app_id)?, user_id, email);
        Ok(only("OK"))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn unverify_email(
    user_id: Option<&str>,
    email: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let (user_id, email) = (required("user_id", user_id)?, required("email", email)?);
        emailverification::unverify(&*app_of(app_id)?, user_id, email);
        Ok(only("OK"))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_email_verification_token IS 'Makes a token to mail to an address of a user. Statuses: OK with token; EMAIL_ALREADY_VERIFIED_ERROR';
COMMENT ON FUNCTION auth.verify_email IS 'Verifies the address that a token of auth.create_email_verification_token was mailed to, and uses the token up, in the tenant that it was made in. Statuses: OK with userId and email; EMAIL_VERIFICATION_INVALID_TOKEN_ERROR';
COMMENT ON FUNCTION auth.is_email_verified IS 'Whether an address of a user is verified. The address is compared as given; addresses are kept in lower case. Status: OK with isVerified';
COMMENT ON FUNCTION auth.revoke_email_verification_tokens IS 'Makes the outstanding tokens for an address of a user in a tenant worthless. Status: OK';
COMMENT ON FUNCTION auth.unverify_email IS 'Forgets that an address of a user was verified. Status: OK';
"#,
    name = "comments_emailverification",
    requires = [
        create_email_verification_token,
        verify_email,
        is_email_verified,
        revoke_email_verification_tokens,
        unverify_email
    ]
);
