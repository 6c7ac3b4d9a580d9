-- Accounts: who may ask for an account of the ledger, and with which API keys. Instants are milliseconds since
-- 1970-01-01T00:00:00Z. `lane` and `account` are the ledger's own numbers; the ledger's tables belong to another room.

CREATE TABLE member (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('creator', 'operator')),
    created_at bigint NOT NULL,
    keys integer NOT NULL DEFAULT 0 CHECK (keys >= 0),
    PRIMARY KEY (lane, account)
);

-- `digest` is the SHA-256 of the secret; `last_used_on` counts days since 1970-01-01 in UTC.
CREATE TABLE api_key (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    label text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    created_at bigint NOT NULL,
    revoked_at bigint,
    last_used_on integer,
    PRIMARY KEY (lane, account, number),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
);
