-- Each account's events, numbered 1, 2, 3 without a gap.
-- rowid: rows are pruned in the order in which they were written
CREATE TABLE event (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    n bigint NOT NULL CHECK (n > 0),
    at bigint NOT NULL,
    kind text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (lane, account, n)
);

-- The last number of each account; its row is the lock on the account's stream. Room is left in each page, because
-- every event changes one of these rows in place.
-- postgres: in SQLite whoever writes is alone, and finds the last number by the key
CREATE TABLE event_head (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    n bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (lane, account)
) WITH (fillfactor = 50);
