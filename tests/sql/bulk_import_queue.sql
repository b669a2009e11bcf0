-- Rounds of work on the queue: the oldest first, as many as are asked for. No gateway works in this database.
\c - postgres
\pset format unaligned
-- A call of the CDI; its answer.
CREATE FUNCTION cdi(path text, body jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT convert_from(a.body, 'UTF8')::jsonb FROM auth.http('POST', path, NULL, '[["cdi-version", "5.4"]]', convert_to($2::text, 'UTF8')) a $$;
CREATE FUNCTION member(name text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('externalUserId', name, 'loginMethods', jsonb_build_array(jsonb_build_object(
        'recipeId', 'thirdparty', 'email', name || '@example.org', 'thirdPartyId', 'github', 'thirdPartyUserId', name))) $$;
CREATE VIEW waiting AS SELECT app_id, status, count(*) FROM auth.bulk_import_queue GROUP BY 1, 2 ORDER BY 1, 2;
CREATE FUNCTION there() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(external_id, ' ' ORDER BY external_id) FROM auth.user_id_mappings $$;

SELECT auth.import_queued_users() AS nobody;
SELECT n, cdi('/bulk-import/users', jsonb_build_object('users', jsonb_build_array(member('m' || n)))) ->> 'status' AS status
-- Apart in time, which is kept in milliseconds: those of the same one come in any order.
FROM generate_series(1, 5) n, LATERAL (SELECT pg_sleep(0.002 + 0 * n)) AS pause;
SELECT * FROM waiting;
SELECT auth.import_queued_users(2) AS two, there();
SELECT auth.import_queued_users(3) AS three, there();
SELECT auth.import_queued_users(3) AS done;
SELECT * FROM waiting;

-- Those who cannot be imported any more count as failed, and are left alone from then on.
SELECT cdi('/bulk-import/users', jsonb_build_object('users', jsonb_build_array(member('n1'), member('m1'), member('n2'), member('m2')))) ->> 'status' AS queued;
SELECT auth.import_queued_users() AS round, there();
SELECT auth.import_queued_users() AS again;
SELECT status, error_message FROM auth.bulk_import_queue ORDER BY 2;
-- They are users of two apps.
SELECT auth.create_or_update_app('other') ->> 'status' AS app;
SELECT cdi(path, jsonb_build_object('users', jsonb_build_array(member('o1')))) ->> 'status' AS queued
FROM unnest(ARRAY['/bulk-import/users', '/appid-other/bulk-import/users']) AS path;
SELECT auth.import_queued_users() AS both;
SELECT app_id, count(*) FROM auth.user_id_mappings WHERE external_id = 'o1' GROUP BY 1 ORDER BY 1;
-- A round is all or nothing: what is rolled back waits again, under the ids that were told.
SELECT cdi('/bulk-import/users', jsonb_build_object('users', jsonb_build_array(member('p1')))) #>> '{users,0,loginMethods,0,userId}' AS p1 \gset
BEGIN;
SELECT auth.import_queued_users() -> 'imported' AS imported, auth.get_user(:'p1') #>> '{user,id}' AS there;
ROLLBACK;
SELECT auth.get_user(:'p1') ->> 'status' AS not_there;
SELECT auth.import_queued_users() -> 'imported' AS imported, auth.get_user(:'p1') #>> '{user,id}' AS there;
-- An application's trigger fails one of them alone.
CREATE FUNCTION no_robots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.email LIKE 'robot%' THEN
        RAISE EXCEPTION 'no robots';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_robots BEFORE INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION no_robots();
SELECT cdi('/bulk-import/users', jsonb_build_object('users', jsonb_build_array(member('q1'), member('robot'), member('q2')))) ->> 'status' AS queued;
SELECT auth.import_queued_users() AS round, there();
SELECT status, error_message FROM auth.bulk_import_queue WHERE error_message LIKE 'no%';
-- The extension's owner may work, too; how much must be a number.
\c - app
SELECT auth.import_queued_users() AS round;
CREATE FUNCTION refusal(most integer) RETURNS TABLE (sqlstate text, named boolean) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM auth.import_queued_users(most);
EXCEPTION WHEN OTHERS THEN
    refusal.sqlstate := SQLSTATE;
    named := SQLERRM ~ 'most';
    RETURN NEXT;
END $$;
SELECT most, refusal.* FROM (VALUES (NULL), (-1)) AS attempt (most), refusal(most);
