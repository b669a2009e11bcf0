-- Sessions: making, verifying, refreshing, ending.

-- Any subject has sessions. The payload goes into the token; the data stays here.
SELECT a ->> 'status' AS status, a #>> '{session,userId}' AS "user", a #>> '{session,recipeUserId}' AS recipe_user,
       a #>> '{session,tenantId}' AS tenant, a #> '{session,userDataInJWT}' AS payload, a ? 'antiCsrfToken' AS anti_csrf,
       a #>> '{accessToken,token}' AS access, a #>> '{refreshToken,token}' AS refresh, a #>> '{session,handle}' AS handle
FROM auth.create_session('Any text', '{"plan": "free", "none": null}', '{"cart": [1, 2]}') a \gset
\echo :status :'user' :'recipe_user' :tenant :'payload' :anti_csrf
SELECT a ->> 'status' AS status, a #>> '{session,userId}' AS "user", a #> '{session,userDataInJWT}' AS payload,
       a ? 'payloadUpdateAvailable' AS looked_at_the_row
FROM auth.verify_session(:'access') a;
SELECT a ->> 'status' AS status, a -> 'payloadUpdateAvailable' AS payload_changed
FROM auth.verify_session(:'access', check_database => true) a;
SELECT a ->> 'status' AS status, a -> 'userDataInDatabase' AS data, a -> 'userDataInJWT' AS payload,
       (a ->> 'expiry')::numeric > (a ->> 'timeCreated')::numeric AS lives
