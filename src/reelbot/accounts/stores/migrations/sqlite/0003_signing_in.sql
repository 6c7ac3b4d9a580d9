-- Signing in with a browser: passwords, sessions, and links that sign in once. Of every secret only a digest is kept.

ALTER TABLE member ADD COLUMN sessions INTEGER NOT NULL DEFAULT 0 CHECK (sessions >= 0);
ALTER TABLE member ADD COLUMN links INTEGER NOT NULL DEFAULT 0 CHECK (links >= 0);

-- `hash` is Argon2id's own text, which names its parameters and its salt.
CREATE TABLE password (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    hash TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (lane, account),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
) STRICT, WITHOUT ROWID;

-- `agent` is what the browser said it is; `seen_on` counts days since 1970-01-01 in UTC.
CREATE TABLE session (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    agent TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
    ended_at INTEGER,
    seen_on INTEGER,
    PRIMARY KEY (lane, account, number),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_link (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (lane, account, number),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
) STRICT, WITHOUT ROWID;
