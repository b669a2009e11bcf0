//! The e-mail-and-password recipe.

#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::tests::{document, quoted, status, text};

    #[pg_test]
    fn sign_up_then_in() {
        let made = document("auth.sign_up(' Ada@Example.ORG ', 'pässwörd🙂')");
        assert_eq!(status(&made), "OK");
        assert_eq!(made["user"]["emails"][0], "ada@example.org");
        assert_eq!(made["user"]["id"], made["recipeUserId"]);
        assert_eq!(made["user"]["loginMethods"][0]["verified"], false);
        let found = document("auth.sign_in('ADA@example.org', 'pässwörd🙂')");
        assert_eq!(found["user"], made["user"]);
        for wrong in [
            "'ada@example.org', 'other'",
            "'eve@example.org', 'x'",
            "'ada@example.org', ''",
        ] {
            let refused = document(&format!("auth.sign_in({wrong})"));
            assert_eq!(
                refused,
                serde_json::json!({"status": "WRONG_CREDENTIALS_ERROR"})
            );
        }
        let again = document("auth.sign_up('ada@example.org', 'x')");
        assert_eq!(status(&again), "EMAIL_ALREADY_EXISTS_ERROR");
    }

    #[pg_test]
    #[should_panic(expected = "Password cannot be an empty string")]
    fn an_empty_password_is_an_error() {
        document("auth.sign_up('ada@example.org', '')");
    }

    #[pg_test]
    #[should_panic(expected = "argument \"email\" must not be null")]
    fn a_null_argument_is_named() {
        document("auth.sign_up(NULL, 'x')");
    }

    #[pg_test]
    fn a_reset_token_works_once_and_takes_its_siblings_along() {
        let user = document("auth.sign_up('ada@example.org', 'old')");
        let id = quoted(&text(&user, "/user/id"));
        let make = || {
            let made = document(&format!(
                "auth.create_reset_password_token({id}, 'Ada@Example.org')"
            ));
            quoted(&text(&made, "/token"))
        };
        let (first, second, third) = (make(), make(), make());
        let consumed = document(&format!("auth.consume_reset_password_token({first})"));
        assert_eq!(consumed["email"], "Ada@Example.org");
        for token in [&first, &second] {
            let refused = document(&format!("auth.consume_reset_password_token({token})"));
            assert_eq!(status(&refused), "RESET_PASSWORD_INVALID_TOKEN_ERROR");
        }
        let refused = document(&format!("auth.reset_password({third}, 'new')"));
        assert_eq!(status(&refused), "RESET_PASSWORD_INVALID_TOKEN_ERROR");
        let reset = document(&format!("auth.reset_password({}, 'new')", make()));
        assert_eq!(reset["userId"], user["user"]["id"]);
        assert_eq!(
            status(&document("auth.sign_in('ada@example.org', 'new')")),
            "OK"
        );
        let old = document("auth.sign_in('ada@example.org', 'old')");
        assert_eq!(status(&old), "WRONG_CREDENTIALS_ERROR");
    }

    #[pg_test]
    fn an_expired_token_takes_its_siblings_along() {
        let user = document("auth.sign_up('ada@example.org', 'old')");
        let id = quoted(&text(&user, "/user/id"));
        let make = || {
            let made = document(&format!("auth.create_reset_password_token({id}, 'x')"));
            quoted(&text(&made, "/token"))
        };
        let expired = make();
        Spi::run("UPDATE auth.one_time_tokens SET expires_at = now() - interval '1 hour'").unwrap();
        let live = make();
        for token in [expired, live] {
            let refused = document(&format!("auth.consume_reset_password_token({token})"));
            assert_eq!(status(&refused), "RESET_PASSWORD_INVALID_TOKEN_ERROR");
        }
    }

    #[pg_test]
    fn changing_the_address_is_all_or_nothing() {
        let ada = document("auth.sign_up('ada@example.org', 'old')");
        document("auth.sign_up('eve@example.org', 'x')");
        let id = quoted(&text(&ada, "/user/id"));
        document("auth.create_or_update_tenant('t1')");
        let update = |arguments: &str| {
            document(&format!("auth.update_email_or_password({id}, {arguments})"))
        };
        assert_eq!(
            status(&update("'Eve@example.org', 'new'")),
            "EMAIL_ALREADY_EXISTS_ERROR"
        );
        assert_eq!(
            status(&document("auth.sign_in('ada@example.org', 'old')")),
            "OK"
        );
        assert_eq!(status(&update("'ada2@example.org', 'new'")), "OK");
        assert_eq!(
            status(&document("auth.sign_in('ada2@example.org', 'new')")),
            "OK"
        );
        // The old address is free again, the new one is not.
        assert_eq!(
            status(&document("auth.sign_up('ada@example.org', 'x')")),
            "OK"
        );
        let taken = document("auth.sign_up('ada2@example.org', 'x')");
        assert_eq!(status(&taken), "EMAIL_ALREADY_EXISTS_ERROR");
        let unknown = document("auth.update_email_or_password('nobody', 'x@example.org')");
        assert_eq!(status(&unknown), "UNKNOWN_USER_ID_ERROR");
    }

    #[pg_test]
    fn stronger_parameters_rehash_at_the_next_sign_in() {
        Spi::run("SELECT auth.set_setting('argon2_memory_kb', '8192')").unwrap();
        document("auth.sign_up('ada@example.org', 'pw')");
        let hash = || {
            let sql =
                "SELECT password_hash FROM auth.login_methods WHERE email = 'ada@example.org'";
            Spi::get_one::<String>(sql).unwrap().unwrap()
        };
        let weak = hash();
        assert!(weak.starts_with("$argon2id$v=19$m=8192,"), "{weak}");
        document("auth.sign_in('ada@example.org', 'pw')");
        assert_eq!(hash(), weak);
        Spi::run("SELECT auth.set_setting('argon2_memory_kb', NULL)").unwrap();
        document("auth.sign_in('ada@example.org', 'wrong')");
        assert_eq!(hash(), weak);
        document("auth.sign_in('ada@example.org', 'pw')");
        assert!(hash().starts_with("$argon2id$v=19$m=19456,"));
        assert_eq!(
            status(&document("auth.sign_in('ada@example.org', 'pw')")),
            "OK"
        );
        // Never downwards.
        Spi::run("SELECT auth.set_setting('argon2_memory_kb', '8192')").unwrap();
        let strong = hash();
        document("auth.sign_in('ada@example.org', 'pw')");
        assert_eq!(hash(), strong);
    }

    #[pg_test]
    fn hashes_from_elsewhere_sign_in() {
        Spi::run(
            "SELECT auth.set_setting('firebase_password_hashing_signer_key', to_jsonb(
                'gRhC3eDeQOdyEn4bMd9c6kxguWVmcIVq/SKa0JDPFeM6TcEevkaW56sIWfx88OHbJKnCXdWscZx0l2WbCJ1wbg=='::text))",
        )
        .unwrap();
        let firebase = "$f_scrypt$qZM035es5AXYqavsKD6/rhtxg7t5PhcyRgv5blc3doYbChX8keMfQLq1ra96O2Pf2TP/eZrR5xtPCYN6mX3ESA==$/cj0jC1br5o4+w==$m=14$r=8$s=Bw==";
        let import = |hash: &str| {
            document(&format!(
                "auth.import_user_with_password_hash('f@example.org', {})",
                quoted(hash)
            ))
        };
        let imported = import(firebase);
        assert_eq!(imported["didUserAlreadyExist"], false);
        let right = "auth.sign_in('f@example.org', 'testPass123')";
        assert_eq!(status(&document(right)), "OK");
        let wrong = document("auth.sign_in('f@example.org', 'incorrectpassword')");
        assert_eq!(status(&wrong), "WRONG_CREDENTIALS_ERROR");
        // Rehashed by the sign-in: the signer key is no longer needed.
        Spi::run("SELECT auth.set_setting('firebase_password_hashing_signer_key', NULL)").unwrap();
        assert_eq!(status(&document(right)), "OK");
        assert_eq!(
            import("$2a$04$xxxxxxxxxxxxxxxxxxxxxx")["didUserAlreadyExist"],
            true
        );
        assert_eq!(status(&document(right)), "WRONG_CREDENTIALS_ERROR");
    }

    #[pg_test]
    fn ids_carry_the_slot_of_the_address() {
        let slot = |email: &str, tenant: &str| {
            let made = document(&format!("auth.sign_up('{email}', 'x', '{tenant}')"));
            text(&made, "/user/id")[32..].to_owned()
        };
        document("auth.create_or_update_tenant('t1')");
        let first = slot("ada@example.org", "public");
        document(&format!(
            "auth.delete_user({})",
            quoted(&text(
                &document("auth.sign_in('ada@example.org', 'x')"),
                "/user/id"
            ))
        ));
        assert_eq!(slot("ADA@example.org", "public"), first);
        let elsewhere = slot("ada@example.org", "t1");
        let user = text(
            &document("auth.sign_in('ada@example.org', 'x')"),
            "/user/id",
        );
        let session = document(&format!("auth.create_session({})", quoted(&user)));
        assert_eq!(text(&session, "/session/handle")[32..], first);
        // Two slots in 65,536 may be equal, but not these.
        assert_ne!(elsewhere.len(), 0);
    }
}
