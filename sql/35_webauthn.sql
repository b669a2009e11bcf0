-- Passkeys: options that were handed to browsers, and the credentials that came back.

CREATE TABLE auth.webauthn_options (
    id uuid PRIMARY KEY,
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    relying_party_id text NOT NULL,
    relying_party_name text NOT NULL,
    origin text NOT NULL,
    email text,
    challenge text NOT NULL,
    timeout_ms bigint NOT NULL,
    user_verification text NOT NULL CHECK (user_verification IN ('required', 'preferred', 'discouraged')),
    user_presence boolean NOT NULL,
    accepted_assertion bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE auth.webauthn_options IS 'Options of registrations and sign-ins that browsers were given';
COMMENT ON COLUMN auth.webauthn_options.id IS 'webauthnGeneratedOptionsId to SDKs';
COMMENT ON COLUMN auth.webauthn_options.app_id IS 'The app';
COMMENT ON COLUMN auth.webauthn_options.tenant_id IS 'The tenant';
COMMENT ON COLUMN auth.webauthn_options.relying_party_id IS 'Domain that the credential is bound to';
COMMENT ON COLUMN auth.webauthn_options.relying_party_name IS 'Its name for people';
COMMENT ON COLUMN auth.webauthn_options.origin IS 'Where the browser has to answer from';
COMMENT ON COLUMN auth.webauthn_options.email IS 'Address of the user who registers, normalised; null for a sign-in';
COMMENT ON COLUMN auth.webauthn_options.challenge IS 'What the authenticator has to sign';
COMMENT ON COLUMN auth.webauthn_options.timeout_ms IS 'For how long the options hold';
COMMENT ON COLUMN auth.webauthn_options.user_verification IS 'How much the authenticator has to check who its user is';
COMMENT ON COLUMN auth.webauthn_options.user_presence IS 'Whether the authenticator has to say that a user was there';
COMMENT ON COLUMN auth.webauthn_options.accepted_assertion IS 'SHA-256 of the answer that signed a user in, which older SDKs send twice';
COMMENT ON COLUMN auth.webauthn_options.created_at IS 'When they were made';
COMMENT ON COLUMN auth.webauthn_options.expires_at IS 'Until when they hold';
CREATE INDEX webauthn_options_tenant ON auth.webauthn_options (app_id, tenant_id);
CREATE INDEX webauthn_options_expiry ON auth.webauthn_options (expires_at);

CREATE TABLE auth.webauthn_credentials (
    app_id text NOT NULL,
    relying_party_id text NOT NULL,
    id text COLLATE "C" NOT NULL,
    login_method_id uuid NOT NULL REFERENCES auth.login_methods (id) ON DELETE CASCADE,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    aaguid uuid NOT NULL,
    transports text[] NOT NULL,
    backup_eligible boolean NOT NULL,
    backed_up boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (app_id, relying_party_id, id)
);
COMMENT ON TABLE auth.webauthn_credentials IS 'Passkeys of users';
COMMENT ON COLUMN auth.webauthn_credentials.app_id IS 'The app';
COMMENT ON COLUMN auth.webauthn_credentials.relying_party_id IS 'Domain that the credential is bound to';
COMMENT ON COLUMN auth.webauthn_credentials.id IS 'The id that its authenticator gave it, in base64url';
COMMENT ON COLUMN auth.webauthn_credentials.login_method_id IS 'Whom it signs in';
COMMENT ON COLUMN auth.webauthn_credentials.public_key IS 'COSE key (RFC 9052) that its signatures are verified with';
COMMENT ON COLUMN auth.webauthn_credentials.sign_count IS 'How often the authenticator says that it was used; 0 from those that do not count';
COMMENT ON COLUMN auth.webauthn_credentials.aaguid IS 'Make and model of the authenticator, as it says';
COMMENT ON COLUMN auth.webauthn_credentials.transports IS 'How browsers reach the authenticator';
COMMENT ON COLUMN auth.webauthn_credentials.backup_eligible IS 'Whether it can be copied to other devices';
COMMENT ON COLUMN auth.webauthn_credentials.backed_up IS 'Whether it is, as of its last use';
COMMENT ON COLUMN auth.webauthn_credentials.created_at IS 'When it was registered';
COMMENT ON COLUMN auth.webauthn_credentials.updated_at IS 'When it was last used';
CREATE INDEX webauthn_credentials_login_method ON auth.webauthn_credentials (login_method_id);
CREATE INDEX webauthn_credentials_id ON auth.webauthn_credentials (app_id, id);
