-- Users, and the ways in which they sign in.

CREATE TABLE auth.users (
    id uuid PRIMARY KEY,
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    aud text NOT NULL DEFAULT 'authenticated',
    role text NOT NULL DEFAULT 'authenticated',
    email text,
    phone text,
    email_confirmed_at timestamptz,
    phone_confirmed_at timestamptz,
    confirmed_at timestamptz GENERATED ALWAYS AS (least(email_confirmed_at, phone_confirmed_at)) STORED,
    invited_at timestamptz,
    confirmation_sent_at timestamptz,
    recovery_sent_at timestamptz,
    reauthentication_sent_at timestamptz,
    email_change text,
    email_change_sent_at timestamptz,
    email_change_confirm_status smallint NOT NULL DEFAULT 0 CHECK (email_change_confirm_status BETWEEN 0 AND 2),
    phone_change text,
    phone_change_sent_at timestamptz,
    pending_password_hash text,
    raw_app_meta_data jsonb NOT NULL DEFAULT '{}',
    raw_user_meta_data jsonb NOT NULL DEFAULT '{}',
    is_anonymous boolean NOT NULL DEFAULT false,
    is_sso_user boolean NOT NULL DEFAULT false,
    is_primary boolean NOT NULL DEFAULT false,
    merged_into uuid,
    banned_until timestamptz,
    deleted_at timestamptz,
    last_sign_in_at timestamptz,
    time_joined timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE auth.users IS 'Users. Reference auth.users(id) from your own tables';
COMMENT ON COLUMN auth.users.id IS 'The user''s id; its last two bytes are the slot that all rows of the user live in';
COMMENT ON COLUMN auth.users.app_id IS 'The app that the user belongs to';
COMMENT ON COLUMN auth.users.aud IS 'Audience of the user''s tokens at the GoTrue door';
COMMENT ON COLUMN auth.users.role IS 'Postgres role that the user''s tokens name';
COMMENT ON COLUMN auth.users.email IS 'The user''s e-mail address, normalised; taken from the oldest login method that has one';
COMMENT ON COLUMN auth.users.phone IS 'The user''s phone number in E.164 form';
COMMENT ON COLUMN auth.users.email_confirmed_at IS 'When the e-mail address was verified';
COMMENT ON COLUMN auth.users.phone_confirmed_at IS 'When the phone number was verified';
COMMENT ON COLUMN auth.users.confirmed_at IS 'The earlier of the two';
COMMENT ON COLUMN auth.users.invited_at IS 'When the user was last invited by mail';
COMMENT ON COLUMN auth.users.confirmation_sent_at IS 'When a code that confirms address or number was last sent';
COMMENT ON COLUMN auth.users.recovery_sent_at IS 'When a code to recover the account, or a link to sign in, was last sent';
COMMENT ON COLUMN auth.users.reauthentication_sent_at IS 'When a code to prove once more who is signed in was last sent';
COMMENT ON COLUMN auth.users.email_change IS 'The address that is to become the user''s, once it is confirmed';
COMMENT ON COLUMN auth.users.email_change_sent_at IS 'When the mails for that were sent';
COMMENT ON COLUMN auth.users.email_change_confirm_status IS '1 when the first of two addresses has confirmed the change';
COMMENT ON COLUMN auth.users.phone_change IS 'The number that is to become the user''s, once it is confirmed';
COMMENT ON COLUMN auth.users.phone_change_sent_at IS 'When the code for that was sent';
COMMENT ON COLUMN auth.users.pending_password_hash IS 'Hash of the password that a user without address and number has chosen; it goes to the login method that it is about to get';
COMMENT ON COLUMN auth.users.raw_app_meta_data IS 'Written by the server, read by the client in its token';
COMMENT ON COLUMN auth.users.raw_user_meta_data IS 'Written by the user''s own client: never trust it';
COMMENT ON COLUMN auth.users.is_anonymous IS 'Whether the user signed in without naming themselves';
COMMENT ON COLUMN auth.users.is_sso_user IS 'Whether the user comes from a company''s identity provider; such users may share an address with others';
COMMENT ON COLUMN auth.users.is_primary IS 'Whether the user may have further login methods linked';
COMMENT ON COLUMN auth.users.merged_into IS 'The user that this one was linked into; its row stays because applications reference it. No foreign key: pg_dump warns of one that points into its own table';
COMMENT ON COLUMN auth.users.banned_until IS 'Until when the user may not sign in';
COMMENT ON COLUMN auth.users.deleted_at IS 'When the user was deleted by name only: the row stays without what told who it was';
COMMENT ON COLUMN auth.users.last_sign_in_at IS 'When the user last signed in';
COMMENT ON COLUMN auth.users.time_joined IS 'When the oldest of the user''s login methods was made; whole milliseconds';
COMMENT ON COLUMN auth.users.created_at IS 'When the row was made';
COMMENT ON COLUMN auth.users.updated_at IS 'When the user was last changed';
ALTER TABLE auth.users ALTER COLUMN pending_password_hash SET STATISTICS 0;
CREATE INDEX users_app_time_joined ON auth.users (app_id, time_joined, id DESC);
CREATE INDEX users_anonymous ON auth.users (app_id, created_at) WHERE is_anonymous;
CREATE INDEX users_merged_into ON auth.users (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE auth.login_methods (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    app_id text NOT NULL,
    recipe text NOT NULL CHECK (recipe IN ('emailpassword', 'passwordless', 'thirdparty', 'webauthn')),
    email text,
    phone text,
    third_party_id text,
    third_party_user_id text,
    password_hash text,
    identity_data jsonb NOT NULL DEFAULT '{}',
    time_joined timestamptz NOT NULL,
    CHECK (recipe <> 'emailpassword' OR (email IS NOT NULL AND password_hash IS NOT NULL)),
    CHECK ((recipe = 'thirdparty') = (third_party_id IS NOT NULL AND third_party_user_id IS NOT NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE auth.login_methods IS 'Ways in which a user signs in: a SuperTokens recipe user and a GoTrue identity are one row here';
COMMENT ON COLUMN auth.login_methods.id IS 'The login method''s (recipe user''s) id; that of its user at sign-up';
COMMENT ON COLUMN auth.login_methods.user_id IS 'The user (primary user, once linked) that signs in with it';
COMMENT ON COLUMN auth.login_methods.app_id IS 'The app, as in the user''s row';
COMMENT ON COLUMN auth.login_methods.recipe IS 'emailpassword, passwordless, thirdparty or webauthn';
COMMENT ON COLUMN auth.login_methods.email IS 'E-mail address, normalised';
COMMENT ON COLUMN auth.login_methods.phone IS 'Phone number in E.164 form';
COMMENT ON COLUMN auth.login_methods.third_party_id IS 'The provider, for third-party sign-in';
COMMENT ON COLUMN auth.login_methods.third_party_user_id IS 'The user''s id at the provider';
COMMENT ON COLUMN auth.login_methods.password_hash IS 'Argon2, bcrypt or Firebase scrypt hash in text form';
COMMENT ON COLUMN auth.login_methods.identity_data IS 'What the provider said about the user';
COMMENT ON COLUMN auth.login_methods.time_joined IS 'When the login method was made; whole milliseconds';
ALTER TABLE auth.login_methods ALTER COLUMN password_hash SET STATISTICS 0;
CREATE INDEX login_methods_user ON auth.login_methods (user_id);

-- One row for each tenant of a login method. Its unique indexes are the rules of uniqueness: an e-mail
-- address once a recipe, a phone number once, a provider's user once, in each tenant. They are ordered by bytes, so
-- that they also find what begins with some letters.
CREATE TABLE auth.login_method_tenants (
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    login_method_id uuid NOT NULL REFERENCES auth.login_methods (id) ON DELETE CASCADE,
    -- The user of the login method: no foreign key of its own, which would check the same once more.
    user_id uuid NOT NULL,
    user_time_joined timestamptz NOT NULL,
    recipe text NOT NULL,
    email text COLLATE "C",
    phone text COLLATE "C",
    third_party_id text COLLATE "C",
    third_party_user_id text COLLATE "C",
    PRIMARY KEY (login_method_id, tenant_id),
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE auth.login_method_tenants IS 'Which tenants a login method is in, with the keys that must be unique there';
COMMENT ON COLUMN auth.login_method_tenants.app_id IS 'The app';
COMMENT ON COLUMN auth.login_method_tenants.tenant_id IS 'The tenant';
COMMENT ON COLUMN auth.login_method_tenants.login_method_id IS 'The login method';
COMMENT ON COLUMN auth.login_method_tenants.user_id IS 'The user of the login method, copied so that a page of users is one index scan';
COMMENT ON COLUMN auth.login_method_tenants.user_time_joined IS 'The user''s time_joined, copied for the same reason';
COMMENT ON COLUMN auth.login_method_tenants.recipe IS 'Copied from the login method';
COMMENT ON COLUMN auth.login_method_tenants.email IS 'Copied from the login method';
COMMENT ON COLUMN auth.login_method_tenants.phone IS 'Copied from the login method';
COMMENT ON COLUMN auth.login_method_tenants.third_party_id IS 'Copied from the login method';
COMMENT ON COLUMN auth.login_method_tenants.third_party_user_id IS 'Copied from the login method';
CREATE UNIQUE INDEX login_method_tenants_email ON auth.login_method_tenants (app_id, tenant_id, email, recipe)
    WHERE recipe <> 'thirdparty' AND email IS NOT NULL;
CREATE UNIQUE INDEX login_method_tenants_phone ON auth.login_method_tenants (app_id, tenant_id, phone)
    WHERE phone IS NOT NULL;
CREATE UNIQUE INDEX login_method_tenants_third_party ON auth.login_method_tenants (app_id, tenant_id, third_party_id, third_party_user_id)
    WHERE third_party_id IS NOT NULL;
CREATE INDEX login_method_tenants_third_party_email ON auth.login_method_tenants (app_id, tenant_id, email)
    WHERE recipe = 'thirdparty';
CREATE INDEX login_method_tenants_domain ON auth.login_method_tenants (app_id, tenant_id, pg_catalog.split_part(email, '@', -1))
    WHERE email IS NOT NULL;
-- Users who joined at the same time come by descending id in both directions.
CREATE INDEX login_method_tenants_oldest ON auth.login_method_tenants (app_id, tenant_id, user_time_joined, user_id DESC);
CREATE INDEX login_method_tenants_newest ON auth.login_method_tenants (app_id, tenant_id, user_time_joined DESC, user_id DESC);
CREATE INDEX login_method_tenants_user ON auth.login_method_tenants (user_id);

-- Keyed by text: SDKs verify addresses of ids that need not be users of ours.
CREATE TABLE auth.verified_emails (
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    user_id text NOT NULL,
    email text NOT NULL,
    verified_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (app_id, user_id, email)
);
COMMENT ON TABLE auth.verified_emails IS 'E-mail addresses that were verified, for each login method; an address that was given up stays, so that returning to it needs no new proof';
COMMENT ON COLUMN auth.verified_emails.app_id IS 'The app';
COMMENT ON COLUMN auth.verified_emails.user_id IS 'The id that the address was verified for, as the caller gave it';
COMMENT ON COLUMN auth.verified_emails.email IS 'The address, normalised';
COMMENT ON COLUMN auth.verified_emails.verified_at IS 'When it was verified';

CREATE TABLE auth.user_metadata (
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    user_id text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (app_id, user_id)
);
COMMENT ON TABLE auth.user_metadata IS 'Metadata that only an application''s server reads and writes (SuperTokens'' UserMetadata)';
COMMENT ON COLUMN auth.user_metadata.app_id IS 'The app';
COMMENT ON COLUMN auth.user_metadata.user_id IS 'Any id, known as a user or not';
COMMENT ON COLUMN auth.user_metadata.metadata IS 'One JSON object';

CREATE TABLE auth.active_users (
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    user_id text NOT NULL,
    last_active_at timestamptz NOT NULL,
    active_day date NOT NULL,
    PRIMARY KEY (app_id, user_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE auth.active_users IS 'When each user was last active; written at most once in five minutes a user';
COMMENT ON COLUMN auth.active_users.app_id IS 'The app';
COMMENT ON COLUMN auth.active_users.user_id IS 'The user, or the id that a session was opened for';
COMMENT ON COLUMN auth.active_users.last_active_at IS 'The last sign-up, sign-in, or session opened, refreshed or ended';
COMMENT ON COLUMN auth.active_users.active_day IS 'Its day (UTC). Indexed in place of the time, so that most updates are heap-only';
CREATE INDEX active_users_day ON auth.active_users (app_id, active_day);

CREATE TABLE auth.roles (
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    role text NOT NULL,
    PRIMARY KEY (app_id, role)
);
COMMENT ON TABLE auth.roles IS 'Roles that an app gives to its users; not Postgres roles';
COMMENT ON COLUMN auth.roles.app_id IS 'The app';
COMMENT ON COLUMN auth.roles.role IS 'Name of the role';

CREATE TABLE auth.role_permissions (
    app_id text NOT NULL,
    role text NOT NULL,
    permission text NOT NULL,
    PRIMARY KEY (app_id, role, permission),
    FOREIGN KEY (app_id, role) REFERENCES auth.roles (app_id, role) ON DELETE CASCADE
);
COMMENT ON TABLE auth.role_permissions IS 'What a role permits. The names mean what the application makes of them';
COMMENT ON COLUMN auth.role_permissions.app_id IS 'The app';
COMMENT ON COLUMN auth.role_permissions.role IS 'The role';
COMMENT ON COLUMN auth.role_permissions.permission IS 'Name of the permission';
CREATE INDEX role_permissions_permission ON auth.role_permissions (app_id, permission);

CREATE TABLE auth.user_roles (
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    user_id text NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (app_id, user_id, tenant_id, role),
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE,
    FOREIGN KEY (app_id, role) REFERENCES auth.roles (app_id, role) ON DELETE CASCADE
);
COMMENT ON TABLE auth.user_roles IS 'Which users have which roles in which tenant';
COMMENT ON COLUMN auth.user_roles.app_id IS 'The app';
COMMENT ON COLUMN auth.user_roles.tenant_id IS 'The tenant in which the user has the role';
COMMENT ON COLUMN auth.user_roles.user_id IS 'Any id, known as a user or not';
COMMENT ON COLUMN auth.user_roles.role IS 'The role';
CREATE INDEX user_roles_role ON auth.user_roles (app_id, role);
CREATE INDEX user_roles_tenant ON auth.user_roles (app_id, tenant_id, role);
