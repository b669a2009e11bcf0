//! Users of all recipes.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, app_of, required, tenant_of};
use crate::db::Time;
use crate::documents::{UserShape, ok, only, user, user_list};
use crate::error::Error;
use crate::recipes::users::{self, AccountInfoQuery, Filter, SearchTags};
use crate::store::users::Order;

fn filter(recipe_ids: Option<Vec<Option<String>>>) -> crate::error::Result<Filter> {
    match recipe_ids {
        Some(names) => Filter::by_recipes(names.into_iter().flatten()),
        None => Ok(Filter::default()),
    }
}

fn order(time_joined_order: Option<&str>) -> crate::error::Result<Order> {
    match required("time_joined_order", time_joined_order)? {
        "ASC" => Ok(Order::OldestFirst),
        "DESC" => Ok(Order::NewestFirst),
        _ => Err(Error::invalid("time_joined_order must be 'ASC' or 'DESC'")),
    }
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn get_user(user_id: Option<&str>, app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| {
        Ok(
            match users::get(&*app_of(app_id)?, required("user_id", user_id)?) {
                Some(found) => ok(json!({"user": user(&found, UserShape::NEWEST)})),
                None => only("UNKNOWN_USER_ID_ERROR"),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_users(
    page_size: default!(Option<i32>, 100),
    pagination_token: default!(Option<&str>, "NULL"),
    time_joined_order: default!(Option<&str>, "'ASC'"),
    recipe_ids: default!(Option<Vec<Option<String>>>, "NULL"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let order = order(time_joined_order)?;
        let limit = required("page_size", page_size)?.into();
        let page = users::list(
            &tenant,
            &filter(recipe_ids)?,
            order,
            limit,
            pagination_token,
        )?;
        let mut document = user_list(&page.users, UserShape::NEWEST);
        if let Some(next) = page.next {
            document["nextPaginationToken"] = next.into();
        }
        Ok(document)
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn search_users(
    email: default!(Option<&str>, "NULL"),
    phone: default!(Option<&str>, "NULL"),
    provider: default!(Option<&str>, "NULL"),
    time_joined_order: default!(Option<&str>, "'ASC'"),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let tags = SearchTags {
            email,
            phone,
            provider,
        };
        let found = users::search(&tenant, &tags, order(time_joined_order)?);
        let found = found.ok_or_else(|| Error::invalid("one of the arguments \"email\", \"phone\" and \"provider\" must say what to search for"))?;
        Ok(user_list(&found, UserShape::NEWEST))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn count_users(
    recipe_ids: default!(Option<Vec<Option<String>>>, "NULL"),
    all_tenants: default!(Option<bool>, false),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let filter = filter(recipe_ids)?;
        let count = match required("all_tenants", all_tenants)? {
            true => users::count_in_app(&tenant, &filter),
            false => users::count_in_tenant(&tenant, &filter),
        };
        Ok(ok(json!({ "count": count })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn count_active_users(
    since: Option<TimestampWithTimeZone>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let since = Time::from(required("since", since)?);
        Ok(ok(
            json!({"count": users::count_active(&*app_of(app_id)?, since)}),
        ))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn users_by_account_info(
    email: default!(Option<&str>, "NULL"),
    phone_number: default!(Option<&str>, "NULL"),
    third_party_id: default!(Option<&str>, "NULL"),
    third_party_user_id: default!(Option<&str>, "NULL"),
    do_union: default!(Option<bool>, false),
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let tenant = tenant_of(tenant_id, app_id)?;
        let query = AccountInfoQuery {
            email: email.map(str::to_owned),
            phone: phone_number.map(str::to_owned),
            third_party_id: third_party_id.map(str::to_owned),
            third_party_user_id: third_party_user_id.map(str::to_owned),
            credential_id: None,
            union: required("do_union", do_union)?,
        };
        let found = users::by_account_info(&tenant, &query)?;
        Ok(user_list(&found, UserShape::NEWEST))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn delete_user(
    user_id: Option<&str>,
    remove_all_linked_accounts: default!(Option<bool>, true),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let all = required("remove_all_linked_accounts", remove_all_linked_accounts)?;
        users::delete(&*app_of(app_id)?, required("user_id", user_id)?, all);
        Ok(only("OK"))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.get_user IS 'The user that an id belongs to: its own or that of one of its login methods. Statuses: OK with user; UNKNOWN_USER_ID_ERROR';
COMMENT ON FUNCTION auth.list_users IS 'A page of a tenant''s users by the time they joined, 1 to 500. Status: OK with users and, if there are more, nextPaginationToken';
COMMENT ON FUNCTION auth.search_users IS 'The users of a tenant of whom one login method fits all that is given, at most 1000: email with the beginning of an address or of its domain, phone with that of a number, provider with that of a third-party id. Each may be several, with semicolons between. Status: OK with users';
COMMENT ON FUNCTION auth.count_users IS 'How many users a tenant, or with all_tenants the app, has. Status: OK with count';
COMMENT ON FUNCTION auth.count_active_users IS 'How many users were active since a time. Activity is noted at most once in five minutes. Status: OK with count';
COMMENT ON FUNCTION auth.users_by_account_info IS 'The users of a tenant with this address, number or third-party id: all that is given must match, or with do_union any. Status: OK with users, oldest first';
COMMENT ON FUNCTION auth.delete_user IS 'Deletes a user, its sessions and all that hangs on it; or, without remove_all_linked_accounts, only the login method whose id is given, while others remain. Status: OK, also for an unknown id';
"#,
    name = "comments_users",
    requires = [
        get_user,
        list_users,
        search_users,
        count_users,
        count_active_users,
        users_by_account_info,
        delete_user
    ]
);
