-- Publishing: connected channels, posts with the work of bringing them to their channel, idempotency keys.
-- Instants are milliseconds since 1970-01-01T00:00:00Z; numbers are drawn, not counted. Bodies are JSON.

-- A channel. `place` is where the platform finds it, `hold` the settled hold that counts it: refunded when it is removed.
-- A removed one stays, so that posts on their way to it can be asked after.
CREATE TABLE channel (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    number INTEGER NOT NULL CHECK (number > 0),
    platform TEXT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    hold TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (lane, account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX channel_by_age ON channel (lane, account, created_at, number) WHERE removed_at IS NULL;

-- A post. `due_at` is when it may be taken, while it is being published the end of its lease; whoever takes it adds to
-- `fence`, and writes under an older one count for nothing. `attempts` counts the claims since it was last asked for.
-- `ticket` is what the platform gave before it began, `delivered` its answer.
CREATE TABLE post (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    number INTEGER NOT NULL CHECK (number > 0),
    video TEXT NOT NULL,
    channel INTEGER,
    words TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'queued', 'publishing', 'published', 'failed')),
    hold TEXT,
    due_at INTEGER NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    ticket TEXT NOT NULL DEFAULT '',
    delivered TEXT,
    failure TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    published_at INTEGER,
    PRIMARY KEY (lane, account, number),
    CHECK ((published_at IS NULL) = (delivered IS NULL)),
    CHECK ((delivered IS NOT NULL) = (state = 'published')),
    CHECK (state NOT IN ('queued', 'publishing', 'published') OR (channel IS NOT NULL AND hold IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX post_by_due ON post (lane, due_at) WHERE state IN ('queued', 'publishing');

CREATE INDEX post_by_age ON post (lane, account, created_at, number);

-- Idempotency keys of publishing: `content` is the hash of what was asked, `thing` the id of what it made
-- or, of what was published, the first answer as JSON.
CREATE TABLE publish_key (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    key TEXT NOT NULL,
    content TEXT NOT NULL,
    thing TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (lane, account, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX publish_key_by_age ON publish_key (lane, at);
