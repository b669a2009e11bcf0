//! The HTTP door: routing, keys, versions, and that nothing raises.

#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;
    use serde_json::{Value, json};

    use crate::tests::{document, http};

    #[pg_test]
    fn what_leads_nowhere_is_said_so() {
        let get = |path: &str| http("GET", path, "[]", "");
        assert_eq!(get("/nothing"), (404, "Not found\n".into()));
        assert_eq!(
            http("PATCH", "/users", "[]", ""),
            (405, "Method not supported\n".into())
        );
        assert_eq!(http("HEAD", "/hello", "[]", "").0, 405);
        assert_eq!(get("/%00").0, 404);
        let (code, body) = get("/t9/users");
        assert_eq!(code, 400);
        assert!(
            body.starts_with("AppId or tenantId not found => Tenant with the following"),
            "{body}"
        );
    }

    #[pg_test]
    fn malformed_bodies_and_headers_never_raise() {
        for body in ["", "[]", "\"x\"", "{", "{\"email\": \"a\\u0000\"}", "null"] {
            let (code, text) = http("POST", "/recipe/signup", "[]", body);
            assert_eq!(
                (code, text.as_str()),
                (400, "Invalid Json Input\n"),
                "{body}"
            );
        }
        for headers in [
            "{}",
            "null",
            "[1, [], [\"a\"], [1, 2], [\"x\", null]]",
            "\"x\"",
        ] {
            assert_eq!(http("GET", "/hello", headers, "").0, 200, "{headers}");
        }
        let (code, text) = http(
            "POST",
            "/recipe/signup",
            "[]",
            r#"{"email": null, "password": "p"}"#,
        );
        assert_eq!(
            (code, text.as_str()),
            (400, "Field name 'email' is invalid in JSON input\n")
        );
    }

    #[pg_test]
    fn versions_are_negotiated() {
        let ask = |version: &str| {
            http(
                "GET",
                "/users",
                &format!("[[\"cdi-version\", \"{version}\"]]"),
                "",
            )
        };
        assert_eq!(ask("5.4").0, 200);
        assert_eq!(ask("x"), (400, "cdi-version header is invalid\n".into()));
        for version in ["5.4.0", "2.7", "9.9", "5.7"] {
            assert_eq!(
                ask(version),
                (400, format!("cdi-version {version} not supported\n"))
            );
        }
        let (_, body) = http("GET", "/apiversion", "[]", "");
        let body: Value = serde_json::from_str(&body).unwrap();
        let all = [
            "3.0", "3.1", "4.0", "5.0", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6",
        ];
        assert_eq!(body["versions"], serde_json::json!(all));
    }

    #[pg_test]
    fn a_configured_key_is_demanded() {
        let key = "abcdefghij0123456789";
        Spi::run(&format!(
            "SELECT auth.set_setting('api_keys', to_jsonb('{key}'::text))"
        ))
        .unwrap();
        let ask = |headers: String| http("GET", "/users", &headers, "");
        assert_eq!(ask("[]".into()), (401, "Invalid API key\n".into()));
        assert_eq!(ask("[[\"api-key\", \"x\"]]".into()).0, 401);
        assert_eq!(ask(format!("[[\"Api-Key\", \" {key} \"]]")).0, 200);
        assert_eq!(
            ask(format!("[[\"authorization\", \"BEARER {key}\"]]")).0,
            200
        );
        assert_eq!(ask(format!("[[\"authorization\", \"{key}\"]]")).0, 200);
        // Multi-byte characters where "bearer " would be.
        assert_eq!(ask("[[\"authorization\", \"bearéé\"]]".into()).0, 401);
        assert_eq!(http("GET", "/hello", "[]", "").0, 200);
        assert_eq!(http("GET", "/.well-known/jwks.json", "[]", "").0, 200);
        assert_eq!(http("GET", "/apiversion", "[]", "").0, 401);
    }

    #[pg_test]
    fn addresses_are_filtered_by_what_the_gateway_verified() {
        document(
            "auth.create_or_update_tenant('t1', '{\"coreConfig\": {\"ip_deny_regex\": \"10[.].*\"}}')",
        );
        let ask = |path: &str, headers: &str| http("GET", path, headers, "").0;
        let spoofed =
            r#"[["x-auth-client-address", "1.1.1.1"], ["x-auth-client-address", "10.0.0.1"]]"#;
        assert_eq!(ask("/t1/users", spoofed), 403);
        assert_eq!(
            ask("/t1/users", r#"[["x-auth-client-address", "1.1.1.1"]]"#),
            200
        );
        assert_eq!(ask("/users", spoofed), 200);
    }

    #[pg_test]
    fn a_text_that_is_too_long_to_be_a_key_is_refused_by_name() {
        // Random digits: what repeats itself would be compressed, and fit.
        let long = auth_core::hash::hex(&auth_core::random::bytes::<3000>());
        let versioned = r#"[["cdi-version", "5.4"]]"#;
        for (method, path, field, body) in [
            (
                "POST",
                "/recipe/signup",
                "email",
                json!({"email": long, "password": "x"}),
            ),
            (
                "POST",
                "/recipe/user/passwordhash/import",
                "email",
                json!({"email": long, "passwordHash": format!("$2a$10${}", "a".repeat(53))}),
            ),
            (
                "POST",
                "/recipe/session",
                "userId",
                json!({"userId": long, "userDataInJWT": {}, "userDataInDatabase": {}, "enableAntiCsrf": false}),
            ),
            (
                "PUT",
                "/recipe/multitenancy/tenant/v2",
                "tenantId",
                json!({"tenantId": long}),
            ),
            (
                "PUT",
                "/recipe/multitenancy/app/v2",
                "appId",
                json!({"appId": long}),
            ),
        ] {
            let (code, text) = http(method, path, versioned, &body.to_string());
            assert_eq!(code, 400, "{path}: {text}");
            assert!(
                text.starts_with(&format!("{field} must not be longer than")),
                "{path}: {text}"
            );
        }
    }
}
