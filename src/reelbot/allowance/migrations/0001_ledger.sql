-- The ledger: accounts and their chains, balances, holds, entries, remembered answers.
-- Every primary key begins with the lane. Instants are milliseconds since 1970-01-01T00:00:00Z.

-- A turn is the window that ran when the zone changed last: its start, its end, the date that it belongs to (of a month its
-- billing date, in days since 1970-01-01), and the end that it had when it began.
CREATE TABLE account (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    id bigint NOT NULL CHECK (id > 0),
    name text NOT NULL,
    created_at bigint NOT NULL,
    plan text NOT NULL,
    next_plan text,
    next_plan_at bigint,
    zone text NOT NULL,
    billing_day bigint NOT NULL CHECK (billing_day BETWEEN 1 AND 31),
    day_turn_starts_at bigint,
    day_turn_ends_at bigint,
    day_turn_on bigint,
    day_turn_due_at bigint CHECK (day_turn_due_at <= day_turn_ends_at),
    month_turn_starts_at bigint,
    month_turn_ends_at bigint,
    month_turn_on bigint,
    month_turn_due_at bigint CHECK (month_turn_due_at <= month_turn_ends_at),
    overrides text NOT NULL DEFAULT '{}',
    seq bigint NOT NULL CHECK (seq >= 0),
    head bytea NOT NULL CHECK (length(head) = 32),
    PRIMARY KEY (lane, id),
    CHECK ((next_plan IS NULL) = (next_plan_at IS NULL)),
    CHECK (
        (day_turn_ends_at IS NULL) = (day_turn_starts_at IS NULL)
        AND (day_turn_ends_at IS NULL) = (day_turn_on IS NULL)
        AND (day_turn_ends_at IS NULL) = (day_turn_due_at IS NULL)
    ),
    CHECK (
        (month_turn_ends_at IS NULL) = (month_turn_starts_at IS NULL)
        AND (month_turn_ends_at IS NULL) = (month_turn_on IS NULL)
        AND (month_turn_ends_at IS NULL) = (month_turn_due_at IS NULL)
    )
);

CREATE UNIQUE INDEX account_by_name ON account (lane, name);

CREATE TABLE balance (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    meter text NOT NULL,
    window_start bigint NOT NULL,
    used bigint NOT NULL CHECK (used >= 0),
    held bigint NOT NULL CHECK (held >= 0),
    granted bigint NOT NULL CHECK (granted >= 0),
    PRIMARY KEY (lane, account, meter, window_start)
);

-- `id` is the seq of the entry that opened the hold; `lines` is JSON, as the ledger's HeldLine. `owner` is the id of what
-- it was placed for, and then nobody else ends it; only such a hold may be without a deadline. The states are compared
-- one by one: for a list behind IN, SQLite fills a table at each row, which takes as long as writing the row.
-- rowid: written in the order of their numbers, at the end of one tree
CREATE TABLE hold (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    id bigint NOT NULL,
    state text NOT NULL CHECK (
        state = 'open' OR state = 'settled' OR state = 'released' OR state = 'expired' OR state = 'unknown'
    ),
    expires_at bigint,
    lines text NOT NULL,
    owner text,
    PRIMARY KEY (lane, account, id),
    CHECK (expires_at IS NOT NULL OR owner IS NOT NULL)
);

CREATE INDEX hold_open_by_deadline ON hold (lane, expires_at) WHERE state = 'open';

-- rowid: written in the order of time, at the end of one tree
CREATE TABLE entry (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    at bigint NOT NULL,
    kind text NOT NULL,
    hold bigint NOT NULL,
    action text,
    meter text,
    window_start bigint NOT NULL,
    window_end bigint,
    amount bigint NOT NULL CHECK (amount >= 0),
    "limit" bigint,
    used_before bigint NOT NULL CHECK (used_before >= 0),
    held_before bigint NOT NULL CHECK (held_before >= 0),
    used_after bigint NOT NULL CHECK (used_after >= 0),
    held_after bigint NOT NULL CHECK (held_after >= 0),
    detail text,
    why text NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (lane, account, seq)
);

-- The entries that concluded a hold, so that all that belongs to it is found in an account of a million. Those that opened
-- it lie together from its number on, and an index of them would only slow every hold down.
CREATE INDEX entry_by_hold ON entry (lane, account, hold) WHERE kind <> 'hold';

-- The first answer to every idempotency key, kept longer than the longest window.
-- rowid: forgotten in the order in which they were written, which is that of their age
CREATE TABLE answer (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    key text NOT NULL,
    content bytea NOT NULL,
    at bigint NOT NULL,
    answer bytea NOT NULL,
    PRIMARY KEY (lane, account, key)
);

-- postgres: SQLite finds the oldest by their rowid
CREATE INDEX answer_by_age ON answer (lane, at);

-- One row: the secret that signs quotes, the same for all processes of this database.
CREATE TABLE ledger_secret (
    lane smallint NOT NULL PRIMARY KEY CHECK (lane = 0),
    secret bytea NOT NULL
);

-- One row: over how many lanes the accounts of this database are spread. An account's lane follows from its name and this
-- number, so it is written down once and never changed.
CREATE TABLE ledger_lanes (
    lane smallint NOT NULL PRIMARY KEY CHECK (lane = 0),
    lanes smallint NOT NULL CHECK (lanes BETWEEN 1 AND 64)
);
