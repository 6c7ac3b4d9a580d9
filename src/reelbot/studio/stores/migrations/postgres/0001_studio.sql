-- The studio: drafts, the jobs that work for them, finished videos, uploaded and animated files.
-- Instants are milliseconds since 1970-01-01T00:00:00Z; numbers are drawn, not counted. Bodies are JSON.

-- A draft is one document. `revision` counts its saves, `locked_by` is the render that must end before it changes again,
-- `origin` the video that it was opened from.
CREATE TABLE draft (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    revision bigint NOT NULL CHECK (revision > 0),
    heading text NOT NULL,
    body text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    locked_by bigint,
    origin bigint,
    PRIMARY KEY (lane, account, number)
);

CREATE INDEX draft_by_change ON draft (lane, account, updated_at, number);

-- A job. `due_at` is when it may be taken, while it runs the end of its lease; whoever takes it adds to `fence`, and writes
-- under an older one count for nothing. `crashes` counts the claims that ended without a word. `hold` is the ledger's.
CREATE TABLE job (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    kind text NOT NULL CHECK (kind IN ('generation', 'render', 'video', 'preview')),
    draft bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    priority bigint NOT NULL,
    due_at bigint NOT NULL,
    fence bigint NOT NULL DEFAULT 0,
    worker text NOT NULL DEFAULT '',
    crashes bigint NOT NULL DEFAULT 0,
    hold text,
    is_cancelled boolean NOT NULL DEFAULT false,
    progress double precision NOT NULL CHECK (progress BETWEEN 0 AND 1),
    message text NOT NULL,
    request text NOT NULL,
    tasks text NOT NULL,
    result text,
    failure text,
    created_at bigint NOT NULL,
    started_at bigint,
    ended_at bigint,
    PRIMARY KEY (lane, account, number),
    CHECK ((ended_at IS NULL) = (state IN ('queued', 'running'))),
    CHECK ((failure IS NULL) OR state IN ('failed', 'cancelled'))
);

CREATE INDEX job_by_due ON job (lane, state, due_at) WHERE state IN ('queued', 'running');

CREATE INDEX job_by_age ON job (lane, account, created_at, number);

CREATE TABLE video (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    title text NOT NULL,
    body text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (lane, account, number)
);

CREATE INDEX video_by_age ON video (lane, account, created_at, number);

-- Files that count as storage. `hold` is the settled hold that counts them: refunded when the file is removed.
CREATE TABLE asset (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    name text NOT NULL,
    origin text NOT NULL CHECK (origin IN ('upload', 'animation')),
    hold text NOT NULL,
    body text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (lane, account, number)
);

CREATE INDEX asset_by_age ON asset (lane, account, created_at, number);

-- What an AI work made, by the hash of the work, so that the same is never charged twice. Without a body it was paid for
-- and could not be kept: it may be made again at no charge.
CREATE TABLE made (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    work text NOT NULL,
    body text,
    at bigint NOT NULL,
    PRIMARY KEY (lane, account, work)
);

-- Idempotency keys of the studio: `content` is the hash of what was asked, `thing` the id of what it made
-- or, of a job, the first answer as JSON.
CREATE TABLE studio_key (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    key text NOT NULL,
    content text NOT NULL,
    thing text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (lane, account, key)
);

CREATE INDEX studio_key_by_age ON studio_key (lane, at);
