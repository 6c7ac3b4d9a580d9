-- Signing in with a browser: passwords, sessions, and links that sign in once. Of every secret only a digest is kept.

ALTER TABLE member ADD COLUMN sessions integer NOT NULL DEFAULT 0 CHECK (sessions >= 0);
ALTER TABLE member ADD COLUMN links integer NOT NULL DEFAULT 0 CHECK (links >= 0);

-- `hash` is Argon2id's own text, which names its parameters and its salt.
CREATE TABLE password (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    hash text NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (lane, account),
    FOREIGN KEY (lane, account) REFERENCES member (lane, account)
);

-- `agent` is what the browser said it is; `seen_on` counts days since 1970-01-01 in UTC.
CREATE TABLE session (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    agent text NOT NULL,
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
