-- Ids from another system that an application shows in place of ours.

CREATE TABLE auth.user_id_mappings (
    user_id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
    app_id text NOT NULL,
    external_id text NOT NULL,
    external_info text,
    UNIQUE (app_id, external_id)
);
COMMENT ON TABLE auth.user_id_mappings IS 'Ids from another system, by which login methods and users are known to SDKs; sessions, metadata, roles and verified addresses of such a user are kept under them';
COMMENT ON COLUMN auth.user_id_mappings.user_id IS 'Our id of the login method, which is or was that of a user of its own';
COMMENT ON COLUMN auth.user_id_mappings.app_id IS 'The app';
COMMENT ON COLUMN auth.user_id_mappings.external_id IS 'The id that callers use';
COMMENT ON COLUMN auth.user_id_mappings.external_info IS 'What the application notes about it';
