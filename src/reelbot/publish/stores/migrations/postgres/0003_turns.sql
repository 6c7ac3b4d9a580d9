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

INSERT INTO post_turn (lane, account, pool, served, place, head_start, waits)
SELECT DISTINCT lane, account, 'post', 0, -2000, 0, true FROM post WHERE state IN ('queued', 'publishing');

-- An account's posts that are on their way, the one that is due first at the front.
CREATE INDEX post_on_its_way ON post (lane, account, due_at, number) WHERE state IN ('queued', 'publishing');

DROP INDEX post_by_due;
