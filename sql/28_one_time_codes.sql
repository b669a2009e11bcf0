-- Codes that are mailed or texted to be typed in, and the links that stand for them.

-- One row a user and kind: a new code replaces the one before.
CREATE TABLE auth.one_time_codes (
    user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('confirmation', 'recovery', 'email_change_current', 'email_change_new',
                                       'phone_change', 'reauthentication')),
    app_id text NOT NULL,
    address text NOT NULL,
    code_hash bytea NOT NULL,
    link_hash bytea,
    wrong_attempts integer NOT NULL DEFAULT 0,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, kind)
);
COMMENT ON TABLE auth.one_time_codes IS 'Codes that were mailed or texted; a row goes when its code is used';
COMMENT ON COLUMN auth.one_time_codes.user_id IS 'Whose code it is';
COMMENT ON COLUMN auth.one_time_codes.kind IS 'What it is for';
COMMENT ON COLUMN auth.one_time_codes.app_id IS 'The app';
COMMENT ON COLUMN auth.one_time_codes.address IS 'The address or number that it was sent to';
COMMENT ON COLUMN auth.one_time_codes.code_hash IS 'HMAC-SHA-256 of address and code, under a key that lives outside of the database: of a code with few digits a plain hash would tell it';
COMMENT ON COLUMN auth.one_time_codes.link_hash IS 'SHA-256 of the token in the link that was mailed with the code';
COMMENT ON COLUMN auth.one_time_codes.wrong_attempts IS 'How many wrong codes were tried; after a few it does not work any more';
COMMENT ON COLUMN auth.one_time_codes.sent_at IS 'When it was sent';
CREATE UNIQUE INDEX one_time_codes_link ON auth.one_time_codes (link_hash) WHERE link_hash IS NOT NULL;
CREATE INDEX one_time_codes_address ON auth.one_time_codes (app_id, address, kind);
CREATE INDEX one_time_codes_sent ON auth.one_time_codes (sent_at);
ALTER TABLE auth.one_time_codes
    ALTER COLUMN code_hash SET STATISTICS 0,
    ALTER COLUMN link_hash SET STATISTICS 0;

-- What lies between the first request of a sign-in with PKCE and its last (RFC 7636).
CREATE TABLE auth.flow_states (
    id uuid PRIMARY KEY,
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    user_id uuid REFERENCES auth.users (id) ON DELETE CASCADE,
    authentication_method text NOT NULL,
    provider_type text NOT NULL,
    code_challenge text NOT NULL,
    code_challenge_method text NOT NULL CHECK (code_challenge_method IN ('s256', 'plain')),
    code_hash bytea,
    code_issued_at timestamptz,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE auth.flow_states IS 'Sign-ins with PKCE that are under way; a row goes when its code is exchanged';
COMMENT ON COLUMN auth.flow_states.id IS 'Names the flow';
COMMENT ON COLUMN auth.flow_states.app_id IS 'The app';
COMMENT ON COLUMN auth.flow_states.user_id IS 'Who signs in, once that is known';
COMMENT ON COLUMN auth.flow_states.authentication_method IS 'How: magiclink, recovery, email/signup, invite, email_change or oauth';
COMMENT ON COLUMN auth.flow_states.provider_type IS 'The provider, or email';
COMMENT ON COLUMN auth.flow_states.code_challenge IS 'What the client made of its verifier';
COMMENT ON COLUMN auth.flow_states.code_challenge_method IS 'How: s256 or plain';
COMMENT ON COLUMN auth.flow_states.code_hash IS 'SHA-256 of the code that is exchanged for a session, once it is issued';
COMMENT ON COLUMN auth.flow_states.code_issued_at IS 'When it was';
COMMENT ON COLUMN auth.flow_states.created_at IS 'When the flow began';
CREATE UNIQUE INDEX flow_states_code ON auth.flow_states (code_hash) WHERE code_hash IS NOT NULL;
ALTER TABLE auth.flow_states ALTER COLUMN code_hash SET STATISTICS 0;
CREATE INDEX flow_states_user ON auth.flow_states (user_id, authentication_method, created_at);
CREATE INDEX flow_states_created ON auth.flow_states (created_at);
