-- What users see of themselves through an API schema (auth.create_api), and what a service sees of all. Whoever selects from
-- them does so through a view of that schema; `my` is the user of request.jwt.claims. None of them has a secret.

CREATE VIEW auth.my_user WITH (security_barrier) AS
    SELECT u.id, u.app_id, u.role, u.aud, u.email, u.email_confirmed_at, u.phone, u.phone_confirmed_at, u.email_change AS new_email,
        u.phone_change AS new_phone, u.is_anonymous, u.raw_user_meta_data AS user_metadata,
        u.raw_app_meta_data AS app_metadata, u.last_sign_in_at, u.created_at, u.updated_at
    FROM auth.users u WHERE u.id = (SELECT auth.uid()) AND u.merged_into IS NULL;
COMMENT ON VIEW auth.my_user IS 'The caller, as a user';
COMMENT ON COLUMN auth.my_user.app_id IS 'The app';
COMMENT ON COLUMN auth.my_user.id IS 'The user''s id, auth.uid()';
COMMENT ON COLUMN auth.my_user.role IS 'Postgres role of the user''s tokens';
COMMENT ON COLUMN auth.my_user.aud IS 'Audience of the user''s tokens';
COMMENT ON COLUMN auth.my_user.email IS 'E-mail address';
COMMENT ON COLUMN auth.my_user.email_confirmed_at IS 'When it was verified';
COMMENT ON COLUMN auth.my_user.phone IS 'Phone number in E.164 form';
COMMENT ON COLUMN auth.my_user.phone_confirmed_at IS 'When it was verified';
COMMENT ON COLUMN auth.my_user.new_email IS 'The address that is to replace it once it is confirmed';
COMMENT ON COLUMN auth.my_user.new_phone IS 'The number that is to replace it once it is confirmed';
COMMENT ON COLUMN auth.my_user.is_anonymous IS 'Whether the user has never said who it is';
COMMENT ON COLUMN auth.my_user.user_metadata IS 'What the user''s client has written';
COMMENT ON COLUMN auth.my_user.app_metadata IS 'What administrators have written';
COMMENT ON COLUMN auth.my_user.last_sign_in_at IS 'When the user last signed in';
COMMENT ON COLUMN auth.my_user.created_at IS 'When the user was made';
COMMENT ON COLUMN auth.my_user.updated_at IS 'When the user was last changed';

CREATE VIEW auth.my_sessions WITH (security_barrier) AS
    SELECT s.id, s.app_id, s.created_at, coalesce(s.refreshed_at, s.created_at) AS last_used_at, s.user_agent,
        host(s.ip) AS address, s.aal, s.amr, s.not_after,
        coalesce(s.id::text = (SELECT split_part(auth.session_id(), '_', 1)), false) AS is_current
    FROM auth.sessions s WHERE s.user_id = (SELECT auth.uid()) AND s.expires_at > now();
COMMENT ON VIEW auth.my_sessions IS 'The caller''s sessions at all doors. Deleting one ends it';
COMMENT ON COLUMN auth.my_sessions.app_id IS 'The app';
COMMENT ON COLUMN auth.my_sessions.id IS 'The session''s id';
COMMENT ON COLUMN auth.my_sessions.created_at IS 'When the user signed in';
COMMENT ON COLUMN auth.my_sessions.last_used_at IS 'When it was last refreshed';
COMMENT ON COLUMN auth.my_sessions.user_agent IS 'The client, where a door knows it';
COMMENT ON COLUMN auth.my_sessions.address IS 'The client''s address, where a door knows it';
COMMENT ON COLUMN auth.my_sessions.aal IS 'aal1, or aal2 once a second factor was shown';
COMMENT ON COLUMN auth.my_sessions.amr IS 'How the user signed in: methods and times';
COMMENT ON COLUMN auth.my_sessions.not_after IS 'When the session ends at the latest';
COMMENT ON COLUMN auth.my_sessions.is_current IS 'Whether it is the one that asks';

