-- The settings of postgresql.conf.
SELECT jsonb_agg(jsonb_build_object(
    'name', name, 'type', vartype, 'default', boot_val, 'unit', unit, 'min', min_val, 'max', max_val,
    'comment', concat_ws(' ', short_desc, extra_desc)))
FROM pg_settings WHERE name LIKE 'auth.%';
