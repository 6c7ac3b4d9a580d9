-- The ledger's statements. To PostgreSQL sets of keys and columns of rows travel as arrays, unnested. To SQLite rows travel one
-- by one, and sets of keys as one JSON text, read by json_each; CROSS JOIN keeps that on the outside, so that each key is looked
-- up once. Pairs travel as the members of an object, whose names json_each does not have to parse and does not mind to see
-- twice: that takes two thirds of the time of an array of arrays.

-- name: load_accounts
-- The facts and chains of a batch's accounts, locked in the order of their id.
-- sqlite: lane, JSON array of ids
SELECT account.id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at,
       day_turn_ends_at, day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at, month_turn_on,
       month_turn_due_at, overrides, seq, head
  FROM json_each(?2) AS wanted CROSS JOIN account ON account.lane = ?1 AND account.id = wanted.value;
-- postgres: lane, ids
SELECT id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at, day_turn_ends_at,
       day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at, month_turn_on, month_turn_due_at, overrides,
       seq, head
  FROM account WHERE lane = ? AND id = ANY (?::bigint[]) ORDER BY id FOR UPDATE;

-- name: load_names
-- Which of a batch's names are taken.
-- sqlite: lane, JSON array of names
SELECT account.name, account.id FROM json_each(?2) AS wanted CROSS JOIN account ON account.lane = ?1 AND account.name = wanted.value;
-- postgres: lane, names
SELECT name, id FROM account WHERE lane = ? AND name = ANY (?::text[]);

-- name: load_next_account
-- The id that the next account of a lane gets: lane.
SELECT coalesce(max(id), 0) + 1 FROM account WHERE lane = ?;

-- name: load_holds
-- The holds that a batch concludes.
-- sqlite: lane, JSON object of ids by account
SELECT hold.account, hold.id, hold.state, hold.expires_at, hold.lines, hold.owner
  FROM json_each(?2) AS wanted
  CROSS JOIN hold ON hold.lane = ?1 AND hold.account = CAST(wanted.key AS INTEGER) AND hold.id = wanted.value;
-- postgres: accounts, ids, lane
SELECT hold.account, hold.id, hold.state, hold.expires_at, hold.lines, hold.owner
  FROM unnest(?::bigint[], ?::bigint[]) AS wanted (account, id)
  JOIN hold ON hold.lane = ? AND hold.account = wanted.account AND hold.id = wanted.id;

-- name: load_answers
-- What a batch's idempotency keys were answered before.
-- sqlite: lane, JSON object of keys by account
SELECT answer.account, answer.key, answer.content, answer.answer
  FROM json_each(?2) AS wanted
  CROSS JOIN answer ON answer.lane = ?1 AND answer.account = CAST(wanted.key AS INTEGER) AND answer.key = wanted.value;
-- postgres: accounts, keys, lane
SELECT answer.account, answer.key, answer.content, answer.answer
  FROM unnest(?::bigint[], ?::text[]) AS wanted (account, key)
  JOIN answer ON answer.lane = ? AND answer.account = wanted.account AND answer.key = wanted.key;

-- name: load_balances
-- The balances that a batch looks at.
-- sqlite: lane, one meter, JSON object of window_starts by account
SELECT account, meter, window_start, used, held, granted
  FROM json_each(?3) AS wanted
  CROSS JOIN balance ON balance.lane = ?1 AND balance.account = CAST(wanted.key AS INTEGER)
   AND balance.meter = ?2 AND balance.window_start = wanted.value;
-- postgres: accounts, meters, window_starts, lane
SELECT balance.account, balance.meter, balance.window_start, balance.used, balance.held, balance.granted
  FROM unnest(?::bigint[], ?::text[], ?::bigint[]) AS wanted (account, meter, window_start)
  JOIN balance ON balance.lane = ? AND balance.account = wanted.account AND balance.meter = wanted.meter
   AND balance.window_start = wanted.window_start;

-- name: insert_account
-- A new account with an empty chain, which move_chain moves: facts, then the hash that the chain begins with.
INSERT INTO account (lane, id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at,
                     day_turn_ends_at, day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at,
                     month_turn_on, month_turn_due_at, overrides, seq, head)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?);

