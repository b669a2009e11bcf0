-- Settings: what there is, what is accepted where, and which value is in force.

-- The registry describes every setting, and the defaults are among what is accepted.
SELECT count(*) > 30 AS many, bool_and(description <> '' AND scope IN ('base', 'app', 'tenant')) AS described,
       count(DISTINCT key) = count(*) AS named_once FROM auth.known_settings();
SELECT DISTINCT value_type FROM auth.known_settings() ORDER BY 1;
SELECT DISTINCT unit FROM auth.known_settings() WHERE value_type IN ('int', 'long', 'double') ORDER BY 1;
SELECT key, default_value, unit, scope FROM auth.known_settings()
WHERE key IN ('access_token_validity', 'refresh_token_validity', 'refresh_token_rotation_grace_period', 'password_hashing_alg',
              'password_reset_token_lifetime', 'argon2_memory_kb', 'disable_telemetry', 'api_keys') ORDER BY key;
SELECT key FROM auth.known_settings() WHERE is_secret ORDER BY key;
SELECT key AS refuses_its_default
FROM auth.known_settings(), LATERAL (SELECT auth.set_setting(key, default_value)) attempt WHERE attempt IS NULL;
SELECT key, auth.get_setting(key) AS value, default_value FROM auth.known_settings()
WHERE auth.get_setting(key) IS DISTINCT FROM default_value;
SELECT count(auth.set_setting(key, NULL)) > 30 AS all_reset FROM auth.known_settings();
SELECT key FROM auth.settings WHERE is_set;

-- The nearest value counts: tenant, app, base, default.
SELECT auth.create_or_update_app('shop') ->> 'status' AS app, auth.create_or_update_tenant('berlin', app_id => 'shop') ->> 'status' AS tenant;
CREATE FUNCTION in_force() RETURNS TABLE (base jsonb, app jsonb, tenant jsonb) LANGUAGE sql AS $$
    SELECT auth.get_setting(key), auth.get_setting(key, app_id => 'shop'), auth.get_setting(key, 'berlin', 'shop')
    FROM (VALUES ('password_reset_token_lifetime')) AS setting (key) $$;
SELECT * FROM in_force();
SELECT auth.set_setting('password_reset_token_lifetime', '1000');
SELECT * FROM in_force();
SELECT auth.set_setting('password_reset_token_lifetime', '2000', app_id => 'shop');
SELECT * FROM in_force();
SELECT auth.set_setting('password_reset_token_lifetime', '3000', 'Berlin', 'SHOP');
SELECT * FROM in_force();
SELECT value, is_set FROM auth.settings WHERE key = 'password_reset_token_lifetime';
SELECT auth.get_tenant('berlin', 'shop') -> 'coreConfig' AS of_the_tenant, auth.get_tenant('public', 'shop') -> 'coreConfig' AS of_the_app;
-- Null removes a value, SQL's as well as JSON's.
SELECT auth.set_setting('password_reset_token_lifetime', NULL, app_id => 'shop');
SELECT auth.set_setting('password_reset_token_lifetime', 'null', 'berlin', 'shop');
SELECT * FROM in_force();
SELECT auth.set_setting('password_reset_token_lifetime', NULL);
SELECT * FROM in_force();
-- A change that is rolled back is none, also for those who looked at it.
BEGIN;
SELECT auth.set_setting('password_reset_token_lifetime', '5');
SELECT * FROM in_force();
ROLLBACK;
SELECT * FROM in_force();

