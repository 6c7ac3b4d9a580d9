-- Publishing: connected channels, posts with the work of bringing them to their channel, idempotency keys.
-- Instants are milliseconds since 1970-01-01T00:00:00Z; numbers are drawn, not counted. Bodies are JSON.

-- A channel. `place` is where the platform finds it, `hold` the settled hold that counts it: refunded when it is removed.
-- A removed one stays, so that posts on their way to it can be asked after.
CREATE TABLE channel (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    platform text NOT NULL,
    name text NOT NULL,
    place text NOT NULL,
    hold text NOT NULL,
    created_at bigint NOT NULL,
    removed_at bigint,
    PRIMARY KEY (lane, account, number)
);

CREATE INDEX channel_by_age ON channel (lane, account, created_at, number) WHERE removed_at IS NULL;

-- A post. `due_at` is when it may be taken, while it is being published the end of its lease; whoever takes it adds to
-- `fence`, and writes under an older one count for nothing. `attempts` counts the claims since it was last asked for.
-- `ticket` is what the platform gave before it began, `delivered` its answer.
CREATE TABLE post (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    video text NOT NULL,
    channel bigint,
    words text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'queued', 'publishing', 'published', 'failed')),
    hold text,
    due_at bigint NOT NULL,
    fence bigint NOT NULL DEFAULT 0,
    attempts bigint NOT NULL DEFAULT 0,
    ticket text NOT NULL DEFAULT '',
    delivered text,
    failure text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    published_at bigint,
    PRIMARY KEY (lane, account, number),
    CHECK ((published_at IS NULL) = (delivered IS NULL)),
    CHECK ((delivered IS NOT NULL) = (state = 'published')),
    CHECK (state NOT IN ('queued', 'publishing', 'published') OR (channel IS NOT NULL AND hold IS NOT NULL))
);

CREATE INDEX post_by_age ON post (lane, account, created_at, number);

-- So that the history can say which post a hold was for.
CREATE INDEX post_by_hold ON post (lane, account, hold) WHERE hold IS NOT NULL;

-- An account's posts that are on their way, the one that is due first at the front.
CREATE INDEX post_on_its_way ON post (lane, account, due_at, number) WHERE state IN ('queued', 'publishing');

-- Idempotency keys of publishing: `content` is the hash of what was asked, `thing` the id of what it made
-- or, of what was published, the first answer as JSON.
CREATE TABLE publish_key (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    key text NOT NULL,
    content text NOT NULL,
    thing text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (lane, account, key)
);

CREATE INDEX publish_key_by_age ON publish_key (lane, at);

-- Whose turn it is to have a post published; as in the studio.
CREATE TABLE post_turn (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    pool text NOT NULL CHECK (pool = 'post'),
    served bigint NOT NULL CHECK (served >= 0),
    place bigint NOT NULL,
    head_start bigint NOT NULL CHECK (head_start >= 0),
    waits boolean NOT NULL,
    PRIMARY KEY (lane, account, pool)
);

CREATE INDEX post_turn_by_place ON post_turn (lane, pool, place, served, account) WHERE waits;

CREATE INDEX post_turn_by_served ON post_turn (lane, pool, served);
