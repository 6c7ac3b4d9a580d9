-- The studio: drafts, the jobs that work for them, finished videos, uploaded and animated files.
-- Instants are milliseconds since 1970-01-01T00:00:00Z; numbers are drawn, not counted. Bodies are JSON.

-- A draft is one document. `revision` counts its saves, `locked_by` is the render that must end before it changes again,
-- `origin` the video that it was opened from.
CREATE TABLE draft (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    number INTEGER NOT NULL CHECK (number > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    heading TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    locked_by INTEGER,
    origin INTEGER,
    PRIMARY KEY (lane, account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX draft_by_change ON draft (lane, account, updated_at, number);

-- A job. `due_at` is when it may be taken, while it runs the end of its lease; whoever takes it adds to `fence`, and writes
-- under an older one count for nothing. `crashes` counts the claims that ended without a word. `hold` is the ledger's.
CREATE TABLE job (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    number INTEGER NOT NULL CHECK (number > 0),
    kind TEXT NOT NULL CHECK (kind IN ('generation', 'render', 'video', 'preview')),
    draft INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    priority INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '',
    crashes INTEGER NOT NULL DEFAULT 0,
    hold TEXT,
    is_cancelled INTEGER NOT NULL DEFAULT 0,
    progress REAL NOT NULL CHECK (progress BETWEEN 0 AND 1),
    message TEXT NOT NULL,
    request TEXT NOT NULL,
    tasks TEXT NOT NULL,
    result TEXT,
    failure TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (lane, account, number),
    CHECK ((ended_at IS NULL) = (state IN ('queued', 'running'))),
    CHECK ((failure IS NULL) OR state IN ('failed', 'cancelled'))
) STRICT, WITHOUT ROWID;

CREATE INDEX job_by_due ON job (lane, state, due_at) WHERE state IN ('queued', 'running');

CREATE INDEX job_by_age ON job (lane, account, created_at, number);

CREATE TABLE video (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    number INTEGER NOT NULL CHECK (number > 0),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (lane, account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX video_by_age ON video (lane, account, created_at, number);

-- Files that count as storage. `hold` is the settled hold that counts them: refunded when the file is removed.
CREATE TABLE asset (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    number INTEGER NOT NULL CHECK (number > 0),
    name TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('upload', 'animation')),
    hold TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (lane, account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX asset_by_age ON asset (lane, account, created_at, number);

-- What an AI work made, by the hash of the work, so that the same is never charged twice. Without a body it was paid for
-- and could not be kept: it may be made again at no charge.
CREATE TABLE made (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    work TEXT NOT NULL,
    body TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (lane, account, work)
) STRICT, WITHOUT ROWID;

-- Idempotency keys of the studio: `content` is the hash of what was asked, `thing` the id of what it made
-- or, of a job, the first answer as JSON.
CREATE TABLE studio_key (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    key TEXT NOT NULL,
    content TEXT NOT NULL,
    thing TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (lane, account, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX studio_key_by_age ON studio_key (lane, at);
