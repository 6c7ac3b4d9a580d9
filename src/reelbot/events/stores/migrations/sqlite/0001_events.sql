-- Each account's events, numbered 1, 2, 3 without a gap; the table itself is in the order of writing.
CREATE TABLE event (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    n INTEGER NOT NULL CHECK (n > 0),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (lane, account, n)
) STRICT;
