-- Making and dropping the API schema. Both run with the rights of whoever calls them: it is that role's schema.

CREATE FUNCTION auth.drop_api(schema text DEFAULT 'api') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, auth, pg_temp
AS $function$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = schema AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') LIKE '% ' || auth.api_mark()
    LOOP
        EXECUTE format('DROP VIEW %s', object.name);
    END LOOP;
    FOR object IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = schema AND obj_description(p.oid, 'pg_proc') LIKE '% ' || auth.api_mark()
    LOOP
        EXECUTE format('DROP FUNCTION %s', object.name);
    END LOOP;
    NOTIFY pgrst, 'reload schema';
END
$function$;
COMMENT ON FUNCTION auth.drop_api(text) IS 'Drops what auth.create_api has made in a schema, and nothing else: not the schema, not if something depends on it, and not the right to call auth.rpc and policy helpers, which another API schema may need';

CREATE FUNCTION auth.create_api(schema text DEFAULT 'api', doors text[] DEFAULT '{users,services}', anon text DEFAULT 'anon',
    authenticated text DEFAULT 'authenticated', service_role text DEFAULT 'service_role', tenant_id text DEFAULT 'public',
    app_id text DEFAULT 'public') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, auth, pg_temp
AS $function$
DECLARE
    missing text;
BEGIN
    SELECT r INTO missing FROM unnest(ARRAY[anon, authenticated, service_role]) r
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'role "%" does not exist', missing
            USING ERRCODE = 'undefined_object', HINT = 'SELECT auth.create_api_roles() makes the roles';
    END IF;
    PERFORM auth.drop_api(schema);
    EXECUTE auth.api_sql(schema, doors, anon, authenticated, service_role, tenant_id, app_id);
END
$function$;
COMMENT ON FUNCTION auth.create_api(text, text[], text, text, text, text, text) IS 'Makes, or makes anew, the schema that PostgREST serves, with the rights of the three roles. The door "users" is functions to sign up, in and out, and views of what is the caller''s; the door "services" views of all of the app. All or nothing; what was there under one of the names is left alone, and named in the error';

CREATE FUNCTION auth.create_api_roles(authenticator text DEFAULT 'authenticator', anon text DEFAULT 'anon',
    authenticated text DEFAULT 'authenticated', service_role text DEFAULT 'service_role') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, auth, pg_temp
AS $function$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[anon, authenticated, service_role, authenticator] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', name);
        END IF;
    END LOOP;
    EXECUTE format('GRANT %I, %I, %I TO %I', anon, authenticated, service_role, authenticator);
END
$function$;
COMMENT ON FUNCTION auth.create_api_roles(text, text, text, text) IS 'Makes the roles that PostgREST needs, those that are missing: it connects as authenticator, to which you give LOGIN and a password, and becomes one of the others for each request';
