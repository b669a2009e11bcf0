//! Sign-in with an account at a provider.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, required, tenant_of};
use crate::documents::{UserShape, signed_in, status};
use crate::recipes::thirdparty::{self, ProviderUser, SignInUp};

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn third_party_sign_in_up(
    third_party_id: Option<&str>,
    third_party_user_id: Option<&str>,
    email: Option<&str>,
    is_verified: Option<bool>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let user = ProviderUser {
            provider: required("third_party_id", third_party_id)?,
            user_id: required("third_party_user_id", third_party_user_id)?,
            email: required("email", email)?,
            is_verified: required("is_verified", is_verified)?,
        };
        let tenant = tenant_of(tenant_id, app_id)?;
        Ok(match thirdparty::sign_in_up(&tenant, &user)? {
            SignInUp::Ok {
                signed_in: done,
                created_new_user,
            } => {
                let mut document = signed_in(&done.user, done.recipe_user_id, UserShape::NEWEST);
                document["createdNewUser"] = created_new_user.into();
                document
            }
            SignInUp::EmailChangeNotAllowed { reason } => status(
                "EMAIL_CHANGE_NOT_ALLOWED_ERROR",
                json!({ "reason": reason }),
            ),
        })
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.third_party_sign_in_up IS 'Signs a provider''s user in, or up when it is new to the tenant; call it with what the provider has confirmed. is_verified: whether the provider vouches for the address. Statuses: OK with user, recipeUserId and createdNewUser; EMAIL_CHANGE_NOT_ALLOWED_ERROR with reason';
"#,
    name = "comments_thirdparty",
    requires = [third_party_sign_in_up]
);
