-- How much of their limits clients have used. Not worth writing to the log: after a crash everybody begins anew.

CREATE UNLOGGED TABLE auth.rate_limits (
    app_id text NOT NULL,
    bucket text NOT NULL,
    key_hash bytea NOT NULL,
    tokens double precision NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (app_id, bucket, key_hash)
);
COMMENT ON TABLE auth.rate_limits IS 'Buckets of tokens: each request takes one, and they come back with time';
COMMENT ON COLUMN auth.rate_limits.app_id IS 'The app';
COMMENT ON COLUMN auth.rate_limits.bucket IS 'What is limited';
COMMENT ON COLUMN auth.rate_limits.key_hash IS 'HMAC of whom it is limited for: a client''s address, or an account at such an address';
COMMENT ON COLUMN auth.rate_limits.tokens IS 'How many there were left then';
COMMENT ON COLUMN auth.rate_limits.updated_at IS 'When one was last taken';
CREATE INDEX rate_limits_updated ON auth.rate_limits (updated_at);
