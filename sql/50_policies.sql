-- What the caller's token says, for policies: read from the setting request.jwt.claims, which PostgREST sets.
--
-- In policies write (SELECT auth.email()), so that it is computed once a query and not once a row. auth.uid() stands in
-- src/functions/policies.rs.

CREATE FUNCTION auth.jwt() RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('request.jwt.claims', true), '')::jsonb;
COMMENT ON FUNCTION auth.jwt() IS 'The claims of the caller''s token, or null';

CREATE FUNCTION auth.role() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN auth.jwt() ->> 'role';
COMMENT ON FUNCTION auth.role() IS 'The Postgres role that the caller''s token names (claim role), or null';

CREATE FUNCTION auth.email() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN auth.jwt() ->> 'email';
COMMENT ON FUNCTION auth.email() IS 'The e-mail address in the caller''s token (claim email), or null';

CREATE FUNCTION auth.tenant() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN auth.jwt() IS NOT NULL THEN coalesce(auth.jwt() ->> 'tId', 'public') END;
COMMENT ON FUNCTION auth.tenant() IS 'The tenant of the caller''s session (claim tId), "public" when its token names none, null without a token';

CREATE FUNCTION auth.session_id() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(auth.jwt() ->> 'sessionHandle', auth.jwt() ->> 'session_id');
COMMENT ON FUNCTION auth.session_id() IS 'The handle of the caller''s session (claim sessionHandle or session_id), or null';
