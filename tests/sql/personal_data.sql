-- Everything about one person: auth.export_user hands it out, auth.erase_user leaves none of it.

-- Ada, with a row in every table that has rows of users; what has to be proven elsewhere is written straight into the tables.
SELECT auth.sign_up('ada@example.org', 'x') #>> '{user,id}' AS ada \gset
SELECT auth.sign_up('ida@example.org', 'x') #>> '{user,id}' AS ida \gset
SELECT auth.create_user_id_mapping(:'ada', 'ada-at-work', 'since 2020') ->> 'status' AS status;
SELECT auth.update_user_metadata('ada-at-work', '{"likes": "engines"}') ->> 'status' AS status;
SELECT auth.create_role_or_add_permissions('editor', '{write}') ->> 'status' AS status;
SELECT auth.add_user_role('ada-at-work', 'editor') ->> 'status' AS status;
SELECT auth.create_session('ada-at-work', '{"seen": 1}', '{"kept": 2}') ->> 'status' AS status;
SELECT auth.create_reset_password_token('ada-at-work', 'ada@example.org') ->> 'status' AS status;
SELECT auth.create_code(email => 'ada@example.org') ->> 'status' AS status;
SELECT auth.create_totp_device('ada-at-work', 'telephone') ->> 'status' AS status;
SELECT auth.set_setting('site_url', '"https://app.example.org"'), auth.set_setting('api_external_url', '"https://auth.example.org/auth/v1"') \g /dev/null
-- Mails her a code, and notes it.
SELECT status FROM auth.http('POST', '/auth/v1/recover', NULL, '[["content-type", "application/json"], ["x-forwarded-for", "192.0.2.9"]]', '{"email": "ada@example.org"}');
SELECT status FROM auth.http('POST', '/auth/v1/recover', NULL, '[["content-type", "application/json"]]', '{"email": "ida@example.org"}');
\c - postgres
SET client_min_messages = warning;
INSERT INTO auth.verified_emails VALUES ('public', 'ada-at-work', 'ada@example.org');
UPDATE auth.users SET raw_user_meta_data = '{"full_name": "Ada Lovelace"}', phone_change = '+15555550151', email_change = 'ada@new.example.org' WHERE id = :'ada';
INSERT INTO auth.phone_factors SELECT gen_random_uuid(), 'public', :'ada', 'phone', '+15555550152', true, now(), now(), now();
INSERT INTO auth.mfa_challenges SELECT gen_random_uuid(), 'public', :'ada', id, '192.0.2.1', NULL, 0, now(), NULL FROM auth.phone_factors;
INSERT INTO auth.totp_attempts VALUES ('public', 'public', 'ada-at-work', now(), NULL, now(), now());
INSERT INTO auth.webauthn_credentials VALUES ('public', 'example.org', 'key', :'ada', '\x00', 1, gen_random_uuid(), '{usb}', true, false, now(), now());
INSERT INTO auth.webauthn_options VALUES (gen_random_uuid(), 'public', 'public', 'example.org', 'Example', 'https://example.org', 'ada@example.org', 'c', 1, 'required', true, NULL, now(), now());
INSERT INTO auth.flow_states VALUES (gen_random_uuid(), 'public', :'ada', 'magiclink', 'magiclink', 'challenge', 's256', NULL, NULL, now());
INSERT INTO auth.audit_log_entries VALUES
    (gen_random_uuid(), 'public', jsonb_build_object('action', 'login', 'log_type', 'account', 'actor_id', :'ada', 'actor_name', 'Ada Lovelace', 'actor_username', 'ada@example.org', 'traits', '{"provider": "email"}'::jsonb), now(), '192.0.2.1'),
    (gen_random_uuid(), 'public', jsonb_build_object('action', 'user_modified', 'log_type', 'user', 'actor_id', 'f', 'actor_username', 'service_role', 'traits', jsonb_build_object('user_id', :'ada', 'user_email', 'ada@example.org')), now(), '192.0.2.2'),
    (gen_random_uuid(), 'public', jsonb_build_object('action', 'login', 'log_type', 'account', 'actor_id', :'ida', 'actor_username', 'ida@example.org'), now(), '192.0.2.3');
