\if :started
\else
SELECT auth.create_session(id::text) #>> '{refreshToken,token}' AS token
FROM bench_users WHERE n = :client_id \gset
\set started 1
\endif
SELECT auth.refresh(:token) #>> '{refreshToken,token}' AS token \gset
