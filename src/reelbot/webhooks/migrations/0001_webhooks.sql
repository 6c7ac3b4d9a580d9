-- Webhooks: where an account wants to be told what, how far it has been told, and what is still to be delivered.
-- Instants are milliseconds since 1970-01-01T00:00:00Z.

-- `secret` must be known to sign. `cursor` is the last event that was looked at, `watches` (JSON) what was told of each
-- meter; whoever moves them adds to `version`. Messages are numbered 1 to `last_n`, those up to `done_n` are delivered or
-- given up. `due_at` is when the oldest that is left may be tried; whoever does adds to `fence` and sets it to the end of
-- his lease. `attempts` counts failures in a row.
CREATE TABLE webhook (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    id bigint NOT NULL CHECK (id > 0),
    account_name text NOT NULL,
    url text NOT NULL,
    kinds text NOT NULL,
    created_at bigint NOT NULL,
    secret text NOT NULL,
    old_secret text,
    old_secret_until_at bigint,
    key text,
    cursor bigint NOT NULL,
    watches text NOT NULL,
    turns_at bigint,
    version bigint NOT NULL DEFAULT 0,
    last_n bigint NOT NULL DEFAULT 0,
    done_n bigint NOT NULL DEFAULT 0 CHECK (done_n <= last_n),
    due_at bigint,
    fence bigint NOT NULL DEFAULT 0,
    attempts bigint NOT NULL DEFAULT 0,
    delivered_at bigint,
    failed_at bigint,
    failure text,
    disabled_at bigint,
    PRIMARY KEY (lane, account, id),
    CHECK ((due_at IS NULL) = (done_n = last_n)),
    CHECK (disabled_at IS NULL OR (due_at IS NULL AND turns_at IS NULL))
);

CREATE INDEX webhook_by_due ON webhook (lane, due_at) WHERE due_at IS NOT NULL;

CREATE INDEX webhook_by_turn ON webhook (lane, turns_at) WHERE turns_at IS NOT NULL;

CREATE TABLE delivery (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    webhook bigint NOT NULL,
    n bigint NOT NULL CHECK (n > 0),
    kind text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (lane, account, webhook, n),
    FOREIGN KEY (lane, account, webhook) REFERENCES webhook (lane, account, id) ON DELETE CASCADE
);