\c - app

SELECT auth.export_user(:'ada') AS export \gset
SELECT :'export'::jsonb = auth.export_user('ada-at-work') AS "the same by another id", :'export'::jsonb ->> 'status' AS status;
-- Every list has a row, and none is another's.
SELECT name, jsonb_array_length(rows) AS rows FROM jsonb_each(:'export'::jsonb -> 'data') AS list (name, rows) ORDER BY name;
SELECT :'export' ~ 'ida@example' AS "names another", :'export' ~ 'argon2' AS "has a hash";
SELECT :'export'::jsonb #> '{data,users,0}' -> 'raw_user_meta_data' AS metadata, :'export'::jsonb #> '{data,sessions,0}' -> 'data' AS data;

-- The columns that it leaves out: secrets, keys of ours, and what is about no user. Whoever adds a column finds it here, and
-- decides.
CREATE TEMP TABLE list_of (relation text, list text);
INSERT INTO list_of VALUES ('user_id_mappings', 'external_ids'), ('user_metadata', 'metadata'), ('user_roles', 'roles'),
    ('active_users', 'activity'), ('webauthn_credentials', 'passkeys'), ('flow_states', 'flows'),
    ('audit_log_entries', 'audit_log'), ('outbox', 'messages');
SELECT c.relname AS "table", string_agg(a.attname, ' ' ORDER BY a.attname) AS "not exported"
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN list_of l ON l.relation = c.relname
WHERE c.relnamespace = 'auth'::regnamespace AND c.relkind = 'r'
  AND NOT coalesce(:'export'::jsonb #> ARRAY['data', coalesce(l.list, c.relname), '0'] ? a.attname, false)
GROUP BY c.relname ORDER BY c.relname;

-- Erased: nothing has her names, but the audit log what was done by her id.
SELECT auth.erase_user('ada-at-work') ->> 'status' AS status;
SELECT name, rows FROM jsonb_each(auth.export_user(:'ada') -> 'data') AS list (name, rows) WHERE rows <> '[]' AND name <> 'audit_log';
SELECT r ->> 'ip_address' AS address, r -> 'payload' -> 'action' AS action, r -> 'payload' -> 'actor_username' AS username,
    r -> 'payload' ? 'actor_name' AS named, (SELECT string_agg(k, ' ') FROM jsonb_object_keys(r -> 'payload' -> 'traits') k) AS traits
FROM jsonb_array_elements(auth.export_user(:'ada') #> '{data,audit_log}') r ORDER BY 2, 1;
\c - postgres
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.rows_with(pattern text) RETURNS TABLE (relation text, "rows" bigint) LANGUAGE plpgsql AS $$
DECLARE t record;
BEGIN
    FOR t IN SELECT c.oid, c.relname FROM pg_class c WHERE c.relnamespace = 'auth'::regnamespace AND c.relkind = 'r' ORDER BY c.relname LOOP
        relation := t.relname;
        EXECUTE format('SELECT count(*) FROM %s r WHERE r::text ~ $1', t.oid::regclass) INTO "rows" USING pattern;
        IF "rows" > 0 THEN RETURN NEXT; END IF;
    END LOOP;
END $$;
SELECT * FROM pg_temp.rows_with('ada@|Lovelace|ada-at-work|15555550151|15555550152|192[.]0[.]2[.]1|engines');
SELECT * FROM pg_temp.rows_with(:'ada');
-- Ida is as she was; so is the mail to her.
SELECT * FROM pg_temp.rows_with('ida@');
SELECT count(*) AS mails FROM auth.outbox;
\c - app
SELECT auth.sign_in('ida@example.org', 'x') ->> 'status' AS status;

-- Nobody else's: not what waits for the same address in another tenant, for an address that is only wanted, or for a name that is
-- a word of a message.
SELECT auth.create_or_update_tenant('t9', '{"firstFactors": null}') ->> 'status' AS status;
SELECT auth.sign_up('both@example.org', 'x') #>> '{user,id}' AS here \gset
SELECT auth.sign_up('both@example.org', 'x', tenant_id => 't9') #>> '{user,id}' AS there \gset
SELECT auth.create_code(email => 'both@example.org') ->> 'status' AS status;
SELECT auth.create_code(email => 'ida@example.org') ->> 'status' AS status;
\c - postgres
UPDATE auth.users SET email_change = 'ida@example.org' WHERE id = :'there';
\c - app
SELECT auth.export_user(:'there') #> '{data,passwordless_devices}' AS devices, auth.export_user(:'there') #> '{data,messages}' AS messages;
SELECT auth.erase_user(:'there') ->> 'status' AS status;
SELECT auth.erase_user('recovery') ->> 'status' AS status, auth.erase_user('to') ->> 'status' AS status;
SELECT jsonb_array_length(auth.list_codes(email => 'both@example.org') -> 'devices') AS codes, jsonb_array_length(auth.list_codes(email => 'ida@example.org') -> 'devices') AS codes;
\c - postgres
SELECT count(*) AS mails FROM auth.outbox;
\c - app
SELECT auth.erase_user('00000000-0000-0000-0000-000000000000');

-- Nor does an import bring anybody back.
SELECT status FROM auth.http('POST', '/bulk-import/users', NULL, '[["cdi-version", "5.4"]]', '{"users": [
    {"externalUserId": "imp-1", "loginMethods": [{"recipeId": "emailpassword", "email": "imp@example.org", "plainTextPassword": "x"}]},
    {"externalUserId": "imp-2", "loginMethods": [{"recipeId": "emailpassword", "email": "imp2@example.org", "plainTextPassword": "x"}]}]}');
SELECT auth.export_user('imp-1') #> '{data,imports,0,loginMethods,0}' ? 'plainTextPassword' AS "has a password", jsonb_array_length(auth.export_user('imp-1') #> '{data,imports}') AS imports;
SELECT auth.erase_user('imp-1') ->> 'status' AS status;
SELECT jsonb_array_length(auth.export_user('imp-1') #> '{data,imports}') AS imports, jsonb_array_length(auth.export_user('imp-2') #> '{data,imports}') AS imports;

-- Users without a name are users, too.
SELECT auth.set_setting('external_anonymous_users_enabled', 'true') \g /dev/null
SELECT convert_from(body, 'UTF8')::jsonb #>> '{user,id}' AS nobody FROM auth.http('POST', '/auth/v1/signup', NULL, '[["content-type", "application/json"]]', '{}') \gset
SELECT jsonb_array_length(auth.export_user(:'nobody') #> '{data,users}') AS users;
SELECT auth.erase_user(:'nobody') ->> 'status' AS status;
SELECT jsonb_array_length(auth.export_user(:'nobody') #> '{data,users}') AS users;

-- Not only users: an id that only sessions and metadata know.
SELECT auth.create_session('machine-7') ->> 'status' AS status;
SELECT auth.update_user_metadata('machine-7', '{"a": 1}') ->> 'status' AS status;
SELECT name, jsonb_array_length(rows) AS rows FROM jsonb_each(auth.export_user('machine-7') -> 'data') AS list (name, rows) WHERE rows <> '[]';
SELECT auth.erase_user('machine-7') ->> 'status' AS status;
SELECT count(*) FROM jsonb_each(auth.export_user('machine-7') -> 'data') AS list (name, rows) WHERE rows <> '[]';

-- Linked accounts go together, also those that were linked into another.
SELECT auth.sign_up('eve@example.org', 'x') #>> '{user,id}' AS eve \gset
SELECT auth.third_party_sign_in_up('google', 'eve-1', 'eve@work.example.org', true) #>> '{user,id}' AS work \gset
SELECT auth.create_primary_user(:'eve') ->> 'status' AS status, auth.link_accounts(:'work', :'eve') ->> 'status' AS linked;
SELECT jsonb_array_length(d -> 'users') AS users, jsonb_array_length(d -> 'login_methods') AS methods FROM auth.export_user(:'work') e, LATERAL (SELECT e -> 'data' AS d) x;
SELECT auth.erase_user(:'work') ->> 'status' AS status;
\c - postgres
SELECT count(*) AS users FROM auth.users WHERE id IN (:'eve', :'work');
\c - app
SELECT auth.erase_user(NULL);
SELECT auth.export_user('x', 'no-such-app');