-- name: change_account
-- The facts of an account after a change of plan, zone or limit: facts, then lane and id.
UPDATE account SET plan = ?, next_plan = ?, next_plan_at = ?, zone = ?, billing_day = ?, day_turn_starts_at = ?,
                   day_turn_ends_at = ?, day_turn_on = ?, day_turn_due_at = ?, month_turn_starts_at = ?,
                   month_turn_ends_at = ?, month_turn_on = ?, month_turn_due_at = ?, overrides = ?
 WHERE lane = ? AND id = ?;

-- name: move_chain
-- Where the chains of a batch's accounts stand after it.
-- sqlite: seq, head, lane, id
UPDATE account SET seq = ?, head = ? WHERE lane = ? AND id = ?;
-- postgres: seqs, heads, ids, lane
UPDATE account SET seq = moved.seq, head = moved.head
  FROM unnest(?::bigint[], ?::bytea[], ?::bigint[]) AS moved (seq, head, id)
 WHERE account.lane = ? AND account.id = moved.id;

-- name: put_balance
-- The balances after a batch.
-- sqlite: row by row
INSERT INTO balance (lane, account, meter, window_start, used, held, granted) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, account, meter, window_start)
DO UPDATE SET used = excluded.used, held = excluded.held, granted = excluded.granted;
-- postgres: lane, then column by column
INSERT INTO balance (lane, account, meter, window_start, used, held, granted)
SELECT ?, * FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])
ON CONFLICT (lane, account, meter, window_start)
DO UPDATE SET used = excluded.used, held = excluded.held, granted = excluded.granted;

-- name: insert_hold
-- New holds as they stand after the batch.
-- sqlite: row by row
INSERT INTO hold (lane, account, id, state, expires_at, lines, owner) VALUES (?, ?, ?, ?, ?, ?, ?);
-- postgres: lane, then column by column
INSERT INTO hold (lane, account, id, state, expires_at, lines, owner)
SELECT ?, * FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::text[]);

-- name: change_hold
-- Holds that were there before the batch.
-- sqlite: state, lines, lane, account, id
UPDATE hold SET state = ?, lines = ? WHERE lane = ? AND account = ? AND id = ?;
-- postgres: states, lines, accounts, ids, lane
UPDATE hold SET state = changed.state, lines = changed.lines
  FROM unnest(?::text[], ?::text[], ?::bigint[], ?::bigint[]) AS changed (state, lines, account, id)
 WHERE hold.lane = ? AND hold.account = changed.account AND hold.id = changed.id;

-- name: insert_entry
-- Entries of the ledger; there is no statement that changes or removes one.
-- sqlite: row by row
INSERT INTO entry (lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit",
                   used_before, held_before, used_after, held_after, detail, why, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- postgres: lane, then column by column
INSERT INTO entry (lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit",
                   used_before, held_before, used_after, held_after, detail, why, hash)
SELECT ?, * FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::text[],
                         ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
                         ?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::bytea[]);

-- name: insert_answer
-- Remember the first answers to keys.
-- sqlite: row by row
INSERT INTO answer (lane, account, key, content, at, answer) VALUES (?, ?, ?, ?, ?, ?);
-- postgres: lane, then column by column
INSERT INTO answer (lane, account, key, content, at, answer)
SELECT ?, * FROM unnest(?::bigint[], ?::text[], ?::bytea[], ?::bigint[], ?::bytea[]);

-- name: find_account
-- An account by its name: lane, name.
SELECT id FROM account WHERE lane = ? AND name = ?;

-- name: list_accounts
-- Accounts in order, after one: lane, id, how many.
SELECT lane, id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at,
       day_turn_ends_at, day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at, month_turn_on,
       month_turn_due_at, overrides
  FROM account WHERE (lane, id) > (?, ?) ORDER BY lane, id LIMIT ?;

-- name: read_account
-- One account with its chain: lane, id.
SELECT id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at, day_turn_ends_at,
       day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at, month_turn_on, month_turn_due_at, overrides,
       seq, head
  FROM account WHERE lane = ? AND id = ?;

-- name: list_plans
-- Every plan that some account is on or will move to.
SELECT plan FROM account UNION SELECT next_plan FROM account WHERE next_plan IS NOT NULL ORDER BY 1;

-- name: read_balances
-- The balances of one account in one window of each meter: JSON object of starts by meter, lane, account.
-- sqlite:
SELECT account, meter, window_start, used, held, granted
  FROM json_each(?1) AS wanted
  CROSS JOIN balance ON lane = ?2 AND account = ?3 AND meter = wanted.key AND window_start = wanted.value;