CREATE FUNCTION auth.end_my_session() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, auth, pg_temp
AS $function$
BEGIN
    -- Not by the id alone: whose it is is asked once more.
    DELETE FROM auth.sessions s WHERE s.id = OLD.id AND s.user_id = auth.uid();
    RETURN CASE WHEN FOUND THEN OLD END;
END
$function$;
COMMENT ON FUNCTION auth.end_my_session() IS 'Trigger: deleting from auth.my_sessions ends the session';
CREATE TRIGGER end_session INSTEAD OF DELETE ON auth.my_sessions FOR EACH ROW EXECUTE FUNCTION auth.end_my_session();

CREATE VIEW auth.my_identities WITH (security_barrier) AS
    SELECT m.id, m.app_id, coalesce(m.third_party_id, CASE WHEN m.email IS NOT NULL THEN 'email' ELSE 'phone' END) AS provider,
        m.third_party_user_id AS provider_id, m.recipe, m.email, m.phone, m.identity_data, m.time_joined AS created_at,
        EXISTS (SELECT FROM auth.verified_emails v
                WHERE v.app_id = m.app_id AND v.email = m.email AND v.user_id IN (
                    m.id::text, (SELECT k.external_id FROM auth.user_id_mappings k WHERE k.user_id = m.id))) AS is_verified
    FROM auth.login_methods m WHERE m.user_id = (SELECT auth.uid());
COMMENT ON VIEW auth.my_identities IS 'The ways in which the caller signs in';
COMMENT ON COLUMN auth.my_identities.app_id IS 'The app';
COMMENT ON COLUMN auth.my_identities.id IS 'The login method''s id';
COMMENT ON COLUMN auth.my_identities.provider IS 'email, phone, or the provider''s name';
COMMENT ON COLUMN auth.my_identities.provider_id IS 'The user''s id at the provider';
COMMENT ON COLUMN auth.my_identities.recipe IS 'emailpassword, passwordless, thirdparty or webauthn';
COMMENT ON COLUMN auth.my_identities.email IS 'E-mail address';
COMMENT ON COLUMN auth.my_identities.phone IS 'Phone number in E.164 form';
COMMENT ON COLUMN auth.my_identities.identity_data IS 'What the provider said about the user';
COMMENT ON COLUMN auth.my_identities.created_at IS 'When it was added';
COMMENT ON COLUMN auth.my_identities.is_verified IS 'Whether its address was verified';

CREATE VIEW auth.my_factors WITH (security_barrier) AS
    SELECT d.id, d.app_id, 'totp' AS factor_type, d.name AS friendly_name, NULL::text AS phone, d.is_verified, d.created_at,
        d.last_challenged_at
    FROM auth.totp_devices d
    WHERE (d.app_id, d.user_id) = (
        SELECT u.app_id, coalesce((SELECT k.external_id FROM auth.user_id_mappings k WHERE k.user_id = u.id), u.id::text)
        FROM auth.users u WHERE u.id = (SELECT auth.uid()))
    UNION ALL
    SELECT p.id, p.app_id, 'phone', p.friendly_name, p.phone, p.is_verified, p.created_at, p.last_challenged_at
    FROM auth.phone_factors p WHERE p.user_id = (SELECT auth.uid());
COMMENT ON VIEW auth.my_factors IS 'The caller''s second factors';
COMMENT ON COLUMN auth.my_factors.app_id IS 'The app';
COMMENT ON COLUMN auth.my_factors.id IS 'The factor''s id';
COMMENT ON COLUMN auth.my_factors.factor_type IS 'totp or phone';
COMMENT ON COLUMN auth.my_factors.friendly_name IS 'What the user calls it';
COMMENT ON COLUMN auth.my_factors.phone IS 'Where its codes go';
COMMENT ON COLUMN auth.my_factors.is_verified IS 'Whether it counts';
COMMENT ON COLUMN auth.my_factors.created_at IS 'When it was enrolled';
COMMENT ON COLUMN auth.my_factors.last_challenged_at IS 'When it was last asked for';