-- What is set takes effect.
SELECT auth.set_setting('sql_access_token_algorithm', '"rs256"', app_id => 'shop');
SELECT auth.get_setting('sql_access_token_algorithm', app_id => 'shop') AS as_the_registry_writes_it;
SELECT split_part(auth.create_session('x', app_id => 'shop') #>> '{accessToken,token}', '.', 1) AS header \gset
SELECT convert_from(decode(rpad(translate(:'header', '-_', '+/'), (length(:'header') + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb ->> 'alg' AS alg;
-- Secrets are not shown.
SELECT auth.set_setting('api_keys', '"an-api-key-of-twenty-characters"');
SELECT auth.get_setting('api_keys') AS shown, value AS in_the_view FROM auth.settings WHERE key = 'api_keys';
SELECT auth.set_setting('api_keys', NULL);
SELECT auth.create_or_update_app('shop', '{"coreConfig": {"api_keys": "an-api-key-of-twenty-characters"}}') ->> 'status' AS status;
SELECT auth.get_tenant('public', 'shop') #> '{coreConfig,api_keys}' AS in_the_tenant,
       auth.list_apps()::text LIKE '%an-api-key%' OR auth.list_tenants('shop')::text LIKE '%an-api-key%' AS in_lists;
SELECT auth.set_setting('api_keys', NULL, app_id => 'shop');

-- What is refused names the setting, and nothing is changed.
CREATE FUNCTION refusal(key text, value jsonb, tenant_id text DEFAULT 'public', app_id text DEFAULT 'public')
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM auth.set_setting(key, value, tenant_id, app_id);
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT refusal('no_such_setting', '1');
SELECT refusal('', '1');
SELECT refusal(NULL, '1');
SELECT refusal('ACCESS_TOKEN_VALIDITY', '1');
SELECT refusal('port', '1');
SELECT key, value, refusal(key, value) FROM (VALUES
    ('access_token_validity', '0'::jsonb), ('access_token_validity', '-1'), ('access_token_validity', '86400001'),
    ('access_token_validity', '1.5'), ('access_token_validity', '1e30'), ('access_token_validity', '"soon"'),
    ('access_token_validity', 'true'), ('access_token_validity', '[900]'), ('access_token_validity', '{}'),
    ('refresh_token_validity', '60'), ('refresh_token_validity', '-1'), ('refresh_token_validity', '1e12'),
    ('refresh_token_rotation_grace_period', '301'), ('access_token_validity_jitter', '0.26'),
    ('recent_token_reuse_behaviour', '"SHRUG"'), ('password_hashing_alg', '"MD5"'), ('sql_access_token_algorithm', '"none"'),
    ('access_token_dynamic_signing_key_update_interval', '0.5'), ('password_reset_token_lifetime', '0'),
    ('bcrypt_log_rounds', '31'), ('argon2_memory_kb', '7'), ('argon2_memory_kb', '1048577'), ('argon2_parallelism', '65'),
    ('disable_telemetry', '1'), ('disable_telemetry', '"yes"'), ('api_keys', '"short"'), ('ip_allow_regex', '"("'),
    ('base_path', '"a b"'), ('supertokens_max_cdi_version', '"9.9"')) AS attempt (key, value);
SELECT key, value AS unchanged FROM auth.settings WHERE is_set ORDER BY key;
-- A value may be written as a text.
SELECT refusal('access_token_validity', '"900"'), auth.get_setting('access_token_validity') AS value;
SELECT auth.set_setting('access_token_validity', NULL);

-- Scopes: what belongs to the base or to the app is not set below it.
SELECT refusal('argon2_iterations', '3', app_id => 'shop');
SELECT refusal('access_token_validity', '60', 'berlin', 'shop');
SELECT refusal('access_token_validity', '3600', 'berlin', 'shop') AS the_value_in_force;
SELECT refusal('password_reset_token_lifetime', '1', 'nowhere', 'shop');
SELECT refusal('password_reset_token_lifetime', '1', app_id => 'nowhere');
SELECT auth.get_tenant('berlin', 'shop') -> 'coreConfig' AS unchanged, auth.get_tenant('public', 'shop') -> 'coreConfig' AS unchanged;
SELECT auth.get_setting('no_such_setting');
SELECT auth.get_setting(NULL);
-- By the way of an app's or a tenant's configuration the same holds, all or nothing.
SELECT auth.create_or_update_tenant('berlin', '{"coreConfig": {"password_reset_token_lifetime": 7, "totp_max_attempts": 0}}', 'shop');
SELECT auth.create_or_update_tenant('berlin', '{"coreConfig": {"password_reset_token_lifetime": 7, "nonsense": 0}}', 'shop');
SELECT auth.create_or_update_app('public', '{"coreConfig": {"password_reset_token_lifetime": 7}}');
SELECT auth.get_tenant('berlin', 'shop') -> 'coreConfig' AS unchanged;
SELECT auth.create_or_update_tenant('berlin', '{"coreConfig": {"password_reset_token_lifetime": 7, "totp_max_attempts": 9}}', 'shop') AS changed;
SELECT auth.create_or_update_tenant('berlin', '{"coreConfig": {"password_reset_token_lifetime": null}}', 'shop') AS changed;
SELECT auth.get_tenant('berlin', 'shop') -> 'coreConfig' AS merged;
