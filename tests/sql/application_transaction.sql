-- Sign-up in the application's own transactions.

CREATE TABLE profile (
    id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''));

-- Both rows, or neither.
BEGIN;
INSERT INTO profile SELECT (auth.sign_up('ada@example.org', 'x') #>> '{user,id}')::uuid, 'Ada';
COMMIT;
SELECT name, auth.get_user(id::text) #>> '{user,emails,0}' AS email FROM profile;
BEGIN;
INSERT INTO profile SELECT (auth.sign_up('eve@example.org', 'x') #>> '{user,id}')::uuid, 'Eve';
SELECT auth.sign_in('eve@example.org', 'x') ->> 'status' AS inside;
ROLLBACK;
SELECT auth.sign_in('eve@example.org', 'x') ->> 'status' AS outside;
-- An error of the application undoes the sign-up, too.
INSERT INTO profile SELECT (auth.sign_up('eve@example.org', 'x') #>> '{user,id}')::uuid, '';
SELECT auth.sign_in('eve@example.org', 'x') ->> 'status' AS outside, (SELECT count(*) FROM profile) AS profiles;
-- A savepoint undoes part of it.
BEGIN;
SELECT auth.sign_up('bob@example.org', 'x') ->> 'status' AS kept;
SAVEPOINT here;
SELECT auth.sign_up('eve@example.org', 'x') ->> 'status' AS undone;
ROLLBACK TO here;
SELECT auth.sign_up('ada@example.org', 'x') ->> 'status' AS a_status_keeps_the_transaction;
COMMIT;
SELECT auth.sign_in('bob@example.org', 'x') ->> 'status' AS bob, auth.sign_in('eve@example.org', 'x') ->> 'status' AS eve;
-- What is expected is a status, so the application looks at it.
INSERT INTO profile SELECT (auth.sign_up('ada@example.org', 'x') #>> '{user,id}')::uuid, 'Ada again';

-- The address is taken and free again within one transaction.
BEGIN;
SELECT auth.sign_up('tmp@example.org', 'x') #>> '{user,id}' AS tmp \gset
SELECT auth.delete_user(:'tmp') ->> 'status' AS deleted;
SELECT auth.sign_up('tmp@example.org', 'y') ->> 'status' AS again;
COMMIT;
SELECT auth.sign_in('tmp@example.org', 'y') ->> 'status' AS signed_in;

-- Deleting a user deletes what refers to it.
SELECT id AS ada FROM profile \gset
SELECT auth.delete_user(:'ada') ->> 'status' AS deleted;
SELECT count(*) AS profiles FROM profile;
-- Unless the application forbids it: then nothing is deleted.
CREATE TABLE invoice (user_id uuid NOT NULL REFERENCES auth.users (id));
INSERT INTO invoice SELECT (auth.sign_up('payer@example.org', 'x') #>> '{user,id}')::uuid;
SELECT user_id AS payer FROM invoice \gset
SELECT auth.create_session(:'payer') ->> 'status' AS session;
SELECT auth.delete_user(:'payer');
SELECT auth.sign_in('payer@example.org', 'x') ->> 'status' AS still_there,
       jsonb_array_length(auth.list_sessions(:'payer') -> 'sessionHandles') AS sessions;

-- The application's trigger has its say, and what it says reaches the caller.
CREATE FUNCTION only_example() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.email NOT LIKE '%@example.org' THEN
        RAISE EXCEPTION 'only colleagues may sign up' USING ERRCODE = 'P0815',
            DETAIL = 'Your address ends in ' || split_part(NEW.email, '@', 2), HINT = 'Ask your administrator.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_example BEFORE INSERT OR UPDATE OF email ON auth.users FOR EACH ROW EXECUTE FUNCTION only_example();
DO $$
DECLARE
    detail text;
    hint text;
BEGIN
    PERFORM auth.sign_up('eve@elsewhere.com', 'x');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE WARNING '%: % / % / %', SQLSTATE, SQLERRM, detail, hint;
END $$;
SELECT auth.sign_in('eve@elsewhere.com', 'x') ->> 'status' AS not_made;
SELECT auth.sign_up('eve@example.org', 'x') #>> '{user,id}' AS eve \gset
SELECT auth.update_email_or_password(:'eve', 'eve@elsewhere.com', 'new');
SELECT auth.sign_in('eve@example.org', 'x') ->> 'status' AS as_before, auth.sign_in('eve@example.org', 'new') ->> 'status' AS changed;
-- A trigger that makes the application's row: one statement signs up and makes the profile.
CREATE FUNCTION make_profile() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO profile VALUES (NEW.id, split_part(NEW.email, '@', 1));
    RETURN NULL;
END $$;
CREATE TRIGGER make_profile AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION make_profile();
SELECT auth.sign_up('grace@example.org', 'x') ->> 'status' AS status;
SELECT name FROM profile;
-- The rows of our other tables are none of the application's business.
SELECT email FROM auth.users;
SELECT * FROM auth.login_methods;
