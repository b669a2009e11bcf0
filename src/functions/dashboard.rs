//! The people who run the dashboard.

use pgrx::prelude::*;
use serde_json::json;

use super::{answer, app_of, required};
use crate::documents::{dashboard_user, ok, only, refused_dashboard_user};
use crate::recipes::dashboard::{self, Update, Who};

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_dashboard_user(
    email: Option<&str>,
    password: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let (email, password) = (required("email", email)?, required("password", password)?);
        Ok(
            match dashboard::create_user(&*app_of(app_id)?, email, password)? {
                Ok(user) => ok(json!({ "user": dashboard_user(&user) })),
                Err(refusal) => refused_dashboard_user(&refusal),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn update_dashboard_user(
    email: Option<&str>,
    new_email: default!(Option<&str>, "NULL"),
    new_password: default!(Option<&str>, "NULL"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let who = Who {
            id: None,
            email: Some(required("email", email)?),
        };
        let updated = dashboard::update_user(&*app_of(app_id)?, &who, new_email, new_password)?;
        Ok(match updated {
            Update::Ok(user) => ok(json!({ "user": dashboard_user(&user) })),
            Update::UnknownUser => only("UNKNOWN_USER_ERROR"),
            Update::Refused(refusal) => refused_dashboard_user(&refusal),
        })
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn delete_dashboard_user(
    email: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let who = Who {
            id: None,
            email: Some(required("email", email)?),
        };
        let existed = dashboard::delete_user(&*app_of(app_id)?, &who)?;
        Ok(ok(json!({ "didUserExist": existed })))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_dashboard_users(app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| {
        let users = dashboard::list_users(&*app_of(app_id)?);
        let users: Vec<_> = users.iter().map(dashboard_user).collect();
        Ok(ok(json!({ "users": users })))
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_dashboard_user IS 'Lets somebody sign in to the dashboard of a SuperTokens SDK. The password needs 8 to 99 characters with a letter and a digit. Statuses: OK with user; INVALID_EMAIL_ERROR; PASSWORD_WEAK_ERROR with message; EMAIL_ALREADY_EXISTS_ERROR';
COMMENT ON FUNCTION auth.update_dashboard_user IS 'Changes address or password of somebody who signs in to the dashboard, and signs them out. Statuses: OK with user; UNKNOWN_USER_ERROR; and those of auth.create_dashboard_user';
COMMENT ON FUNCTION auth.delete_dashboard_user IS 'Removes somebody from the dashboard, with their sessions. Status: OK with didUserExist';
COMMENT ON FUNCTION auth.list_dashboard_users IS 'Everybody who may sign in to the dashboard. Status: OK with users';
"#,
    name = "comments_dashboard",
    requires = [
        create_dashboard_user,
        update_dashboard_user,
        delete_dashboard_user,
        list_dashboard_users
    ]
);
