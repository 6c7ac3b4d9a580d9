-- The statements of `subscriptions` for PostgreSQL.

-- name: lock_asking
-- Let one request of an account at a time be made, until its transaction ends: account.
SELECT pg_advisory_xact_lock(7236207, (%s %% 2147483647)::integer);

-- name: insert_request
-- A new request, open: lane, account, number, name, plan, present, asked_at.
INSERT INTO plan_request (lane, account, number, name, plan, present, state, asked_at)
VALUES (%s, %s, %s, %s, %s, %s, 'open', %s);

-- name: close_request
-- End an open request; a row says that it was open: state, decided_at, decided_by, why, lane, account, number.
UPDATE plan_request SET state = %s, decided_at = %s, decided_by = %s, why = %s
 WHERE lane = %s AND account = %s AND number = %s AND state = 'open' RETURNING number;

-- name: read_request
-- One request: lane, account, number.
SELECT lane, account, number, name, plan, present, state, asked_at, decided_at, decided_by, why
  FROM plan_request WHERE lane = %s AND account = %s AND number = %s;

-- name: read_open
-- The open request of an account: lane, account.
SELECT lane, account, number, name, plan, present, state, asked_at, decided_at, decided_by, why
  FROM plan_request WHERE lane = %s AND account = %s AND state = 'open';

-- name: read_latest
-- The request of an account that was made last, unless it was withdrawn: lane, account.
SELECT lane, account, number, name, plan, present, state, asked_at, decided_at, decided_by, why
  FROM plan_request WHERE lane = %s AND account = %s AND state <> 'withdrawn' ORDER BY asked_at DESC, number DESC LIMIT 1;

-- name: count_asked
-- How many requests an account has made since an instant: lane, account, since.
SELECT count(*) FROM plan_request WHERE lane = %s AND account = %s AND asked_at > %s;

-- name: forget_withdrawn
-- Drop the withdrawn requests of an account from before an instant: lane, account, before_at.
DELETE FROM plan_request WHERE lane = %s AND account = %s AND state = 'withdrawn' AND asked_at < %s;

-- name: list_requests
-- A page of the requests of all accounts in a state, the newest first: state, asked_at and number before which, count.
SELECT lane, account, number, name, plan, present, state, asked_at, decided_at, decided_by, why
  FROM plan_request WHERE state = %s AND (asked_at, number) < (%s, %s) ORDER BY asked_at DESC, number DESC LIMIT %s;

-- name: count_open
-- How many requests of all accounts are open.
SELECT count(*) FROM plan_request WHERE state = 'open';

-- name: insert_key
-- What an idempotency key is used for, unless it is known: lane, account, key, content, answer, at.
INSERT INTO plan_key (lane, account, key, content, answer, at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (lane, account, key) DO NOTHING RETURNING 1;

-- name: read_key
-- What an idempotency key was used for, and what was answered: lane, account, key.
SELECT content, answer FROM plan_key WHERE lane = %s AND account = %s AND key = %s;

-- name: forget_keys
-- Drop what was remembered for an account before an instant: lane, account, before_at.
DELETE FROM plan_key WHERE lane = %s AND account = %s AND at < %s;
