-- A database with :users users, half of them in the tenant "public", the others in 200 tenants; one in ten belongs to
-- another app. Every table that grows gets many rows.
SELECT set_config('plans.users', :'users', false);
SELECT auth.create_or_update_app('other');
SELECT auth.create_or_update_tenant('t' || n, app_id => app) FROM generate_series(1, 200) n, unnest(ARRAY['public', 'other']) app;
SELECT auth.create_role_or_add_permissions('role' || n, ARRAY['read', 'write' || n], app)
FROM generate_series(0, 19) n, unnest(ARRAY['public', 'other']) app;

-- The n-th user, as import_users takes it: of each recipe some, groups of two, and some with all that a user can have.
CREATE FUNCTION pg_temp.tenant(n integer) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN n / 10 % 2 = 0 THEN 'public' ELSE 't' || n / 20 % 200 + 1 END $$;
CREATE FUNCTION pg_temp.method(n integer, recipe text, more jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'recipeId', recipe, 'tenantIds', jsonb_build_array(pg_temp.tenant(n)), 'isVerified', n % 3 = 0,
        'timeJoinedInMSSinceEpoch', 1600000000000 + n * 1000::bigint) || more $$;
CREATE FUNCTION pg_temp.email(n integer) RETURNS text LANGUAGE sql AS $$
    SELECT format('user%s@d%s.example.org', n, n % 500) $$;
