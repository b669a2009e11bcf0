-- Who did what.

CREATE TABLE auth.audit_log_entries (
    id uuid PRIMARY KEY,
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    ip_address text NOT NULL DEFAULT ''
);
COMMENT ON TABLE auth.audit_log_entries IS 'What users and administrators did, written in the same transaction';
COMMENT ON COLUMN auth.audit_log_entries.id IS 'The entry''s id';
COMMENT ON COLUMN auth.audit_log_entries.app_id IS 'The app';
COMMENT ON COLUMN auth.audit_log_entries.payload IS 'actor_id, actor_username, actor_name, actor_via_sso, action, log_type and traits';
COMMENT ON COLUMN auth.audit_log_entries.created_at IS 'When it was done';
COMMENT ON COLUMN auth.audit_log_entries.ip_address IS 'The client''s address';
CREATE INDEX audit_log_entries_page ON auth.audit_log_entries (app_id, created_at DESC, id DESC);
