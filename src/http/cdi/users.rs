//! Users of all recipes (CDI, "Users").

use serde_json::json;

use super::call::Call;
use super::{Route, route};
use crate::db::Time;
use crate::documents::{ok, only, user, user_list};
use crate::error::{Error, Result};
use crate::http::Reply;
use crate::recipes::users::{self, AccountInfoQuery, Filter, Page, SearchTags};
use crate::store::users::Order;

pub const ROUTES: &[Route] = &[
    route("GET", "/users", list),
    route("GET", "/user/search/tags", search_tags),
    route("GET", "/users/count", count),
    route("GET", "/users/count/active", count_active),
    route("GET", "/user/id", get),
    route("GET", "/users/by-accountinfo", by_account_info),
    route("POST", "/user/remove", remove),
    route("DELETE", "/user/remove", remove_simply),
];

fn filter(call: &Call) -> Result<Filter> {
    match call.param("includeRecipeIds") {
        Some(names) if names.split(',').any(|name| !name.is_empty()) => {
            let names = names.split(',').filter(|name| !name.is_empty());
            Filter::by_recipes(names.map(str::to_owned))
        }
        // SDKs send the parameter empty as well.
        _ => Ok(Filter::default()),
    }
}

fn list(call: &Call) -> Result<Reply> {
    let limit = call.int_param("limit")?;
    let order = match call.param("timeJoinedOrder") {
        None | Some("ASC") => Order::OldestFirst,
        Some("DESC") => Order::NewestFirst,
        Some(_) => return Err(Error::invalid("timeJoinedOrder can be either ASC OR DESC")),
    };
    if limit.is_some_and(|limit| limit < 1) {
        return Err(users::limit_too_small());
    }
    let tags = SearchTags {
        email: call.param("email"),
        phone: call.param("phone"),
        provider: call.param("provider"),
    };
    let filter = filter(call)?;
    let tenant = call.tenant()?;
    // A search has neither pages nor a filter.
    let page = match users::search(&tenant, &tags, order) {
        Some(users) => Page { users, next: None },
        None => users::list(
            &tenant,
            &filter,
            order,
            limit.unwrap_or(100),
            call.param("paginationToken"),
        )?,
    };
    let mut document = user_list(&page.users, call.cdi.user_shape);
    if let Some(next) = page.next {
        document["nextPaginationToken"] = next.into();
    }
    Ok(Reply::json(200, &document))
}

fn search_tags(call: &Call) -> Result<Reply> {
    call.app()?;
    let document = ok(json!({"tags": ["email", "phone", "provider"]}));
    Ok(Reply::json(200, &document))
}

fn count(call: &Call) -> Result<Reply> {
    let filter = filter(call)?;
    let count = if call.flag_param("includeAllTenants", false) {
        users::count_in_app(&*call.app()?, &filter)
    } else {
        users::count_in_tenant(&*call.tenant()?, &filter)
    };
    let mut document = ok(json!({ "count": count }));
    if call.cdi.access_token_validity && call.flag_param("allowApproximate", false) {
        document["approximate"] = false.into();
        document["asOf"] = Time::now().0.into();
    }
    Ok(Reply::json(200, &document))
}

fn count_active(call: &Call) -> Result<Reply> {
    let since = call.required_param("since")?;
    let since: i64 = since
        .parse()
        .map_err(|_| Error::invalid("Field name 'since' must be a long in the GET request"))?;
    if since < 0 {
        return Err(Error::invalid("'since' query parameter must be >= 0"));
    }
    let count = users::count_active(&*call.app()?, Time(since));
    Ok(Reply::json(200, &ok(json!({ "count": count }))))
}

fn get(call: &Call) -> Result<Reply> {
    let user_id = call.required_param("userId")?;
    let document = match users::get(&*call.app()?, user_id) {
        Some(found) => ok(json!({"user": user(&found, call.cdi.user_shape)})),
        None => only("UNKNOWN_USER_ID_ERROR"),
    };
    Ok(Reply::json(200, &document))
}

fn by_account_info(call: &Call) -> Result<Reply> {
    let union = match call.required_param("doUnionOfAccountInfo")? {
        "true" => true,
        "false" => false,
        _ => {
            return Err(Error::invalid(
                "'doUnionOfAccountInfo' should be either 'true' or 'false'",
            ));
        }
    };
    let text = |name| call.param(name).map(str::to_owned);
    let query = AccountInfoQuery {
        email: text("email"),
        phone: text("phoneNumber"),
        third_party_id: text("thirdPartyId"),
        third_party_user_id: text("thirdPartyUserId"),
        credential_id: text("webauthnCredentialId").filter(|_| call.cdi.user_shape.has_webauthn()),
        union,
    };
    let found = users::by_account_info(&*call.tenant()?, &query)?;
    let shown: Vec<_> = found
        .iter()
        .map(|found| user(found, call.cdi.user_shape))
        .collect();
    Ok(Reply::json(200, &ok(json!({ "users": shown }))))
}

fn remove(call: &Call) -> Result<Reply> {
    let user_id = call.text("userId")?;
    let all = call.bool_opt("removeAllLinkedAccounts")?.unwrap_or(true);
    users::delete(&*call.app()?, user_id, all);
    Ok(Reply::json(200, &only("OK")))
}

fn remove_simply(call: &Call) -> Result<Reply> {
    let user_id = call.required_param("userId")?;
    users::delete(&*call.app()?, user_id, true);
    Ok(Reply::json(200, &only("OK")))
}
