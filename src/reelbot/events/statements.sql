-- The statements of `events`.

-- name: append_events
-- Write events of one lane.
-- sqlite: row by row; they are numbered already
INSERT INTO event (lane, account, n, at, kind, body) VALUES (?, ?, ?, ?, ?, ?);
-- postgres: column by column, lane, lane; numbers them, which locks the accounts' streams in ascending order
WITH given AS (
    SELECT account, at, kind, body, place
    FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::bytea[]) WITH ORDINALITY AS given (account, at, kind, body, place)
),
counted AS (
    SELECT account, count(*) AS many FROM given GROUP BY account
),
numbered AS (
    INSERT INTO event_head AS head (lane, account, n)
    SELECT ?, account, many FROM counted ORDER BY account
    ON CONFLICT (lane, account) DO UPDATE SET n = head.n + excluded.n
    RETURNING account, n
)
INSERT INTO event (lane, account, n, at, kind, body)
SELECT
    ?, account, numbered.n - counted.many + row_number() OVER (PARTITION BY account ORDER BY place), at, kind, body
FROM given JOIN counted USING (account) JOIN numbered USING (account);

-- name: read_lasts
-- The newest number of each account in a list.
-- sqlite: lane, JSON list; 0 before its first event
SELECT wanted.value, coalesce((SELECT max(n) FROM event WHERE lane = ?1 AND account = wanted.value), 0)
FROM json_each(?2) AS wanted;
-- postgres: lane, list; only those that have events
SELECT account, n FROM event_head WHERE lane = ? AND account = ANY(?);

-- name: read_oldest
-- The smallest number that is still kept of one account.
SELECT min(n) FROM event WHERE lane = ? AND account = ?;

-- name: read_events
-- A page of one account's events after a number.
SELECT n, at, kind, body FROM event WHERE lane = ? AND account = ? AND n > ? ORDER BY n LIMIT ?;

-- name: read_lanes
-- The lanes that have events.
-- sqlite: each is found by one step down the key
WITH RECURSIVE found (lane) AS (
    SELECT min(lane) FROM event
    UNION ALL
    SELECT (SELECT min(lane) FROM event WHERE lane > found.lane) FROM found WHERE found.lane IS NOT NULL
)
SELECT lane FROM found WHERE lane IS NOT NULL;
-- postgres:
SELECT DISTINCT lane FROM event_head ORDER BY lane;

-- name: read_chunk
-- Where the next part of a lane that is to be pruned ends, and the instant of its oldest event: lane, behind which, how many.
-- sqlite: rows in the order they were written
SELECT max(id), min(at)
FROM (SELECT rowid AS id, at FROM event WHERE +lane = ? AND rowid > ? ORDER BY rowid LIMIT ?);
-- postgres: accounts
SELECT max(head.account), min(oldest.at)
FROM
    (SELECT lane, account FROM event_head WHERE lane = ? AND account > ? ORDER BY account LIMIT ?) AS head
    CROSS JOIN LATERAL (
        SELECT at FROM event WHERE event.lane = head.lane AND event.account = head.account ORDER BY n LIMIT 1
    ) AS oldest;

-- name: prune_chunk
-- Drop the old events of that part, except those that are their account's last: lane, behind which, up to which, before_at.
-- sqlite:
DELETE FROM event
WHERE
    +lane = ? AND rowid > ? AND rowid <= ? AND at < ?
    AND n < (SELECT max(n) FROM event AS newer WHERE newer.lane = event.lane AND newer.account = event.account);
-- postgres:
DELETE FROM event
USING event_head AS head
WHERE
    event.lane = ? AND event.account > ? AND event.account <= ? AND event.at < ?
    AND head.lane = event.lane AND head.account = event.account AND event.n < head.n;
