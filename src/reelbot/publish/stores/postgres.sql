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
-- Posts that may be taken: queued ones whose time has come, and those whose lease has ended: lane, now, count.
SELECT account, number FROM post WHERE lane = %s AND state IN ('queued', 'publishing') AND due_at <= %s
 ORDER BY due_at, number LIMIT %s;

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
