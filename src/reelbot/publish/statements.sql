-- The statements of `publish`.

-- name: insert_key
-- What an idempotency key made, unless it is known: lane, account, key, content, thing, at.
INSERT INTO publish_key (lane, account, key, content, thing, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, account, key) DO NOTHING
RETURNING 1;

-- name: read_key
-- What an idempotency key was used for: lane, account, key.
SELECT content, thing FROM publish_key WHERE lane = ? AND account = ? AND key = ?;

-- name: forget_keys
-- Drop what was remembered before an instant: lane, at.
DELETE FROM publish_key WHERE lane = ? AND at < ?;

-- name: insert_channel
-- A channel: lane, account, number, platform, name, place, hold, created_at.
INSERT INTO channel (lane, account, number, platform, name, place, hold, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: read_channel
-- One channel, removed or not: lane, account, number.
SELECT number, platform, name, place, hold, created_at, removed_at
  FROM channel WHERE lane = ? AND account = ? AND number = ?;

-- name: list_channels
-- A page of the channels that are connected, the newest first: lane, account, created_at and number before which, count.
SELECT number, platform, name, place, hold, created_at, removed_at
  FROM channel WHERE lane = ? AND account = ? AND removed_at IS NULL AND (created_at, number) < (?, ?)
 ORDER BY created_at DESC, number DESC LIMIT ?;

-- name: remove_channel
-- Remove a channel: removed_at, lane, account, number.
UPDATE channel SET removed_at = ? WHERE lane = ? AND account = ? AND number = ? AND removed_at IS NULL RETURNING 1;

-- name: insert_post
-- A new post: lane, account, number, video, channel, words, state, hold, due_at, created_at, updated_at.
INSERT INTO post (lane, account, number, video, channel, words, state, hold, due_at, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: read_post
-- One post: lane, account, number.
SELECT lane, account, number, video, channel, words, state, hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM post WHERE lane = ? AND account = ? AND number = ?;

-- name: take_post
-- One post, to be written in this transaction: lane, account, number.
SELECT lane, account, number, video, channel, words, state, hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM post WHERE lane = ? AND account = ? AND number = ? FOR UPDATE;

-- name: list_posts
-- A page of posts, the newest first: lane, account, created_at and number before which, count.
SELECT lane, account, number, video, channel, words, state, hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM post WHERE lane = ? AND account = ? AND (created_at, number) < (?, ?)
 ORDER BY created_at DESC, number DESC LIMIT ?;

-- name: list_posts_of
-- The posts that some holds are for: JSON array of holds, lane, account.
-- sqlite:
SELECT lane, account, number, video, channel, words, state, post.hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM json_each(?) AS wanted
  CROSS JOIN post INDEXED BY post_by_hold ON post.lane = ? AND post.account = ? AND post.hold = wanted.value;
-- postgres:
SELECT lane, account, number, video, channel, words, state, post.hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM json_array_elements_text(?::json) AS wanted (value)
  JOIN post ON post.lane = ? AND post.account = ? AND post.hold = wanted.value;

-- name: count_waiting
-- How many posts of an account are on their way: lane, account.
SELECT count(*) FROM post WHERE lane = ? AND account = ? AND state IN ('queued', 'publishing');

-- name: change_post
-- Other words or another channel: channel, words, updated_at, lane, account, number.
UPDATE post SET channel = ?, words = ?, updated_at = ? WHERE lane = ? AND account = ? AND number = ?;

-- name: queue_post
-- A post is to be published: hold, due_at, updated_at, lane, account, number.
UPDATE post SET state = 'queued', hold = ?, due_at = ?, attempts = 0, failure = NULL, updated_at = ?
 WHERE lane = ? AND account = ? AND number = ? AND state IN ('draft', 'failed') RETURNING 1;

-- name: delete_post
-- Remove a post that is not on its way: lane, account, number.
DELETE FROM post WHERE lane = ? AND account = ? AND number = ? AND state NOT IN ('queued', 'publishing') RETURNING 1;

-- name: list_due
-- Of each account with fewer than so many posts at work, in the order of their turns, its post that has been due longest, queued
-- or with a lease that has ended: now, lane, pool, now, most, count.
SELECT account, number FROM (
    SELECT post_turn.account, post_turn.place, post_turn.served, (
        SELECT post.number FROM post
         WHERE post.lane = post_turn.lane AND post.account = post_turn.account AND post.state IN ('queued', 'publishing')
           AND post.due_at <= ?
         ORDER BY post.due_at, post.number LIMIT 1) AS number
      FROM post_turn
     WHERE post_turn.lane = ? AND post_turn.pool = ? AND post_turn.waits AND (
        SELECT count(*) FROM post AS busy
         WHERE busy.lane = post_turn.lane AND busy.account = post_turn.account AND busy.state IN ('queued', 'publishing')
           AND busy.state = 'publishing' AND busy.due_at > ?) < ?
) AS waiting WHERE number IS NOT NULL ORDER BY place, served, account LIMIT ?;

-- name: await_turn
-- An account has something to be done; it keeps the turn that it had: lane, account, pool, place, head_start.
INSERT INTO post_turn (lane, account, pool, served, place, head_start, waits) VALUES (?, ?, ?, 0, ?, ?, true)
ON CONFLICT (lane, account, pool) DO UPDATE SET waits = true, head_start = excluded.head_start;

-- name: leave_turns
-- An account waits no longer when nothing of its is left to be done: lane, account.
UPDATE post_turn SET waits = EXISTS (
    SELECT 1 FROM post WHERE post.lane = post_turn.lane AND post.account = post_turn.account AND post.state IN ('queued', 'publishing'))
 WHERE lane = ? AND account = ?;

-- name: find_last_turn
-- The last turn that anybody had: lane, pool.
SELECT coalesce(max(served), 0) FROM post_turn WHERE lane = ? AND pool = ?;

-- name: take_turn
-- An account has its turn: served, place without its head start, lane, account, pool.
UPDATE post_turn SET served = ?, place = ? - head_start WHERE lane = ? AND account = ? AND pool = ?;

-- name: claim_post
-- Take the lease on a post: due_at, lane, account, number, fence, now.
UPDATE post SET state = 'publishing', fence = fence + 1, attempts = attempts + 1, due_at = ?
 WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state IN ('queued', 'publishing') AND due_at <= ?
RETURNING 1;

-- name: renew_lease
-- Say that the work goes on, under a lease that still counts: due_at, lane, account, number, fence.
UPDATE post SET due_at = ? WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'publishing' RETURNING 1;

-- name: note_ticket
-- What the platform gave before it began, under a lease that still counts: ticket, lane, account, number, fence.
UPDATE post SET ticket = ? WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'publishing' RETURNING 1;

-- name: requeue_post
-- Give the lease back, to be tried again: due_at, failure, lane, account, number, fence.
UPDATE post SET state = 'queued', due_at = ?, failure = ?
 WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'publishing' RETURNING 1;

-- name: end_post
-- The end: state, delivered, failure, updated_at, published_at, lane, account, number, fence.
UPDATE post SET state = ?, delivered = ?, failure = ?, updated_at = ?, published_at = ?
 WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'publishing' RETURNING 1;
