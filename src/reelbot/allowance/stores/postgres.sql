-- The ledger's statements for PostgreSQL. Sets of keys and columns of rows travel as arrays, unnested.

-- name: load_accounts
-- The facts and chains of a batch's accounts, locked in the order of their id: lane, ids.
SELECT id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at, day_turn_ends_at,
       day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at, month_turn_on, month_turn_due_at, overrides,
       seq, head
  FROM account WHERE lane = %s AND id = ANY (%s::bigint[]) ORDER BY id FOR UPDATE;

-- name: load_names
-- Which of a batch's names are taken: lane, names.
SELECT name, id FROM account WHERE lane = %s AND name = ANY (%s::text[]);

-- name: load_next_account
-- The id that the next account of a lane gets: lane.
SELECT coalesce(max(id), 0) + 1 FROM account WHERE lane = %s;

-- name: load_holds
-- The holds that a batch concludes: accounts, ids, lane.
SELECT hold.account, hold.id, hold.state, hold.expires_at, hold.lines, hold.owner
  FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (account, id)
  JOIN hold ON hold.lane = %s AND hold.account = wanted.account AND hold.id = wanted.id;

-- name: load_answers
-- What a batch's idempotency keys were answered before: accounts, keys, lane.
SELECT answer.account, answer.key, answer.content, answer.answer
  FROM unnest(%s::bigint[], %s::text[]) AS wanted (account, key)
  JOIN answer ON answer.lane = %s AND answer.account = wanted.account AND answer.key = wanted.key;

-- name: load_balances
-- The balances that a batch looks at: accounts, meters, window_starts, lane.
SELECT balance.account, balance.meter, balance.window_start, balance.used, balance.held, balance.granted
  FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS wanted (account, meter, window_start)
  JOIN balance ON balance.lane = %s AND balance.account = wanted.account AND balance.meter = wanted.meter
   AND balance.window_start = wanted.window_start;

-- name: insert_account
-- A new account. Its chain is moved by move_chain.
INSERT INTO account (lane, id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at,
                     day_turn_ends_at, day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at,
                     month_turn_on, month_turn_due_at, overrides, seq, head)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, decode(repeat('00', 32), 'hex'));

-- name: change_account
-- The facts of an account after a change of plan, zone or limit: facts, then lane and id.
UPDATE account SET plan = %s, next_plan = %s, next_plan_at = %s, zone = %s, billing_day = %s, day_turn_starts_at = %s,
                   day_turn_ends_at = %s, day_turn_on = %s, day_turn_due_at = %s, month_turn_starts_at = %s,
                   month_turn_ends_at = %s, month_turn_on = %s, month_turn_due_at = %s, overrides = %s
 WHERE lane = %s AND id = %s;

-- name: move_chain
-- Where the chains of a batch's accounts stand after it: seqs, heads, ids, lane.
UPDATE account SET seq = moved.seq, head = moved.head
  FROM unnest(%s::bigint[], %s::bytea[], %s::bigint[]) AS moved (seq, head, id)
 WHERE account.lane = %s AND account.id = moved.id;

-- name: put_balance
-- The balances after a batch: lane, then column by column.
INSERT INTO balance (lane, account, meter, window_start, used, held, granted)
SELECT %s, * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
ON CONFLICT (lane, account, meter, window_start)
DO UPDATE SET used = excluded.used, held = excluded.held, granted = excluded.granted;

-- name: insert_hold
-- New holds as they stand after the batch: lane, then column by column.
INSERT INTO hold (lane, account, id, state, expires_at, lines, owner)
SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[]);

-- name: change_hold
-- Holds that were there before the batch: states, lines, accounts, ids, lane.
UPDATE hold SET state = changed.state, lines = changed.lines
  FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) AS changed (state, lines, account, id)
 WHERE hold.lane = %s AND hold.account = changed.account AND hold.id = changed.id;

