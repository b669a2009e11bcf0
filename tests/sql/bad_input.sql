-- What is malformed is refused with the SQLSTATE of an invalid argument and a message that names it; what is merely
-- unknown is a status. Neither changes anything.

\pset format unaligned
CREATE FUNCTION answer(call text) RETURNS TABLE (sqlstate text, says text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT (' || call || ')::text' INTO says;
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    answer.sqlstate := SQLSTATE;
    says := SQLERRM;
    RETURN NEXT;
END $$;
SELECT auth.sign_up('ada@example.org', 'x') #>> '{user,id}' AS ada \gset
SELECT a #>> '{session,handle}' AS handle, a #>> '{accessToken,token}' AS access, a #>> '{refreshToken,token}' AS refresh
FROM auth.create_session(:'ada') a \gset
SELECT auth.create_reset_password_token(:'ada', 'x') ->> 'token' AS token \gset
SELECT auth.create_or_update_tenant('t1') ->> 'status' AS tenant;
-- Keys are made when they are first asked for.
SELECT auth.create_jwt('{}', 1) ->> 'status' AS "static";
\c - postgres
CREATE FUNCTION fingerprint() RETURNS TABLE (relation text, rows text) LANGUAGE sql AS $$
    SELECT c.relname::text, md5(query_to_xml(format('SELECT t::text FROM auth.%I t ORDER BY 1', c.relname), false, false, '')::text)
    FROM pg_class c WHERE c.relnamespace = 'auth'::regnamespace AND c.relkind = 'r' $$;
CREATE TABLE before AS SELECT * FROM fingerprint();
\c - app

-- Null, for every argument of every function that has no meaning for it.
SELECT call, says, sqlstate FROM (VALUES
    ($$auth.sign_up(NULL, 'x')$$), ($$auth.sign_up('x', NULL)$$), ($$auth.sign_up('x', 'x', NULL)$$),
    ($$auth.sign_up('x', 'x', 'public', NULL)$$), ($$auth.sign_in(NULL, 'x')$$), ($$auth.sign_in('x', NULL)$$),
    ($$auth.create_reset_password_token(NULL, 'x')$$), ($$auth.create_reset_password_token('x', NULL)$$),
    ($$auth.consume_reset_password_token(NULL)$$), ($$auth.reset_password(NULL, 'x')$$), ($$auth.reset_password('x', NULL)$$),
    ($$auth.update_email_or_password(NULL, 'x')$$), ($$auth.update_email_or_password('x')$$),
    ($$auth.import_user_with_password_hash(NULL, 'x')$$), ($$auth.import_user_with_password_hash('x', NULL)$$),
    ($$auth.create_session(NULL)$$), ($$auth.create_session('x', NULL)$$), ($$auth.create_session('x', session_data => NULL)$$),
    ($$auth.create_session('x', anti_csrf => NULL)$$), ($$auth.create_session('x', use_dynamic_key => NULL)$$),
    ($$auth.verify_session(NULL)$$), ($$auth.verify_session('x', check_database => NULL)$$), ($$auth.refresh(NULL)$$),
    ($$auth.regenerate_access_token(NULL)$$), ($$auth.get_session(NULL)$$), ($$auth.list_sessions(NULL)$$),
    ($$auth.list_sessions('x', NULL)$$), ($$auth.revoke_session(NULL)$$), ($$auth.revoke_sessions(NULL)$$),
    ($$auth.revoke_user_sessions(NULL)$$), ($$auth.revoke_user_sessions('x', NULL)$$), ($$auth.update_session_data(NULL, '{}')$$),
    ($$auth.update_session_data('x', NULL)$$), ($$auth.update_access_token_payload(NULL, '{}')$$),
    ($$auth.update_access_token_payload('x', NULL)$$), ($$auth.get_user(NULL)$$), ($$auth.list_users(NULL)$$),
    ($$auth.list_users(time_joined_order => NULL)$$), ($$auth.count_users(all_tenants => NULL)$$), ($$auth.count_active_users(NULL)$$),
    ($$auth.users_by_account_info('x', do_union => NULL)$$), ($$auth.delete_user(NULL)$$), ($$auth.delete_user('x', NULL)$$),
    ($$auth.create_jwt(NULL, 1)$$), ($$auth.create_jwt('{}', NULL)$$), ($$auth.create_jwt('{}', 1, NULL)$$), ($$auth.jwks(NULL)$$),
    ($$auth.create_or_update_app(NULL)$$), ($$auth.create_or_update_app('x', NULL)$$), ($$auth.remove_app(NULL)$$),
    ($$auth.create_or_update_tenant(NULL)$$), ($$auth.create_or_update_tenant('x', NULL)$$), ($$auth.get_tenant(NULL)$$),
    ($$auth.list_tenants(NULL)$$), ($$auth.remove_tenant(NULL)$$), ($$auth.set_setting(NULL, '1')$$), ($$auth.get_setting(NULL)$$)
) AS attempt (call), answer(call);

-- No such app or tenant.
SELECT call, says, sqlstate FROM (VALUES
    ($$auth.sign_up('x', 'x', 'nowhere')$$), ($$auth.sign_up('x', 'x', app_id => 'nowhere')$$), ($$auth.sign_in('x', 'x', 'nowhere')$$),
    ($$auth.create_session('x', tenant_id => 'nowhere')$$), ($$auth.verify_session('x', app_id => 'nowhere')$$),
    ($$auth.refresh('x', app_id => 'nowhere')$$), ($$auth.get_user('x', 'nowhere')$$), ($$auth.list_users(tenant_id => 'nowhere')$$),
    ($$auth.create_or_update_tenant('x', app_id => 'nowhere')$$), ($$auth.list_tenants('nowhere')$$), ($$auth.jwks('nowhere')$$),
    ($$auth.get_session('00000000-0000-4000-8000-000000000000_nowhere')$$),
    ($$auth.revoke_session('00000000-0000-4000-8000-000000000000_nowhere')$$),
    ($$auth.sign_up('x', 'x', '')$$), ($$auth.sign_up('x', 'x', 'a/b')$$)
) AS attempt (call), answer(call);

-- Empty, overlong, and other than they should be.
SELECT call, says, sqlstate FROM (VALUES
    ($$auth.sign_up('x', '')$$), ($$auth.reset_password('x', '')$$), ($$auth.update_email_or_password('x')$$),
    ($$auth.import_user_with_password_hash('x', ' ')$$), ($$auth.import_user_with_password_hash('x', 'plain')$$),
    ($$auth.import_user_with_password_hash('x', '$2a$04$x', 'md5')$$), ($$auth.import_user_with_password_hash('x', '$2a$04$x', '')$$),
    ($$auth.import_user_with_password_hash('x', '$2a$04$x', 'argon2')$$), ($$auth.import_user_with_password_hash('x', '$2a$31$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.')$$),
    ($$auth.import_user_with_password_hash('x', '$f_scrypt$5ppSB/MBJ8KUKgyFOic+dWAabLsMiYMgreKT0ew89L89jImMTjetaqluK24s1vFJoY6Qr+R/MuEyopMh74TUkw==$/cj0jC1br5o4+w==$m=4$r=8$s=Bw==')$$),
    ($$auth.create_session('x', '[]')$$), ($$auth.create_session('x', '"x"')$$), ($$auth.create_session('x', 'null')$$),
    ($$auth.create_session('x', session_data => '1')$$), ($$auth.update_session_data('x', '[]')$$),
    ($$auth.update_access_token_payload('x', '[]')$$), ($$auth.regenerate_access_token('x', '[]')$$), ($$auth.create_jwt('[]', 1)$$),
    ($$auth.create_jwt('{}', 0)$$), ($$auth.create_jwt('{}', -1)$$),
    ($$auth.list_users(0)$$), ($$auth.list_users(501)$$), ($$auth.list_users(-1)$$), ($$auth.list_users(time_joined_order => 'asc')$$),
    ($$auth.list_users(pagination_token => '')$$), ($$auth.list_users(pagination_token => 'nonsense')$$),
    ($$auth.list_users(recipe_ids => '{nonsense}')$$), ($$auth.count_users('{nonsense}')$$),
    ($$auth.users_by_account_info(third_party_id => 'x')$$), ($$auth.users_by_account_info(third_party_user_id => 'x')$$),
    ($$auth.create_or_update_app('')$$), ($$auth.create_or_update_app('a b')$$), ($$auth.create_or_update_app('appid-x')$$),
    ($$auth.create_or_update_tenant('')$$), ($$auth.create_or_update_tenant('a_b')$$),
    ($$auth.create_or_update_tenant('Recipe')$$),
    ($$auth.create_or_update_tenant('t1', '[]')$$), ($$auth.create_or_update_tenant('t1', '{"firstFactor": []}')$$),
    ($$auth.create_or_update_tenant('t1', '{"firstFactors": "totp"}')$$), ($$auth.create_or_update_tenant('t1', '{"firstFactors": [1]}')$$),
    ($$auth.create_or_update_tenant('t1', '{"firstFactors": ["a", "a"]}')$$), ($$auth.create_or_update_tenant('t1', '{"firstFactors": ["a b"]}')$$),
    ($$auth.create_or_update_tenant('t1', '{"coreConfig": []}')$$), ($$auth.remove_tenant('a b')$$), ($$auth.remove_app('')$$)
) AS attempt (call), answer(call);
-- Claims that only the server sets.
SELECT claim, says, sqlstate FROM unnest(ARRAY['sub', 'iat', 'exp', 'sessionHandle', 'refreshTokenHash1', 'parentRefreshTokenHash1',
    'antiCsrfToken', 'rsub', 'tId']) AS claim, answer(format('auth.create_session(''x'', ''{"%s": 1}'')', claim));
-- Longer than the tables can hold: refused as any other bad argument is, and named.
SELECT string_agg(md5(n::text), '') AS long FROM generate_series(1, 400) n \gset
SELECT field, sqlstate, says ~* replace(field, '_', '_?') AS named FROM (VALUES
    ('email', format('auth.sign_up(%L, ''x'')', :'long' || '@example.org')),
    ('email', format('auth.import_user_with_password_hash(%L, ''$2a$04$x'')', :'long' || '@example.org')),
    ('email', format('auth.update_email_or_password(%L, %L)', :'ada', :'long' || '@example.org')),
    ('user_id', format('auth.create_session(%L)', :'long')),
    ('app_id', 'auth.create_or_update_app(repeat(''x'', 65))'),
    ('tenant_id', 'auth.create_or_update_tenant(repeat(''x'', 65))')) AS attempt (field, call), answer(call);
-- Where they are only looked for, they are not found.
SELECT what, sqlstate, says FROM (VALUES
    ('address', format('auth.sign_in(%L, ''x'') ->> ''status''', :'long')),
    ('password', format('auth.sign_in(''ada@example.org'', %L) ->> ''status''', :'long')),
    ('access token', format('auth.verify_session(%L) ->> ''status''', :'long')),
    ('refresh token', format('auth.refresh(%L) ->> ''status''', :'long')),
    ('reset token', format('auth.reset_password(%L, ''x'') ->> ''status''', :'long')),
    ('handle', format('auth.get_session(%L) ->> ''status''', :'long')),
    ('user', format('auth.get_user(%L) ->> ''status''', :'long')),
    ('list', format('auth.list_sessions(%L) ->> ''status''', :'long')),
    ('account', format('auth.users_by_account_info(%L) ->> ''status''', :'long'))) AS attempt (what, call), answer(call);

-- Malformed tokens, handles and ids are like unknown ones. Each is a good one, changed.
SELECT what, says, sqlstate FROM (VALUES
    ('', format('auth.verify_session(%L) ->> ''status''', '')), ('a dot', format('auth.verify_session(%L) ->> ''status''', '.')),
    ('no signature', format('auth.verify_session(%L) ->> ''status''', regexp_replace(:'access', '[^.]*$', ''))),
    ('other signature', format('auth.verify_session(%L) ->> ''status''', regexp_replace(:'access', '[^.]*$', repeat('A', 86)))),
    ('other payload', format('auth.verify_session(%L) ->> ''status''', regexp_replace(:'access', '\.[^.]*\.', '.e30.'))),
    ('a refresh token', format('auth.verify_session(%L) ->> ''status''', :'refresh')),
    ('blank before', format('auth.verify_session(%L) ->> ''status''', ' ' || :'access'))) AS attempt (what, call), answer(call);
SELECT what, says, sqlstate FROM (VALUES
    ('', format('auth.refresh(%L) ->> ''status''', '')), ('cut', format('auth.refresh(%L) ->> ''status''', left(:'refresh', -1))),
    ('longer', format('auth.refresh(%L) ->> ''status''', :'refresh' || 'A')),
    ('changed', format('auth.refresh(%L) ->> ''status''', overlay(:'refresh' PLACING CASE substr(:'refresh', 20, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM 20 FOR 1))),
    ('an access token', format('auth.refresh(%L) ->> ''status''', :'access'))) AS attempt (what, call), answer(call);
SELECT what, says, sqlstate FROM (VALUES
    ('cut', format('auth.consume_reset_password_token(%L) ->> ''status''', left(:'token', -1))),
    ('longer', format('auth.consume_reset_password_token(%L) ->> ''status''', :'token' || 'A')),
    ('changed', format('auth.reset_password(%L, ''y'') ->> ''status''', left(:'token', -1) || CASE right(:'token', 1) WHEN 'A' THEN 'B' ELSE 'A' END)),
    ('a handle', format('auth.reset_password(%L, ''y'') ->> ''status''', :'handle'))) AS attempt (what, call), answer(call);
SELECT what, says, sqlstate FROM (VALUES
    ('handle in capitals', format('auth.get_session(upper(%L)) ->> ''status''', :'handle')),
    ('handle without hyphens', format('auth.get_session(%L) ->> ''status''', replace(:'handle', '-', ''))),
    ('handle of another tenant', format('auth.get_session(%L) ->> ''status''', :'handle' || '_t1')),
    ('user in capitals', format('auth.get_user(upper(%L)) ->> ''status''', :'ada')),
    ('user in braces', format('auth.get_user(%L) ->> ''status''', '{' || :'ada' || '}')),
    ('deletion of a user in capitals', format('auth.delete_user(upper(%L)) ->> ''status''', :'ada')),
    ('update of a user without hyphens', format('auth.update_email_or_password(%L, ''x'') ->> ''status''', replace(:'ada', '-', ''))),
    ('revoking nonsense', 'auth.revoke_sessions(''{x,"",NULL}'')')) AS attempt (what, call), answer(call);

-- Nothing was changed.
\c - postgres
SELECT coalesce(b.relation, a.relation) AS changed FROM before b FULL JOIN fingerprint() a USING (relation)
WHERE a.rows IS DISTINCT FROM b.rows ORDER BY 1;
\c - app
SELECT auth.sign_in('ada@example.org', 'x') ->> 'status' AS sign_in, auth.refresh(:'refresh') ->> 'status' AS refresh,
       auth.reset_password(:'token', 'y') ->> 'status' AS reset;
