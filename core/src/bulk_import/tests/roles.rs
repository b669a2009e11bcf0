//! The messages about roles, and the tenants in which a user may have them.

use super::*;

#[test]
fn the_roles() {
    let of_role = |role: Value| {
        refused(&changed(
            with_method(email_password()),
            json!({"userRoles": [role]}),
        ))
    };
    assert_eq!(
        of_role(json!({})),
        [
            "role is required for a user role.",
            "tenantIds is required for a user role.",
        ]
    );
    for (role, tenant_ids) in [
        (json!(1), json!("public")),
        (json!(" "), json!(["public", 1])),
    ] {
        assert_eq!(
            of_role(json!({"role": role, "tenantIds": tenant_ids})),
            [
                "role should be of type string for a user role.",
                "tenantIds should be of type array of string for a user role.",
            ]
        );
    }
    assert_eq!(
        of_role(json!({"role": " nobody", "tenantIds": ["public", " T9", "a b", "t1"]})),
        [
            "Role nobody does not exist.",
            "Invalid tenantId:  T9 for a user role.",
            "Invalid tenantId: a b for a user role.",
            "TenantId t1 for a user role does not exist in loginMethods.",
        ]
    );
    // A role without tenants is nowhere assigned.
    let roles = json!([{"role": "admin", "tenantIds": []}]);
    let user = changed(with_method(email_password()), json!({"userRoles": roles}));
    assert_eq!(accepted(&user).user_roles[0].tenant_ids, [""; 0]);
}

#[test]
fn tenants_of_roles_are_those_of_login_methods() {
    let user = |methods: Value| json!({"userRoles": [{"role": "admin", "tenantIds": ["public", "T1"]}], "loginMethods": methods});
    let in_t1 = changed(third_party(), json!({"tenantIds": [" T1 "]}));
    assert!(
        App::new()
            .parse(&user(json!([passwordless(), in_t1])))
            .is_ok()
    );

    let outside = "TenantId t1 for a user role does not exist in loginMethods.";
    assert_eq!(refused(&user(json!([passwordless()]))), [outside]);
    assert_eq!(
        refused(&user(json!([]))),
        ["At least one loginMethod is required.", outside]
    );
    // That the login method is faulty is no fault of the role.
    let faulty = changed(in_t1, json!({"recipeId": "webauthn"}));
    assert_eq!(refused(&user(json!([faulty]))).len(), 1);
}
