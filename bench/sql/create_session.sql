SELECT auth.create_session(id::text, '{"iss": "https://api.example.org/auth"}') ->> 'status'
FROM bench_users WHERE n = :client_id;
