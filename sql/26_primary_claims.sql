-- What primary users hold: within a tenant one address, number or provider's user belongs to one primary user at most,
-- whatever the recipe. A primary user holds all that any of its login methods has, in every tenant that any of them is
-- in. The primary key decides between two who want the same.

CREATE TABLE auth.primary_claims (
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('email', 'phone', 'third_party')),
    value text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    PRIMARY KEY (app_id, tenant_id, kind, value),
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE auth.primary_claims IS 'Which addresses, numbers and provider''s users belong to which primary user, in each tenant';
COMMENT ON COLUMN auth.primary_claims.app_id IS 'The app';
COMMENT ON COLUMN auth.primary_claims.tenant_id IS 'The tenant';
COMMENT ON COLUMN auth.primary_claims.kind IS 'email, phone or third_party';
COMMENT ON COLUMN auth.primary_claims.value IS 'The address, the number, or provider and the user''s id there with "::" between';
COMMENT ON COLUMN auth.primary_claims.user_id IS 'The primary user';
CREATE INDEX primary_claims_user ON auth.primary_claims (user_id);
