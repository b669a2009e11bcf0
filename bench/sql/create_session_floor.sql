INSERT INTO auth.sessions (id, app_id, tenant_id, subject, user_id, refresh_hash, created_at,
    expires_at, expiry_day, use_static_key, payload, data)
SELECT gen_random_uuid(), 'public', 'public', id::text, id, sha256(random()::text::bytea), now(),
    now() + interval '100 days', current_date + 100, false, '{"iss": "https://api.example.org/auth"}', '{}'
FROM bench_users WHERE n = :client_id;
