-- Functions: those of the extension, and those of an API schema.
SELECT jsonb_agg(jsonb_build_object(
    'schema', n.nspname,
    'name', p.proname,
    'result', pg_get_function_result(p.oid),
    'is_trigger', p.prorettype = 'trigger'::regtype,
    'comment', obj_description(p.oid, 'pg_proc'),
    'arguments', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', coalesce(p.proargnames[i], ''),
            'type', format_type(p.proargtypes[i - 1], NULL),
            'default', pg_get_function_arg_default(p.oid, i)) ORDER BY i), '[]')
        FROM generate_series(1, p.pronargs) i),
    'callers', (
        SELECT coalesce(jsonb_agg(r.name), '[]')
        FROM unnest(ARRAY['auth_gateway', 'reference_server', 'reference_policies', 'reference_anon', 'reference_user',
                          'reference_service', 'public']) r(name)
        WHERE has_function_privilege(r.name, p.oid, 'EXECUTE'))))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'reference_api' OR EXISTS (
    SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.objid = p.oid
      AND d.deptype = 'e' AND e.extname = 'auth');
