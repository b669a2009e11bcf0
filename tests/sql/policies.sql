-- Row-level security for end users who come through PostgREST: it verifies their token, takes the role that the token
-- names, and sets request.jwt.claims for the transaction.

\c - postgres
DROP ROLE IF EXISTS sql_authenticated;
CREATE ROLE sql_authenticated;
GRANT sql_authenticated TO app;
\c - app
SELECT auth.grant_policies('sql_authenticated');
SELECT auth.sign_up('ada@example.org', 'x') #>> '{user,id}' AS ada \gset
SELECT auth.sign_up('eve@example.org', 'x') #>> '{user,id}' AS eve \gset
CREATE TABLE note (owner uuid NOT NULL REFERENCES auth.users (id), body text);
CREATE TABLE secret (body text);
CREATE TABLE payroll (body text);
GRANT SELECT, INSERT, UPDATE, DELETE ON note TO sql_authenticated;
GRANT SELECT ON secret, payroll TO sql_authenticated;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON note TO sql_authenticated USING (owner = (SELECT auth.uid())) WITH CHECK (owner = (SELECT auth.uid()));
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY live ON secret TO sql_authenticated USING ((SELECT auth.session_is_live()));
ALTER TABLE payroll ENABLE ROW LEVEL SECURITY;
CREATE POLICY clerks ON payroll TO sql_authenticated USING ((SELECT auth.has_role('clerk')));
INSERT INTO note VALUES (:'ada', 'ada''s'), (:'eve', 'eve''s');
INSERT INTO secret VALUES ('for live sessions');
INSERT INTO payroll VALUES ('for clerks');

-- The claims are those of the session's own token.
SELECT a #>> '{accessToken,token}' AS token, a #>> '{session,handle}' AS handle
FROM auth.create_session(:'ada', '{"role": "sql_authenticated", "email": "ada@example.org"}') a \gset
SELECT split_part(:'token', '.', 2) AS part \gset
SELECT convert_from(decode(rpad(translate(:'part', '-_', '+/'), (length(:'part') + 3) / 4 * 4, '='), 'base64'), 'UTF8') AS claims \gset

-- Without a token nobody is anybody.
BEGIN;
SET LOCAL ROLE sql_authenticated;
SELECT auth.uid() IS NULL AND auth.jwt() IS NULL AND auth.role() IS NULL AND auth.email() IS NULL AND auth.tenant() IS NULL
       AND auth.session_id() IS NULL AS nobody, auth.session_is_live() AS live, auth.has_role('clerk') AS clerk;
SELECT count(*) AS notes FROM note;
INSERT INTO note VALUES (:'ada', 'forged');
ROLLBACK;

-- With one, everybody sees their own rows, and writes no others.
BEGIN;
SELECT set_config('request.jwt.claims', :'claims', true) <> '' AS set;
SET LOCAL ROLE sql_authenticated;
SELECT auth.uid() = :'ada' AS uid, auth.role() AS role, auth.email() AS email, auth.tenant() AS tenant,
       auth.session_id() = :'handle' AS session_id, auth.jwt() ->> 'sub' = :'ada' AS sub;
SELECT body FROM note;
UPDATE note SET body = body || ' note' RETURNING body;
INSERT INTO note VALUES (:'ada', 'another');
SELECT count(*) AS notes FROM note;
SELECT body FROM secret;
SELECT body FROM payroll;
SAVEPOINT before;
INSERT INTO note VALUES (:'eve', 'forged');
ROLLBACK TO before;
UPDATE note SET owner = :'eve';
ROLLBACK TO before;
DELETE FROM note WHERE owner = :'eve' RETURNING body;
COMMIT;

-- Roles count in the tenant of the token.
\c - postgres
INSERT INTO auth.roles VALUES ('public', 'clerk');
INSERT INTO auth.user_roles VALUES ('public', 'public', :'ada', 'clerk');
\c - app
BEGIN;
SELECT set_config('request.jwt.claims', :'claims', true) <> '' AS set;
SET LOCAL ROLE sql_authenticated;
SELECT auth.has_role('clerk') AS clerk, auth.has_role('boss') AS boss, auth.has_role(NULL) AS "null", auth.has_role('clerk', 'other') AS other_app;
SELECT body FROM payroll;
SELECT set_config('request.jwt.claims', jsonb_set(:'claims', '{tId}', '"elsewhere"')::text, true) <> '' AS set;
SELECT auth.tenant() AS tenant, auth.has_role('clerk') AS clerk, auth.session_is_live() AS live;
SELECT set_config('request.jwt.claims', jsonb_set(:'claims', '{sub}', to_jsonb(:'eve'::text))::text, true) <> '' AS set;
SELECT auth.has_role('clerk') AS clerk;
COMMIT;

-- The claims end with the transaction; a session that was revoked is seen at once.
SELECT auth.uid() IS NULL AS forgotten;
SELECT auth.revoke_session(:'handle') ->> 'status' AS revoked;
BEGIN;
SELECT set_config('request.jwt.claims', :'claims', true) <> '' AS set;
SET LOCAL ROLE sql_authenticated;
SELECT auth.uid() = :'ada' AS uid, auth.session_is_live() AS live;
SELECT count(*) AS secrets FROM secret;
COMMIT;
-- A ban ends it, too.
SELECT auth.create_session(:'eve') #>> '{session,handle}' AS handle \gset
\c - postgres
UPDATE auth.users SET banned_until = now() + interval '1 hour' WHERE id = :'eve';
\c - app
SELECT set_config('request.jwt.claims', jsonb_build_object('sub', :'eve', 'sessionHandle', :'handle')::text, false) <> '' AS set;
SELECT auth.session_is_live() AS banned;
\c - postgres
UPDATE auth.users SET banned_until = now() - interval '1 hour' WHERE id = :'eve';
\c - app
SELECT set_config('request.jwt.claims', jsonb_build_object('sub', :'eve', 'session_id', :'handle')::text, false) <> '' AS set;
SELECT auth.session_is_live() AS ban_over, auth.session_is_live('other') AS other_app, auth.tenant() AS default_tenant;

-- What is no claim set, or no id, is nobody.
SET request.jwt.claims = '{"sub": "not-a-uuid", "sessionHandle": "not-a-handle"}';
SELECT auth.uid() IS NULL AS uid, auth.session_is_live() AS live, auth.has_role('clerk') AS clerk;
SET request.jwt.claims = '{"sub": 1, "role": null, "sessionHandle": 5}';
SELECT auth.uid() IS NULL AS uid, auth.role() IS NULL AS role, auth.session_is_live() AS live, auth.has_role('clerk') AS clerk;
SET request.jwt.claims = '[]';
SELECT auth.uid() IS NULL AS uid, auth.session_is_live() AS live, auth.has_role('clerk') AS clerk;
SET request.jwt.claims = '';
SELECT auth.uid() IS NULL AS uid, auth.tenant() IS NULL AS tenant, auth.session_is_live() AS live;

-- An end user may ask who it is, and no more.
SET ROLE sql_authenticated;
SELECT auth.sign_in('ada@example.org', 'x');
SELECT auth.create_session('x');
SELECT id FROM auth.users;
SELECT auth.grant_policies('sql_authenticated');
RESET ROLE;
\c - postgres
DROP OWNED BY sql_authenticated;
DROP ROLE sql_authenticated;
