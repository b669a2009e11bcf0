-- Fills a schema with functions, operators, tables and types under the names of pg_catalog, for the same arguments: the
-- functions raise an error, the others hold nothing. psql -v schema=NAME
SET search_path = pg_catalog;
SET client_min_messages = warning;
SELECT set_config('shadows.schema', :'schema', false) \g /dev/null

DO $shadows$
DECLARE
    place text := quote_ident(current_setting('shadows.schema'));
    shadow record;
BEGIN
    -- Functions cannot be written for the types that Postgres keeps to itself.
    FOR shadow IN
        SELECT p.proname, oidvectortypes(p.proargtypes) AS arguments,
            CASE WHEN p.proretset THEN 'SETOF ' ELSE '' END || format_type(p.prorettype, NULL) AS result
        FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind IN ('f', 'a', 'w')
          AND NOT EXISTS (
              SELECT FROM pg_type t WHERE t.oid = ANY (p.proargtypes || p.prorettype) AND t.typtype = 'p'
                AND (t.typname NOT LIKE 'any%' OR t.typname = 'any'))
    LOOP
        EXECUTE format('CREATE FUNCTION %s.%I(%s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION $$shadowed$$; END''',
                       place, shadow.proname, shadow.arguments, shadow.result);
    END LOOP;

    FOR shadow IN
        SELECT o.oprname, p.proname, o.oprleft, o.oprright
        FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
        WHERE o.oprnamespace = 'pg_catalog'::regnamespace
          AND EXISTS (SELECT FROM pg_proc s WHERE s.pronamespace = place::regnamespace AND s.proname = p.proname
                        AND s.proargtypes = p.proargtypes)
    LOOP
        EXECUTE format('CREATE OPERATOR %s.%s (%s RIGHTARG = %s, FUNCTION = %s.%I)', place, shadow.oprname,
                       CASE WHEN shadow.oprleft <> 0 THEN format('LEFTARG = %s,', format_type(shadow.oprleft, NULL)) END,
                       format_type(shadow.oprright, NULL), place, shadow.proname);
    END LOOP;

    FOR shadow IN
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
    LOOP
        EXECUTE format('CREATE TABLE %s.%I (shadowed int4)', place, shadow.relname);
    END LOOP;

    FOR shadow IN
        SELECT t.typname FROM pg_type t
        WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typname NOT LIKE '\_%'
    LOOP
        EXECUTE format('CREATE DOMAIN %s.%I AS int4 CHECK (false)', place, shadow.typname);
    END LOOP;
END
$shadows$;
