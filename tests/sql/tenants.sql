-- Apps and tenants: what belongs to one is not seen from another.

SELECT auth.create_or_update_app('A1') AS made, auth.create_or_update_app(' a1 ') AS again;
SELECT auth.create_or_update_tenant('T1') AS made, auth.create_or_update_tenant('t1') AS again,
       auth.create_or_update_tenant('t1', app_id => 'a1') AS same_name_elsewhere;
SELECT auth.get_tenant('t1') AS new_tenant, auth.get_tenant('public', 'a1') AS of_a_new_app, auth.get_tenant('t2') AS none;
SELECT auth.create_or_update_tenant('t1', '{"firstFactors": ["emailpassword", "otp-email"], "requiredSecondaryFactors": ["totp"]}') AS changed;
SELECT auth.get_tenant('t1') - 'thirdParty' AS tenant;
SELECT auth.create_or_update_tenant('t1', '{"firstFactors": null, "requiredSecondaryFactors": null}') AS reset;
SELECT auth.get_tenant('t1') - 'thirdParty' AS tenant;
SELECT app ->> 'appId' AS app, tenant ->> 'tenantId' AS tenant
FROM jsonb_array_elements(auth.list_apps() -> 'apps') app, jsonb_array_elements(app -> 'tenants') tenant ORDER BY 1, 2;
SELECT jsonb_path_query_array(auth.list_tenants('a1'), '$.tenants[*].tenantId') AS of_a1;

-- One address, four users: uniqueness ends at the tenant.
CREATE TABLE place (app text, tenant text, password text, id text);
INSERT INTO place SELECT app, tenant, app || '/' || tenant,
    auth.sign_up('ada@example.org', app || '/' || tenant, tenant, app) #>> '{user,id}'
FROM (VALUES ('public', 'public'), ('public', 't1'), ('a1', 'public'), ('a1', 't1')) AS wanted (app, tenant);
SELECT count(DISTINCT id) AS users FROM place;
SELECT there.app, there.tenant, auth.sign_up('ada@example.org', 'x', there.tenant, there.app) ->> 'status' AS taken FROM place there;
-- Each signs in where it signed up, with its own password, and nowhere else.
SELECT there.app, there.tenant, string_agg(who.password, ', ') AS lets_in FROM place there, place who
WHERE auth.sign_in('ada@example.org', who.password, there.tenant, there.app) ->> 'status' = 'OK' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT there.app, there.tenant, auth.count_users(tenant_id => there.tenant, app_id => there.app) -> 'count' AS in_tenant,
       auth.count_users(all_tenants => true, tenant_id => there.tenant, app_id => there.app) -> 'count' AS in_app,
       jsonb_path_query_array(auth.list_users(tenant_id => there.tenant, app_id => there.app), '$.users[*].id') = jsonb_build_array(id) AS lists_its_own,
       auth.users_by_account_info('ada@example.org', tenant_id => there.tenant, app_id => there.app) #>> '{users,0,id}' = id AS finds_its_own
FROM place there ORDER BY 1, 2;
-- By id a user is known in its app, and in no other; whoever is not known cannot be changed or deleted.
SELECT who.password AS who, there.app, auth.get_user(who.id, there.app) ->> 'status' AS get,
       auth.update_email_or_password(who.id, 'ada@example.org', app_id => there.app) ->> 'status' AS update,
       auth.create_reset_password_token(who.id, 'x', app_id => there.app) ->> 'status' AS token
FROM place who, (VALUES ('public'), ('a1')) AS there (app) ORDER BY 1, 2;
SELECT auth.delete_user(id, app_id => CASE app WHEN 'a1' THEN 'public' ELSE 'a1' END) ->> 'status' AS deleted_elsewhere FROM place;
SELECT count(*) AS still_there FROM place WHERE auth.get_user(id, app_id => app) ->> 'status' = 'OK';

