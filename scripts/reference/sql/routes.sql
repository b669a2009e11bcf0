-- All columns, whichever there are.
SELECT jsonb_agg(to_jsonb(route)) FROM auth.http_routes() route;
