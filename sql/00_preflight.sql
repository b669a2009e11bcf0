-- Refuses to build on ground that somebody else prepared, makes the roles, takes the schema over.
--
-- The schema is made by CREATE EXTENSION, or by pg_restore just before it. Whoever made it beforehand
-- could have put operators and functions into it that our own code would then call (CVE-2022-2625 and
-- CVE-2018-1058 are of that kind), so it must be empty and must give rights to nobody.
DO $preflight$
DECLARE
    found text;
    role_name name;
BEGIN
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
    IF EXISTS (
        SELECT FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
        WHERE n.oid OPERATOR(pg_catalog.=) 'auth'::pg_catalog.regnamespace
          AND a.grantee OPERATOR(pg_catalog.<>) n.nspowner
    ) THEN
        RAISE EXCEPTION 'schema "auth" already gives rights to other roles'
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Drop the schema "auth", then run CREATE EXTENSION again.';
    END IF;

    -- Roles belong to the cluster: another database's extension may have made them already.
    FOREACH role_name IN ARRAY ARRAY['auth_admin', 'auth_gateway']::name[] LOOP
        IF NOT EXISTS (
            SELECT FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) role_name
        ) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role_name);
        ELSIF EXISTS (
            SELECT FROM pg_catalog.pg_roles r
            WHERE r.rolname OPERATOR(pg_catalog.=) role_name
              AND (r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolbypassrls)
        ) THEN
            RAISE EXCEPTION 'role "%" exists and has rights that it must not have', role_name
                USING ERRCODE = 'duplicate_object',
                      HINT = pg_catalog.format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOCREATEROLE '
                                               'NOBYPASSRLS, then run CREATE EXTENSION again.',
                                               role_name);
        END IF;
    END LOOP;
END
$preflight$;

ALTER SCHEMA auth OWNER TO auth_admin;
COMMENT ON SCHEMA auth IS 'Users, sessions and everything else of the auth extension';
