-- Users of one import who want the same, of whom one cannot be imported for another reason: the other one can.
\pset format unaligned
CREATE FUNCTION member(id text, email text, phone text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('externalUserId', id, 'loginMethods', jsonb_build_array(
        jsonb_build_object('recipeId', 'thirdparty', 'email', email, 'thirdPartyId', 'github', 'thirdPartyUserId', email))
        || CASE WHEN phone IS NULL THEN '[]'
           ELSE jsonb_build_array(jsonb_build_object('recipeId', 'passwordless', 'phoneNumber', phone)) END)) $$;
SELECT auth.import_users(jsonb_build_array(member('taken', 'taken@example.org', '+4915112345678'))) -> 'imported' AS taken;

-- Refused for a number, for an external id, for what it is itself.
SELECT a -> 'imported' AS imported, a -> 'failed' AS failed, auth.get_user('good1') #> '{user,emails}' AS good
FROM auth.import_users(jsonb_build_array(member('bad1', 'one@example.org', '+4915112345678'), member('good1', 'one@example.org'))) a;
SELECT a -> 'imported' AS imported, a -> 'failed' AS failed, auth.get_user('good2') #> '{user,emails}' AS good
FROM auth.import_users(jsonb_build_array(member('taken', 'two@example.org'), member('good2', 'two@example.org'))) a;
SELECT a -> 'imported' AS imported, a -> 'failed' AS failed, auth.get_user('good3') #> '{user,emails}' AS good
FROM auth.import_users(jsonb_build_array(
    member('', 'three@example.org'), member('good3', 'three@example.org'))) a;

-- An application's trigger has no say about those whose place is taken: they are told so.
CREATE TABLE profile (id uuid REFERENCES auth.users (id), email text UNIQUE);
CREATE FUNCTION make_profile() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO profile VALUES (NEW.id, NEW.email);
    RETURN NULL;
END $$;
CREATE TRIGGER make_profile AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION make_profile();
SELECT auth.import_users(jsonb_build_array(member('four', 'four@example.org'))) -> 'imported' AS imported;
SELECT a -> 'imported' AS imported, a -> 'failed' AS failed
FROM auth.import_users(jsonb_build_array(member('again', 'four@example.org'), member('five', 'five@example.org'))) a;
SELECT email FROM profile ORDER BY email;
