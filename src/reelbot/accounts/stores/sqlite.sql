-- The statements of `accounts` for SQLite.

-- name: insert_member
-- An account gets its member, once: lane, account, name, role, created_at.
INSERT INTO member (lane, account, name, role, created_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (lane, account) DO NOTHING;

-- name: read_member
-- The member of an account: lane, account.
SELECT lane, account, name, role, created_at FROM member WHERE lane = ? AND account = ?;

-- name: next_key_number
-- Count one more key of an account and say its number: lane, account. No row when the account has no member.
UPDATE member SET keys = keys + 1 WHERE lane = ? AND account = ? RETURNING keys;

-- name: insert_key
-- A new key: lane, account, number, label, digest, created_at.
INSERT INTO api_key (lane, account, number, label, digest, created_at) VALUES (?, ?, ?, ?, ?, ?);

-- name: list_keys
-- All keys of an account, the oldest first: lane, account.
SELECT number, label, created_at, revoked_at, last_used_on
  FROM api_key WHERE lane = ? AND account = ? ORDER BY number;

-- name: revoke_key
-- Refuse a key from now on; the first instant stays: revoked_at, lane, account, number.
UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE lane = ? AND account = ? AND number = ?;

-- name: identify_key
-- Who a key that is not revoked stands for, and what its secret must hash to: lane, account, number.
SELECT member.lane, member.account, member.name, member.role, api_key.digest, api_key.last_used_on
  FROM api_key JOIN member ON member.lane = api_key.lane AND member.account = api_key.account
 WHERE api_key.lane = ? AND api_key.account = ? AND api_key.number = ? AND api_key.revoked_at IS NULL;

-- name: note_use
-- A key was used on a day, which never goes back: day, lane, account, number.
UPDATE api_key SET last_used_on = max(coalesce(last_used_on, 0), ?) WHERE lane = ? AND account = ? AND number = ?;
