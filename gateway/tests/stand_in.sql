-- Stands in for the extension: what the gateway calls, doing what the path says.
CREATE SCHEMA auth;
CREATE ROLE gateway LOGIN;
CREATE ROLE stranger LOGIN;
GRANT USAGE ON SCHEMA auth TO gateway;

-- Sequences count what was rolled back too.
CREATE SEQUENCE auth.tries;
CREATE TABLE auth.maintained (at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE auth.late (n int);

CREATE FUNCTION auth.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused at commit' USING ERRCODE = '23514';
END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON auth.late DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION auth.refuse();

CREATE FUNCTION auth.http(method text, path text, query text, request_headers jsonb, request_body bytea, fetched jsonb)
RETURNS TABLE (status int, headers jsonb, body bytea, effect jsonb)
LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
    part text[] := string_to_array(path, '/');
BEGIN
    status := 200;
    headers := '[["content-type", "text/plain"]]';
    body := 'done';
    CASE part[2]
        WHEN 'sleep' THEN
            PERFORM nextval('auth.tries'), pg_sleep(part[3]::float8 / 1000);
        WHEN 'error' THEN
            PERFORM nextval('auth.tries');
            RAISE EXCEPTION 'an error of the stand-in'
                USING ERRCODE = part[3], DETAIL = convert_from(coalesce(request_body, ''), 'UTF8');
        WHEN 'conflict' THEN
            IF nextval('auth.tries') <= part[3]::bigint THEN
                RAISE EXCEPTION 'in the way' USING ERRCODE = part[4];
            END IF;
        WHEN 'break' THEN
            PERFORM nextval('auth.tries'), pg_terminate_backend(pg_backend_pid());
        WHEN 'deallocate' THEN
            EXECUTE 'DEALLOCATE ALL';
        WHEN 'late' THEN
            INSERT INTO auth.late VALUES (1);
        WHEN 'status' THEN
            status := part[3];
        WHEN 'cookies' THEN
            headers := '[["set-cookie", "a=1; Path=/"], ["Vary", "x"], ["set-cookie", "b=2"], ["connection", "upgrade"],
                         ["content-length", "1"]]';
        WHEN 'binary' THEN
            body := '\x00ff00';
        WHEN 'nulls' THEN
            headers := NULL;
            body := NULL;
        WHEN 'effect' THEN
            effect := '{"newer": {}}';
        -- Asks the URL in the body so many times, then tells what was said.
        WHEN 'fetch' THEN
            IF jsonb_array_length(coalesce(fetched, '[]')) < part[3]::int THEN
                effect := jsonb_build_object('fetch', jsonb_build_object(
                    'id', jsonb_array_length(coalesce(fetched, '[]'))::text, 'method', part[4],
                    'url', convert_from(request_body, 'UTF8'), 'headers', '[["x-secret", "s3cret"]]'::jsonb,
                    'body', 'asked', 'timeout_ms', 2000));
            ELSE
                body := convert_to(fetched::text, 'UTF8');
            END IF;
        WHEN 'nothing' THEN
            RETURN;
        ELSE
            body := convert_to(jsonb_build_object('method', method, 'path', path, 'query', query,
                'headers', request_headers, 'body', encode(request_body, 'hex'))::text, 'UTF8');
    END CASE;
    RETURN NEXT;
END $$;

CREATE FUNCTION auth.maintain() RETURNS jsonb LANGUAGE sql SECURITY DEFINER AS $$
    INSERT INTO auth.maintained DEFAULT VALUES;
    SELECT '{"deleted": {"sessions": 0}}'::jsonb
$$;

CREATE FUNCTION auth.import_queued_users() RETURNS jsonb LANGUAGE sql SECURITY DEFINER AS $$
    SELECT '{"imported": 0, "failed": 0, "more": false}'::jsonb
$$;

-- The outbox. What failed is due again soon, or when the other side allows it.
CREATE TABLE auth.outbox (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    channel text NOT NULL,
    message jsonb NOT NULL,
    transport jsonb,
    state text NOT NULL DEFAULT 'waiting',
    attempt integer NOT NULL DEFAULT 0,
    due timestamptz NOT NULL DEFAULT clock_timestamp(),
    leased_until timestamptz,
    detail text,
    error text,
    retry_after integer
);

CREATE FUNCTION auth.courier_claim(most integer, lease_seconds integer)
RETURNS TABLE (id uuid, channel text, attempt integer, message jsonb, transport jsonb)
LANGUAGE sql SECURITY DEFINER AS $$
    UPDATE auth.outbox AS o
    SET attempt = o.attempt + 1, leased_until = clock_timestamp() + make_interval(secs => lease_seconds)
    WHERE o.id IN (
        SELECT w.id FROM auth.outbox w
        WHERE w.state = 'waiting' AND w.due <= clock_timestamp()
            AND (w.leased_until IS NULL OR w.leased_until < clock_timestamp())
        ORDER BY w.due LIMIT most FOR UPDATE SKIP LOCKED)
    RETURNING o.id, o.channel, o.attempt, o.message, o.transport
$$;

CREATE FUNCTION auth.courier_done(id uuid, detail text) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
    UPDATE auth.outbox AS o SET state = 'done', leased_until = NULL, detail = courier_done.detail
    WHERE o.id = courier_done.id
$$;

CREATE FUNCTION auth.courier_failed(id uuid, error text, is_permanent boolean, retry_after_seconds integer)
RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
    UPDATE auth.outbox AS o
    SET state = CASE WHEN is_permanent THEN 'dead' ELSE 'waiting' END, leased_until = NULL,
        error = courier_failed.error, retry_after = retry_after_seconds,
        due = clock_timestamp() + make_interval(secs => coalesce(retry_after_seconds, 0.2))
    WHERE o.id = courier_failed.id
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA auth FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.http, auth.maintain, auth.import_queued_users, auth.courier_claim,
    auth.courier_done, auth.courier_failed TO gateway;
