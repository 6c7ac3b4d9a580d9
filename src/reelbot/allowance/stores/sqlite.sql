-- The ledger's statements for SQLite. Sets of keys travel as one JSON text, read by json_each; CROSS JOIN keeps that on the
-- outside, so that each key is looked up once. Pairs travel as the members of an object, whose names json_each does not
-- have to parse and does not mind to see twice: that takes two thirds of the time of an array of arrays.

-- name: load_accounts
-- The facts and chains of a batch's accounts: lane, JSON array of ids.
SELECT account.id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at,
       day_turn_ends_at, day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at, month_turn_on,
       month_turn_due_at, overrides, seq, head
  FROM json_each(?2) AS wanted CROSS JOIN account ON account.lane = ?1 AND account.id = wanted.value;

-- name: load_names
-- Which of a batch's names are taken: lane, JSON array of names.
SELECT account.name, account.id FROM json_each(?2) AS wanted CROSS JOIN account ON account.lane = ?1 AND account.name = wanted.value;

-- name: load_next_account
-- The id that the next account of a lane gets: lane.
SELECT coalesce(max(id), 0) + 1 FROM account WHERE lane = ?;

-- name: load_holds
-- The holds that a batch concludes: lane, JSON object of ids by account.
SELECT hold.account, hold.id, hold.state, hold.expires_at, hold.lines, hold.owner
  FROM json_each(?2) AS wanted
  CROSS JOIN hold ON hold.lane = ?1 AND hold.account = CAST(wanted.key AS INTEGER) AND hold.id = wanted.value;

-- name: load_answers
-- What a batch's idempotency keys were answered before: lane, JSON object of keys by account.
SELECT answer.account, answer.key, answer.content, answer.answer
  FROM json_each(?2) AS wanted
  CROSS JOIN answer ON answer.lane = ?1 AND answer.account = CAST(wanted.key AS INTEGER) AND answer.key = wanted.value;

-- name: load_balances
-- The balances of one meter that a batch looks at: lane, meter, JSON object of window_starts by account.
SELECT account, meter, window_start, used, held, granted
  FROM json_each(?3) AS wanted
  CROSS JOIN balance ON balance.lane = ?1 AND balance.account = CAST(wanted.key AS INTEGER)
   AND balance.meter = ?2 AND balance.window_start = wanted.value;

-- name: insert_account
-- A new account. Its chain is moved by move_chain.
INSERT INTO account (lane, id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at,
                     day_turn_ends_at, day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at,
                     month_turn_on, month_turn_due_at, overrides, seq, head)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, zeroblob(32));

-- name: change_account
-- The facts of an account after a change of plan, zone or limit: facts, then lane and id.
UPDATE account SET plan = ?, next_plan = ?, next_plan_at = ?, zone = ?, billing_day = ?, day_turn_starts_at = ?,
                   day_turn_ends_at = ?, day_turn_on = ?, day_turn_due_at = ?, month_turn_starts_at = ?,
                   month_turn_ends_at = ?, month_turn_on = ?, month_turn_due_at = ?, overrides = ?
 WHERE lane = ? AND id = ?;

-- name: move_chain
-- Where an account's chain stands after the batch: seq, head, lane, id.
UPDATE account SET seq = ?, head = ? WHERE lane = ? AND id = ?;

-- name: put_balance
-- A balance after the batch.
INSERT INTO balance (lane, account, meter, window_start, used, held, granted) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, account, meter, window_start)
DO UPDATE SET used = excluded.used, held = excluded.held, granted = excluded.granted;

-- name: insert_hold
-- A new hold, as it stands after the batch.
INSERT INTO hold (lane, account, id, state, expires_at, lines, owner) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: change_hold
-- A hold that was there before the batch: state, lines, lane, account, id.
UPDATE hold SET state = ?, lines = ? WHERE lane = ? AND account = ? AND id = ?;

-- name: insert_entry
-- One entry of the ledger; there is no statement that changes or removes one.
INSERT INTO entry (lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit",
                   used_before, held_before, used_after, held_after, detail, why, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_answer
-- Remember the first answer to a key.
INSERT INTO answer (lane, account, key, content, at, answer) VALUES (?, ?, ?, ?, ?, ?);

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
SELECT account, meter, window_start, used, held, granted
  FROM json_each(?1) AS wanted
  CROSS JOIN balance ON lane = ?2 AND account = ?3 AND meter = wanted.key AND window_start = wanted.value;

-- name: list_balances
-- All balances of an account, for the audit: lane, account.
SELECT account, meter, window_start, used, held, granted FROM balance WHERE lane = ? AND account = ?;

-- name: read_hold
-- One hold: lane, account, id.
SELECT account, id, state, expires_at, lines, owner FROM hold WHERE lane = ? AND account = ? AND id = ?;

-- name: read_holds
-- Some holds of an account: JSON array of ids, lane, account.
SELECT hold.account, hold.id, hold.state, hold.expires_at, hold.lines, hold.owner
  FROM json_each(?) AS wanted CROSS JOIN hold ON hold.lane = ? AND hold.account = ? AND hold.id = wanted.value;

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
   AND (? IS NULL OR meter = ?) AND (? IS NULL OR kind = ?) AND (? IS NULL OR action = ?)
   AND (? IS NULL OR at >= ?) AND (? IS NULL OR at < ?)
 ORDER BY seq DESC LIMIT ?;

-- name: list_entries_of
-- A page of the entries of some holds, newest first: JSON array of holds, lane, account, the same three again, after_seq,
-- before_seq, then meter, kind, action, from and until, each twice. What opened a hold lies together from its number on, an
-- entry for each line; what concluded it is found by an index.
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

-- name: list_combinations
-- Which kinds, actions and meters entries of an account have together, and between which instants: lane, account,
-- after_seq, before_seq.
SELECT kind, action, meter, min(at), max(at)
  FROM entry WHERE lane = ? AND account = ? AND seq > ? AND seq < ? GROUP BY kind, action, meter;

-- name: find_place
-- Where an instant lies among an account's entries, by halving: the last entry before it, 0 for none, and the one behind
-- that: lane, account, the instant twice, lane, account.
WITH RECURSIVE halved (low, high) AS (
    SELECT 0, coalesce(max(seq), 0) + 1 FROM entry WHERE lane = ? AND account = ?
     UNION ALL
    SELECT CASE WHEN entry.at < ? THEN entry.seq ELSE low END, CASE WHEN entry.at < ? THEN high ELSE entry.seq END
      FROM halved CROSS JOIN entry ON entry.lane = ? AND entry.account = ? AND entry.seq = (low + high) / 2
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
-- Drop remembered answers that are older than the horizon: lane, before_at, lane, how many of the oldest to look at.
DELETE FROM answer
 WHERE lane = ?1 AND rowid IN (SELECT number FROM (SELECT rowid AS number, at FROM answer ORDER BY rowid LIMIT ?4)
                                WHERE ?3 = ?1 AND at < ?2);

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

-- name: lock_names
-- One process at a time opens accounts in a lane; here the one writer sees to that: lane.
SELECT ?;