-- postgres:
SELECT account, meter, window_start, used, held, granted
  FROM json_each_text(?::json) AS wanted
  JOIN balance ON lane = ? AND account = ? AND meter = wanted.key AND window_start = wanted.value::bigint;

-- name: list_balances
-- All balances of an account, for the audit: lane, account.
SELECT account, meter, window_start, used, held, granted FROM balance WHERE lane = ? AND account = ?;

-- name: read_hold
-- One hold: lane, account, id.
SELECT account, id, state, expires_at, lines, owner FROM hold WHERE lane = ? AND account = ? AND id = ?;

-- name: read_holds
-- Some holds of an account.
-- sqlite: JSON array of ids, lane, account
SELECT hold.account, hold.id, hold.state, hold.expires_at, hold.lines, hold.owner
  FROM json_each(?) AS wanted CROSS JOIN hold ON hold.lane = ? AND hold.account = ? AND hold.id = wanted.value;
-- postgres: ids, lane, account
SELECT hold.account, hold.id, hold.state, hold.expires_at, hold.lines, hold.owner
  FROM unnest(?::bigint[]) AS wanted (id)
  JOIN hold ON hold.lane = ? AND hold.account = ? AND hold.id = wanted.id;

-- name: list_holds
-- All holds of an account, for the audit: lane, account.
SELECT account, id, state, expires_at, lines, owner FROM hold WHERE lane = ? AND account = ?;

-- name: list_entries
-- A page of an account's entries, newest first: lane, account, after_seq, before_seq, then meter,
-- kind, action, from and until, each twice.
SELECT lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit", used_before,
       held_before, used_after, held_after, detail, why, hash
  FROM entry
 WHERE lane = ? AND account = ? AND seq > ? AND seq < ?
   AND (CAST(? AS text) IS NULL OR meter = ?) AND (CAST(? AS text) IS NULL OR kind = ?) AND (CAST(? AS text) IS NULL OR action = ?)
   AND (CAST(? AS bigint) IS NULL OR at >= ?) AND (CAST(? AS bigint) IS NULL OR at < ?)
 ORDER BY seq DESC LIMIT ?;

-- name: list_entries_of
-- A page of the entries of some holds, newest first: holds, lane, account, the same three again, after_seq,
-- before_seq, then meter, kind, action, from and until, each twice. What opened a hold lies together from its number on, an
-- entry for each line; what concluded it is found by an index.
-- sqlite: holds as a JSON array
SELECT entry.lane, entry.account, entry.seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit",
       used_before, held_before, used_after, held_after, detail, why, hash
  FROM (SELECT hold.lane, hold.account, hold.id + line.key AS seq
          FROM json_each(?) AS wanted
          CROSS JOIN hold ON hold.lane = ? AND hold.account = ? AND hold.id = wanted.value
          CROSS JOIN json_each(hold.lines) AS line
         UNION ALL
        SELECT entry.lane, entry.account, entry.seq
          FROM json_each(?) AS wanted
          CROSS JOIN entry INDEXED BY entry_by_hold ON entry.lane = ? AND entry.account = ? AND entry.hold = wanted.value
           AND entry.kind <> 'hold') AS own
  CROSS JOIN entry ON entry.lane = own.lane AND entry.account = own.account AND entry.seq = own.seq
 WHERE own.seq > ? AND own.seq < ?
   AND (? IS NULL OR meter = ?) AND (? IS NULL OR kind = ?) AND (? IS NULL OR action = ?)
   AND (? IS NULL OR at >= ?) AND (? IS NULL OR at < ?)
 ORDER BY entry.seq DESC LIMIT ?;