-- Sessions, tokens and keys are the app's.
SELECT id AS here FROM place WHERE password = 'public/t1' \gset
SELECT a #>> '{session,tenantId}' AS tenant, a #>> '{session,handle}' AS handle, a #>> '{accessToken,token}' AS access,
       a #>> '{refreshToken,token}' AS refresh
FROM auth.create_session(:'here', tenant_id => 't1') a \gset
SELECT :'tenant' AS tenant, :'handle' LIKE '%\_t1' AS in_the_handle;
SELECT auth.verify_session(:'access', check_database => true) ->> 'status' AS here,
       auth.verify_session(:'access', check_database => true, app_id => 'a1') ->> 'status' AS elsewhere;
SELECT auth.get_session(:'handle', 'a1') ->> 'status' AS get, auth.revoke_session(:'handle', 'a1') AS revoke,
       auth.update_session_data(:'handle', '{}', 'a1') ->> 'status' AS update, auth.refresh(:'refresh', app_id => 'a1') ->> 'status' AS refresh,
       auth.list_sessions(:'here', app_id => 'a1') AS list, auth.revoke_user_sessions(:'here', app_id => 'a1') AS revoke_all;
SELECT jsonb_array_length(auth.list_sessions(:'here', tenant_id => 't1') -> 'sessionHandles') AS t1,
       jsonb_array_length(auth.list_sessions(:'here', tenant_id => 'public') -> 'sessionHandles') AS public,
       jsonb_array_length(auth.list_sessions(:'here') -> 'sessionHandles') AS everywhere;
SELECT auth.revoke_user_sessions(:'here', tenant_id => 'public') AS of_another_tenant;
SELECT auth.refresh(:'refresh') ->> 'status' AS still_live;
SELECT bool_or(mine = theirs) AS shares_keys FROM jsonb_path_query(auth.jwks(), '$.keys[*].kid') mine,
       jsonb_path_query(auth.jwks('a1'), '$.keys[*].kid') theirs;
SELECT auth.create_reset_password_token(:'here', 'x', tenant_id => 't1') ->> 'token' AS token \gset
SELECT auth.reset_password(:'token', 'new', app_id => 'a1') ->> 'status' AS in_another_app,
       auth.reset_password(:'token', 'new') ->> 'status' AS in_another_tenant;

-- Removing a tenant ends its sessions; its users stay, known by id alone.
SELECT a #>> '{session,handle}' AS handle, a #>> '{accessToken,token}' AS access, a #>> '{refreshToken,token}' AS refresh
FROM auth.create_session(:'here', tenant_id => 't1') a \gset
SELECT auth.remove_tenant('T1') AS removed, auth.remove_tenant('t1') AS again, auth.get_tenant('t1') AS none;
SELECT auth.refresh(:'refresh') ->> 'status' AS refresh, auth.verify_session(:'access', check_database => true) ->> 'status' AS verify;
SELECT auth.sign_in('ada@example.org', 'new', 't1');
SELECT auth.get_user(:'here') #> '{user,tenantIds}' AS tenants, auth.count_users() -> 'count' AS in_public,
       auth.count_users(all_tenants => true) -> 'count' AS in_app;
-- One made anew under its name does not have its sessions or users.
SELECT auth.create_or_update_tenant('t1') AS made;
SELECT auth.refresh(:'refresh') ->> 'status' AS refresh, auth.get_session(:'handle') ->> 'status' AS session,
       auth.sign_in('ada@example.org', 'new', 't1') ->> 'status' AS sign_in, auth.count_users(tenant_id => 't1') -> 'count' AS users;

-- An app goes with all that is in it, once its tenants are gone.
SELECT auth.remove_app('a1');
SELECT auth.remove_tenant('t1', 'a1') AS removed;
SELECT auth.remove_app('a1') AS removed, auth.remove_app('a1') AS again;
SELECT auth.sign_in('ada@example.org', 'x', app_id => 'a1');
SELECT auth.create_or_update_app('a1') AS made, auth.count_users(all_tenants => true, app_id => 'a1') -> 'count' AS users;
-- What is there without being made stays.
SELECT auth.remove_tenant('public');
SELECT auth.remove_app('public');
