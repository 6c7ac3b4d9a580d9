-- Webhooks: where an account wants to be told what, how far it has been told, and what is still to be delivered.
-- Instants are milliseconds since 1970-01-01T00:00:00Z.

-- `secret` must be known to sign. `cursor` is the last event that was looked at, `watches` (JSON) what was told of each
-- meter; whoever moves them adds to `version`. Messages are numbered 1 to `last_n`, those up to `done_n` are delivered or
-- given up. `due_at` is when the oldest that is left may be tried; whoever does adds to `fence` and sets it to the end of
-- his lease. `attempts` counts failures in a row.
CREATE TABLE webhook (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    id INTEGER NOT NULL CHECK (id > 0),
    account_name TEXT NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    secret TEXT NOT NULL,
    old_secret TEXT,
    old_secret_until_at INTEGER,
    key TEXT,
    cursor INTEGER NOT NULL,
    watches TEXT NOT NULL,
    turns_at INTEGER,
    version INTEGER NOT NULL DEFAULT 0,
    last_n INTEGER NOT NULL DEFAULT 0,
    done_n INTEGER NOT NULL DEFAULT 0 CHECK (done_n <= last_n),
    due_at INTEGER,
    fence INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at INTEGER,
    failed_at INTEGER,
    failure TEXT,
    disabled_at INTEGER,
    PRIMARY KEY (lane, account, id),
    CHECK ((due_at IS NULL) = (done_n = last_n)),
    CHECK (disabled_at IS NULL OR (due_at IS NULL AND turns_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_by_due ON webhook (lane, due_at) WHERE due_at IS NOT NULL;

CREATE INDEX webhook_by_turn ON webhook (lane, turns_at) WHERE turns_at IS NOT NULL;

CREATE TABLE delivery (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    webhook INTEGER NOT NULL,
    n INTEGER NOT NULL CHECK (n > 0),
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (lane, account, webhook, n),
    FOREIGN KEY (lane, account, webhook) REFERENCES webhook (lane, account, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
