//! The third-party resource (CDI, "ThirdParty").

use serde_json::{Map, Value, json};

use super::call::{Call, invalid_field};
use super::{Route, route};
use crate::documents::{UserShape, ok, only, signed_in, status, user};
use crate::error::{Error, Result};
use crate::http::Reply;
use crate::recipes::thirdparty::{self, ProviderUser, SignInUp};
use crate::recipes::users::{self, AccountInfoQuery};
use crate::store::users::{Recipe, User};

pub const ROUTES: &[Route] = &[
    route("POST", "/recipe/signinup", sign_in_up),
    route("GET", "/recipe/users/by-email", users_by_email),
];

fn sign_in_up(call: &Call) -> Result<Reply> {
    let (provider, user_id) = (call.text("thirdPartyId")?, call.text("thirdPartyUserId")?);
    let email = call.object("email")?;
    let address = member(email, "id", Value::as_str)?.ok_or_else(|| invalid_field("id"))?;
    let is_verified = match call.cdi.verifies_on_sign_in {
        false => false,
        true => match member(email, "isVerified", Value::as_bool)? {
            Some(is_verified) => is_verified,
            None if call.is_simple => false,
            None => return Err(invalid_field("isVerified")),
        },
    };
    let tenant = call.tenant_with(Recipe::ThirdParty)?;
    let outcome = thirdparty::sign_in_up(
        &tenant,
        &ProviderUser {
            provider,
            user_id,
            email: address,
            is_verified,
        },
    )?;
    let document = match outcome {
        SignInUp::Ok {
            signed_in: done,
            created_new_user,
        } => {
            let mut document = signed_in(&done.user, done.recipe_user_id, call.cdi.user_shape);
            document["createdNewUser"] = created_new_user.into();
            document
        }
        SignInUp::EmailChangeNotAllowed { reason } => status(
            "EMAIL_CHANGE_NOT_ALLOWED_ERROR",
            json!({ "reason": reason }),
        ),
    };
    Ok(Reply::json(200, &document))
}

/// A member of a nested object; absent is `None`, null and any other type are errors.
fn member<'a, T>(
    object: &'a Map<String, Value>,
    name: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>> {
    object
        .get(name)
        .map(|value| read(value).ok_or_else(|| invalid_field(name)))
        .transpose()
}

/// `GET /recipe/user` for this recipe: by id one login method, by the provider's id the whole user.
pub fn get_user(call: &Call) -> Result<Reply> {
    let pair = (call.param("thirdPartyId"), call.param("thirdPartyUserId"));
    let has_pair = pair.0.is_some() || pair.1.is_some();
    let found = match (call.param("userId"), pair) {
        (Some(_), _) if has_pair => {
            return Err(Error::invalid(
                "Please provide only one of userId or (thirdPartyId & thirdPartyUserId)",
            ));
        }
        (Some(user_id), _) => {
            let mut found = users::get(&*call.app()?, user_id);
            if let Some(user) = &mut found {
                user.login_methods
                    .retain(|method| method.recipe == Recipe::ThirdParty);
            }
            found
                .filter(|user| !user.login_methods.is_empty())
                .ok_or("UNKNOWN_USER_ID_ERROR")
        }
        (None, (Some(provider), Some(id))) => {
            let query = AccountInfoQuery {
                third_party_id: Some(provider.to_owned()),
                third_party_user_id: Some(id.to_owned()),
                ..Default::default()
            };
            let mut found = users::by_account_info(&*call.tenant()?, &query)?;
            found.pop().ok_or("UNKNOWN_THIRD_PARTY_USER_ERROR")
        }
        _ => {
            return Err(Error::invalid(
                "Please provide one of userId or (thirdPartyId & thirdPartyUserId)",
            ));
        }
    };
    let shape = call.cdi.user_shape.without_linking();
    let document = match found {
        Ok(found) => ok(json!({"user": user(&found, shape)})),
        Err(status) => only(status),
    };
    Ok(Reply::json(200, &document))
}

/// One entry for each third-party login method with the address.
fn users_by_email(call: &Call) -> Result<Reply> {
    let email = call.required_param("email")?;
    let tenant = call.tenant()?;
    let wanted = auth_core::normalise::email(email);
    let query = AccountInfoQuery {
        email: Some(email.to_owned()),
        ..Default::default()
    };
    let mut shown = Vec::new();
    for found in users::by_account_info(&tenant, &query)? {
        let matching = found.login_methods.iter().filter(|method| {
            method.recipe == Recipe::ThirdParty
                && method.email.as_ref() == Some(&wanted)
                && method.tenant_ids.iter().any(|id| id == tenant.id())
        });
        for method in matching {
            let one = User {
                login_methods: vec![method.clone()],
                ..found.clone()
            };
            shown.push(user(&one, UserShape::FirstLoginMethod { tenant_ids: true }));
        }
    }
    Ok(Reply::json(200, &ok(json!({ "users": shown }))))
}
