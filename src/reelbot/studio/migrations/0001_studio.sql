-- The studio: drafts, the jobs that work for them, finished videos, uploaded and animated files.
-- Instants are milliseconds since 1970-01-01T00:00:00Z; numbers are drawn, not counted. Bodies are JSON.

-- A draft is one document, its slots keyed by their names. `revision` counts its saves, `locked_by` is the render that must end
-- before it changes again, `origin` the video that it was opened from.
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
-- `is_away` says that it waits for its provider: it takes no place from others.
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
    is_away boolean NOT NULL DEFAULT false,
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

CREATE INDEX job_by_age ON job (lane, account, created_at, number);

-- An account's jobs that have not ended, the oldest first.
CREATE INDEX job_active ON job (lane, account, created_at, number) WHERE state IN ('queued', 'running');

-- What an operator looks at: jobs of all accounts in the order of their age.
CREATE INDEX job_at_work ON job (lane, state, created_at, number) WHERE ended_at IS NULL;

CREATE INDEX job_failed ON job (lane, ended_at, number) WHERE state = 'failed';

-- What the entries of a ledger were for: jobs are found by their hold and by their draft.
CREATE INDEX job_by_hold ON job (lane, account, hold) WHERE hold IS NOT NULL;

CREATE INDEX job_by_draft ON job (lane, account, draft, created_at) WHERE hold IS NOT NULL;

-- The previews that there are, by their accounts and by what they are: only the last one of a draft is kept.
CREATE INDEX job_previews ON job (lane, account, created_at, number) WHERE kind = 'preview' AND result IS NOT NULL;

CREATE INDEX job_preview_files ON job (lane, result) WHERE kind = 'preview' AND result IS NOT NULL;

-- Why an operator asked for the end of a job: its owner reads it.
CREATE TABLE cancellation (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    why text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (lane, account, number)
);

-- Whose turn it is: the next place goes to the account that was served longest ago. One row for every account that ever
-- asked for work of a pool. `served` is the number of its last turn in the lane, 0 for none; `place` is what accounts are
-- ordered by: that turn, less the head start that its plan gives. `waits` says that it has jobs which have not ended.
CREATE TABLE turn (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    pool text NOT NULL CHECK (pool IN ('work', 'preview')),
    served bigint NOT NULL CHECK (served >= 0),
    place bigint NOT NULL,
    head_start bigint NOT NULL CHECK (head_start >= 0),
    waits boolean NOT NULL,
    PRIMARY KEY (lane, account, pool)
);

CREATE INDEX turn_by_place ON turn (lane, pool, place, served, account) WHERE waits;

CREATE INDEX turn_by_served ON turn (lane, pool, served);

-- Workers, idle ones among them. They belong to no account, so all of them stand in the first lane. One that ends takes
-- its row away; the row of one that was killed grows old.
CREATE TABLE worker (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    name text NOT NULL,
    places bigint NOT NULL CHECK (places > 0),
    began_at bigint NOT NULL,
    heard_at bigint NOT NULL,
    PRIMARY KEY (lane, name)
);

-- A draft that is no more keeps its name: one that was removed, or became a finished video: then `video` is its id.
CREATE TABLE past_draft (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    heading text NOT NULL,
    video text,
    at bigint NOT NULL,
    PRIMARY KEY (lane, account, number)
);

CREATE INDEX past_draft_by_age ON past_draft (lane, account, at) WHERE video IS NOT NULL;

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
-- and could not be kept: it may be made again at no charge. `delivered`
-- is what a provider delivered and our own work after that failed on: kept as it came, to be taken in later.
CREATE TABLE made (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    work text NOT NULL,
    body text,
    delivered text,
    at bigint NOT NULL,
    PRIMARY KEY (lane, account, work)
);

-- Templates (settings) and brand presets (caption colours, logo, corner) of accounts. Settings are JSON.
CREATE TABLE preset (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    kind text NOT NULL CHECK (kind IN ('template', 'brand')),
    name text NOT NULL,
    settings text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (lane, account, number)
);

CREATE INDEX preset_by_age ON preset (lane, account, created_at, number);

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
