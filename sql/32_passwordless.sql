-- Passwordless sign-in: devices that wait for a code, and the codes that were sent to them.

CREATE TABLE auth.passwordless_devices (
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    id text COLLATE "C" NOT NULL,
    email text COLLATE "C",
    phone text COLLATE "C",
    link_code_salt bytea NOT NULL,
    failed_attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (app_id, tenant_id, id),
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE,
    CHECK ((email IS NULL) <> (phone IS NULL))
);
COMMENT ON TABLE auth.passwordless_devices IS 'Front ends that have asked for a code and wait for it to be typed in';
COMMENT ON COLUMN auth.passwordless_devices.app_id IS 'The app';
COMMENT ON COLUMN auth.passwordless_devices.tenant_id IS 'The tenant';
COMMENT ON COLUMN auth.passwordless_devices.id IS 'SHA-256 of the device id, which the front end alone holds; preAuthSessionId to SDKs';
COMMENT ON COLUMN auth.passwordless_devices.email IS 'Where codes are sent, normalised; either this or the number';
COMMENT ON COLUMN auth.passwordless_devices.phone IS 'Where codes are sent, in E.164 form';
COMMENT ON COLUMN auth.passwordless_devices.link_code_salt IS 'Goes into the codes of the device, together with the device id';
COMMENT ON COLUMN auth.passwordless_devices.failed_attempts IS 'How many wrong or expired codes were typed in';
COMMENT ON COLUMN auth.passwordless_devices.created_at IS 'When the first code was asked for';
ALTER TABLE auth.passwordless_devices ALTER COLUMN link_code_salt SET STATISTICS 0;
CREATE INDEX passwordless_devices_email ON auth.passwordless_devices (app_id, tenant_id, email) WHERE email IS NOT NULL;
CREATE INDEX passwordless_devices_phone ON auth.passwordless_devices (app_id, tenant_id, phone) WHERE phone IS NOT NULL;

CREATE TABLE auth.passwordless_codes (
    id uuid PRIMARY KEY,
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    device_id text COLLATE "C" NOT NULL,
    link_code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    FOREIGN KEY (app_id, tenant_id, device_id) REFERENCES auth.passwordless_devices (app_id, tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE auth.passwordless_codes IS 'Codes that were sent; all that have not expired work';
COMMENT ON COLUMN auth.passwordless_codes.id IS 'The code''s id';
COMMENT ON COLUMN auth.passwordless_codes.app_id IS 'The app';
COMMENT ON COLUMN auth.passwordless_codes.tenant_id IS 'The tenant';
COMMENT ON COLUMN auth.passwordless_codes.device_id IS 'The device that it was sent for';
COMMENT ON COLUMN auth.passwordless_codes.link_code_hash IS 'SHA-256 of the code in the link, from which the typed one cannot be guessed without the device id';
COMMENT ON COLUMN auth.passwordless_codes.created_at IS 'When it was made';
ALTER TABLE auth.passwordless_codes ALTER COLUMN link_code_hash SET STATISTICS 0;
CREATE UNIQUE INDEX passwordless_codes_link_code ON auth.passwordless_codes (app_id, tenant_id, link_code_hash);
CREATE INDEX passwordless_codes_device ON auth.passwordless_codes (app_id, tenant_id, device_id);
CREATE INDEX passwordless_devices_age ON auth.passwordless_devices (app_id, tenant_id, created_at);
CREATE INDEX passwordless_codes_age ON auth.passwordless_codes (app_id, tenant_id, created_at);
CREATE INDEX passwordless_codes_created ON auth.passwordless_codes (created_at);
