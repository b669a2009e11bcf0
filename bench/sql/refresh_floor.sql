\if :started
\else
SELECT split_part(auth.create_session(id::text) #>> '{session,handle}', '_', 1) AS handle
FROM bench_users WHERE n = :client_id \gset
\set started 1
\endif
UPDATE auth.sessions
SET refresh_hash = sha256(random()::text::bytea), previous_refresh_hash = refresh_hash, refreshed_at = now(),
    expires_at = now() + interval '100 days', expiry_day = current_date + 100, generation = generation + 1
WHERE id = :handle::uuid AND app_id = 'public' AND tenant_id = 'public' AND expires_at >= now()
RETURNING id AS handle \gset
