-- Time-based one-time passwords: the authenticator apps of users, and the codes that were presented.

CREATE TABLE auth.totp_devices (
    id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    user_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    period_s bigint NOT NULL CHECK (period_s > 0),
    skew bigint NOT NULL CHECK (skew >= 0),
    is_verified boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    last_challenged_at timestamptz,
    PRIMARY KEY (app_id, user_id, name)
);
COMMENT ON TABLE auth.totp_devices IS 'Authenticator apps that make one-time passwords for a user';
COMMENT ON COLUMN auth.totp_devices.id IS 'By which the GoTrue door knows it as a factor';
COMMENT ON COLUMN auth.totp_devices.app_id IS 'The app';
COMMENT ON COLUMN auth.totp_devices.user_id IS 'The id that callers know the user by; it need not be one of ours';
COMMENT ON COLUMN auth.totp_devices.name IS 'Tells a user''s devices apart';
COMMENT ON COLUMN auth.totp_devices.secret IS 'What device and server share, sealed under the key file';
COMMENT ON COLUMN auth.totp_devices.period_s IS 'For how many seconds a code is shown';
COMMENT ON COLUMN auth.totp_devices.skew IS 'How many periods before and after the present one codes are taken from';
COMMENT ON COLUMN auth.totp_devices.is_verified IS 'Whether the user has shown a code of it; only then does it count';
COMMENT ON COLUMN auth.totp_devices.created_at IS 'When it was made';
COMMENT ON COLUMN auth.totp_devices.updated_at IS 'When it was last changed at the GoTrue door';
COMMENT ON COLUMN auth.totp_devices.last_challenged_at IS 'When a code of it was last asked for there';
CREATE UNIQUE INDEX totp_devices_id ON auth.totp_devices (id);
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

-- Second factors that are no authenticator app, and questions for any of them.
CREATE TABLE auth.phone_factors (
    id uuid PRIMARY KEY,
    app_id text NOT NULL,
    user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    friendly_name text NOT NULL,
    phone text NOT NULL,
    is_verified boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    last_challenged_at timestamptz,
    UNIQUE (user_id, phone)
);
COMMENT ON TABLE auth.phone_factors IS 'Phones that are a second factor of a user';
COMMENT ON COLUMN auth.phone_factors.id IS 'The factor''s id';
COMMENT ON COLUMN auth.phone_factors.app_id IS 'The app';
COMMENT ON COLUMN auth.phone_factors.user_id IS 'The user';
COMMENT ON COLUMN auth.phone_factors.friendly_name IS 'What the user calls it';
COMMENT ON COLUMN auth.phone_factors.phone IS 'Its number in E.164 form';
COMMENT ON COLUMN auth.phone_factors.is_verified IS 'Whether the user has shown a code that was sent to it; only then does it count';
COMMENT ON COLUMN auth.phone_factors.created_at IS 'When it was enrolled';
COMMENT ON COLUMN auth.phone_factors.updated_at IS 'When it was last changed';
COMMENT ON COLUMN auth.phone_factors.last_challenged_at IS 'When a code was last sent to it';

CREATE TABLE auth.mfa_challenges (
    id uuid PRIMARY KEY,
    app_id text NOT NULL,
    user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    factor_id uuid NOT NULL,
    ip_address text NOT NULL,
    code_hash bytea,
    wrong_attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    verified_at timestamptz
);
COMMENT ON TABLE auth.mfa_challenges IS 'Questions for a second factor';
COMMENT ON COLUMN auth.mfa_challenges.id IS 'The challenge''s id';
COMMENT ON COLUMN auth.mfa_challenges.app_id IS 'The app';
COMMENT ON COLUMN auth.mfa_challenges.user_id IS 'Who was asked';
COMMENT ON COLUMN auth.mfa_challenges.factor_id IS 'For which factor: a row of totp_devices or of phone_factors';
COMMENT ON COLUMN auth.mfa_challenges.ip_address IS 'The address of the client that asked';
COMMENT ON COLUMN auth.mfa_challenges.code_hash IS 'HMAC-SHA-256 of the code that was sent, if one was';
COMMENT ON COLUMN auth.mfa_challenges.wrong_attempts IS 'How many wrong codes were tried';
COMMENT ON COLUMN auth.mfa_challenges.created_at IS 'When it was asked';
COMMENT ON COLUMN auth.mfa_challenges.verified_at IS 'When it was answered';
ALTER TABLE auth.mfa_challenges ALTER COLUMN code_hash SET STATISTICS 0;
CREATE INDEX mfa_challenges_factor ON auth.mfa_challenges (factor_id);
CREATE INDEX mfa_challenges_user ON auth.mfa_challenges (user_id);
CREATE INDEX mfa_challenges_created ON auth.mfa_challenges (created_at);
