-- Accounts: who may ask for an account of the ledger, and with which API keys. Instants are milliseconds since
-- 1970-01-01T00:00:00Z. `lane` and `account` are the ledger's own numbers; the ledger's tables belong to another room.

CREATE TABLE member (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('creator', 'operator')),
    created_at INTEGER NOT NULL,
    keys INTEGER NOT NULL DEFAULT 0 CHECK (keys >= 0),
    PRIMARY KEY (lane, account)
) STRICT, WITHOUT ROWID;

-- `digest` is the SHA-256 of the secret; `last_used_on` counts days since 1970-01-01 in UTC.
CREATE TABLE api_key (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    label TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    last_used_on INTEGER,
    PRIMARY KEY (lane, account, number),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
) STRICT, WITHOUT ROWID;
