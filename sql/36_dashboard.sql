-- The dashboard: the people who run it, apart from the users that they look after, and their sessions.

CREATE TABLE auth.dashboard_users (
    id uuid PRIMARY KEY,
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    email text COLLATE "C" NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (app_id, email)
);
COMMENT ON TABLE auth.dashboard_users IS 'People who may sign in to the dashboard';
COMMENT ON COLUMN auth.dashboard_users.id IS 'The person''s id';
COMMENT ON COLUMN auth.dashboard_users.app_id IS 'The app whose users they see';
COMMENT ON COLUMN auth.dashboard_users.email IS 'Their address, normalised';
COMMENT ON COLUMN auth.dashboard_users.password_hash IS 'As in auth.login_methods';
COMMENT ON COLUMN auth.dashboard_users.created_at IS 'When they were added';
ALTER TABLE auth.dashboard_users ALTER COLUMN password_hash SET STATISTICS 0;

CREATE TABLE auth.dashboard_sessions (
    id_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES auth.dashboard_users (id) ON DELETE CASCADE,
    app_id text NOT NULL,
    sealed_id bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE auth.dashboard_sessions IS 'Sessions of the dashboard; the id is all that a browser shows';
COMMENT ON COLUMN auth.dashboard_sessions.id_hash IS 'SHA-256 of the session''s id';
COMMENT ON COLUMN auth.dashboard_sessions.user_id IS 'Whose session it is';
COMMENT ON COLUMN auth.dashboard_sessions.app_id IS 'The app';
COMMENT ON COLUMN auth.dashboard_sessions.sealed_id IS 'The session''s id, which lists show, sealed under the key file';
COMMENT ON COLUMN auth.dashboard_sessions.created_at IS 'When the person signed in';
COMMENT ON COLUMN auth.dashboard_sessions.expires_at IS 'When they have to sign in again';
ALTER TABLE auth.dashboard_sessions ALTER COLUMN id_hash SET STATISTICS 0;
ALTER TABLE auth.dashboard_sessions ALTER COLUMN sealed_id SET STATISTICS 0;
CREATE INDEX dashboard_sessions_user ON auth.dashboard_sessions (user_id);
CREATE INDEX dashboard_sessions_expiry ON auth.dashboard_sessions (expires_at);
