-- Apps, their tenants, the host names that mean them, and their settings.
--
-- These tables are small, change seldom, and are cached by every backend: a trigger tells all of them
-- when one changes (see src/cache.rs). The rows of the app "public" and its tenant "public" are made on
-- first use and not here, or a dump could not be restored into a database that has the extension.

CREATE TABLE auth.apps (
    id text PRIMARY KEY CHECK (pg_catalog.octet_length(id) BETWEEN 1 AND 320),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE auth.apps IS 'Apps: wholly separate sets of users, sessions and keys';
COMMENT ON COLUMN auth.apps.id IS 'Lower-case letters, digits and hyphens; "public" is the default app. Under a connection URI domain: <name>@<domain>';
COMMENT ON COLUMN auth.apps.created_at IS 'When the app was made';

CREATE TABLE auth.tenants (
    app_id text NOT NULL REFERENCES auth.apps (id) ON DELETE CASCADE,
    id text NOT NULL CHECK (pg_catalog.octet_length(id) BETWEEN 1 AND 64),
    email_password_enabled boolean NOT NULL DEFAULT true,
    third_party_enabled boolean NOT NULL DEFAULT true,
    passwordless_enabled boolean NOT NULL DEFAULT true,
    first_factors text[],
    required_secondary_factors text[],
    third_party_providers jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (app_id, id)
);
COMMENT ON TABLE auth.tenants IS 'Tenants of an app: they share its keys and may share its users';
COMMENT ON COLUMN auth.tenants.app_id IS 'The app';
COMMENT ON COLUMN auth.tenants.id IS 'Lower-case letters, digits and hyphens; "public" is the default tenant';
COMMENT ON COLUMN auth.tenants.email_password_enabled IS 'Whether callers of CDI 5.0 and below may use e-mail and password';
COMMENT ON COLUMN auth.tenants.third_party_enabled IS 'Whether callers of CDI 5.0 and below may use third-party sign-in';
COMMENT ON COLUMN auth.tenants.passwordless_enabled IS 'Whether callers of CDI 5.0 and below may use passwordless sign-in';
COMMENT ON COLUMN auth.tenants.first_factors IS 'Factors that a user may sign in with; null means no restriction';
COMMENT ON COLUMN auth.tenants.required_secondary_factors IS 'Factors of which one must follow the first; null means none';
COMMENT ON COLUMN auth.tenants.third_party_providers IS 'Provider configurations, as CDI shows them';
COMMENT ON COLUMN auth.tenants.created_at IS 'When the tenant was made';

CREATE TABLE auth.hosts (
    host text PRIMARY KEY,
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE auth.hosts IS 'Which app and tenant a Host header means';
COMMENT ON COLUMN auth.hosts.host IS 'Host name in lower case, without port';
COMMENT ON COLUMN auth.hosts.app_id IS 'The app that requests to the host are for';
COMMENT ON COLUMN auth.hosts.tenant_id IS 'The tenant that requests to the host are for, unless their path names another';
CREATE INDEX hosts_tenant ON auth.hosts (app_id, tenant_id);

CREATE TABLE auth.setting_values (
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    key text NOT NULL,
    value jsonb NOT NULL,
    PRIMARY KEY (app_id, tenant_id, key),
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE auth.setting_values IS 'Settings that differ from their defaults; auth.settings shows all of them';
COMMENT ON COLUMN auth.setting_values.app_id IS 'The app; the values of app "public", tenant "public" apply wherever no nearer one is set';
COMMENT ON COLUMN auth.setting_values.tenant_id IS 'The tenant; the values of an app''s tenant "public" apply to the whole app';
COMMENT ON COLUMN auth.setting_values.key IS 'Name of the setting, see auth.settings';
COMMENT ON COLUMN auth.setting_values.value IS 'The value, already checked and converted; that of a secret is sealed under the key that the server setting auth.key_file names';
-- Settings can hold API keys: keep their values out of the statistics (CVE-2025-8713).
ALTER TABLE auth.setting_values ALTER COLUMN value SET STATISTICS 0;
