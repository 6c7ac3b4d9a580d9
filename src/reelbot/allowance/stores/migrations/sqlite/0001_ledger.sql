-- The ledger: accounts and their chains, balances, holds, entries, remembered answers.
-- Every primary key begins with the lane. Instants are milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE account (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    id INTEGER NOT NULL CHECK (id > 0),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    plan TEXT NOT NULL,
    next_plan TEXT,
    next_plan_at INTEGER,
    zone TEXT NOT NULL,
    billing_day INTEGER NOT NULL CHECK (billing_day BETWEEN 1 AND 31),
    day_turn_starts_at INTEGER,
    day_turn_ends_at INTEGER,
    month_turn_starts_at INTEGER,
    month_turn_ends_at INTEGER,
    overrides TEXT NOT NULL DEFAULT '{}',
    seq INTEGER NOT NULL CHECK (seq >= 0),
    head BLOB NOT NULL CHECK (length(head) = 32),
    PRIMARY KEY (lane, id),
    CHECK ((next_plan IS NULL) = (next_plan_at IS NULL))
) WITHOUT ROWID;

CREATE UNIQUE INDEX account_by_name ON account (lane, name);

CREATE TABLE balance (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    meter TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    used INTEGER NOT NULL CHECK (used >= 0),
    held INTEGER NOT NULL CHECK (held >= 0),
    granted INTEGER NOT NULL CHECK (granted >= 0),
    PRIMARY KEY (lane, account, meter, window_start)
) WITHOUT ROWID;

-- `id` is the seq of the entry that opened the hold; `lines` is JSON, as the ledger's HeldLine. The states are compared
-- one by one: for a list behind IN, SQLite fills a table at each row, which takes as long as writing the row.
CREATE TABLE hold (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (
        state = 'open' OR state = 'settled' OR state = 'released' OR state = 'expired' OR state = 'unknown'
    ),
    expires_at INTEGER NOT NULL,
    lines TEXT NOT NULL,
    PRIMARY KEY (lane, account, id)
);

CREATE INDEX hold_open_by_deadline ON hold (lane, expires_at) WHERE state = 'open';

CREATE TABLE entry (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    hold INTEGER NOT NULL,
    action TEXT,
    meter TEXT,
    window_start INTEGER NOT NULL,
    window_end INTEGER,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    "limit" INTEGER,
    used_before INTEGER NOT NULL CHECK (used_before >= 0),
    held_before INTEGER NOT NULL CHECK (held_before >= 0),
    used_after INTEGER NOT NULL CHECK (used_after >= 0),
    held_after INTEGER NOT NULL CHECK (held_after >= 0),
    detail TEXT,
    why TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (lane, account, seq)
);

-- The first answer to every idempotency key, kept longer than the longest window.
CREATE TABLE answer (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    key TEXT NOT NULL,
    content BLOB NOT NULL,
    at INTEGER NOT NULL,
    answer BLOB NOT NULL,
    PRIMARY KEY (lane, account, key)
);

-- One row: the secret that signs quotes, the same for all processes of this database.
CREATE TABLE ledger_secret (
    lane INTEGER NOT NULL PRIMARY KEY CHECK (lane = 0),
    secret BLOB NOT NULL
);

-- One row: over how many lanes the accounts of this database are spread. An account's lane follows from its name and this
-- number, so it is written down once and never changed.
CREATE TABLE ledger_lanes (
    lane INTEGER NOT NULL PRIMARY KEY CHECK (lane = 0),
    lanes INTEGER NOT NULL CHECK (lanes BETWEEN 1 AND 64)
);