CREATE VIEW auth.my_roles WITH (security_barrier) AS
    SELECT r.app_id, r.role, array(
            SELECT p.permission FROM auth.role_permissions p
            WHERE p.app_id = r.app_id AND p.role = r.role ORDER BY p.permission) AS permissions
    FROM auth.user_roles r
    WHERE r.tenant_id = (SELECT auth.tenant()) AND (r.app_id, r.user_id) = (
        SELECT u.app_id, coalesce((SELECT k.external_id FROM auth.user_id_mappings k WHERE k.user_id = u.id), u.id::text)
        FROM auth.users u WHERE u.id = (SELECT auth.uid()));
COMMENT ON VIEW auth.my_roles IS 'The caller''s roles in the tenant of its token, with what they permit';
COMMENT ON COLUMN auth.my_roles.app_id IS 'The app';
COMMENT ON COLUMN auth.my_roles.role IS 'The role; not a Postgres role';
COMMENT ON COLUMN auth.my_roles.permissions IS 'What it permits';

CREATE VIEW auth.all_users AS
    SELECT u.id, u.app_id, u.role, u.aud, u.email, u.email_confirmed_at, u.phone, u.phone_confirmed_at, u.is_anonymous,
        u.is_primary, u.banned_until, u.invited_at, u.raw_user_meta_data AS user_metadata,
        u.raw_app_meta_data AS app_metadata, u.last_sign_in_at, u.created_at, u.updated_at
    FROM auth.users u WHERE u.merged_into IS NULL AND u.deleted_at IS NULL;
COMMENT ON VIEW auth.all_users IS 'Users, for a service';
COMMENT ON COLUMN auth.all_users.id IS 'The user''s id';
COMMENT ON COLUMN auth.all_users.app_id IS 'The app';
COMMENT ON COLUMN auth.all_users.role IS 'Postgres role of the user''s tokens';
COMMENT ON COLUMN auth.all_users.aud IS 'Audience of the user''s tokens';
COMMENT ON COLUMN auth.all_users.email IS 'E-mail address';
COMMENT ON COLUMN auth.all_users.email_confirmed_at IS 'When it was verified';
COMMENT ON COLUMN auth.all_users.phone IS 'Phone number in E.164 form';
COMMENT ON COLUMN auth.all_users.phone_confirmed_at IS 'When it was verified';
COMMENT ON COLUMN auth.all_users.is_anonymous IS 'Whether the user has never said who it is';
COMMENT ON COLUMN auth.all_users.is_primary IS 'Whether others can be linked to the user';
COMMENT ON COLUMN auth.all_users.banned_until IS 'Until when the user may not sign in';
COMMENT ON COLUMN auth.all_users.invited_at IS 'When the user was last invited';
COMMENT ON COLUMN auth.all_users.user_metadata IS 'What the user''s client has written';
COMMENT ON COLUMN auth.all_users.app_metadata IS 'What administrators have written';
COMMENT ON COLUMN auth.all_users.last_sign_in_at IS 'When the user last signed in';
COMMENT ON COLUMN auth.all_users.created_at IS 'When the user was made';
COMMENT ON COLUMN auth.all_users.updated_at IS 'When the user was last changed';

CREATE VIEW auth.all_sessions AS
    SELECT s.id, s.app_id, s.tenant_id, s.user_id, s.subject, s.created_at,
        coalesce(s.refreshed_at, s.created_at) AS last_used_at, s.expires_at, s.user_agent, host(s.ip) AS address, s.aal,
        s.amr, s.not_after
    FROM auth.sessions s;
