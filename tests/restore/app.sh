# shellcheck shell=bash
# An application before its database is moved, and after: users, sessions and tokens at SuperTokens' notions, and a table of
# its own. `value` asks the old database, `restored` the new one.

prepare_app() {
    local session
    value "SELECT auth.sign_up('ada@example.org', 'correct horse')" >/dev/null
    value "SELECT auth.create_or_update_tenant('t1', '{\"firstFactors\": [\"emailpassword\"]}')" >/dev/null
    value "SELECT auth.create_or_update_app('a1', '{\"coreConfig\": {\"access_token_validity\": 7200}}')" >/dev/null
    value "SELECT auth.set_setting('password_reset_token_lifetime', '7200000')" >/dev/null
    APP_ID=$(value "SELECT auth.sign_in('ada@example.org', 'correct horse') #>> '{user,id}'")
    session=$(value "SELECT auth.create_session('$APP_ID', '{\"a\": 1}')")
    APP_ACCESS=$(json accessToken.token <<<"$session") APP_REFRESH=$(json refreshToken.token <<<"$session")
    APP_RESET=$(value "SELECT auth.create_reset_password_token('$APP_ID', 'ada@example.org') ->> 'token'")
    value "CREATE TABLE profile (id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE);
           INSERT INTO profile VALUES ('$APP_ID')" >/dev/null
}

check_app() {
    is 'the password still works' "$(restored "SELECT auth.sign_in('ada@example.org', 'correct horse') ->> 'status'")" OK
    is 'the id is the same' "$(restored "SELECT auth.sign_in('ada@example.org', 'correct horse') #>> '{user,id}'")" "$APP_ID"
    is 'a wrong password still does not' \
        "$(restored "SELECT auth.sign_in('ada@example.org', 'other') ->> 'status'")" WRONG_CREDENTIALS_ERROR
    is 'the access token still verifies' \
        "$(restored "SELECT auth.verify_session('$APP_ACCESS', check_database => true) ->> 'status'")" OK
    is 'the refresh token still works' "$(restored "SELECT auth.refresh('$APP_REFRESH') ->> 'status'")" OK
    is 'the reset token still works' "$(restored "SELECT auth.consume_reset_password_token('$APP_RESET') ->> 'status'")" OK
    is 'the tenant is there' "$(restored "SELECT auth.get_tenant('t1') ->> 'firstFactors'")" '["emailpassword"]'
    is 'the settings are there' "$(restored "SELECT auth.get_setting('access_token_validity', app_id => 'a1')")" 7200
    is 'so are those of the base' "$(restored "SELECT auth.get_setting('password_reset_token_lifetime')")" 7200000
    is 'everything belongs to auth_admin' "$(restored "SELECT count(*) FROM pg_class c WHERE relnamespace = 'auth'::regnamespace AND relowner <> 'auth_admin'::regrole")" 0
    is 'the owner of the database has its rights' \
        "$(restored "SET ROLE app; SELECT auth.sign_in('ada@example.org', 'other') ->> 'status'")" WRONG_CREDENTIALS_ERROR
    is 'a cached table still tells the backends of a change' \
        "$(restored "SELECT auth.set_setting('access_token_validity', '900'); SELECT auth.get_setting('access_token_validity')" | tail -n 1)" 900
    restored "SELECT auth.delete_user('$APP_ID')" >/dev/null
    is 'the foreign key of the application still cascades' "$(restored 'SELECT count(*) FROM profile')" 0
}