-- name: insert_entry
-- Entries of the ledger: lane, then column by column; there is no statement that changes or removes one.
INSERT INTO entry (lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit",
                   used_before, held_before, used_after, held_after, detail, why, hash)
SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[],
                         %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                         %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bytea[]);

-- name: insert_answer
-- Remember the first answers to keys: lane, then column by column.
INSERT INTO answer (lane, account, key, content, at, answer)
SELECT %s, * FROM unnest(%s::bigint[], %s::text[], %s::bytea[], %s::bigint[], %s::bytea[]);

-- name: find_account
-- An account by its name: lane, name.
SELECT id FROM account WHERE lane = %s AND name = %s;

-- name: list_accounts
-- Accounts in order, after one: lane, id, lane, how many.
SELECT lane, id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at,
       day_turn_ends_at, day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at, month_turn_on,
       month_turn_due_at, overrides
  FROM account WHERE (lane, id) > (%s, %s) ORDER BY lane, id LIMIT %s;

-- name: read_account
-- One account with its chain: lane, id.
SELECT id, name, created_at, plan, next_plan, next_plan_at, zone, billing_day, day_turn_starts_at, day_turn_ends_at,
       day_turn_on, day_turn_due_at, month_turn_starts_at, month_turn_ends_at, month_turn_on, month_turn_due_at, overrides,
       seq, head
  FROM account WHERE lane = %s AND id = %s;

-- name: list_plans
-- Every plan that some account is on or will move to.
SELECT plan FROM account UNION SELECT next_plan FROM account WHERE next_plan IS NOT NULL ORDER BY 1;

-- name: read_balances
-- The balances of one account in one window of each meter: JSON object of starts by meter, lane, account.
SELECT account, meter, window_start, used, held, granted
  FROM json_each_text(%s::json) AS wanted
  JOIN balance ON lane = %s AND account = %s AND meter = wanted.key AND window_start = wanted.value::bigint;

-- name: list_balances
-- All balances of an account, for the audit: lane, account.
SELECT account, meter, window_start, used, held, granted FROM balance WHERE lane = %s AND account = %s;

-- name: read_hold
-- One hold: lane, account, id.
SELECT account, id, state, expires_at, lines, owner FROM hold WHERE lane = %s AND account = %s AND id = %s;

-- name: read_holds
-- Some holds of an account: ids, lane, account.
SELECT hold.account, hold.id, hold.state, hold.expires_at, hold.lines, hold.owner
  FROM unnest(%s::bigint[]) AS wanted (id)
  JOIN hold ON hold.lane = %s AND hold.account = %s AND hold.id = wanted.id;

-- name: list_holds
-- All holds of an account, for the audit: lane, account.
SELECT account, id, state, expires_at, lines, owner FROM hold WHERE lane = %s AND account = %s;

-- name: list_entries
-- A page of an account's entries, newest first: lane, account, after_seq, before_seq, then meter,
-- kind, action, from and until, each twice.
SELECT lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit", used_before,
       held_before, used_after, held_after, detail, why, hash
  FROM entry
 WHERE lane = %s AND account = %s AND seq > %s AND seq < %s
   AND (%s::text IS NULL OR meter = %s) AND (%s::text IS NULL OR kind = %s) AND (%s::text IS NULL OR action = %s)
   AND (%s::bigint IS NULL OR at >= %s) AND (%s::bigint IS NULL OR at < %s)
 ORDER BY seq DESC LIMIT %s;

