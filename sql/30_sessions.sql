-- Sessions, and the keys that sign their tokens.

-- One row for the whole life of a session. A refresh is one update of it that touches no index, so that
-- it stays on its page (HOT): no index may cover a column that a refresh changes. There is no foreign key
-- to tenants: every new session would lock the same row. Removing a tenant deletes its sessions itself.
CREATE TABLE auth.sessions (
    id uuid PRIMARY KEY,
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    subject text NOT NULL,
    user_id uuid REFERENCES auth.users (id) ON DELETE CASCADE,
    refresh_hash bytea NOT NULL,
    previous_refresh_hash bytea,
    generation integer NOT NULL DEFAULT 0,
    refreshed_at timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    expiry_day date NOT NULL,
    use_static_key boolean NOT NULL DEFAULT false,
    payload jsonb NOT NULL DEFAULT '{}',
    data jsonb NOT NULL DEFAULT '{}',
    aal text NOT NULL DEFAULT 'aal1',
    amr jsonb NOT NULL DEFAULT '[]',
    user_agent text,
    ip inet,
    tag text,
    factor_id uuid,
    not_after timestamptz
) WITH (fillfactor = 70);
COMMENT ON TABLE auth.sessions IS 'Sessions; a refresh changes the row and never adds one';
COMMENT ON COLUMN auth.sessions.id IS 'The session''s id; its handle is this, and "_" with the tenant unless that is "public"';
COMMENT ON COLUMN auth.sessions.app_id IS 'The app';
COMMENT ON COLUMN auth.sessions.tenant_id IS 'The tenant that the session was opened in';
COMMENT ON COLUMN auth.sessions.subject IS 'Whose session it is: a login method''s id, or any text that the caller chose';
COMMENT ON COLUMN auth.sessions.user_id IS 'The user of that login method; null when the subject is no user of ours';
COMMENT ON COLUMN auth.sessions.refresh_hash IS 'SHA-256 of the hash text of the refresh token in force; empty for sessions of the GoTrue door, whose tokens follow from generation';
COMMENT ON COLUMN auth.sessions.previous_refresh_hash IS 'The same of the token that it replaced';
COMMENT ON COLUMN auth.sessions.generation IS 'How many refresh tokens were replaced';
COMMENT ON COLUMN auth.sessions.refreshed_at IS 'When the last one was replaced';
COMMENT ON COLUMN auth.sessions.created_at IS 'When the session was opened';
COMMENT ON COLUMN auth.sessions.expires_at IS 'Until when the session can be refreshed';
COMMENT ON COLUMN auth.sessions.expiry_day IS 'Day (UTC) of expires_at: expired sessions are found by it, because an index on the time itself would cost every refresh';
COMMENT ON COLUMN auth.sessions.use_static_key IS 'Whether tokens are signed with the app''s static key';
COMMENT ON COLUMN auth.sessions.payload IS 'The application''s claims in the access token';
COMMENT ON COLUMN auth.sessions.data IS 'The application''s data, kept on the server';
COMMENT ON COLUMN auth.sessions.aal IS 'Authenticator assurance level: aal1 or aal2';
COMMENT ON COLUMN auth.sessions.amr IS 'How the user signed in: methods and times';
COMMENT ON COLUMN auth.sessions.user_agent IS 'The client''s user agent, where a door knows it';
COMMENT ON COLUMN auth.sessions.ip IS 'The client''s address, where a door knows it';
COMMENT ON COLUMN auth.sessions.tag IS 'Kind of client, where an application tells its sessions apart in SQL';
COMMENT ON COLUMN auth.sessions.factor_id IS 'The second factor that raised aal';
COMMENT ON COLUMN auth.sessions.not_after IS 'When the session ends whatever is refreshed; null means never';
ALTER TABLE auth.sessions
    ALTER COLUMN refresh_hash SET STATISTICS 0,
    ALTER COLUMN previous_refresh_hash SET STATISTICS 0,
    ALTER COLUMN payload SET STATISTICS 0,
    ALTER COLUMN data SET STATISTICS 0;
CREATE INDEX sessions_subject ON auth.sessions (app_id, subject);
CREATE INDEX sessions_user ON auth.sessions (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX sessions_expiry_day ON auth.sessions (expiry_day);
-- Only apps and tenants that can be removed need to find their sessions.
CREATE INDEX sessions_tenant ON auth.sessions (app_id, tenant_id)
    WHERE NOT (app_id = 'public' AND tenant_id = 'public');

CREATE TABLE auth.one_time_tokens (
    id uuid PRIMARY KEY,
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('password_reset', 'email_verification', 'account_recovery')),
    subject text NOT NULL,
    email text,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE auth.one_time_tokens IS 'Tokens that work once; a row goes when its token is used';
COMMENT ON COLUMN auth.one_time_tokens.id IS 'The first half of the token is this id';
COMMENT ON COLUMN auth.one_time_tokens.app_id IS 'The app';
COMMENT ON COLUMN auth.one_time_tokens.tenant_id IS 'The tenant in which the token was made';
COMMENT ON COLUMN auth.one_time_tokens.kind IS 'What the token is for';
COMMENT ON COLUMN auth.one_time_tokens.subject IS 'Whom it was made for';
COMMENT ON COLUMN auth.one_time_tokens.email IS 'The address that goes with it, as the caller gave it';
COMMENT ON COLUMN auth.one_time_tokens.token_hash IS 'SHA-256 of the token';
COMMENT ON COLUMN auth.one_time_tokens.created_at IS 'When it was made';
COMMENT ON COLUMN auth.one_time_tokens.expires_at IS 'Until when it works';
ALTER TABLE auth.one_time_tokens ALTER COLUMN token_hash SET STATISTICS 0;
CREATE INDEX one_time_tokens_subject ON auth.one_time_tokens (app_id, kind, subject);
CREATE INDEX one_time_tokens_expiry ON auth.one_time_tokens (expires_at);
CREATE INDEX one_time_tokens_tenant ON auth.one_time_tokens (app_id, tenant_id);
CREATE INDEX one_time_tokens_recovery ON auth.one_time_tokens (app_id, tenant_id, email) WHERE kind = 'account_recovery';

CREATE TABLE auth.signing_keys (
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    kid text NOT NULL,
    algorithm text NOT NULL CHECK (algorithm IN ('RS256', 'ES256')),
    kind text NOT NULL CHECK (kind IN ('dynamic', 'static', 'gotrue')),
    private_key bytea NOT NULL,
    public_key jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (app_id, kid)
);
COMMENT ON TABLE auth.signing_keys IS 'Keys that sign tokens; each backend keeps the parsed ones';
COMMENT ON COLUMN auth.signing_keys.app_id IS 'The app';
COMMENT ON COLUMN auth.signing_keys.kid IS 'Names the key in token headers: "d-" and the time for dynamic keys, "s-" or "g-" and a UUID for the others';
COMMENT ON COLUMN auth.signing_keys.algorithm IS 'RS256 or ES256';
COMMENT ON COLUMN auth.signing_keys.kind IS 'static keys are never replaced; dynamic ones are, with an overlap; gotrue keys sign at the GoTrue door alone, and neither door takes the other''s tokens';
COMMENT ON COLUMN auth.signing_keys.private_key IS 'PKCS #8, sealed under the key that the server setting auth.key_file names';
COMMENT ON COLUMN auth.signing_keys.public_key IS 'The JSON Web Key that is published';
COMMENT ON COLUMN auth.signing_keys.created_at IS 'When the key was made';
ALTER TABLE auth.signing_keys ALTER COLUMN private_key SET STATISTICS 0;