FROM auth.get_session(:'handle') a;
-- The token is a JWT that the published keys verify: its kid is among them.
SELECT split_part(:'access', '.', 1) AS header \gset
SELECT bool_or(key ->> 'kid' = convert_from(decode(rpad(translate(:'header', '-_', '+/'),
           (length(:'header') + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb ->> 'kid') AS published
FROM jsonb_array_elements(auth.jwks() -> 'keys') key;

-- A refresh replaces both tokens and keeps the session.
SELECT a ->> 'status' AS status, a #>> '{session,handle}' = :'handle' AS same_session,
       a #>> '{refreshToken,token}' <> :'refresh' AND a #>> '{accessToken,token}' <> :'access' AS new_tokens,
       a #>> '{refreshToken,token}' AS refresh2, a #>> '{accessToken,token}' AS access2
FROM auth.refresh(:'refresh') a \gset
\echo :status :same_session :new_tokens
SELECT auth.verify_session(:'access2', check_database => true) ->> 'status' AS verified;
-- Who lost the answer may come again in the time of grace; the lost tokens are dead then.
SELECT a ->> 'status' AS status, a #>> '{refreshToken,token}' AS refresh3 FROM auth.refresh(:'refresh') a \gset
\echo :status
SELECT auth.refresh(:'refresh3') ->> 'status' AS goes_on;
-- Two generations back is theft: the session is over for everybody.
SELECT a - 'session' AS answer, a #>> '{session,handle}' = :'handle' AS handle, a #>> '{session,userId}' AS "user"
FROM auth.refresh(:'refresh') a;
SELECT auth.refresh(:'refresh3') AS after_the_theft;
SELECT auth.verify_session(:'access2', check_database => true) AS with_the_database,
       auth.verify_session(:'access2') ->> 'status' AS without;
SELECT auth.get_session(:'handle') AS gone;

-- The child that was thrown away is found out.
SELECT auth.create_session('ada') #>> '{refreshToken,token}' AS refresh \gset
SELECT auth.refresh(:'refresh') #>> '{refreshToken,token}' AS lost \gset
SELECT auth.refresh(:'refresh') #>> '{refreshToken,token}' AS kept \gset
SELECT auth.refresh(:'lost') - 'session' AS lost;
SELECT auth.refresh(:'kept') ->> 'status' AS kept;

-- Without grace the replaced token is theft at once, or merely refused, as configured.
SELECT auth.set_setting('refresh_token_rotation_grace_period', '0');
SELECT auth.create_session('ada') #>> '{refreshToken,token}' AS refresh \gset
SELECT auth.refresh(:'refresh') #>> '{refreshToken,token}' AS refresh2 \gset
SELECT pg_sleep(0.01);
SELECT auth.refresh(:'refresh') - 'session' AS reused;
SELECT auth.set_setting('recent_token_reuse_behaviour', '"unauthorised"');
SELECT auth.create_session('ada') #>> '{refreshToken,token}' AS refresh \gset
SELECT auth.refresh(:'refresh') #>> '{refreshToken,token}' AS refresh2 \gset
SELECT pg_sleep(0.01);
SELECT auth.refresh(:'refresh') AS reused;
SELECT auth.refresh(:'refresh2') ->> 'status' AS the_session_ended_all_the_same;
SELECT auth.set_setting('recent_token_reuse_behaviour', NULL);
SELECT auth.set_setting('refresh_token_rotation_grace_period', NULL);

-- Data and payload. A token changes when it is next made.
SELECT a #>> '{accessToken,token}' AS access, a #>> '{refreshToken,token}' AS refresh, a #>> '{session,handle}' AS handle
FROM auth.create_session('ada', '{"n": 1}') a \gset
SELECT auth.update_session_data(:'handle', '{"seen": true}') AS data,
       auth.update_access_token_payload(:'handle', '{"n": 2}') AS payload;
SELECT a -> 'userDataInDatabase' AS data, a -> 'userDataInJWT' AS payload FROM auth.get_session(:'handle') a;
SELECT a #> '{session,userDataInJWT}' AS payload, a -> 'payloadUpdateAvailable' AS changed
FROM auth.verify_session(:'access', check_database => true) a;
SELECT auth.refresh(:'refresh') #> '{session,userDataInJWT}' AS refreshed;
-- Regenerating replaces the payload, in the row too; none given means the stored one.
SELECT a ->> 'status' AS status, a #> '{session,userDataInJWT}' AS payload, a #>> '{accessToken,token}' AS access3
FROM auth.regenerate_access_token(:'access', '{"n": 3}') a \gset
\echo :status :'payload'
SELECT auth.verify_session(:'access3') #> '{session,userDataInJWT}' AS payload,
       auth.get_session(:'handle') -> 'userDataInJWT' AS stored;
SELECT auth.regenerate_access_token(:'access') #> '{session,userDataInJWT}' AS stored;
SELECT auth.regenerate_access_token(:'access', '{}') #> '{session,userDataInJWT}' AS cleared;
SELECT auth.regenerate_access_token('nonsense', '{"n": 4}') AS nonsense;

-- The anti-CSRF value is in both tokens; verifying asks for it when it is given, refreshing always.
SELECT a #>> '{accessToken,token}' AS access, a #>> '{refreshToken,token}' AS refresh, a ->> 'antiCsrfToken' AS csrf
FROM auth.create_session('ada', anti_csrf => true) a \gset
SELECT auth.verify_session(:'access', :'csrf') ->> 'status' AS "right", auth.verify_session(:'access', 'wrong') AS wrong;
SELECT auth.refresh(:'refresh', 'wrong') AS wrong;
SELECT auth.refresh(:'refresh') ->> 'status' AS missing;
SELECT a ->> 'status' AS status, a ->> 'antiCsrfToken' <> :'csrf' AS a_new_value FROM auth.refresh(:'refresh', :'csrf') a;
SELECT auth.create_session('eve') #>> '{accessToken,token}' AS plain \gset
SELECT auth.verify_session(:'plain', 'any') ->> 'status' AS token_without_value;

-- Ending: by handle, by handles, by user; what was there is told.
SELECT auth.revoke_user_sessions('ada') ->> 'status' AS all_of_ada, auth.list_sessions('ada') AS left_of_ada;
SELECT a #>> '{session,handle}' AS one, a #>> '{accessToken,token}' AS access, a #>> '{refreshToken,token}' AS refresh
FROM auth.create_session('ada') a \gset
SELECT auth.create_session('ada') #>> '{session,handle}' AS two \gset
SELECT auth.create_session('ada') #>> '{session,handle}' AS three \gset
SELECT auth.list_sessions('ada') -> 'sessionHandles' = jsonb_build_array(:'one', :'two', :'three') AS oldest_first;
SELECT auth.revoke_session(:'one') -> 'sessionHandlesRevoked' = jsonb_build_array(:'one') AS revoked,
       auth.revoke_session(:'one') AS again;
SELECT auth.refresh(:'refresh') AS refresh, auth.verify_session(:'access', check_database => true) ->> 'status' AS verify;
SELECT auth.update_session_data(:'one', '{}') ->> 'status' AS data, auth.update_access_token_payload(:'one', '{}') ->> 'status' AS payload,
       auth.regenerate_access_token(:'access') ->> 'status' AS regenerate;
SELECT auth.revoke_sessions(ARRAY[:'one', :'two', 'nonsense', NULL]) -> 'sessionHandlesRevoked' = jsonb_build_array(:'two') AS those_that_were_there;
SELECT auth.revoke_sessions('{}') AS none;
SELECT auth.revoke_user_sessions('ada') -> 'sessionHandlesRevoked' = jsonb_build_array(:'three') AS the_rest;
SELECT auth.revoke_user_sessions('nobody') AS nobody;
SELECT jsonb_array_length(auth.list_sessions('eve') -> 'sessionHandles') AS others_stay;

-- A session that has expired is none.
SELECT auth.set_setting('access_token_validity', '1');
SELECT auth.set_setting('refresh_token_validity', '0.02');
SELECT a #>> '{accessToken,token}' AS access, a #>> '{refreshToken,token}' AS refresh, a #>> '{session,handle}' AS handle
FROM auth.create_session('late') a \gset
SELECT pg_sleep(2.1);
SELECT auth.verify_session(:'access') ->> 'status' AS verify, auth.refresh(:'refresh') AS refresh,
       auth.get_session(:'handle') ->> 'status' AS session, auth.list_sessions('late') -> 'sessionHandles' AS listed;
SELECT auth.maintain() #> '{deleted,sessions}' AS swept;