-- postgres: holds as an array
SELECT entry.lane, entry.account, entry.seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit",
       used_before, held_before, used_after, held_after, detail, why, hash
  FROM (SELECT hold.lane, hold.account, opening.seq
          FROM unnest(?::bigint[]) AS wanted (id)
          JOIN hold ON hold.lane = ? AND hold.account = ? AND hold.id = wanted.id
          CROSS JOIN LATERAL generate_series(hold.id, hold.id + json_array_length(hold.lines::json) - 1) AS opening (seq)
         UNION ALL
        SELECT entry.lane, entry.account, entry.seq
          FROM unnest(?::bigint[]) AS wanted (id)
          JOIN entry ON entry.lane = ? AND entry.account = ? AND entry.hold = wanted.id
           AND entry.kind <> 'hold') AS own
  JOIN entry ON entry.lane = own.lane AND entry.account = own.account AND entry.seq = own.seq
 WHERE own.seq > ? AND own.seq < ?
   AND (?::text IS NULL OR meter = ?) AND (?::text IS NULL OR kind = ?) AND (?::text IS NULL OR action = ?)
   AND (?::bigint IS NULL OR at >= ?) AND (?::bigint IS NULL OR at < ?)
 ORDER BY entry.seq DESC LIMIT ?;

-- name: list_combinations
-- Which kinds, actions and meters entries of an account have together, and between which instants: lane, account,
-- after_seq, before_seq.
SELECT kind, action, meter, min(at), max(at)
  FROM entry WHERE lane = ? AND account = ? AND seq > ? AND seq < ? GROUP BY kind, action, meter;

-- name: find_place
-- Where an instant lies among an account's entries, by halving: the last entry before it, 0 for none, and the one behind
-- that: lane, account, the instant twice, lane, account.
-- sqlite:
WITH RECURSIVE halved (low, high) AS (
    SELECT 0, coalesce(max(seq), 0) + 1 FROM entry WHERE lane = ? AND account = ?
     UNION ALL
    SELECT CASE WHEN entry.at < ? THEN entry.seq ELSE low END, CASE WHEN entry.at < ? THEN high ELSE entry.seq END
      FROM halved CROSS JOIN entry ON entry.lane = ? AND entry.account = ? AND entry.seq = (low + high) / 2
     WHERE high - low > 1
)
SELECT max(low), min(high) FROM halved;
-- postgres:
WITH RECURSIVE halved (low, high) AS (
    SELECT 0::bigint, coalesce(max(seq), 0) + 1 FROM entry WHERE lane = ? AND account = ?
     UNION ALL
    SELECT CASE WHEN entry.at < ? THEN entry.seq ELSE low END, CASE WHEN entry.at < ? THEN high ELSE entry.seq END
      FROM halved JOIN entry ON entry.lane = ? AND entry.account = ? AND entry.seq = (low + high) / 2
     WHERE high - low > 1
)
SELECT max(low), min(high) FROM halved;

-- name: list_chain
-- An account's entries in order, for the audit: lane, account, after_seq, how many.
SELECT lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit", used_before,
       held_before, used_after, held_after, detail, why, hash
  FROM entry WHERE lane = ? AND account = ? AND seq > ? ORDER BY seq LIMIT ?;

-- name: read_answer
-- What a key was answered before: lane, account, key.
SELECT content, answer FROM answer WHERE lane = ? AND account = ? AND key = ?;

-- name: list_overdue
-- Open holds past their deadline, the longest overdue first; one without a deadline never is: lane, now, how many.
SELECT lane, account, id FROM hold WHERE lane = ? AND state = 'open' AND expires_at <= ? ORDER BY expires_at LIMIT ?;

-- name: forget_answers
-- Drop remembered answers that are older than the horizon: lane, before_at, lane, how many.
-- sqlite: so many of the oldest are looked at
DELETE FROM answer
 WHERE lane = ?1 AND rowid IN (SELECT number FROM (SELECT rowid AS number, at FROM answer ORDER BY rowid LIMIT ?4)
                                WHERE ?3 = ?1 AND at < ?2);
-- postgres: so many of the oldest are dropped
DELETE FROM answer
 WHERE lane = ? AND ctid = ANY (ARRAY(SELECT ctid FROM answer WHERE at < ? AND lane = ? ORDER BY at LIMIT ?));

-- name: insert_secret
-- Keep the first secret that any process offers.
INSERT INTO ledger_secret (lane, secret) VALUES (0, ?) ON CONFLICT DO NOTHING;

-- name: read_secret
-- The secret of this database.
SELECT secret FROM ledger_secret WHERE lane = 0;

-- name: insert_lanes
-- Keep the first number of lanes that any process names.
INSERT INTO ledger_lanes (lane, lanes) VALUES (0, ?) ON CONFLICT DO NOTHING;

-- name: read_lanes
-- The number of lanes of this database.
SELECT lanes FROM ledger_lanes WHERE lane = 0;