CREATE FUNCTION pg_temp.password(n integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.method(n, 'emailpassword', jsonb_build_object(
        'email', pg_temp.email(n), 'hashingAlgorithm', 'bcrypt',
        'passwordHash', '$2a$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.')) $$;
CREATE FUNCTION pg_temp.provider(n integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.method(n, 'thirdparty', jsonb_build_object(
        'email', pg_temp.email(n), 'thirdPartyId', 'provider' || n % 4, 'thirdPartyUserId', 'id' || n)) $$;
CREATE FUNCTION pg_temp.imported(n integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE n % 10
        WHEN 4 THEN jsonb_build_object('loginMethods', jsonb_build_array(pg_temp.provider(n)))
        WHEN 5 THEN jsonb_build_object('loginMethods', jsonb_build_array(pg_temp.provider(n)))
        WHEN 6 THEN jsonb_build_object('loginMethods', jsonb_build_array(
            pg_temp.method(n, 'passwordless', jsonb_build_object('email', pg_temp.email(n)))))
        WHEN 7 THEN jsonb_build_object('loginMethods', jsonb_build_array(
            pg_temp.method(n, 'passwordless', jsonb_build_object('phoneNumber', '+49151' || lpad(n::text, 8, '0')))))
        WHEN 8 THEN jsonb_build_object('loginMethods', jsonb_build_array(
            pg_temp.password(n) || '{"isPrimary": true}', pg_temp.provider(n)))
        WHEN 9 THEN jsonb_build_object(
            'loginMethods', jsonb_build_array(pg_temp.password(n)), 'externalUserId', 'external' || n,
            'userMetadata', jsonb_build_object('name', 'User ' || n),
            'userRoles', jsonb_build_array(jsonb_build_object(
                'role', 'role' || n / 10 % 20, 'tenantIds', jsonb_build_array(pg_temp.tenant(n)))),
            'totpDevices', jsonb_build_array(jsonb_build_object('secretKey', 'JBSWY3DPEHPK3PXP', 'deviceName', 'phone')))
        ELSE jsonb_build_object('loginMethods', jsonb_build_array(pg_temp.password(n)))
    END $$;
DO $$
DECLARE
    users constant integer := current_setting('plans.users');
    done jsonb;
BEGIN
    FOR batch IN 0 .. (users - 1) / 2000 LOOP
        SELECT auth.import_users(jsonb_agg(pg_temp.imported(n)), CASE batch % 10 WHEN 9 THEN 'other' ELSE 'public' END)
        INTO done FROM generate_series(batch * 2000, least(batch * 2000 + 2000, users) - 1) n;
        IF done -> 'failed' <> '[]' THEN
            RAISE 'not imported: %', done #> '{failed,0}';
        END IF;
        COMMIT;
    END LOOP;
END $$;

-- What users leave behind, for one in four of them, and for many who are no users of ours.
CREATE TEMP TABLE known AS
    SELECT m.id, m.app_id, t.tenant_id, row_number() OVER () AS n
    FROM auth.login_methods m JOIN auth.login_method_tenants t ON t.login_method_id = m.id;
CREATE TEMP TABLE few AS SELECT * FROM known WHERE n % 4 = 0;
INSERT INTO auth.sessions (id, app_id, tenant_id, subject, user_id, refresh_hash, created_at, expires_at, expiry_day)
    SELECT gen_random_uuid(), k.app_id, tenant_id, k.id, m.user_id, '\x00', now(), now() + (2 + n % 100) * interval '1 day',
        current_date + (2 + n % 100)::integer
    FROM known k JOIN auth.login_methods m ON m.id = k.id;
INSERT INTO auth.sessions (id, app_id, tenant_id, subject, refresh_hash, created_at, expires_at, expiry_day)
    SELECT gen_random_uuid(), app_id, tenant_id, 'stranger' || n, '\x00', now(), now() + interval '2 days', current_date + 2
    FROM few;
INSERT INTO auth.one_time_tokens (id, app_id, tenant_id, kind, subject, email, token_hash, expires_at)
    SELECT gen_random_uuid(), app_id, tenant_id, kind, id, format('user%s@example.org', n), '\x00', now() + (2 + n % 100) * interval '1 hour'
    FROM few, unnest(ARRAY['password_reset', 'email_verification', 'account_recovery']) kind;
INSERT INTO auth.active_users (app_id, user_id, last_active_at, active_day)
    SELECT app_id, id, now() - n % 300 * interval '1 day', current_date - (n % 300)::integer FROM few
    ON CONFLICT DO NOTHING;
-- Codes of tomorrow, so that none expires meanwhile.
INSERT INTO auth.passwordless_devices (app_id, tenant_id, id, email, link_code_salt, created_at)
    SELECT app_id, tenant_id, 'device' || n, format('user%s@example.org', n), '\x00', now() + interval '1 day' FROM few WHERE n % 8 = 0;
INSERT INTO auth.passwordless_devices (app_id, tenant_id, id, phone, link_code_salt, created_at)
    SELECT app_id, tenant_id, 'device' || n, '+49151' || n, '\x00', now() + interval '1 day' FROM few WHERE n % 8 = 4;
INSERT INTO auth.passwordless_codes (id, app_id, tenant_id, device_id, link_code_hash, created_at)
    SELECT gen_random_uuid(), app_id, tenant_id, 'device' || n, sha256(concat(n, '/', again)::bytea), now() + interval '1 day'
    FROM few, generate_series(1, 2) again;
INSERT INTO auth.totp_attempts (app_id, tenant_id, user_id, created_at, used_code, expires_at, forget_at)
    SELECT app_id, tenant_id, id, now() - again * interval '1 s', '\x00', now(), now() + (2 + n % 100) * interval '1 hour'
    FROM few, generate_series(1, 2) again;
INSERT INTO auth.dashboard_users (id, app_id, email, password_hash, created_at)
    SELECT gen_random_uuid(), 'other', format('user%s@example.org', n), 'x', now() FROM generate_series(1, 10000) n;
INSERT INTO auth.dashboard_sessions (id_hash, user_id, app_id, sealed_id, created_at, expires_at)
    SELECT sha256(concat(u.id, again)::bytea), u.id, app_id, '\x00', now(), now() + interval '1 day'
    FROM auth.dashboard_users u, generate_series(1, 2) again;
INSERT INTO auth.request_counts (app_id, first_second, backend, counts)
    SELECT app, date_trunc('minute', now()) - n * interval '1 minute', backend, array_fill(1, ARRAY[60])
    FROM unnest(ARRAY['public', 'other']) app, generate_series(1, 1440) n, generate_series(1, 4) backend;

-- What the GoTrue door leaves behind.
INSERT INTO auth.one_time_codes (user_id, kind, app_id, address, code_hash, link_hash, sent_at)
    SELECT m.user_id, kind, k.app_id, format('user%s@example.org', n), '\x00', sha256(concat(m.user_id, kind)::bytea),
        now() - n % 100 * interval '1 min'
    FROM few k JOIN auth.login_methods m USING (id), unnest(ARRAY['confirmation', 'recovery', 'reauthentication']) kind
    ON CONFLICT DO NOTHING;
INSERT INTO auth.flow_states
    SELECT gen_random_uuid(), k.app_id, m.user_id, 'magiclink', 'email', 'x', 's256', sha256(k.id::text::bytea), now(),
        now() + n % 100 * interval '1 min'
    FROM few k JOIN auth.login_methods m USING (id);
INSERT INTO auth.phone_factors
    SELECT gen_random_uuid(), k.app_id, m.user_id, 'phone', '+49152' || n, n % 8 = 0, now(), now(), NULL
    FROM few k JOIN auth.login_methods m USING (id);
INSERT INTO auth.mfa_challenges
    SELECT gen_random_uuid(), app_id, user_id, id, '192.0.2.1', '\x00', 0, now() + random() * interval '1 hour', NULL
    FROM auth.phone_factors;
INSERT INTO auth.outbox (id, app_id, tenant_id, channel, kind, message, created_at, due_at, dead_at)
    SELECT gen_random_uuid(), app_id, tenant_id, 'email', 'recovery', '\x00', now(),
        CASE WHEN n % 8 = 0 THEN now() + interval '1 day' + n * interval '1 s' END, CASE WHEN n % 8 = 4 THEN now() - n % 100 * interval '1 min' END
    FROM few;
INSERT INTO auth.audit_log_entries (id, app_id, payload, created_at)
    SELECT gen_random_uuid(), app_id, jsonb_build_object('action', 'login', 'actor_id', id, 'log_type', 'account'),
        now() - n * interval '1 min'
    FROM known;
INSERT INTO auth.provider_documents
    SELECT format('https://issuer%s.example.org/keys', n), '{}', now() + n % 100 * interval '1 min' FROM few;
INSERT INTO auth.rate_limits
    SELECT app_id, 'token', sha256(id::text::bytea), 1, now() + n % 100 * interval '1 min' FROM few;

-- Users with passkeys.
CREATE TEMP TABLE passkeys AS
    SELECT gen_random_uuid() AS id, app_id, tenant_id, n, now() - n * interval '1 s' AS joined, format('passkey%s@example.org', n) AS email
    FROM few;
INSERT INTO auth.users (id, app_id, time_joined) SELECT id, app_id, joined FROM passkeys;
INSERT INTO auth.login_methods (id, user_id, app_id, recipe, email, time_joined)
    SELECT id, id, app_id, 'webauthn', email, joined FROM passkeys;
INSERT INTO auth.login_method_tenants (app_id, tenant_id, login_method_id, user_id, user_time_joined, recipe, email)
    SELECT app_id, tenant_id, id, id, joined, 'webauthn', email FROM passkeys;
INSERT INTO auth.webauthn_credentials
    SELECT app_id, 'example.org', 'credential' || n, id, '\x00', 0, gen_random_uuid(), '{}', true, true, joined, joined FROM passkeys;
INSERT INTO auth.webauthn_options
    SELECT gen_random_uuid(), app_id, tenant_id, 'example.org', 'Example', 'https://example.org', email, 'x', 6000, 'preferred',
        false, NULL, now(), now() + (2 + n % 100) * interval '1 hour' FROM passkeys;

-- A queue of users who could not be imported. They are sealed, so that the server has to write them.
SELECT auth.http('POST', app || '/bulk-import/users', NULL, '[["cdi-version", "5.4"]]', convert_to(jsonb_build_object('users', (
    SELECT jsonb_agg(jsonb_build_object('loginMethods', jsonb_build_array(jsonb_build_object(
        'recipeId', 'passwordless', 'email', format('queued%s@example.org', n))))) FROM generate_series(1, 2500) n))::text, 'UTF8'))
FROM unnest(ARRAY['', '/appid-other']) app;
UPDATE auth.bulk_import_queue SET status = 'FAILED', error_message = 'x';

VACUUM (ANALYZE);
