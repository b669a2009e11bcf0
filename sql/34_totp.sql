-- Time-based one-time passwords: the authenticator apps of users, and the codes that were presented.

CREATE TABLE auth.totp_devices (
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    user_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    period_s bigint NOT NULL CHECK (period_s > 0),
    skew bigint NOT NULL CHECK (skew >= 0),
    is_verified boolean NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (app_id, user_id, name)
);
COMMENT ON TABLE auth.totp_devices IS 'Authenticator apps that make one-time passwords for a user';
COMMENT ON COLUMN auth.totp_devices.app_id IS 'The app';
COMMENT ON COLUMN auth.totp_devices.user_id IS 'The id that callers know the user by; it need not be one of ours';
COMMENT ON COLUMN auth.totp_devices.name IS 'Tells a user''s devices apart';
COMMENT ON COLUMN auth.totp_devices.secret IS 'What device and server share, sealed under the key file';
COMMENT ON COLUMN auth.totp_devices.period_s IS 'For how many seconds a code is shown';
COMMENT ON COLUMN auth.totp_devices.skew IS 'How many periods before and after the present one codes are taken from';
COMMENT ON COLUMN auth.totp_devices.is_verified IS 'Whether the user has shown a code of it; only then does it count';
COMMENT ON COLUMN auth.totp_devices.created_at IS 'When it was made';
ALTER TABLE auth.totp_devices ALTER COLUMN secret SET STATISTICS 0;

CREATE TABLE auth.totp_attempts (
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    used_code bytea,
    expires_at timestamptz NOT NULL,
    forget_at timestamptz NOT NULL,
    PRIMARY KEY (app_id, tenant_id, user_id, created_at),
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE auth.totp_attempts IS 'Codes that were presented: a right one works once, and wrong ones are counted';
COMMENT ON COLUMN auth.totp_attempts.app_id IS 'The app';
COMMENT ON COLUMN auth.totp_attempts.tenant_id IS 'The tenant that it was presented in';
COMMENT ON COLUMN auth.totp_attempts.user_id IS 'The id that callers know the user by';
COMMENT ON COLUMN auth.totp_attempts.created_at IS 'When it was presented; two of one user never at the same time';
COMMENT ON COLUMN auth.totp_attempts.used_code IS 'HMAC of a right code, which other tenants may still take; null for a wrong one';
COMMENT ON COLUMN auth.totp_attempts.expires_at IS 'When no device accepts the code any more';
COMMENT ON COLUMN auth.totp_attempts.forget_at IS 'When it has no bearing on any limit any more';
ALTER TABLE auth.totp_attempts ALTER COLUMN used_code SET STATISTICS 0;
CREATE INDEX totp_attempts_user ON auth.totp_attempts (app_id, user_id);
CREATE INDEX totp_attempts_forget ON auth.totp_attempts (forget_at);
