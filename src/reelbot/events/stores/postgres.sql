-- name: append_events
-- Number these events of one lane, which locks the accounts' streams in ascending order, and write them.
WITH given AS (
    SELECT account, at, kind, body, place
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bytea[]) WITH ORDINALITY AS given (account, at, kind, body, place)
),
counted AS (
    SELECT account, count(*) AS many FROM given GROUP BY account
),
numbered AS (
    INSERT INTO event_head AS head (lane, account, n)
    SELECT %s, account, many FROM counted ORDER BY account
    ON CONFLICT (lane, account) DO UPDATE SET n = head.n + excluded.n
    RETURNING account, n
)
INSERT INTO event (lane, account, n, at, kind, body)
SELECT
    %s, account, numbered.n - counted.many + row_number() OVER (PARTITION BY account ORDER BY place), at, kind, body
FROM given JOIN counted USING (account) JOIN numbered USING (account);

-- name: read_lasts
-- The newest number of each account in a list that has events.
SELECT account, n FROM event_head WHERE lane = %s AND account = ANY(%s);

-- name: read_oldest
-- The smallest number that is still kept of one account.
SELECT min(n) FROM event WHERE lane = %s AND account = %s;

-- name: read_events
-- A page of one account's events after a number.
SELECT n, at, kind, body FROM event WHERE lane = %s AND account = %s AND n > %s ORDER BY n LIMIT %s;

-- name: read_lanes
-- The lanes that have events.
SELECT DISTINCT lane FROM event_head ORDER BY lane;

-- name: read_chunk
-- Where the next accounts of a lane end, and the instant of the oldest event that any of them keeps.
SELECT max(head.account), min(oldest.at)
FROM
    (SELECT lane, account FROM event_head WHERE lane = %s AND account > %s ORDER BY account LIMIT %s) AS head
    CROSS JOIN LATERAL (
        SELECT at FROM event WHERE event.lane = head.lane AND event.account = head.account ORDER BY n LIMIT 1
    ) AS oldest;

-- name: prune_chunk
-- Drop the old events of these accounts, except the last of each.
DELETE FROM event
USING event_head AS head
WHERE
    event.lane = %s AND event.account > %s AND event.account <= %s AND event.at < %s
    AND head.lane = event.lane AND head.account = event.account AND event.n < head.n;
