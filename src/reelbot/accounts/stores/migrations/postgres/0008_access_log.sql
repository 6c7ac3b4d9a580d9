-- The access log: who got into an account or changed who can. An account of 0 is a name that nobody has.

CREATE TABLE access_head (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account >= 0),
    n bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (lane, account)
);

-- `network` is the part of the network that it was done from, empty where that is not known; `doer` says by whom.
CREATE TABLE access_record (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    n bigint NOT NULL CHECK (n > 0),
    at bigint NOT NULL,
    kind text NOT NULL CHECK (kind <> ''),
    doer text NOT NULL,
    network text NOT NULL,
    detail text NOT NULL CHECK (length(detail) <= 200),
    PRIMARY KEY (lane, account, n)
);
CREATE INDEX access_record_at ON access_record (at, lane, account, n);
