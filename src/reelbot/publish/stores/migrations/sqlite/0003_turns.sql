-- Whose turn it is to have a post published; as in the studio.

CREATE TABLE post_turn (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    pool TEXT NOT NULL CHECK (pool = 'post'),
    served INTEGER NOT NULL CHECK (served >= 0),
    place INTEGER NOT NULL,
    head_start INTEGER NOT NULL CHECK (head_start >= 0),
    waits INTEGER NOT NULL CHECK (waits IN (0, 1)),
    PRIMARY KEY (lane, account, pool)
) STRICT, WITHOUT ROWID;

CREATE INDEX post_turn_by_place ON post_turn (lane, pool, place, served, account) WHERE waits;

CREATE INDEX post_turn_by_served ON post_turn (lane, pool, served);

INSERT INTO post_turn (lane, account, pool, served, place, head_start, waits)
SELECT DISTINCT lane, account, 'post', 0, -2000, 0, 1 FROM post WHERE state IN ('queued', 'publishing');

-- An account's posts that are on their way, the one that is due first at the front.
CREATE INDEX post_on_its_way ON post (lane, account, due_at, number) WHERE state IN ('queued', 'publishing');

DROP INDEX post_by_due;
