-- The statements of `accounts`.

-- name: insert_member
-- An account gets its member, once: lane, account, name, look, role, created_at.
INSERT INTO member (lane, account, name, look, role, created_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, account) DO NOTHING;

-- name: read_member
-- The member of an account: lane, account.
SELECT lane, account, name, role, created_at FROM member WHERE lane = ? AND account = ?;

-- name: read_look
-- Whether a member has a name of this look, in any lane: look.
SELECT name FROM member WHERE look = ? LIMIT 1;

-- name: count_other_operators
-- How many operators there are besides one account, in all lanes: lane, account.
SELECT count(*) FROM member WHERE role = 'operator' AND NOT (lane = ? AND account = ?);

-- name: list_operators
-- The accounts that are operators, in all lanes: count.
SELECT lane, account FROM member WHERE role = 'operator' ORDER BY lane, account LIMIT ?;

-- name: write_role
-- The role of a member from now on: role, lane, account.
UPDATE member SET role = ? WHERE lane = ? AND account = ?;

-- name: next_key_number
-- Count one more key of an account and say its number: lane, account. No row when the account has no member.
UPDATE member SET keys = keys + 1 WHERE lane = ? AND account = ? RETURNING keys;

-- name: insert_key
-- A new key: lane, account, number, label, digest, created_at, scopes, expires_at.
INSERT INTO api_key (lane, account, number, label, digest, created_at, scopes, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: list_keys
-- All keys of an account, the oldest first: lane, account.
SELECT number, label, created_at, revoked_at, last_used_on, scopes, expires_at
  FROM api_key WHERE lane = ? AND account = ? ORDER BY number;

-- name: revoke_key
-- Refuse a key from now on that counted until now, and say its label: revoked_at, lane, account, number.
UPDATE api_key SET revoked_at = ? WHERE lane = ? AND account = ? AND number = ? AND revoked_at IS NULL RETURNING label;

-- name: has_key
-- Whether an account has a key of this number, revoked or not: lane, account, number.
SELECT 1 FROM api_key WHERE lane = ? AND account = ? AND number = ?;

-- name: revoke_all_keys
-- Refuse all keys of an account from now on: revoked_at, lane, account.
UPDATE api_key SET revoked_at = ? WHERE lane = ? AND account = ? AND revoked_at IS NULL;

-- name: count_change
-- Note that a key of a lane does not count any more, or in another role, with the change itself: lane.
INSERT INTO key_change (lane, n) VALUES (?, 1) ON CONFLICT (lane) DO UPDATE SET n = key_change.n + 1;

-- name: read_change
-- How often keys of a lane have been taken back; no row before the first time: lane.
SELECT n FROM key_change WHERE lane = ?;

-- name: identify_key
-- Who a key that is not revoked stands for, what its secret must hash to, and of which change that is: lane, account,
-- number.
SELECT member.lane, member.account, member.name, member.role, api_key.digest, api_key.last_used_on, api_key.scopes,
       api_key.expires_at,
       coalesce((SELECT n FROM key_change WHERE key_change.lane = api_key.lane), 0)
  FROM api_key JOIN member ON member.lane = api_key.lane AND member.account = api_key.account
 WHERE api_key.lane = ? AND api_key.account = ? AND api_key.number = ? AND api_key.revoked_at IS NULL;

-- name: note_use
-- A key was used on a day, which never goes back: last_used_on, lane, account, number, last_used_on.
UPDATE api_key SET last_used_on = ? WHERE lane = ? AND account = ? AND number = ? AND coalesce(last_used_on, 0) < ?;

-- name: lock_member
-- Let nobody begin a session of an account until this transaction ends: lane, account.
SELECT 1 FROM member WHERE lane = ? AND account = ? FOR UPDATE;

-- name: next_session_number
-- Count one more session of an account and say its number: lane, account. No row when the account has no member.
UPDATE member SET sessions = sessions + 1 WHERE lane = ? AND account = ? RETURNING sessions;

-- name: insert_session
-- A browser has signed in: lane, account, number, digest, agent, network, by_link, created_at, expires_at.
INSERT INTO session (lane, account, number, digest, agent, network, by_link, created_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: identify_session
-- Who a session stands for that has not ended, what its secret must hash to, when it expires, and of which change that
-- is: lane, account, number.
SELECT member.lane, member.account, member.name, member.role, session.digest, session.expires_at, session.seen_on,
       coalesce((SELECT n FROM key_change WHERE key_change.lane = session.lane), 0)
  FROM session JOIN member ON member.lane = session.lane AND member.account = session.account
 WHERE session.lane = ? AND session.account = ? AND session.number = ? AND session.ended_at IS NULL;

-- name: came_by_link
-- Whether a session was begun by a link, after an instant: lane, account, number, after_at.
SELECT 1 FROM session
 WHERE lane = ? AND account = ? AND number = ? AND by_link = true AND created_at > ? AND ended_at IS NULL;

-- name: list_sessions
-- The sessions of an account that still count, the newest first: lane, account, now.
SELECT number, agent, created_at, expires_at, seen_on
  FROM session WHERE lane = ? AND account = ? AND ended_at IS NULL AND expires_at > ? ORDER BY number DESC;

-- name: end_session
-- A session counts no more: ended_at, lane, account, number.
UPDATE session SET ended_at = ? WHERE lane = ? AND account = ? AND number = ? AND ended_at IS NULL;

-- name: end_other_sessions
-- All sessions of an account but one count no more: ended_at, lane, account, number of the one that stays.
UPDATE session SET ended_at = ? WHERE lane = ? AND account = ? AND number <> ? AND ended_at IS NULL;

-- name: forget_sessions
-- Drop the sessions of an account that counted last before an instant: lane, account, before_at twice.
DELETE FROM session WHERE lane = ? AND account = ? AND (expires_at < ? OR ended_at < ?);

-- name: note_seen
-- A session was used on a day, which never goes back: seen_on, lane, account, number, seen_on.
UPDATE session SET seen_on = ? WHERE lane = ? AND account = ? AND number = ? AND coalesce(seen_on, 0) < ?;

-- name: next_link_number
-- Count one more link of an account and say its number: lane, account. No row when the account has no member.
UPDATE member SET links = links + 1 WHERE lane = ? AND account = ? RETURNING links;

-- name: insert_link
-- A link that signs in once: lane, account, number, digest, expires_at.
INSERT INTO sign_in_link (lane, account, number, digest, expires_at) VALUES (?, ?, ?, ?, ?);

-- name: use_link
-- Take a link away; a row says that it was there and still counted: lane, account, number, digest, now.
DELETE FROM sign_in_link
 WHERE lane = ? AND account = ? AND number = ? AND digest = ? AND expires_at > ? RETURNING number;

-- name: read_link
-- Who a link would sign in that still counts: lane, account, number, digest, now.
SELECT member.name FROM sign_in_link JOIN member
    ON member.lane = sign_in_link.lane AND member.account = sign_in_link.account
 WHERE sign_in_link.lane = ? AND sign_in_link.account = ? AND sign_in_link.number = ? AND sign_in_link.digest = ?
   AND sign_in_link.expires_at > ?;

-- name: end_links
-- The links of an account count no more: lane, account.
DELETE FROM sign_in_link WHERE lane = ? AND account = ?;

-- name: read_password
-- What the password of an account must match, and since when: lane, account.
SELECT hash, changed_at FROM password WHERE lane = ? AND account = ?;

-- name: write_password
-- An account's password from now on: lane, account, hash, changed_at.
INSERT INTO password (lane, account, hash, changed_at) VALUES (?, ?, ?, ?)
ON CONFLICT (lane, account) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at;

-- name: has_been_at
-- Whether an account has begun a session in a network before: lane, account, network.
SELECT 1 FROM session WHERE lane = ? AND account = ? AND network = ? LIMIT 1;

-- name: count_try
-- Count one more try, anew where the last count is over, and say how many there are until when: kind, subject, until_at,
-- now twice.
INSERT INTO try_count (lane, kind, subject, made, until_at) VALUES (0, ?, ?, 1, ?)
ON CONFLICT (lane, kind, subject) DO UPDATE SET
       made = CASE WHEN try_count.until_at <= ? THEN 1 ELSE try_count.made + 1 END,
       until_at = CASE WHEN try_count.until_at <= ? THEN excluded.until_at ELSE try_count.until_at END
RETURNING made, until_at;

-- name: read_try
-- How many tries are counted, and until when: kind, subject, now. No row when there are none.
SELECT made, until_at FROM try_count WHERE lane = 0 AND kind = ? AND subject = ? AND until_at > ?;

-- name: uncount_try
-- One try less: kind, subject.
UPDATE try_count SET made = made - 1 WHERE lane = 0 AND kind = ? AND subject = ? AND made > 0;

-- name: forget_try
-- No tries any more: kind, subject.
DELETE FROM try_count WHERE lane = 0 AND kind = ? AND subject = ?;

-- name: sum_tries
-- How many tries of a kind are counted: kind, now.
SELECT coalesce(sum(made), 0) FROM try_count WHERE lane = 0 AND kind = ? AND until_at > ?;

-- name: prune_tries
-- Drop the counts that are over, but for those that somebody is just counting on: now.
DELETE FROM try_count
 WHERE (lane, kind, subject) IN (
       SELECT lane, kind, subject FROM try_count WHERE lane = 0 AND until_at <= ? FOR UPDATE SKIP LOCKED);

-- name: next_record_number
-- Count one more record of an account in the access log and say its number: lane, account.
INSERT INTO access_head (lane, account, n) VALUES (?, ?, 1)
ON CONFLICT (lane, account) DO UPDATE SET n = access_head.n + 1 RETURNING n;

-- name: insert_record
-- What happened to an account's access: lane, account, n, at, kind, doer, network, detail.
INSERT INTO access_record (lane, account, n, at, kind, doer, network, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: prune_records
-- Drop records of an account, wrong passwords or all others, that are too old or too many: lane, account, whether wrong
-- passwords, before_at, lane, account, whether wrong passwords, how many are kept less one.
DELETE FROM access_record
 WHERE lane = ? AND account = ? AND (kind = 'wrong_password') = ?
   AND (at < ? OR n < (SELECT n FROM access_record WHERE lane = ? AND account = ? AND (kind = 'wrong_password') = ?
                        ORDER BY n DESC LIMIT 1 OFFSET ?));

-- name: list_records
-- The records of an account, the newest first: lane, account, before_n, limit.
SELECT access_record.lane, access_record.account, access_record.n, access_record.at, access_record.kind,
       access_record.doer, access_record.network, access_record.detail, member.name
  FROM access_record
  LEFT JOIN member ON member.lane = access_record.lane AND member.account = access_record.account
 WHERE access_record.lane = ? AND access_record.account = ? AND access_record.n < ?
 ORDER BY access_record.n DESC LIMIT ?;

-- name: list_all_records
-- The records of all accounts, the newest first: the instant, lane, account and number of the one before, limit.
SELECT access_record.lane, access_record.account, access_record.n, access_record.at, access_record.kind,
       access_record.doer, access_record.network, access_record.detail, member.name
  FROM access_record
  LEFT JOIN member ON member.lane = access_record.lane AND member.account = access_record.account
 WHERE (access_record.at, access_record.lane, access_record.account, access_record.n) < (?, ?, ?, ?)
 ORDER BY access_record.at DESC, access_record.lane DESC, access_record.account DESC, access_record.n DESC LIMIT ?;
