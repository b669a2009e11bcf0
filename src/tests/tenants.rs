//! Apps, tenants, settings, and users across them.

#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;
    use serde_json::json;

    use crate::tests::{document, quoted, status, text};

    #[pg_test]
    fn tenants_and_apps_keep_their_users_apart() {
        document("auth.create_or_update_tenant('T1')");
        document("auth.create_or_update_app('a1')");
        let here = document("auth.sign_up('ada@example.org', 'x')");
        let in_tenant = document("auth.sign_up('ada@example.org', 'x', 't1')");
        let in_app = document("auth.sign_up('ada@example.org', 'x', app_id => 'a1')");
        let ids: Vec<_> = [&here, &in_tenant, &in_app]
            .map(|made| text(made, "/user/id"))
            .into();
        assert!(ids[0] != ids[1] && ids[1] != ids[2]);
        assert_eq!(
            document("auth.list_users()")["users"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        assert_eq!(
            document("auth.count_users(all_tenants => true)")["count"],
            2
        );
        let unseen = document(&format!("auth.get_user({}, 'a1')", quoted(&ids[0])));
        assert_eq!(status(&unseen), "UNKNOWN_USER_ID_ERROR");
        let apps = document("auth.remove_app('a1')");
        assert_eq!(apps["didExist"], true);
        assert_eq!(document("auth.remove_tenant('t1')")["didExist"], true);
        // A user without a tenant is still found by id.
        let found = document(&format!("auth.get_user({})", quoted(&ids[1])));
        assert_eq!(found["user"]["tenantIds"], json!([]));
    }

    #[pg_test]
    #[should_panic(expected = "combination not found: (, public, nowhere)")]
    fn an_unknown_tenant_is_an_error() {
        document("auth.sign_up('ada@example.org', 'x', 'nowhere')");
    }

    #[pg_test]
    #[should_panic(expected = "Invalid config key: nonsense")]
    fn an_unknown_setting_is_an_error() {
        Spi::run("SELECT auth.set_setting('nonsense', '1')").unwrap();
    }

    #[pg_test]
    #[should_panic(expected = "must be strictly greater")]
    fn settings_must_fit_together() {
        Spi::run("SELECT auth.set_setting('refresh_token_validity', '3')").unwrap();
    }

    #[pg_test]
    fn settings_are_inherited_and_secrets_hidden() {
        document(
            "auth.create_or_update_app('a1', '{\"coreConfig\": {\"access_token_validity\": 7200}}')",
        );
        document("auth.create_or_update_tenant('t1', app_id => 'a1')");
        let value =
            |place: &str| document(&format!("auth.get_setting('access_token_validity'{place})"));
        assert_eq!(value(""), json!(3600));
        assert_eq!(value(", app_id => 'a1'"), json!(7200));
        assert_eq!(value(", 't1', 'a1'"), json!(7200));
        Spi::run("SELECT auth.set_setting('api_keys', to_jsonb('abcdefghij0123456789'::text))")
            .unwrap();
        assert_eq!(document("auth.get_setting('api_keys')"), json!("***"));
        let shown = document("(SELECT value FROM auth.settings WHERE key = 'api_keys')");
        assert_eq!(shown, json!("***"));
    }

    #[pg_test]
    fn pages_neither_loop_nor_lose_anybody() {
        for n in 0..5 {
            document(&format!("auth.sign_up('u{n}@example.org', 'x')"));
        }
        // All at the same millisecond: the order is then by id.
        Spi::run("UPDATE auth.users SET time_joined = date_trunc('ms', now())").unwrap();
        Spi::run("UPDATE auth.login_method_tenants SET user_time_joined = date_trunc('ms', now())")
            .unwrap();
        for order in ["ASC", "DESC"] {
            let (mut seen, mut token) = (Vec::new(), "NULL".to_owned());
            loop {
                let page = document(&format!("auth.list_users(2, {token}, '{order}')"));
                seen.extend(
                    page["users"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|user| text(user, "/id")),
                );
                match page["nextPaginationToken"].as_str() {
                    Some(next) => token = quoted(next),
                    None => break,
                }
            }
            let mut sorted = seen.clone();
            sorted.sort_by(|a, b| b.cmp(a));
            sorted.dedup();
            assert_eq!(seen, sorted);
            assert_eq!(seen.len(), 5);
        }
    }

    #[pg_test]
    fn deleting_a_user_leaves_nothing_behind() {
        let user = text(
            &document("auth.sign_up('x@stfakeemail.supertokens.com', 'x')"),
            "/user/id",
        );
        let id = quoted(&user);
        document(&format!("auth.create_session({id})"));
        document(&format!("auth.create_reset_password_token({id}, 'x')"));
        assert_eq!(status(&document(&format!("auth.delete_user({id})"))), "OK");
        for table in [
            "users",
            "login_methods",
            "login_method_tenants",
            "sessions",
            "one_time_tokens",
            "verified_emails",
            "active_users",
        ] {
            let left = Spi::get_one::<i64>(&format!("SELECT count(*) FROM auth.{table}")).unwrap();
            assert_eq!(left, Some(0), "{table}");
        }
        assert_eq!(status(&document(&format!("auth.delete_user({id})"))), "OK");
    }
}
