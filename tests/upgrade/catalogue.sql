-- Everything that the extension has made, as text: two databases have the same extension if they print the same. Columns come by
-- name, for those that an update adds come last.
\pset format unaligned
\pset tuples_only on
CREATE TEMP VIEW member AS
    SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'auth';
CREATE FUNCTION pg_temp.rights(acl aclitem[]) RETURNS text LANGUAGE sql AS
    $$ SELECT string_agg(item::text, ' ' ORDER BY item::text) FROM unnest(acl) AS item $$;

SELECT 'version ' || extversion FROM pg_extension WHERE extname = 'auth';
SELECT concat_ws(' | ', 'schema', nspname, nspowner::regrole, pg_temp.rights(nspacl), obj_description(oid, 'pg_namespace'))
FROM pg_namespace WHERE nspname = 'auth';
SELECT concat_ws(' | ', 'function', p.oid::regprocedure, p.proowner::regrole, pg_temp.rights(p.proacl), pg_get_functiondef(p.oid),
    obj_description(p.oid, 'pg_proc'))
FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid ORDER BY p.oid::regprocedure::text;
SELECT concat_ws(' | ', 'relation', c.oid::regclass, c.relkind, c.relpersistence, c.relowner::regrole, pg_temp.rights(c.relacl),
    c.reloptions, c.relrowsecurity, CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END, obj_description(c.oid, 'pg_class'))
FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid ORDER BY c.oid::regclass::text;
SELECT concat_ws(' | ', 'column', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
    a.attgenerated, coalesce(a.attstattarget, -1), l.collname, pg_temp.rights(a.attacl), pg_get_expr(d.adbin, d.adrelid),
    col_description(c.oid, a.attnum))
FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
ORDER BY c.oid::regclass::text, a.attname;
SELECT concat_ws(' | ', 'constraint', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
FROM member m JOIN pg_constraint k ON m.classid = 'pg_class'::regclass AND k.conrelid = m.objid
ORDER BY k.conrelid::regclass::text, k.conname;
SELECT concat_ws(' | ', 'index', pg_get_indexdef(i.indexrelid), o.reloptions)
FROM member m JOIN pg_index i ON m.classid = 'pg_class'::regclass AND i.indrelid = m.objid JOIN pg_class o ON o.oid = i.indexrelid
ORDER BY pg_get_indexdef(i.indexrelid);
SELECT concat_ws(' | ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled)
FROM member m JOIN pg_trigger t ON m.classid = 'pg_class'::regclass AND t.tgrelid = m.objid AND NOT t.tgisinternal
ORDER BY pg_get_triggerdef(t.oid);
SELECT concat_ws(' | ', 'other', pg_describe_object(classid, objid, 0)) FROM member
WHERE classid NOT IN ('pg_proc'::regclass, 'pg_class'::regclass) AND pg_describe_object(classid, objid, 0) !~ '^type auth\.'
ORDER BY 1;
SELECT 'dumped | ' || string_agg(t::regclass::text, ' ' ORDER BY t::regclass::text)
FROM pg_extension, unnest(extconfig) AS t WHERE extname = 'auth';
