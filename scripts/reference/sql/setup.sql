-- Grants everything that can be granted to roles made for it, so that the catalogue tells who may do what. All of it is
-- rolled back.
CREATE ROLE reference_server;
CREATE ROLE reference_policies;
SELECT auth.grant_server('reference_server'), auth.grant_policies('reference_policies');
SELECT auth.create_api_roles('reference_authenticator', 'reference_anon', 'reference_user', 'reference_service');
SELECT auth.create_api('reference_api', anon => 'reference_anon', authenticated => 'reference_user',
    service_role => 'reference_service');
SET LOCAL search_path = pg_catalog;
-- Its settings are known once the library is there.
LOAD 'auth';
