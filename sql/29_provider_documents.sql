-- What identity providers publish about themselves, kept so that not every sign-in asks them. Not worth writing to the log:
-- it is fetched again.

CREATE UNLOGGED TABLE auth.provider_documents (
    url text PRIMARY KEY,
    document jsonb NOT NULL,
    fetched_at timestamptz NOT NULL
);
COMMENT ON TABLE auth.provider_documents IS 'Documents of identity providers: their configuration (OpenID Connect Discovery) and keys';
COMMENT ON COLUMN auth.provider_documents.url IS 'Where it is published';
COMMENT ON COLUMN auth.provider_documents.document IS 'The document';
COMMENT ON COLUMN auth.provider_documents.fetched_at IS 'When it was fetched';
CREATE INDEX provider_documents_fetched ON auth.provider_documents (fetched_at);
