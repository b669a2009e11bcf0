-- Rights for the roles of an application.

CREATE FUNCTION auth.grant_server(grantee regrole) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, auth, pg_temp
AS $function$
DECLARE
    target record;
BEGIN
    EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA auth TO %s', grantee);
    FOR target IN
        SELECT p.oid::regprocedure AS signature
        FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_proc p ON p.oid = d.objid
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass
          AND d.deptype = 'e' AND e.extname = 'auth' AND p.prorettype <> 'trigger'::regtype
          AND p.proname NOT IN ('http', 'rpc', 'grant_server', 'grant_policies', 'courier_claim', 'courier_done',
                                'courier_failed', 'take_over_members')
    LOOP
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %s', target.signature, grantee);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION auth.grant_server(regrole) IS 'Lets the role of an application''s server call all recipe functions: it can then act for any user. Never give this to a role that end users act as';

CREATE FUNCTION auth.grant_policies(grantee regrole) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, auth, pg_temp
AS $function$
DECLARE
    target record;
BEGIN
    EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA auth TO %s', grantee);
    FOR target IN
        SELECT p.oid::regprocedure AS signature
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'auth'::regnamespace
          AND p.proname IN ('jwt', 'uid', 'role', 'email', 'tenant', 'session_id', 'has_role', 'has_permission',
                            'session_is_live')
    LOOP
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %s', target.signature, grantee);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION auth.grant_policies(regrole) IS 'Lets a role use auth.uid() and the other helpers in policies. For roles that end users act as';