-- name: list_entries_of
-- A page of the entries of some holds, newest first: holds, lane, account, the same three again, after_seq,
-- before_seq, then meter, kind, action, from and until, each twice. What opened a hold lies together from its number on, an
-- entry for each line; what concluded it is found by an index.
SELECT entry.lane, entry.account, entry.seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit",
       used_before, held_before, used_after, held_after, detail, why, hash
  FROM (SELECT hold.lane, hold.account, opening.seq
          FROM unnest(%s::bigint[]) AS wanted (id)
          JOIN hold ON hold.lane = %s AND hold.account = %s AND hold.id = wanted.id
          CROSS JOIN LATERAL generate_series(hold.id, hold.id + json_array_length(hold.lines::json) - 1) AS opening (seq)
         UNION ALL
        SELECT entry.lane, entry.account, entry.seq
          FROM unnest(%s::bigint[]) AS wanted (id)
          JOIN entry ON entry.lane = %s AND entry.account = %s AND entry.hold = wanted.id
           AND entry.kind <> 'hold') AS own
  JOIN entry ON entry.lane = own.lane AND entry.account = own.account AND entry.seq = own.seq
 WHERE own.seq > %s AND own.seq < %s
   AND (%s::text IS NULL OR meter = %s) AND (%s::text IS NULL OR kind = %s) AND (%s::text IS NULL OR action = %s)
   AND (%s::bigint IS NULL OR at >= %s) AND (%s::bigint IS NULL OR at < %s)
 ORDER BY entry.seq DESC LIMIT %s;

-- name: list_combinations
-- Which kinds, actions and meters entries of an account have together, and between which instants: lane, account,
-- after_seq, before_seq.
SELECT kind, action, meter, min(at), max(at)
  FROM entry WHERE lane = %s AND account = %s AND seq > %s AND seq < %s GROUP BY kind, action, meter;

-- name: find_place
-- Where an instant lies among an account's entries, by halving: the last entry before it, 0 for none, and the one behind
-- that: lane, account, the instant twice, lane, account.
WITH RECURSIVE halved (low, high) AS (
    SELECT 0::bigint, coalesce(max(seq), 0) + 1 FROM entry WHERE lane = %s AND account = %s
     UNION ALL
    SELECT CASE WHEN entry.at < %s THEN entry.seq ELSE low END, CASE WHEN entry.at < %s THEN high ELSE entry.seq END
      FROM halved JOIN entry ON entry.lane = %s AND entry.account = %s AND entry.seq = (low + high) / 2
     WHERE high - low > 1
)
SELECT max(low), min(high) FROM halved;

-- name: list_chain
-- An account's entries in order, for the audit: lane, account, after_seq, how many.
SELECT lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit", used_before,
       held_before, used_after, held_after, detail, why, hash
  FROM entry WHERE lane = %s AND account = %s AND seq > %s ORDER BY seq LIMIT %s;

-- name: read_answer
-- What a key was answered before: lane, account, key.
SELECT content, answer FROM answer WHERE lane = %s AND account = %s AND key = %s;

-- name: list_overdue
-- Open holds past their deadline, the longest overdue first; one without a deadline never is: lane, now, how many.
SELECT lane, account, id FROM hold WHERE lane = %s AND state = 'open' AND expires_at <= %s ORDER BY expires_at LIMIT %s;

-- name: forget_answers
-- Drop remembered answers that are older than the horizon, the oldest first: lane, before_at, lane, how many.
DELETE FROM answer
 WHERE lane = %s AND ctid = ANY (ARRAY(SELECT ctid FROM answer WHERE at < %s AND lane = %s ORDER BY at LIMIT %s));

-- name: insert_secret
-- Keep the first secret that any process offers.
INSERT INTO ledger_secret (lane, secret) VALUES (0, %s) ON CONFLICT DO NOTHING;

-- name: read_secret
-- The secret of this database.
SELECT secret FROM ledger_secret WHERE lane = 0;

-- name: insert_lanes
-- Keep the first number of lanes that any process names.
INSERT INTO ledger_lanes (lane, lanes) VALUES (0, %s) ON CONFLICT DO NOTHING;

-- name: read_lanes
-- The number of lanes of this database.
SELECT lanes FROM ledger_lanes WHERE lane = 0;

-- name: lock_names
-- One process at a time opens accounts in a lane: lane.
SELECT pg_advisory_xact_lock(hashtext('reelbot account'), %s);
