-- Ownership, rights and dumping: for everything that the extension made, so that nothing can be forgotten.

-- Every script ends with it: this one, and those of ALTER EXTENSION auth UPDATE.
CREATE FUNCTION auth.take_over_members() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    member record;
    owners text;
    holder text;
BEGIN
    -- Of the extension and of the database: whoever restores a dump becomes the owner of the extension.
    SELECT string_agg(o.owner::regrole::text, ', ') INTO owners FROM (
        SELECT e.extowner FROM pg_extension e WHERE e.extname = 'auth'
        UNION SELECT d.datdba FROM pg_database d WHERE d.datname = current_database()) AS o (owner);

    FOR member IN
        SELECT p.oid, p.oid::regprocedure::text AS signature, p.prorettype
        FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_proc p ON p.oid = d.objid
        WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
          AND e.extname = 'auth' AND p.proowner <> 'auth_admin'::regrole
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO auth_admin', member.signature);
        -- PUBLIC by Postgres' default; others by ALTER DEFAULT PRIVILEGES.
        FOR holder IN
            SELECT DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
            FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
            WHERE p.oid = member.oid AND a.grantee <> p.proowner
        LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %s CASCADE', member.signature, holder);
        END LOOP;
        IF member.prorettype <> 'trigger'::regtype AND member.signature <> 'auth.take_over_members()' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s WITH GRANT OPTION', member.signature, owners);
        END IF;
    END LOOP;

    -- With many users some plans are expected to be so dear that Postgres would compile them, which takes much longer than to
    -- run them. CREATE OR REPLACE FUNCTION forgets it.
    FOR member IN
        SELECT p.oid::regprocedure::text AS signature
        FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_proc p ON p.oid = d.objid
        WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
          AND e.extname = 'auth' AND p.prosecdef AND NOT coalesce('jit=off' = ANY (p.proconfig), false)
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET jit TO off', member.signature);
    END LOOP;

    FOR member IN
        SELECT c.oid, c.oid::regclass::text AS name, c.relkind
        FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_class c ON c.oid = d.objid
        WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
          AND e.extname = 'auth' AND c.relowner <> 'auth_admin'::regrole
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO auth_admin', member.name);
        FOR holder IN
            SELECT DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
            FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = member.oid AND a.grantee <> c.relowner
        LOOP
            EXECUTE format('REVOKE ALL ON TABLE %s FROM %s CASCADE', member.name, holder);
        END LOOP;
        IF member.relkind IN ('r', 'S') THEN
            PERFORM pg_extension_config_dump(member.oid::regclass, '');
        END IF;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION auth.take_over_members() IS 'Part of CREATE EXTENSION and ALTER EXTENSION UPDATE: gives what they have made to auth_admin, takes it from everybody else, and has tables dumped';

SELECT auth.take_over_members();

-- Rights of whoever makes the extension, and of the database's owner.
DO $finalize$
DECLARE
    owners text;
BEGIN
    SELECT pg_catalog.string_agg(o.owner::pg_catalog.regrole::pg_catalog.text, ', ') INTO owners FROM (
        SELECT e.extowner FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) 'auth'
        UNION SELECT d.datdba FROM pg_catalog.pg_database d
              WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) AS o (owner);

    EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA auth TO %s WITH GRANT OPTION', owners);
    EXECUTE pg_catalog.format('GRANT SELECT ON auth.settings, auth.dead_letters TO %s WITH GRANT OPTION', owners);
    -- What an API schema shows to others (auth.create_api).
    EXECUTE pg_catalog.format('GRANT SELECT ON auth.my_user, auth.my_sessions, auth.my_identities, auth.my_factors, '
        'auth.my_roles, auth.all_users, auth.all_sessions, auth.all_user_roles, auth.audit_log, auth.all_messages '
        'TO %s WITH GRANT OPTION', owners);
    EXECUTE pg_catalog.format('GRANT DELETE ON auth.my_sessions TO %s WITH GRANT OPTION', owners);
    -- So that an application's tables can reference users; it says nothing about them.
    EXECUTE pg_catalog.format('GRANT REFERENCES (id), SELECT (id), TRIGGER ON auth.users TO %s', owners);
END
$finalize$;

GRANT USAGE ON SCHEMA auth TO auth_gateway;
GRANT EXECUTE ON FUNCTION auth.http(text, text, text, jsonb, bytea, jsonb) TO auth_gateway;
GRANT EXECUTE ON FUNCTION auth.maintain() TO auth_gateway;
GRANT EXECUTE ON FUNCTION auth.import_queued_users(integer) TO auth_gateway;
GRANT EXECUTE ON FUNCTION auth.version() TO auth_gateway;
GRANT EXECUTE ON FUNCTION auth.courier_claim(integer, integer) TO auth_gateway;
GRANT EXECUTE ON FUNCTION auth.courier_done(uuid, text) TO auth_gateway;
GRANT EXECUTE ON FUNCTION auth.courier_failed(uuid, text, boolean, integer) TO auth_gateway;