COMMENT ON VIEW auth.all_sessions IS 'Sessions, for a service';
COMMENT ON COLUMN auth.all_sessions.id IS 'The session''s id';
COMMENT ON COLUMN auth.all_sessions.app_id IS 'The app';
COMMENT ON COLUMN auth.all_sessions.tenant_id IS 'The tenant';
COMMENT ON COLUMN auth.all_sessions.user_id IS 'The user';
COMMENT ON COLUMN auth.all_sessions.subject IS 'Whose session it is: a login method''s id, or any text';
COMMENT ON COLUMN auth.all_sessions.created_at IS 'When it was opened';
COMMENT ON COLUMN auth.all_sessions.last_used_at IS 'When it was last refreshed';
COMMENT ON COLUMN auth.all_sessions.expires_at IS 'Until when it can be refreshed';
COMMENT ON COLUMN auth.all_sessions.user_agent IS 'The client, where a door knows it';
COMMENT ON COLUMN auth.all_sessions.address IS 'The client''s address, where a door knows it';
COMMENT ON COLUMN auth.all_sessions.aal IS 'aal1, or aal2 once a second factor was shown';
COMMENT ON COLUMN auth.all_sessions.amr IS 'How the user signed in: methods and times';
COMMENT ON COLUMN auth.all_sessions.not_after IS 'When the session ends at the latest';

CREATE VIEW auth.all_user_roles AS
    SELECT r.app_id, r.tenant_id, r.user_id, r.role FROM auth.user_roles r;
COMMENT ON VIEW auth.all_user_roles IS 'Which users have which roles, for a service';
COMMENT ON COLUMN auth.all_user_roles.app_id IS 'The app';
COMMENT ON COLUMN auth.all_user_roles.tenant_id IS 'The tenant';
COMMENT ON COLUMN auth.all_user_roles.user_id IS 'The id that callers know the user by';
COMMENT ON COLUMN auth.all_user_roles.role IS 'The role';

CREATE VIEW auth.audit_log AS
    SELECT a.id, a.app_id, a.created_at, a.payload ->> 'action' AS action, a.payload ->> 'actor_id' AS actor_id, a.payload,
        a.ip_address
    FROM auth.audit_log_entries a;
COMMENT ON VIEW auth.audit_log IS 'What users and administrators did, for a service';
COMMENT ON COLUMN auth.audit_log.id IS 'The entry''s id';
COMMENT ON COLUMN auth.audit_log.app_id IS 'The app';
COMMENT ON COLUMN auth.audit_log.created_at IS 'When it was done';
COMMENT ON COLUMN auth.audit_log.action IS 'What was done';
COMMENT ON COLUMN auth.audit_log.actor_id IS 'Who did it';
COMMENT ON COLUMN auth.audit_log.payload IS 'The whole entry';
COMMENT ON COLUMN auth.audit_log.ip_address IS 'From where';

CREATE VIEW auth.all_messages AS
    SELECT o.id, o.app_id, o.tenant_id, o.channel, o.kind, o.attempts, o.created_at, o.due_at, o.dead_at, o.error
    FROM auth.outbox o;
COMMENT ON VIEW auth.all_messages IS 'Messages that wait to be sent or were given up, without what they say, for a service';
COMMENT ON COLUMN auth.all_messages.id IS 'The message''s id';
COMMENT ON COLUMN auth.all_messages.app_id IS 'The app';
COMMENT ON COLUMN auth.all_messages.tenant_id IS 'The tenant';
COMMENT ON COLUMN auth.all_messages.channel IS 'email, sms or webhook';
COMMENT ON COLUMN auth.all_messages.kind IS 'What it is';
COMMENT ON COLUMN auth.all_messages.attempts IS 'How often it was tried to send it';
COMMENT ON COLUMN auth.all_messages.created_at IS 'When it was written';
COMMENT ON COLUMN auth.all_messages.due_at IS 'When it is tried next';
COMMENT ON COLUMN auth.all_messages.dead_at IS 'When it was given up';
COMMENT ON COLUMN auth.all_messages.error IS 'Why the last attempt failed';
