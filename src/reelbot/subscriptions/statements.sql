-- The statements of `subscriptions`.

-- name: insert_request
-- A new request, open: lane, account, number, name, plan, present, asked_at.
INSERT INTO plan_request (lane, account, number, name, plan, present, state, asked_at)
VALUES (?, ?, ?, ?, ?, ?, 'open', ?);

-- name: close_request
-- End an open request; a row says that it was open: state, decided_at, decided_by, why, lane, account, number.
UPDATE plan_request SET state = ?, decided_at = ?, decided_by = ?, why = ?
 WHERE lane = ? AND account = ? AND number = ? AND state = 'open' RETURNING number;

-- name: read_request
-- One request: lane, account, number.
SELECT lane, account, number, name, plan, present, state, asked_at, decided_at, decided_by, why
  FROM plan_request WHERE lane = ? AND account = ? AND number = ?;

-- name: read_open
-- The open request of an account: lane, account.
SELECT lane, account, number, name, plan, present, state, asked_at, decided_at, decided_by, why
  FROM plan_request WHERE lane = ? AND account = ? AND state = 'open';

-- name: read_latest
-- The request of an account that was made last, unless it was withdrawn: lane, account.
SELECT lane, account, number, name, plan, present, state, asked_at, decided_at, decided_by, why
  FROM plan_request WHERE lane = ? AND account = ? AND state <> 'withdrawn' ORDER BY asked_at DESC, number DESC LIMIT 1;

-- name: count_asked
-- How many requests an account has made since an instant: lane, account, since.
SELECT count(*) FROM plan_request WHERE lane = ? AND account = ? AND asked_at > ?;

-- name: forget_withdrawn
-- Drop the withdrawn requests of an account from before an instant: lane, account, before_at.
DELETE FROM plan_request WHERE lane = ? AND account = ? AND state = 'withdrawn' AND asked_at < ?;

-- name: list_requests
-- A page of the requests of all accounts in a state, the newest first: state, asked_at and number before which, count.
SELECT lane, account, number, name, plan, present, state, asked_at, decided_at, decided_by, why
  FROM plan_request WHERE state = ? AND (asked_at, number) < (?, ?) ORDER BY asked_at DESC, number DESC LIMIT ?;

-- name: count_open
-- How many requests of all accounts are open.
SELECT count(*) FROM plan_request WHERE state = 'open';

-- name: insert_key
-- What an idempotency key is used for, unless it is known: lane, account, key, content, answer, at.
INSERT INTO plan_key (lane, account, key, content, answer, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, account, key) DO NOTHING RETURNING 1;

-- name: read_key
-- What an idempotency key was used for, and what was answered: lane, account, key.
SELECT content, answer FROM plan_key WHERE lane = ? AND account = ? AND key = ?;

-- name: forget_keys
-- Drop what was remembered for an account before an instant: lane, account, before_at.
DELETE FROM plan_key WHERE lane = ? AND account = ? AND at < ?;
