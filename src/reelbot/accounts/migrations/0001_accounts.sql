-- Accounts: who may ask for an account of the ledger, with which API keys, passwords, sessions and links; the access log.
-- Of every secret only a digest is kept. Instants are milliseconds since 1970-01-01T00:00:00Z. `lane` and `account` are
-- the ledger's own numbers; the ledger's tables belong to another room.

-- `look` is how the name looks to people, so that a stranger cannot open an account that is taken for another one. `keys`,
-- `sessions` and `links` count those that there were.
CREATE TABLE member (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    name text NOT NULL,
    look text NOT NULL,
    role text NOT NULL CHECK (role IN ('creator', 'operator')),
    created_at bigint NOT NULL,
    keys integer NOT NULL DEFAULT 0 CHECK (keys >= 0),
    sessions integer NOT NULL DEFAULT 0 CHECK (sessions >= 0),
    links integer NOT NULL DEFAULT 0 CHECK (links >= 0),
    PRIMARY KEY (lane, account)
);

CREATE INDEX member_look ON member (look);

-- `digest` is the SHA-256 of the secret; `last_used_on` counts days since 1970-01-01 in UTC. `scopes` are what it may be
-- used for, by their names.
CREATE TABLE api_key (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    label text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    created_at bigint NOT NULL,
    revoked_at bigint,
    last_used_on integer,
    scopes text NOT NULL CHECK (scopes <> ''),
    expires_at bigint,
    PRIMARY KEY (lane, account, number),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
);

-- Counts what takes keys back, so that whoever remembers keys of a lane sees in one row whether one was revoked since.
CREATE TABLE key_change (
    lane smallint NOT NULL PRIMARY KEY CHECK (lane BETWEEN 0 AND 63),
    n bigint NOT NULL CHECK (n > 0)
);

-- `hash` is Argon2id's own text, which names its parameters and its salt.
CREATE TABLE password (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    hash text NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (lane, account),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
);

-- `agent` is what the browser said it is, `network` a digest of the network that it signed in from, none where that is
-- not known; `by_link` says that it was begun by a link: whoever came by one has perhaps forgotten the password, and sets
-- a new one. `seen_on` counts days since 1970-01-01 in UTC.
CREATE TABLE session (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    agent text NOT NULL,
    network bytea CHECK (length(network) = 32),
    by_link boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL CHECK (expires_at > created_at),
    ended_at bigint,
    seen_on integer,
    PRIMARY KEY (lane, account, number),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
);

CREATE TABLE sign_in_link (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    expires_at bigint NOT NULL,
    PRIMARY KEY (lane, account, number),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
);

-- Tries that are counted, so that a bound holds in all processes: wrong passwords, and accounts that strangers open.
-- They belong to no account, so they stand in the lane that every database has. `subject` is a digest of what the try was
-- about: a name, a network or both.
CREATE TABLE try_count (
    lane smallint NOT NULL CHECK (lane = 0),
    kind text NOT NULL CHECK (kind IN ('network', 'name', 'pair', 'signup')),
    subject bytea NOT NULL CHECK (length(subject) = 32),
    made integer NOT NULL CHECK (made >= 0),
    until_at bigint NOT NULL,
    PRIMARY KEY (lane, kind, subject)
);

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
