-- Users that wait to be imported.

CREATE TABLE auth.bulk_import_queue (
    id uuid PRIMARY KEY,
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    sealed_user bytea NOT NULL,
    status text NOT NULL DEFAULT 'NEW' CHECK (status IN ('NEW', 'FAILED')),
    error_message text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE auth.bulk_import_queue IS 'Users that wait to be imported; a row goes when its user is there';
COMMENT ON COLUMN auth.bulk_import_queue.id IS 'The id that the user will have';
COMMENT ON COLUMN auth.bulk_import_queue.app_id IS 'The app';
COMMENT ON COLUMN auth.bulk_import_queue.sealed_user IS 'The user as the caller sent it, with any passwords, and the ids of the login methods; sealed under the key file';
COMMENT ON COLUMN auth.bulk_import_queue.status IS 'NEW, or FAILED when the user cannot be imported';
COMMENT ON COLUMN auth.bulk_import_queue.error_message IS 'Why not';
COMMENT ON COLUMN auth.bulk_import_queue.created_at IS 'When it was queued';
COMMENT ON COLUMN auth.bulk_import_queue.updated_at IS 'When its status last changed';
ALTER TABLE auth.bulk_import_queue ALTER COLUMN sealed_user SET STATISTICS 0;
CREATE INDEX bulk_import_queue_page ON auth.bulk_import_queue (app_id, created_at, id);
CREATE INDEX bulk_import_queue_new ON auth.bulk_import_queue (created_at, id) WHERE status = 'NEW';
