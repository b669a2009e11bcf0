//! Sessions.

#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;
    use serde_json::{Value, json};

    use crate::tests::{document, http, quoted, status, text};

    fn create(arguments: &str) -> Value {
        let made = document(&format!("auth.create_session({arguments})"));
        assert_eq!(status(&made), "OK");
        made
    }

    fn refresh(session: &Value) -> Value {
        document(&format!(
            "auth.refresh({})",
            quoted(&text(session, "/refreshToken/token"))
        ))
    }

    fn verify(session: &Value, arguments: &str) -> Value {
        let token = quoted(&text(session, "/accessToken/token"));
        document(&format!("auth.verify_session({token}{arguments})"))
    }

    #[pg_test]
    fn any_subject_has_sessions() {
        let made = create("'nobody''s id', '{\"a\": null}', '{\"b\": 1}'");
        assert_eq!(made["session"]["userId"], "nobody's id");
        let seen = verify(&made, "");
        assert_eq!(seen["session"], made["session"]);
        assert_eq!(seen["session"]["userDataInJWT"], json!({"a": null}));
        let handle = quoted(&text(&made, "/session/handle"));
        let details = document(&format!("auth.get_session({handle})"));
        assert_eq!(details["userDataInDatabase"], json!({"b": 1}));
        assert_eq!(details["recipeUserId"], "nobody's id");
    }

    #[pg_test]
    #[should_panic(expected = "The user payload contains protected field")]
    fn the_servers_claims_are_its_own() {
        create("'x', '{\"sub\": \"y\"}'");
    }

    #[pg_test]
    fn a_replaced_token_works_in_its_time_of_grace_and_its_child_is_dead() {
        let first = create("'x'");
        let second = refresh(&first);
        assert_eq!(status(&second), "OK");
        let other = refresh(&first);
        assert_eq!(status(&other), "OK");
        let theft = refresh(&second);
        assert_eq!(status(&theft), "TOKEN_THEFT_DETECTED");
        assert_eq!(theft["recentTokenReuseSubtype"], "ORPHANED_BRANCH");
        assert_eq!(theft["session"]["handle"], first["session"]["handle"]);
        assert_eq!(status(&refresh(&other)), "UNAUTHORISED");
    }

    #[pg_test]
    fn without_grace_a_replaced_token_is_theft() {
        Spi::run("SELECT auth.set_setting('refresh_token_rotation_grace_period', '0')").unwrap();
        let first = create("'x'");
        assert_eq!(status(&refresh(&first)), "OK");
        Spi::run("SELECT pg_sleep(0.005)").unwrap();
        let theft = refresh(&first);
        assert_eq!(theft["recentTokenReuseSubtype"], "RECENT_PREV");
        assert_eq!(
            status(&verify(&first, ", check_database => true")),
            "UNAUTHORISED"
        );
        assert_eq!(status(&verify(&first, "")), "OK");
    }

    #[pg_test]
    fn two_generations_back_is_stale() {
        let first = create("'x'");
        let third = refresh(&refresh(&first));
        assert_eq!(status(&third), "OK");
        assert_eq!(refresh(&first)["recentTokenReuseSubtype"], "STALE_LINEAGE");
    }

    /// A refresh in the dialect of CDI 5.4, which the doors share with SQL.
    fn refresh_lazily(session: &Value) -> Value {
        let body = json!({"refreshToken": session["refreshToken"]["token"],
                          "enableAntiCsrf": false, "useDynamicSigningKey": true});
        let headers = r#"[["cdi-version", "5.4"]]"#;
        let (code, body) = http(
            "POST",
            "/recipe/session/refresh",
            headers,
            &body.to_string(),
        );
        assert_eq!(code, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    #[pg_test]
    fn lazily_promoted_tokens_survive_lost_answers() {
        let first = create("'x'");
        let lost = refresh_lazily(&first);
        let second = refresh_lazily(&first);
        assert_eq!((status(&lost), status(&second)), ("OK", "OK"));
        // The first use of a child puts it in force, and all else is theft.
        assert_eq!(status(&refresh_lazily(&second)), "OK");
        assert_eq!(status(&refresh_lazily(&first)), "TOKEN_THEFT_DETECTED");
        assert_eq!(status(&refresh_lazily(&lost)), "TOKEN_THEFT_DETECTED");
        assert_eq!(status(&refresh_lazily(&second)), "OK");
    }

    #[pg_test]
    fn anti_csrf_binds_both_tokens() {
        let made = create("'x', anti_csrf => true");
        let value = text(&made, "/antiCsrfToken");
        let check = |value: &str| verify(&made, &format!(", {}", quoted(value)));
        assert_eq!(status(&check(&value)), "OK");
        assert_eq!(status(&check("other")), "TRY_REFRESH_TOKEN");
        let token = quoted(&text(&made, "/refreshToken/token"));
        let refused = document(&format!("auth.refresh({token}, 'other')"));
        assert_eq!(status(&refused), "UNAUTHORISED");
        assert_eq!(
            status(&document(&format!("auth.refresh({token})"))),
            "UNAUTHORISED"
        );
        let granted = document(&format!("auth.refresh({token}, {})", quoted(&value)));
        assert_ne!(text(&granted, "/antiCsrfToken"), value);
    }

    #[pg_test]
    fn rubbish_is_told_to_refresh_and_never_raises() {
        for token in ["", "x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."] {
            let seen = document(&format!("auth.verify_session({})", quoted(token)));
            assert_eq!(status(&seen), "TRY_REFRESH_TOKEN");
            let refused = document(&format!("auth.refresh({})", quoted(token)));
            assert_eq!(status(&refused), "UNAUTHORISED");
        }
    }

    #[pg_test]
    fn another_apps_tokens_are_rubbish() {
        document("auth.create_or_update_app('a1')");
        let made = create("'x'");
        let there = verify(&made, ", app_id => 'a1'");
        assert_eq!(status(&there), "TRY_REFRESH_TOKEN");
        let token = quoted(&text(&made, "/refreshToken/token"));
        let refused = document(&format!("auth.refresh({token}, app_id => 'a1')"));
        assert_eq!(status(&refused), "UNAUTHORISED");
        let handle = quoted(&text(&made, "/session/handle"));
        let revoked = document(&format!("auth.revoke_session({handle}, 'a1')"));
        assert_eq!(revoked["sessionHandlesRevoked"], json!([]));
    }

    #[pg_test]
    fn an_expired_session_is_gone_but_can_be_removed() {
        let made = create("'x'");
        Spi::run("UPDATE auth.sessions SET expires_at = now() - interval '1 s'").unwrap();
        assert_eq!(status(&refresh(&made)), "UNAUTHORISED");
        let handle = quoted(&text(&made, "/session/handle"));
        assert_eq!(
            status(&document(&format!("auth.get_session({handle})"))),
            "UNAUTHORISED"
        );
        assert_eq!(
            document("auth.list_sessions('x')")["sessionHandles"],
            json!([])
        );
        let revoked = document(&format!("auth.revoke_session({handle})"));
        assert_eq!(
            revoked["sessionHandlesRevoked"][0],
            made["session"]["handle"]
        );
    }

    #[pg_test]
    fn maintenance_removes_what_has_expired() {
        create("'x'");
        create("'y'");
        Spi::run("UPDATE auth.sessions SET expires_at = now() - interval '1 s', expiry_day = current_date WHERE subject = 'x'").unwrap();
        assert_eq!(document("auth.maintain()")["deleted"]["sessions"], 1);
        assert_eq!(
            Spi::get_one::<i64>("SELECT count(*) FROM auth.sessions").unwrap(),
            Some(1)
        );
    }

    #[pg_test]
    fn dynamic_keys_rotate_with_overlap_and_static_ones_stay() {
        let kids = || {
            let keys = document("auth.jwks()")["keys"].as_array().unwrap().clone();
            keys.iter()
                .map(|key| text(key, "/kid"))
                .filter(|kid| kid.ends_with("es256"))
                .count()
        };
        let old = create("'x'");
        assert_eq!(kids(), 1);
        // As if the key had been made a week less thirty seconds ago: the next one is published, not yet used.
        Spi::run(
            "UPDATE auth.signing_keys SET created_at = created_at - interval '168 h' + interval '30 s'
             WHERE kind = 'dynamic'",
        )
        .unwrap();
        let header = |session: &Value| {
            text(session, "/accessToken/token")
                .split('.')
                .next()
                .map(str::to_owned)
        };
        let overlapping = create("'x'");
        assert_eq!(header(&overlapping), header(&old));
        assert_eq!(kids(), 2);
        Spi::run(
            "UPDATE auth.signing_keys SET created_at = created_at - interval '2 min' WHERE kind = 'dynamic'",
        )
        .unwrap();
        let new = create("'x'");
        assert_ne!(header(&new), header(&old));
        assert_eq!(status(&verify(&old, "")), "OK");
        assert_eq!(status(&verify(&new, "")), "OK");
        let fixed = create("'x', use_dynamic_key => false");
        assert_eq!(status(&verify(&fixed, "")), "OK");
    }

    #[pg_test]
    fn policy_helpers_see_a_session_end() {
        let user = text(
            &document("auth.sign_up('ada@example.org', 'x')"),
            "/user/id",
        );
        let made = create(&quoted(&user));
        let handle = text(&made, "/session/handle");
        let claims =
            json!({"sub": user, "sessionHandle": handle, "tId": "public", "role": "authenticated"});
        Spi::run(&format!(
            "SET LOCAL request.jwt.claims = {}",
            quoted(&claims.to_string())
        ))
        .unwrap();
        let is = |sql: &str| {
            Spi::get_one::<bool>(&format!("SELECT {sql}"))
                .unwrap()
                .unwrap()
        };
        assert!(is(&format!(
            "auth.uid() = '{user}' AND auth.role() = 'authenticated'"
        )));
        assert!(is(
            "auth.session_is_live() AND auth.tenant() = 'public' AND NOT auth.has_role('admin')"
        ));
        Spi::run(&format!(
            "INSERT INTO auth.roles VALUES ('public', 'admin');
             INSERT INTO auth.user_roles VALUES ('public', 'public', '{user}', 'admin')"
        ))
        .unwrap();
        assert!(is("auth.has_role('admin')"));
        document(&format!("auth.revoke_session({})", quoted(&handle)));
        assert!(is("NOT auth.session_is_live()"));
        Spi::run("SET LOCAL request.jwt.claims = ''").unwrap();
        assert!(is(
            "auth.uid() IS NULL AND NOT auth.session_is_live() AND auth.jwt() IS NULL"
        ));
    }
}
