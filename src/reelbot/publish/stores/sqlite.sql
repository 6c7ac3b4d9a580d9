-- The statements of `publish` for SQLite.

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
  FROM post WHERE lane = ? AND account = ? AND number = ?;

-- name: list_posts
-- A page of posts, the newest first: lane, account, created_at and number before which, count.
SELECT lane, account, number, video, channel, words, state, hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM post WHERE lane = ? AND account = ? AND (created_at, number) < (?, ?)
 ORDER BY created_at DESC, number DESC LIMIT ?;

-- name: list_posts_of
-- The posts that some holds are for: JSON array of holds, lane, account.
SELECT lane, account, number, video, channel, words, state, post.hold, due_at, fence, attempts, ticket, delivered, failure,
       created_at, updated_at, published_at
  FROM json_each(?) AS wanted
  CROSS JOIN post INDEXED BY post_by_hold ON post.lane = ? AND post.account = ? AND post.hold = wanted.value;

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
-- Posts that may be taken: queued ones whose time has come, and those whose lease has ended: lane, now, count.
SELECT account, number FROM post WHERE lane = ? AND state IN ('queued', 'publishing') AND due_at <= ?
 ORDER BY due_at, number LIMIT ?;

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
