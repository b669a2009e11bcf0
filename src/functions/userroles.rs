//! Roles and permissions.

use pgrx::prelude::*;
use serde_json::{Value, json};

use super::{answer, app_of, required, tenant_of};
use crate::documents::{ok, only};
use crate::error::Result;
use crate::recipes::userroles::{self, UnknownRole};

fn document<T: Into<Value>>(
    name: &str,
    outcome: std::result::Result<T, UnknownRole>,
) -> Result<Value> {
    Ok(match outcome {
        Ok(value) => ok(json!({ name: value.into() })),
        Err(UnknownRole) => only("UNKNOWN_ROLE_ERROR"),
    })
}

/// A null element is a mistake that should be seen.
fn texts(name: &str, values: Vec<Option<String>>) -> Result<Vec<String>> {
    values
        .into_iter()
        .map(|value| required(name, value))
        .collect()
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn create_role_or_add_permissions(
    role: Option<&str>,
    permissions: default!(Option<Vec<Option<String>>>, "'{}'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let permissions = texts("permissions", required("permissions", permissions)?)?;
        let role = required("role", role)?;
        let created = userroles::create_or_add(&*app_of(app_id)?, role, &permissions)?;
        document("createdNewRole", Ok(created))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn delete_role(role: Option<&str>, app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| {
        let existed = userroles::delete(&*app_of(app_id)?, required("role", role)?)?;
        document("didRoleExist", Ok(existed))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_roles(app_id: default!(Option<&str>, "'public'")) -> pgrx::JsonB {
    answer(|| document("roles", Ok(userroles::list(&*app_of(app_id)?))))
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_role_permissions(
    role: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let permissions = userroles::permissions(&*app_of(app_id)?, required("role", role)?)?;
        document("permissions", permissions)
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn remove_role_permissions(
    role: Option<&str>,
    permissions: default!(Option<Vec<Option<String>>>, "NULL"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let permissions = permissions
            .map(|values| texts("permissions", values))
            .transpose()?;
        let role = required("role", role)?;
        let app = app_of(app_id)?;
        Ok(
            match userroles::remove_permissions(&app, role, permissions.as_deref())? {
                Ok(()) => only("OK"),
                Err(UnknownRole) => only("UNKNOWN_ROLE_ERROR"),
            },
        )
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_roles_with_permission(
    permission: Option<&str>,
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let permission = required("permission", permission)?;
        let roles = userroles::with_permission(&*app_of(app_id)?, permission)?;
        document("roles", Ok(roles))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn add_user_role(
    user_id: Option<&str>,
    role: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let (user_id, role) = (required("user_id", user_id)?, required("role", role)?);
        let had = userroles::assign(&*tenant_of(tenant_id, app_id)?, user_id, role)?;
        document("didUserAlreadyHaveRole", had)
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn remove_user_role(
    user_id: Option<&str>,
    role: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let (user_id, role) = (required("user_id", user_id)?, required("role", role)?);
        let had = userroles::unassign(&*tenant_of(tenant_id, app_id)?, user_id, role)?;
        document("didUserHaveRole", had)
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_user_roles(
    user_id: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let user_id = required("user_id", user_id)?;
        let roles = userroles::of_user(&*tenant_of(tenant_id, app_id)?, user_id);
        document("roles", Ok(roles))
    })
}

#[pg_extern(security_definer)]
#[search_path(pg_catalog, auth, pg_temp)]
fn list_users_with_role(
    role: Option<&str>,
    tenant_id: default!(Option<&str>, "'public'"),
    app_id: default!(Option<&str>, "'public'"),
) -> pgrx::JsonB {
    answer(|| {
        let role = required("role", role)?;
        let users = userroles::users_with(&*tenant_of(tenant_id, app_id)?, role)?;
        document("users", users)
    })
}

extension_sql!(
    r#"
COMMENT ON FUNCTION auth.create_role_or_add_permissions IS 'Makes a role if there is none of that name, and adds permissions to it; it removes none. Status: OK with createdNewRole';
COMMENT ON FUNCTION auth.delete_role IS 'Removes a role, its permissions and its assignments in all tenants. Status: OK with didRoleExist';
COMMENT ON FUNCTION auth.list_roles IS 'All roles of an app. Status: OK with roles';
COMMENT ON FUNCTION auth.list_role_permissions IS 'What a role permits. Statuses: OK with permissions; UNKNOWN_ROLE_ERROR';
COMMENT ON FUNCTION auth.remove_role_permissions IS 'Removes permissions from a role; without a list, all of them. Statuses: OK; UNKNOWN_ROLE_ERROR';
COMMENT ON FUNCTION auth.list_roles_with_permission IS 'The roles that have a permission. Status: OK with roles';
COMMENT ON FUNCTION auth.add_user_role IS 'Gives a user a role in a tenant; any id will do, known as a user or not. Statuses: OK with didUserAlreadyHaveRole; UNKNOWN_ROLE_ERROR';
COMMENT ON FUNCTION auth.remove_user_role IS 'Takes a role from a user in a tenant. Statuses: OK with didUserHaveRole; UNKNOWN_ROLE_ERROR';
COMMENT ON FUNCTION auth.list_user_roles IS 'The roles of a user in a tenant. Status: OK with roles, empty for an unknown user';
COMMENT ON FUNCTION auth.list_users_with_role IS 'The ids of those who have a role in a tenant. Statuses: OK with users; UNKNOWN_ROLE_ERROR';
"#,
    name = "comments_userroles",
    requires = [
        create_role_or_add_permissions,
        delete_role,
        list_roles,
        list_role_permissions,
        remove_role_permissions,
        list_roles_with_permission,
        add_user_role,
        remove_user_role,
        list_user_roles,
        list_users_with_role
    ]
);
