-- Tables and views: those of the extension, and the views of an API schema with what they show.
SELECT jsonb_agg(jsonb_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'kind', c.relkind,
    'comment', obj_description(c.oid, 'pg_class'),
    'columns', (
        SELECT jsonb_agg(jsonb_build_object(
            'name', a.attname,
            'type', format_type(a.atttypid, a.atttypmod),
            'not_null', a.attnotnull,
            'default', pg_get_expr(d.adbin, d.adrelid),
            'is_generated', a.attgenerated <> '' OR a.attidentity <> '',
            'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    -- Not the NOT NULL constraints that Postgres 18 lists here, too: they are told with the columns.
    'constraints', (
        SELECT coalesce(jsonb_agg(
            jsonb_build_object('type', k.contype, 'definition', pg_get_constraintdef(k.oid))), '[]')
        FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c')),
    'unique_indexes', (
        SELECT coalesce(jsonb_agg(pg_get_indexdef(i.indexrelid)), '[]')
        FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique
          AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))),
    'rights', (
        SELECT coalesce(jsonb_agg(jsonb_build_array(r.name, right_name)), '[]')
        FROM unnest(ARRAY['auth_gateway', 'reference_server', 'reference_policies', 'reference_anon', 'reference_user',
                          'reference_service', 'public']) r(name), unnest(ARRAY['SELECT', 'DELETE']) right_name
        WHERE has_table_privilege(r.name, c.oid, right_name)),
    'sources', (
        SELECT coalesce(jsonb_agg(DISTINCT source.relname), '[]')
        FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        JOIN pg_class source ON d.refclassid = 'pg_class'::regclass AND source.oid = d.refobjid AND source.oid <> c.oid
        WHERE w.ev_class = c.oid AND c.relkind = 'v')))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v') AND (n.nspname = 'reference_api' OR EXISTS (
    SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.objid = c.oid
      AND d.deptype = 'e' AND e.extname = 'auth'));
