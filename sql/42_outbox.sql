-- Mails, text messages and webhooks that wait for the gateway's courier.

CREATE TABLE auth.outbox (
    id uuid PRIMARY KEY,
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    user_id uuid,
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'webhook')),
    kind text NOT NULL,
    message bytea NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    due_at timestamptz,
    dead_at timestamptz,
    error text,
    FOREIGN KEY (app_id, tenant_id) REFERENCES auth.tenants (app_id, id) ON DELETE CASCADE,
    CHECK ((due_at IS NULL) = (dead_at IS NOT NULL))
);
COMMENT ON TABLE auth.outbox IS 'What is to be sent; a row goes when it has been';
COMMENT ON COLUMN auth.outbox.id IS 'The message''s id, the same at each attempt, by which whoever gets it twice can tell';
COMMENT ON COLUMN auth.outbox.app_id IS 'The app';
COMMENT ON COLUMN auth.outbox.tenant_id IS 'The tenant, whose settings say which way it goes';
COMMENT ON COLUMN auth.outbox.user_id IS 'The user whom it is to or about';
COMMENT ON COLUMN auth.outbox.channel IS 'email, sms or webhook';
COMMENT ON COLUMN auth.outbox.kind IS 'What it is: signup, recovery, ...';
COMMENT ON COLUMN auth.outbox.message IS 'The message, sealed: it holds codes';
COMMENT ON COLUMN auth.outbox.attempts IS 'How often it was tried to send it';
COMMENT ON COLUMN auth.outbox.created_at IS 'When it was written';
COMMENT ON COLUMN auth.outbox.due_at IS 'When it is to be tried next; while a gateway is at it, when another may take over';
COMMENT ON COLUMN auth.outbox.dead_at IS 'When it was given up';
COMMENT ON COLUMN auth.outbox.error IS 'Why the last attempt failed';
CREATE INDEX outbox_due ON auth.outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_dead ON auth.outbox (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_user ON auth.outbox (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX outbox_tenant ON auth.outbox (app_id, tenant_id);
ALTER TABLE auth.outbox ALTER COLUMN message SET STATISTICS 0;

CREATE VIEW auth.dead_letters AS
    SELECT id, app_id, tenant_id, channel, kind, attempts, created_at, dead_at, error
    FROM auth.outbox WHERE dead_at IS NOT NULL;
COMMENT ON VIEW auth.dead_letters IS 'Messages that could not be sent and were given up';
COMMENT ON COLUMN auth.dead_letters.id IS 'The message''s id';
COMMENT ON COLUMN auth.dead_letters.app_id IS 'The app';
COMMENT ON COLUMN auth.dead_letters.tenant_id IS 'The tenant';
COMMENT ON COLUMN auth.dead_letters.channel IS 'email, sms or webhook';
COMMENT ON COLUMN auth.dead_letters.kind IS 'What it is';
COMMENT ON COLUMN auth.dead_letters.attempts IS 'How often it was tried to send it';
COMMENT ON COLUMN auth.dead_letters.created_at IS 'When it was written';
COMMENT ON COLUMN auth.dead_letters.dead_at IS 'When it was given up';
COMMENT ON COLUMN auth.dead_letters.error IS 'Why the last attempt failed';
