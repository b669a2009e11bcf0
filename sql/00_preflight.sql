-- Makes the roles, takes the schema over, and refuses to build on what somebody else put there.
--
-- The schema is made by CREATE EXTENSION, or by pg_restore just before it, or is left from an extension that was
-- dropped. Whoever made it could have put operators and functions into it that our own code would then call
-- (CVE-2022-2625 and CVE-2018-1058 are of that kind). So it is taken away from everybody first, and must then be
-- empty.
DO $preflight$
DECLARE
    role_name name;
BEGIN
    -- Roles belong to the cluster: another database's extension may have made them already.
    FOREACH role_name IN ARRAY ARRAY['auth_admin', 'auth_gateway']::pg_catalog.name[] LOOP
        IF NOT EXISTS (
            SELECT FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) role_name
        ) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role_name);
        ELSIF EXISTS (
            SELECT FROM pg_catalog.pg_roles r
            WHERE r.rolname OPERATOR(pg_catalog.=) role_name
              AND (r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication)
        ) THEN
            RAISE EXCEPTION 'role "%" exists and has rights that it must not have', role_name
                USING ERRCODE = 'duplicate_object',
                      HINT = pg_catalog.format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOCREATEROLE '
                                               'NOCREATEDB NOBYPASSRLS NOREPLICATION, then run CREATE EXTENSION again.',
                                               role_name);
        END IF;
    END LOOP;

    FOR role_name IN
        SELECT g.rolname FROM pg_catalog.pg_auth_members m
        JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) m.roleid
        JOIN pg_catalog.pg_roles g ON g.oid OPERATOR(pg_catalog.=) m.member
        WHERE r.rolname OPERATOR(pg_catalog.=) 'auth_admin' AND NOT g.rolsuper
    LOOP
        RAISE WARNING 'role "%" is a member of auth_admin: it can read and change everything that the extension keeps', role_name
            USING HINT = pg_catalog.format('REVOKE auth_admin FROM %I', role_name);
    END LOOP;
END
$preflight$;

ALTER SCHEMA auth OWNER TO auth_admin;

DO $preflight$
DECLARE
    grantee text;
    found text;
BEGIN
    FOR grantee IN
        SELECT DISTINCT CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0 THEN 'PUBLIC'
                             ELSE a.grantee::pg_catalog.regrole::pg_catalog.text END
        FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
        WHERE n.oid OPERATOR(pg_catalog.=) 'auth'::pg_catalog.regnamespace
          AND a.grantee OPERATOR(pg_catalog.<>) n.nspowner
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON SCHEMA auth FROM %s CASCADE', grantee);
    END LOOP;

    SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) INTO found
    FROM pg_catalog.pg_depend d
    WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
      AND d.refobjid OPERATOR(pg_catalog.=) 'auth'::pg_catalog.regnamespace
      AND d.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_extension'::pg_catalog.regclass
    LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'schema "auth" is not empty: it holds %', found
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Move or drop what is in the schema "auth", then run CREATE EXTENSION again.';
    END IF;
END
$preflight$;

COMMENT ON SCHEMA auth IS 'Users, sessions and everything else of the auth extension';
