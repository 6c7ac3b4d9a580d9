-- name: append_events
-- One numbered event.
INSERT INTO event (lane, account, n, at, kind, body) VALUES (?, ?, ?, ?, ?, ?);

-- name: read_lasts
-- The newest number of each account in a JSON list; 0 before its first event.
SELECT wanted.value, coalesce((SELECT max(n) FROM event WHERE lane = ?1 AND account = wanted.value), 0)
FROM json_each(?2) AS wanted;

-- name: read_oldest
-- The smallest number that is still kept of one account.
SELECT min(n) FROM event WHERE lane = ? AND account = ?;

-- name: read_events
-- A page of one account's events after a number.
SELECT n, at, kind, body FROM event WHERE lane = ? AND account = ? AND n > ? ORDER BY n LIMIT ?;

-- name: read_lanes
-- The lanes that have events; each is found by one step down the key.
WITH RECURSIVE found (lane) AS (
    SELECT min(lane) FROM event
    UNION ALL
    SELECT (SELECT min(lane) FROM event WHERE lane > found.lane) FROM found WHERE found.lane IS NOT NULL
)
SELECT lane FROM found WHERE lane IS NOT NULL;

-- name: read_chunk
-- Where the next rows of a lane, in the order they were written, end, and the instant of the oldest of them.
SELECT max(id), min(at)
FROM (SELECT rowid AS id, at FROM event WHERE +lane = ? AND rowid > ? ORDER BY rowid LIMIT ?);

-- name: prune_chunk
-- Drop the old ones of these rows, except those that are their account's last.
DELETE FROM event
WHERE
    +lane = ? AND rowid > ? AND rowid <= ? AND at < ?
    AND n < (SELECT max(n) FROM event AS newer WHERE newer.lane = event.lane AND newer.account = event.account);
