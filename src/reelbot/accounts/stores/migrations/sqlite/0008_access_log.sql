-- The access log: who got into an account or changed who can. An account of 0 is a name that nobody has.

CREATE TABLE access_head (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account >= 0),
    n INTEGER NOT NULL CHECK (n > 0),
    PRIMARY KEY (lane, account)
) STRICT, WITHOUT ROWID;

-- `network` is the part of the network that it was done from, empty where that is not known; `doer` says by whom.
CREATE TABLE access_record (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    n INTEGER NOT NULL CHECK (n > 0),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind <> ''),
    doer TEXT NOT NULL,
    network TEXT NOT NULL,
    detail TEXT NOT NULL CHECK (length(detail) <= 200),
    PRIMARY KEY (lane, account, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_record_at ON access_record (at, lane, account, n);
