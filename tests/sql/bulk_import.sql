-- Users from another system, many at once: each whole or not at all, and one that cannot be imported stands in nobody's
-- way. The rules for one user are in the suite cdi.
\pset format unaligned
CREATE FUNCTION answer(call text) RETURNS TABLE (sqlstate text, says text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT (' || call || ')::text' INTO says;
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    answer.sqlstate := SQLSTATE;
    says := SQLERRM;
    RETURN NEXT;
END $$;
-- A user of one login method; all of their passwords are testPass123.
CREATE FUNCTION member(email text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT more || jsonb_build_object('loginMethods', jsonb_build_array(jsonb_build_object('recipeId', 'emailpassword',
        'email', email, 'hashingAlgorithm', 'bcrypt',
        'passwordHash', '$2a$04$abcdefghijklmnopqrstuuG6VOuWh0gXFKIfmp9oEhamBdcmRXDw.'))) $$;
CREATE FUNCTION signs_in(email text) RETURNS text LANGUAGE sql AS $$
    SELECT auth.sign_in(email, 'testPass123') ->> 'status' $$;
-- What came of an import, but for the ids: whose are new, whose are null.
CREATE FUNCTION outcome(answer jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT answer - 'userIds' || jsonb_build_object('users', (
        SELECT jsonb_agg(CASE WHEN id <> 'null' THEN auth.get_user(id #>> '{}') #> '{user,emails}' ELSE id END ORDER BY place)
        FROM jsonb_array_elements(answer -> 'userIds') WITH ORDINALITY AS u (id, place))) $$;

-- Arguments that are none.
SELECT call, says, sqlstate FROM (VALUES
    ($$auth.import_users(NULL)$$), ($$auth.import_users('[]', NULL)$$), ($$auth.import_users('[]', 'nowhere')$$),
    ($$auth.import_users('[]', '')$$), ($$auth.import_users('{}')$$), ($$auth.import_users('{"users": []}')$$),
    ($$auth.import_users('null')$$), ($$auth.import_users('"x"')$$), ($$auth.import_users('1')$$)
) AS attempt (call), answer(call);
SELECT auth.import_users('[]') AS nobody;

-- Good and bad in one call.
SELECT auth.sign_up('taken@example.org', 'x') ->> 'status' AS taken;
SELECT jsonb_pretty(outcome(auth.import_users(jsonb_build_array(
    member('ada@example.org', '{"externalUserId": "ada"}'), jsonb '{}', member('taken@example.org'), 1, null, jsonb '[]',
    member('bob@example.org', '{"externalUserId": "ada"}'), member('cyd@example.org', '{"externalUserId": 1, "userRoles": [{}]}'),
    member('dan@example.org', '{"userRoles": [{"role": "nobody", "tenantIds": ["public", "nowhere"]}]}'), member(' EVE@example.org '))))) AS mixed;
SELECT email, signs_in(email) FROM unnest(ARRAY['ada', 'eve', 'taken', 'bob', 'cyd', 'dan']) name, concat(name, '@example.org') email;
SELECT auth.get_user('ada') #> '{user,emails}' AS by_the_external_id;
-- Once more: the same people, now with others.
SELECT jsonb_pretty(outcome(auth.import_users(jsonb_build_array(
    member('ada@example.org'), member('fay@example.org', '{"externalUserId": "ada"}'), member('gus@example.org'))))) AS again;
-- Those of another app are nobody's rivals.
SELECT auth.create_or_update_app('other') ->> 'status' AS app;
SELECT a -> 'imported' AS imported, a -> 'failed' AS failed
FROM auth.import_users(jsonb_build_array(member('ada@example.org', '{"externalUserId": "ada"}')), 'other') a;
-- Part of the caller's transaction.
BEGIN;
SELECT auth.import_users(jsonb_build_array(member('gone@example.org'))) -> 'imported' AS imported, signs_in('gone@example.org');
ROLLBACK;
SELECT signs_in('gone@example.org') AS rolled_back;

-- A trigger of the application does not like everybody. It is told who it was, with the trigger's words; the neighbours,
-- and those who come later in the transaction, are imported.
CREATE FUNCTION no_robots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.email LIKE 'robot%' THEN
        RAISE EXCEPTION 'no robots, %', NEW.email USING ERRCODE = 'P0815';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_robots BEFORE INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION no_robots();
SELECT jsonb_pretty(outcome(auth.import_users(jsonb_build_array(
    member('a1@example.org'), member('robot1@example.org', '{"externalUserId": "robot1", "userMetadata": {"a": 1}}'), member('a2@example.org'),
    member('taken@example.org'), member('a3@example.org'), member('robot2@example.org'), jsonb '{}')))) AS robots;
SELECT email, signs_in(email) FROM unnest(ARRAY['a1', 'a2', 'a3', 'robot1', 'robot2']) name, concat(name, '@example.org') email;
SELECT auth.get_user_metadata('robot1') -> 'metadata' AS nothing_of_a_robot;
-- Among many, at the ends of batches and in the middle.
SELECT a -> 'failed' AS failed, a -> 'imported' AS imported
FROM auth.import_users((SELECT jsonb_agg(member(CASE WHEN n IN (0, 500, 999, 1000, 1499) THEN 'robot' ELSE 'crowd' END || n || '@example.org') ORDER BY n)
    FROM generate_series(0, 1499) n)) a;
SELECT signs_in('crowd1@example.org') AS first, signs_in('crowd998@example.org') AS before, signs_in('crowd1001@example.org') AS after;
-- A trigger that fails at the end fails only the one as well.
CREATE TABLE profile (id uuid REFERENCES auth.users (id), email text UNIQUE);
INSERT INTO profile VALUES (NULL, 'b2@example.org');
CREATE FUNCTION make_profile() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO profile VALUES (NEW.id, NEW.email);
    RETURN NULL;
END $$;
CREATE TRIGGER make_profile AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION make_profile();
SELECT jsonb_pretty(outcome(auth.import_users(jsonb_build_array(member('b1@example.org'), member('b2@example.org'), member('b3@example.org'))))) AS profiles;
SELECT email, id IS NULL AS was_there FROM profile ORDER BY email;
DROP FUNCTION make_profile, no_robots CASCADE;

-- 2500 in one call, ten of whom are there three times, and ten twice: in one batch, in the next one, and in the last one.
CREATE TABLE many AS SELECT n AS place, n - CASE
    WHEN n BETWEEN 500 AND 509 THEN 300 WHEN n BETWEEN 1200 AND 1209 THEN 1000 WHEN n BETWEEN 2000 AND 2009 THEN 1890 ELSE 0 END AS person
FROM generate_series(0, 2499) n;
CREATE TABLE done AS SELECT auth.import_users(jsonb_agg(member('m' || person || '@example.org') ORDER BY place)) AS answer FROM many;
SELECT answer -> 'imported' AS imported, jsonb_array_length(answer -> 'failed') AS failed, jsonb_array_length(answer -> 'userIds') AS ids FROM done;
-- Of every person one is imported; the others are told that there is somebody with the address.
CREATE TABLE each AS SELECT place, person, answer -> 'userIds' ->> place AS id, fault -> 'errors' AS errors
FROM done, many LEFT JOIN LATERAL (
    SELECT f FROM done, jsonb_array_elements(answer -> 'failed') f WHERE (f -> 'index')::int = place) AS failed (fault) ON true;
SELECT count(*) AS people, count(*) FILTER (WHERE ids <> 1) AS wrong FROM (SELECT count(id) AS ids FROM each GROUP BY person) AS person;
SELECT count(*) AS told, count(DISTINCT place) AS places,
       count(*) FILTER (WHERE errors = jsonb_build_array(format('E003: A user with email m%s@example.org already exists in emailpassword loginMethod.', person))) AS as_expected
FROM each WHERE id IS NULL;
SELECT count(*) AS some, count(*) FILTER (WHERE auth.get_user(id) #>> '{user,emails,0}' = 'm' || person || '@example.org') AS theirs
FROM each WHERE id IS NOT NULL AND place % 10 = 0;
SELECT signs_in('m0@example.org') AS first, signs_in('m205@example.org') AS twice, signs_in('m2499@example.org') AS last;
-- Again: all of them are there.
SELECT a -> 'imported' AS imported, jsonb_array_length(a -> 'failed') AS failed
FROM auth.import_users((SELECT jsonb_agg(member('m' || person || '@example.org') ORDER BY place) FROM many WHERE place < 1200)) a;

-- No row is left of those who were refused, and none is missing of the others.
\c - postgres
SELECT (SELECT count(*) FROM auth.users u LEFT JOIN auth.login_methods m ON m.user_id = u.id WHERE m.id IS NULL) AS without_method,
       (SELECT count(*) FROM auth.login_methods m LEFT JOIN auth.login_method_tenants t ON t.login_method_id = m.id WHERE t IS NULL) AS without_tenant,
       (SELECT count(*) FROM auth.login_method_tenants t LEFT JOIN auth.login_methods m ON m.id = t.login_method_id WHERE m IS NULL) AS without_user,
       (SELECT count(*) FROM auth.users WHERE app_id = 'public') = (SELECT count(*) FROM auth.login_methods WHERE app_id = 'public') AS one_each;
