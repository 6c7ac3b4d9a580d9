-- The statements of `accounts` for PostgreSQL.

-- name: insert_member
-- An account gets its member, once: lane, account, name, look, role, created_at.
INSERT INTO member (lane, account, name, look, role, created_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (lane, account) DO NOTHING;

-- name: read_member
-- The member of an account: lane, account.
SELECT lane, account, name, role, created_at FROM member WHERE lane = %s AND account = %s;

-- name: read_look
-- Whether a member has a name of this look, in any lane: look.
SELECT name FROM member WHERE look = %s LIMIT 1;

-- name: lock_roles
-- Let one change of a role at a time be decided, until its transaction ends.
SELECT pg_advisory_xact_lock(7236206);

-- name: count_other_operators
-- How many operators there are besides one account, in all lanes: lane, account.
SELECT count(*) FROM member WHERE role = 'operator' AND NOT (lane = %s AND account = %s);

-- name: list_operators
-- The accounts that are operators, in all lanes: count.
SELECT lane, account FROM member WHERE role = 'operator' ORDER BY lane, account LIMIT %s;

-- name: write_role
-- The role of a member from now on: role, lane, account.
UPDATE member SET role = %s WHERE lane = %s AND account = %s;

-- name: next_key_number
-- Count one more key of an account and say its number: lane, account. No row when the account has no member.
UPDATE member SET keys = keys + 1 WHERE lane = %s AND account = %s RETURNING keys;

-- name: insert_key
-- A new key: lane, account, number, label, digest, created_at, scopes, expires_at.
INSERT INTO api_key (lane, account, number, label, digest, created_at, scopes, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s);

-- name: list_keys
-- All keys of an account, the oldest first: lane, account.
SELECT number, label, created_at, revoked_at, last_used_on, scopes, expires_at
  FROM api_key WHERE lane = %s AND account = %s ORDER BY number;

-- name: revoke_key
-- Refuse a key from now on that counted until now, and say its label: revoked_at, lane, account, number.
UPDATE api_key SET revoked_at = %s WHERE lane = %s AND account = %s AND number = %s AND revoked_at IS NULL RETURNING label;

-- name: has_key
-- Whether an account has a key of this number, revoked or not: lane, account, number.
SELECT 1 FROM api_key WHERE lane = %s AND account = %s AND number = %s;

-- name: revoke_all_keys
-- Refuse all keys of an account from now on: revoked_at, lane, account.
UPDATE api_key SET revoked_at = %s WHERE lane = %s AND account = %s AND revoked_at IS NULL;

-- name: count_change
-- Note that a key of a lane does not count any more, or in another role, with the change itself: lane.
INSERT INTO key_change (lane, n) VALUES (%s, 1) ON CONFLICT (lane) DO UPDATE SET n = key_change.n + 1;

-- name: read_change
-- How often keys of a lane have been taken back; no row before the first time: lane.
SELECT n FROM key_change WHERE lane = %s;

-- name: identify_key
-- Who a key that is not revoked stands for, what its secret must hash to, and of which change that is: lane, account,
-- number.
SELECT member.lane, member.account, member.name, member.role, api_key.digest, api_key.last_used_on, api_key.scopes,
       api_key.expires_at,
       coalesce((SELECT n FROM key_change WHERE key_change.lane = api_key.lane), 0)
  FROM api_key JOIN member ON member.lane = api_key.lane AND member.account = api_key.account
 WHERE api_key.lane = %s AND api_key.account = %s AND api_key.number = %s AND api_key.revoked_at IS NULL;

-- name: note_use
-- A key was used on a day, which never goes back: day, lane, account, number.
UPDATE api_key SET last_used_on = greatest(last_used_on, %s) WHERE lane = %s AND account = %s AND number = %s;

-- name: lock_member
-- Let nobody begin a session of an account until this transaction ends: lane, account.
SELECT 1 FROM member WHERE lane = %s AND account = %s FOR UPDATE;

-- name: next_session_number
-- Count one more session of an account and say its number: lane, account. No row when the account has no member.
UPDATE member SET sessions = sessions + 1 WHERE lane = %s AND account = %s RETURNING sessions;

-- name: insert_session
-- A browser has signed in: lane, account, number, digest, agent, network, by_link, created_at, expires_at.
INSERT INTO session (lane, account, number, digest, agent, network, by_link, created_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s);

-- name: identify_session
-- Who a session stands for that has not ended, what its secret must hash to, when it expires, and of which change that
-- is: lane, account, number.
SELECT member.lane, member.account, member.name, member.role, session.digest, session.expires_at, session.seen_on,
       coalesce((SELECT n FROM key_change WHERE key_change.lane = session.lane), 0)
  FROM session JOIN member ON member.lane = session.lane AND member.account = session.account
 WHERE session.lane = %s AND session.account = %s AND session.number = %s AND session.ended_at IS NULL;

-- name: came_by_link
-- Whether a session was begun by a link, after an instant: lane, account, number, after_at.
SELECT 1 FROM session
 WHERE lane = %s AND account = %s AND number = %s AND by_link = true AND created_at > %s AND ended_at IS NULL;

-- name: list_sessions
-- The sessions of an account that still count, the newest first: lane, account, now.
SELECT number, agent, created_at, expires_at, seen_on
  FROM session WHERE lane = %s AND account = %s AND ended_at IS NULL AND expires_at > %s ORDER BY number DESC;

-- name: end_session
-- A session counts no more: ended_at, lane, account, number.
UPDATE session SET ended_at = %s WHERE lane = %s AND account = %s AND number = %s AND ended_at IS NULL;

-- name: end_other_sessions
-- All sessions of an account but one count no more: ended_at, lane, account, number of the one that stays.
UPDATE session SET ended_at = %s WHERE lane = %s AND account = %s AND number <> %s AND ended_at IS NULL;

-- name: forget_sessions
-- Drop the sessions of an account that counted last before an instant: lane, account, before_at twice.
DELETE FROM session WHERE lane = %s AND account = %s AND (expires_at < %s OR ended_at < %s);

-- name: note_seen
-- A session was used on a day: day, lane, account, number.
UPDATE session SET seen_on = %s WHERE lane = %s AND account = %s AND number = %s;

-- name: next_link_number
-- Count one more link of an account and say its number: lane, account. No row when the account has no member.
UPDATE member SET links = links + 1 WHERE lane = %s AND account = %s RETURNING links;

-- name: insert_link
-- A link that signs in once: lane, account, number, digest, expires_at.
INSERT INTO sign_in_link (lane, account, number, digest, expires_at) VALUES (%s, %s, %s, %s, %s);

-- name: use_link
-- Take a link away; a row says that it was there and still counted: lane, account, number, digest, now.
DELETE FROM sign_in_link
 WHERE lane = %s AND account = %s AND number = %s AND digest = %s AND expires_at > %s RETURNING number;

-- name: read_link
-- Who a link would sign in that still counts: lane, account, number, digest, now.
SELECT member.name FROM sign_in_link JOIN member
    ON member.lane = sign_in_link.lane AND member.account = sign_in_link.account
 WHERE sign_in_link.lane = %s AND sign_in_link.account = %s AND sign_in_link.number = %s AND sign_in_link.digest = %s
   AND sign_in_link.expires_at > %s;

-- name: end_links
-- The links of an account count no more: lane, account.
DELETE FROM sign_in_link WHERE lane = %s AND account = %s;

-- name: read_password
-- What the password of an account must match, and since when: lane, account.
SELECT hash, changed_at FROM password WHERE lane = %s AND account = %s;

-- name: write_password
-- An account's password from now on: lane, account, hash, changed_at.
INSERT INTO password (lane, account, hash, changed_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (lane, account) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at;

-- name: has_been_at
-- Whether an account has begun a session in a network before: lane, account, network.
SELECT 1 FROM session WHERE lane = %s AND account = %s AND network = %s LIMIT 1;

-- name: count_try
-- Count one more try, anew where the last count is over, and say how many there are until when: kind, subject, until_at,
-- now twice.
INSERT INTO try_count (lane, kind, subject, made, until_at) VALUES (0, %s, %s, 1, %s)
ON CONFLICT (lane, kind, subject) DO UPDATE SET
       made = CASE WHEN try_count.until_at <= %s THEN 1 ELSE try_count.made + 1 END,
       until_at = CASE WHEN try_count.until_at <= %s THEN excluded.until_at ELSE try_count.until_at END
RETURNING made, until_at;

-- name: read_try
-- How many tries are counted, and until when: kind, subject, now. No row when there are none.
SELECT made, until_at FROM try_count WHERE lane = 0 AND kind = %s AND subject = %s AND until_at > %s;

-- name: uncount_try
-- One try less: kind, subject.
UPDATE try_count SET made = made - 1 WHERE lane = 0 AND kind = %s AND subject = %s AND made > 0;

-- name: forget_try
-- No tries any more: kind, subject.
DELETE FROM try_count WHERE lane = 0 AND kind = %s AND subject = %s;

-- name: sum_tries
-- How many tries of a kind are counted: kind, now.
SELECT coalesce(sum(made), 0) FROM try_count WHERE lane = 0 AND kind = %s AND until_at > %s;

-- name: prune_tries
-- Drop the counts that are over, but for those that somebody is just counting on: now.
DELETE FROM try_count
 WHERE (lane, kind, subject) IN (
       SELECT lane, kind, subject FROM try_count WHERE lane = 0 AND until_at <= %s FOR UPDATE SKIP LOCKED);

-- name: next_record_number
-- Count one more record of an account in the access log and say its number: lane, account.
INSERT INTO access_head (lane, account, n) VALUES (%s, %s, 1)
ON CONFLICT (lane, account) DO UPDATE SET n = access_head.n + 1 RETURNING n;

-- name: insert_record
-- What happened to an account's access: lane, account, n, at, kind, doer, network, detail.
INSERT INTO access_record (lane, account, n, at, kind, doer, network, detail) VALUES (%s, %s, %s, %s, %s, %s, %s, %s);

-- name: prune_records
-- Drop records of an account, wrong passwords or all others, that are too old or too many: lane, account, whether wrong
-- passwords, before_at, lane, account, whether wrong passwords, how many are kept less one.
DELETE FROM access_record
 WHERE lane = %s AND account = %s AND (kind = 'wrong_password') = %s
   AND (at < %s OR n < (SELECT n FROM access_record WHERE lane = %s AND account = %s AND (kind = 'wrong_password') = %s
                        ORDER BY n DESC LIMIT 1 OFFSET %s));

-- name: list_records
-- The records of an account, the newest first: lane, account, before_n, limit.
SELECT access_record.lane, access_record.account, access_record.n, access_record.at, access_record.kind,
       access_record.doer, access_record.network, access_record.detail, member.name
  FROM access_record
  LEFT JOIN member ON member.lane = access_record.lane AND member.account = access_record.account
 WHERE access_record.lane = %s AND access_record.account = %s AND access_record.n < %s
 ORDER BY access_record.n DESC LIMIT %s;

-- name: list_all_records
-- The records of all accounts, the newest first: the instant, lane, account and number of the one before, limit.
SELECT access_record.lane, access_record.account, access_record.n, access_record.at, access_record.kind,
       access_record.doer, access_record.network, access_record.detail, member.name
  FROM access_record
  LEFT JOIN member ON member.lane = access_record.lane AND member.account = access_record.account
 WHERE (access_record.at, access_record.lane, access_record.account, access_record.n) < (%s, %s, %s, %s)
 ORDER BY access_record.at DESC, access_record.lane DESC, access_record.account DESC, access_record.n DESC LIMIT %s;
