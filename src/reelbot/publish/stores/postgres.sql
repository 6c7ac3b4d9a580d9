-- The statements of `publish` for PostgreSQL.

-- name: insert_key
-- What an idempotency key made, unless it is known: lane, account, key, content, thing, at.
INSERT INTO publish_key (lane, account, key, content, thing, at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (lane, account, key) DO NOTHING
RETURNING 1;

-- name: read_key
-- What an idempotency key was used for: lane, account, key.
SELECT content, thing FROM publish_key WHERE lane = %s AND account = %s AND key = %s;

-- name: forget_keys
-- Drop what was remembered before an instant: lane, at.
DELETE FROM publish_key WHERE lane = %s AND at < %s;

-- name: insert_channel
-- A channel: lane, account, number, platform, name, place, hold, created_at.
INSERT INTO channel (lane, account, number, platform, name, place, hold, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s);

-- name: read_channel
-- One channel, removed or not: lane, account, number.
SELECT number, platform, name, place, hold, created_at, removed_at
  FROM channel WHERE lane = %s AND account = %s AND number = %s;

-- name: list_channels
-- A page of the channels that are connected, the newest first: lane, account, created_at and number before which, count.
SELECT number, platform, name, place, hold, created_at, removed_at
  FROM channel WHERE lane = %s AND account = %s AND removed_at IS NULL AND (created_at, number) < (%s::bigint, %s::bigint)
 ORDER BY created_at DESC, number DESC LIMIT %s;

-- name: remove_channel
-- Remove a channel: removed_at, lane, account, number.
UPDATE channel SET removed_at = %s WHERE lane = %s AND account = %s AND number = %s AND removed_at IS NULL RETURNING 1;

-- name: insert_post
-- A new post: lane, account, number, video, channel, words, state, hold, due_at, created_at, updated_at.
INSERT INTO post (lane, account, number, video, channel, words, state, hold, due_at, created_at, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- name: read_post
-- One post: lane, account, number.
SELECT lane, account, number, video, channel, words, state, hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM post WHERE lane = %s AND account = %s AND number = %s;

-- name: take_post
-- One post, to be written in this transaction: lane, account, number.
SELECT lane, account, number, video, channel, words, state, hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM post WHERE lane = %s AND account = %s AND number = %s FOR UPDATE;

-- name: list_posts
-- A page of posts, the newest first: lane, account, created_at and number before which, count.
SELECT lane, account, number, video, channel, words, state, hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM post WHERE lane = %s AND account = %s AND (created_at, number) < (%s::bigint, %s::bigint)
 ORDER BY created_at DESC, number DESC LIMIT %s;

-- name: list_posts_of
-- The posts that some holds are for: JSON array of holds, lane, account.
SELECT lane, account, number, video, channel, words, state, post.hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM json_array_elements_text(%s::json) AS wanted (value)
  JOIN post ON post.lane = %s AND post.account = %s AND post.hold = wanted.value;

-- name: count_waiting
-- How many posts of an account are on their way: lane, account.
SELECT count(*) FROM post WHERE lane = %s AND account = %s AND state IN ('queued', 'publishing');

-- name: change_post
-- Other words or another channel: channel, words, updated_at, lane, account, number.
UPDATE post SET channel = %s, words = %s, updated_at = %s WHERE lane = %s AND account = %s AND number = %s;

-- name: queue_post
-- A post is to be published: hold, due_at, updated_at, lane, account, number.
UPDATE post SET state = 'queued', hold = %s, due_at = %s, attempts = 0, failure = NULL, updated_at = %s
 WHERE lane = %s AND account = %s AND number = %s AND state IN ('draft', 'failed') RETURNING 1;

-- name: delete_post
-- Remove a post that is not on its way: lane, account, number.
DELETE FROM post WHERE lane = %s AND account = %s AND number = %s AND state NOT IN ('queued', 'publishing') RETURNING 1;

-- name: list_due
-- Of each account with fewer than so many posts at work, in the order of their turns, its post that has been due longest, queued
-- or with a lease that has ended: now, lane, pool, now, most, count.
SELECT account, number FROM (
    SELECT post_turn.account, post_turn.place, post_turn.served, (
        SELECT post.number FROM post
         WHERE post.lane = post_turn.lane AND post.account = post_turn.account AND post.state IN ('queued', 'publishing')
           AND post.due_at <= %s
         ORDER BY post.due_at, post.number LIMIT 1) AS number
      FROM post_turn
     WHERE post_turn.lane = %s AND post_turn.pool = %s AND post_turn.waits AND (
        SELECT count(*) FROM post AS busy
         WHERE busy.lane = post_turn.lane AND busy.account = post_turn.account AND busy.state IN ('queued', 'publishing')
           AND busy.state = 'publishing' AND busy.due_at > %s) < %s
) AS waiting WHERE number IS NOT NULL ORDER BY place, served, account LIMIT %s;

-- name: await_turn
-- An account has something to be done; it keeps the turn that it had: lane, account, pool, place, head_start.
INSERT INTO post_turn (lane, account, pool, served, place, head_start, waits) VALUES (%s, %s, %s, 0, %s, %s, true)
ON CONFLICT (lane, account, pool) DO UPDATE SET waits = true, head_start = excluded.head_start;

-- name: leave_turns
-- An account waits no longer when nothing of its is left to be done: lane, account.
UPDATE post_turn SET waits = EXISTS (
    SELECT 1 FROM post WHERE post.lane = post_turn.lane AND post.account = post_turn.account AND post.state IN ('queued', 'publishing'))
 WHERE lane = %s AND account = %s;

-- name: find_last_turn
-- The last turn that anybody had: lane, pool.
SELECT coalesce(max(served), 0) FROM post_turn WHERE lane = %s AND pool = %s;

-- name: take_turn
-- An account has its turn: served, place without its head start, lane, account, pool.
UPDATE post_turn SET served = %s, place = %s - head_start WHERE lane = %s AND account = %s AND pool = %s;

-- name: mark_waiting
-- Mark the accounts whose posts were queued by a version that knew no turns: place, lane.
INSERT INTO post_turn (lane, account, pool, served, place, head_start, waits)
SELECT DISTINCT lane, account, 'post', 0, %s, 0, true FROM post WHERE lane = %s AND state IN ('queued', 'publishing')
ON CONFLICT (lane, account, pool) DO UPDATE SET waits = true WHERE NOT post_turn.waits;

-- name: claim_post
-- Take the lease on a post: due_at, lane, account, number, fence, now.
UPDATE post SET state = 'publishing', fence = fence + 1, attempts = attempts + 1, due_at = %s
 WHERE lane = %s AND account = %s AND number = %s AND fence = %s AND state IN ('queued', 'publishing') AND due_at <= %s
RETURNING 1;

-- name: renew_lease
-- Say that the work goes on, under a lease that still counts: due_at, lane, account, number, fence.
UPDATE post SET due_at = %s WHERE lane = %s AND account = %s AND number = %s AND fence = %s AND state = 'publishing' RETURNING 1;

-- name: note_ticket
-- What the platform gave before it began, under a lease that still counts: ticket, lane, account, number, fence.
UPDATE post SET ticket = %s WHERE lane = %s AND account = %s AND number = %s AND fence = %s AND state = 'publishing' RETURNING 1;

-- name: requeue_post
-- Give the lease back, to be tried again: due_at, failure, lane, account, number, fence.
UPDATE post SET state = 'queued', due_at = %s, failure = %s
 WHERE lane = %s AND account = %s AND number = %s AND fence = %s AND state = 'publishing' RETURNING 1;

-- name: end_post
-- The end: state, delivered, failure, updated_at, published_at, lane, account, number, fence.
UPDATE post SET state = %s, delivered = %s, failure = %s, updated_at = %s, published_at = %s
 WHERE lane = %s AND account = %s AND number = %s AND fence = %s AND state = 'publishing' RETURNING 1;
