-- Sign-up, sign-in, reset, change, import, deletion; and finding users.

-- The address is trimmed and lower-cased, the password is taken as it is.
SELECT a ->> 'status' AS status, a -> 'user' -> 'emails' AS emails, a -> 'user' -> 'tenantIds' AS tenants,
       a #> '{user,id}' = a -> 'recipeUserId' AS same_id, a #> '{user,loginMethods,0,verified}' AS verified
FROM auth.sign_up('  Ada@Example.ORG ', ' pässwörd 🙂 ') a;
SELECT auth.sign_in('ada@example.org', ' pässwörd 🙂 ') ->> 'status' AS exact;
SELECT auth.sign_in(E'\tADA@EXAMPLE.org\n', ' pässwörd 🙂 ') ->> 'status' AS other_spelling;
SELECT auth.sign_in('ada@example.org', 'pässwörd 🙂') ->> 'status' AS trimmed_password;
SELECT auth.sign_in('ada@example.org', '') ->> 'status' AS empty_password;
-- Nothing tells an unknown address from a wrong password.
SELECT auth.sign_in('eve@example.org', 'x') = auth.sign_in('ada@example.org', 'x') AS alike;

-- An address is taken in every spelling, and the first password stays.
SELECT auth.sign_up('ADA@example.org', 'other') AS taken;
SELECT auth.sign_in('ada@example.org', 'other') ->> 'status' AS other;
SELECT auth.sign_in('ada@example.org', ' pässwörd 🙂 ') #>> '{user,id}' AS ada \gset
SELECT id = :'ada' AS known_to_foreign_keys FROM auth.users;

-- A change is all or nothing.
SELECT auth.sign_up('eve@example.org', 'eve') #>> '{user,id}' AS eve \gset
SELECT auth.update_email_or_password(:'ada', 'EVE@example.org', 'new') ->> 'status' AS taken;
SELECT auth.sign_in('ada@example.org', 'new') ->> 'status' AS password_stayed;
SELECT auth.update_email_or_password(:'ada', 'ada@example.org', 'new') ->> 'status' AS own_address;
SELECT auth.update_email_or_password(:'ada', 'lovelace@example.org') ->> 'status' AS address_alone;
SELECT auth.sign_in('lovelace@example.org', 'new') #>> '{user,emails}' AS emails;
SELECT auth.sign_in('ada@example.org', 'new') ->> 'status' AS old_address;
SELECT auth.update_email_or_password(:'ada', password => 'newer') ->> 'status' AS password_alone;
SELECT auth.sign_in('lovelace@example.org', 'newer') ->> 'status' AS newer;
SELECT auth.update_email_or_password('00000000-0000-4000-8000-000000000000', 'x@example.org') ->> 'status' AS unknown;
-- The old address is free for others.
SELECT auth.sign_up('ada@example.org', 'x') ->> 'status' AS free_again;

-- Reset tokens work once, and take those of the same user along, not those of others.
SELECT auth.create_reset_password_token(:'ada', 'As Given@example.org') ->> 'token' AS first \gset
SELECT auth.create_reset_password_token(:'ada', 'x') ->> 'token' AS second \gset
SELECT auth.create_reset_password_token(:'eve', 'x') ->> 'token' AS of_eve \gset
SELECT length(:'first') >= 64 AND :'first' ~ '^[A-Za-z0-9_-]+$' AS unguessable_and_fit_for_urls;
SELECT a ->> 'status' AS status, a ->> 'userId' = :'ada' AS of_ada, a ->> 'email' AS email
FROM auth.consume_reset_password_token(:'first') a;
SELECT auth.consume_reset_password_token(:'first') ->> 'status' AS again;
SELECT auth.reset_password(:'second', 'mine') ->> 'status' AS sibling;
SELECT auth.sign_in('lovelace@example.org', 'newer') ->> 'status' AS consuming_changes_no_password;
SELECT a ->> 'status' AS status, a ->> 'userId' = :'eve' AS of_eve FROM auth.reset_password(:'of_eve', 'reset') a;
SELECT auth.reset_password(:'of_eve', 'again') ->> 'status' AS again;
SELECT auth.sign_in('eve@example.org', 'reset') ->> 'status' AS reset, auth.sign_in('eve@example.org', 'eve') ->> 'status' AS old;
SELECT auth.create_reset_password_token('nobody', 'x') ->> 'status' AS unknown;
SELECT auth.consume_reset_password_token('nonsense') ->> 'status' AS nonsense, auth.reset_password('', 'x') ->> 'status' AS empty;
-- A token of a life that is over is refused.
SELECT auth.set_setting('password_reset_token_lifetime', '1');
SELECT auth.create_reset_password_token(:'eve', 'x') ->> 'token' AS short \gset
SELECT pg_sleep(0.02);
SELECT auth.reset_password(:'short', 'late') ->> 'status' AS expired;
SELECT auth.set_setting('password_reset_token_lifetime', NULL);

