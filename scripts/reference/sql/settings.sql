-- What auth.settings shows of each setting, in the registry's order, which goes by topic.
SELECT jsonb_agg(to_jsonb(known) ORDER BY known.ordinality)
FROM auth.known_settings() WITH ORDINALITY known;