-- Hashes from elsewhere; importing once more replaces the hash.
SELECT a ->> 'status' AS status, a ->> 'didUserAlreadyExist' AS existed, a #> '{user,emails}' AS emails
FROM auth.import_user_with_password_hash('Bcrypt@example.org',
    '$2b$04$abcdefghijklmnopqrstuukritATHgHMxdPTWSkkTqdeSkpo9tv7S') a;
SELECT auth.sign_in('bcrypt@example.org', 'pässwörd🙂') ->> 'status' AS bcrypt;
SELECT auth.sign_in('bcrypt@example.org', 'pässwörd🙂') ->> 'status' AS after_the_rehash;
SELECT a ->> 'status' AS status, a ->> 'didUserAlreadyExist' AS existed
FROM auth.import_user_with_password_hash('bcrypt@example.org',
    '$argon2id$v=19$m=16,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$PtYnXe3WQD5oYGcE+uBYzA', 'argon2') a;
SELECT auth.sign_in('bcrypt@example.org', 'testPass123') ->> 'status' AS argon2,
       auth.sign_in('bcrypt@example.org', 'pässwörd🙂') ->> 'status' AS replaced;
SELECT auth.set_setting('firebase_password_hashing_signer_key',
    '"gRhC3eDeQOdyEn4bMd9c6kxguWVmcIVq/SKa0JDPFeM6TcEevkaW56sIWfx88OHbJKnCXdWscZx0l2WbCJ1wbg=="');
SELECT auth.import_user_with_password_hash('firebase@example.org', '$f_scrypt$5ppSB/MBJ8KUKgyFOic+dWAabLsMiYMgreKT0ew89L89jImMTjetaqluK24s1vFJoY6Qr+R/MuEyopMh74TUkw==$/cj0jC1br5o4+w==$m=4$r=8$s=Bw==', 'FIREBASE_SCRYPT') ->> 'status' AS firebase;
SELECT auth.sign_in('firebase@example.org', 'pässwörd🙂') ->> 'status' AS firebase;

-- Finding, listing, counting: oldest first, in pages that do not lose or repeat anybody.
SELECT auth.get_user(:'eve') #>> '{user,emails,0}' AS eve, auth.get_user('nobody') ->> 'status' AS nobody;
SELECT auth.count_users() -> 'count' AS users, auth.count_users(ARRAY['passwordless']) -> 'count' AS passwordless,
       auth.count_users(ARRAY['emailpassword', 'thirdparty']) -> 'count' AS either;
SELECT auth.count_active_users(now() - interval '1 hour') -> 'count' AS active,
       auth.count_active_users(now() + interval '1 hour') -> 'count' AS in_the_future;
SELECT member #>> '{emails,0}' AS oldest_first FROM jsonb_array_elements(auth.list_users() -> 'users') member;
SELECT member #>> '{emails,0}' AS newest_first
FROM jsonb_array_elements(auth.list_users(2, time_joined_order => 'DESC') -> 'users') member;
WITH RECURSIVE page AS (
    SELECT auth.list_users(2) AS answer, 1 AS number
    UNION ALL
    SELECT auth.list_users(2, answer ->> 'nextPaginationToken'), number + 1
    FROM page WHERE answer ? 'nextPaginationToken')
SELECT number, member #>> '{emails,0}' AS member FROM page, jsonb_array_elements(answer -> 'users') member;
SELECT jsonb_array_length(auth.users_by_account_info(' EVE@example.org') -> 'users') AS by_address,
       jsonb_array_length(auth.users_by_account_info('eve@example.org', '+4912345') -> 'users') AS both_must_match,
       jsonb_array_length(auth.users_by_account_info('eve@example.org', '+4912345', do_union => true) -> 'users') AS either,
       jsonb_array_length(auth.users_by_account_info() -> 'users') AS nothing_asked;

-- A deleted user is gone for good, its sessions and tokens with it; the address is free.
SELECT auth.create_session(:'eve') #>> '{session,handle}' AS handle \gset
SELECT auth.create_reset_password_token(:'eve', 'x') ->> 'token' AS token \gset
SELECT auth.delete_user(:'eve') AS deleted, auth.delete_user(:'eve') AS again, auth.delete_user('nobody') AS nobody;
SELECT auth.get_user(:'eve') ->> 'status' AS "user", auth.get_session(:'handle') ->> 'status' AS session,
       auth.reset_password(:'token', 'x') ->> 'status' AS token, auth.sign_in('eve@example.org', 'reset') ->> 'status' AS sign_in;
SELECT count(*) AS rows FROM auth.users WHERE id = :'eve';
SELECT auth.sign_up('eve@example.org', 'x') #>> '{user,id}' <> :'eve' AS a_new_user;
