-- The statements of `studio`.

-- name: insert_key
-- What an idempotency key made, unless it is known: lane, account, key, content, thing, at.
INSERT INTO studio_key (lane, account, key, content, thing, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, account, key) DO NOTHING
RETURNING 1;

-- name: read_key
-- What an idempotency key was used for: lane, account, key.
SELECT content, thing FROM studio_key WHERE lane = ? AND account = ? AND key = ?;

-- name: forget_keys
-- Drop what was remembered before an instant: lane, at.
DELETE FROM studio_key WHERE lane = ? AND at < ?;

-- name: insert_draft
-- A new draft: lane, account, number, revision, heading, body, created_at, updated_at, origin.
INSERT INTO draft (lane, account, number, revision, heading, body, created_at, updated_at, origin)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: read_draft
-- One draft: lane, account, number.
SELECT number, revision, heading, body, created_at, updated_at, locked_by, origin
  FROM draft WHERE lane = ? AND account = ? AND number = ?;

-- name: take_draft
-- One draft, to be written in this transaction: lane, account, number.
SELECT number, revision, heading, body, created_at, updated_at, locked_by, origin
  FROM draft WHERE lane = ? AND account = ? AND number = ? FOR UPDATE;

-- name: list_drafts
-- A page of drafts, the last changed first: lane, account, updated_at and number before which, count.
SELECT number, revision, heading, body, created_at, updated_at, locked_by, origin
  FROM draft WHERE lane = ? AND account = ? AND (updated_at, number) < (?, ?)
 ORDER BY updated_at DESC, number DESC LIMIT ?;

-- name: update_draft
-- Save a draft: revision, heading, body, updated_at, lane, account, number.
UPDATE draft SET revision = ?, heading = ?, body = ?, updated_at = ? WHERE lane = ? AND account = ? AND number = ?;

-- name: lock_draft
-- Have a render lock a draft, or let go of it: locked_by, lane, account, number.
UPDATE draft SET locked_by = ? WHERE lane = ? AND account = ? AND number = ?;

-- name: delete_draft
-- Remove a draft: lane, account, number.
DELETE FROM draft WHERE lane = ? AND account = ? AND number = ? RETURNING 1;

-- name: insert_job
-- A new job: lane, account, number, kind, draft, state, priority, due_at, hold, progress, message, request, tasks, result,
-- created_at, ended_at.
INSERT INTO job (lane, account, number, kind, draft, state, priority, due_at, hold, progress, message, request, tasks,
                 result, created_at, ended_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: read_job
-- One job: lane, account, number.
SELECT lane, account, number, kind, draft, state, priority, due_at, fence, worker, crashes, hold, is_cancelled, progress,
       message, request, tasks, result, failure, created_at, started_at, ended_at
  FROM job WHERE lane = ? AND account = ? AND number = ?;

-- name: take_job
-- One job, to be written in this transaction: lane, account, number.
SELECT lane, account, number, kind, draft, state, priority, due_at, fence, worker, crashes, hold, is_cancelled, progress,
       message, request, tasks, result, failure, created_at, started_at, ended_at
  FROM job WHERE lane = ? AND account = ? AND number = ? FOR UPDATE;

-- name: list_jobs
-- A page of jobs, the newest first: lane, account, created_at and number before which, count.
SELECT lane, account, number, kind, draft, state, priority, due_at, fence, worker, crashes, hold, is_cancelled, progress,
       message, request, tasks, result, failure, created_at, started_at, ended_at
  FROM job WHERE lane = ? AND account = ? AND (created_at, number) < (?, ?)
 ORDER BY created_at DESC, number DESC LIMIT ?;

-- name: list_active
-- The jobs of an account that have not ended, the oldest first: lane, account.
SELECT lane, account, number, kind, draft, state, priority, due_at, fence, worker, crashes, hold, is_cancelled, progress,
       message, request, tasks, result, failure, created_at, started_at, ended_at
  FROM job WHERE lane = ? AND account = ? AND state IN ('queued', 'running') ORDER BY created_at, number;

-- name: list_due
-- Of each account that may have another place, in the order of their turns, its oldest job that may be taken: queued and its time
-- has come, or running and its lease has ended. Jobs that may have to wait for a provider are left out where as many as may be
-- are away already: now, now, away, lane, pool, now, most, count.
SELECT account, number FROM (
    SELECT turn.account, turn.place, turn.served, (
        SELECT job.number FROM job
         WHERE job.lane = turn.lane AND job.account = turn.account AND job.state IN ('queued', 'running')
           AND (job.kind = 'preview') = (turn.pool = 'preview') AND job.due_at <= ?
           AND (job.kind IN ('render', 'preview') OR (
               SELECT count(*) FROM job AS away
                WHERE away.lane = turn.lane AND away.account = turn.account AND away.state IN ('queued', 'running')
                  AND away.state = 'running' AND away.is_away AND away.due_at > ?) < ?)
         ORDER BY job.created_at, job.number LIMIT 1) AS number
      FROM turn
     WHERE turn.lane = ? AND turn.pool = ? AND turn.waits AND (
        SELECT count(*) FROM job AS busy
         WHERE busy.lane = turn.lane AND busy.account = turn.account AND busy.state IN ('queued', 'running')
           AND busy.state = 'running' AND (busy.kind = 'preview') = (turn.pool = 'preview')
           AND NOT busy.is_away AND busy.due_at > ?) < ?
) AS waiting WHERE number IS NOT NULL ORDER BY place, served, account LIMIT ?;

-- name: await_turn
-- An account has something to be done; it keeps the turn that it had: lane, account, pool, place, head_start.
INSERT INTO turn (lane, account, pool, served, place, head_start, waits) VALUES (?, ?, ?, 0, ?, ?, true)
ON CONFLICT (lane, account, pool) DO UPDATE SET waits = true, head_start = excluded.head_start;

-- name: leave_turns
-- An account waits no longer when nothing of its is left to be done: lane, account.
UPDATE turn SET waits = EXISTS (
    SELECT 1 FROM job WHERE job.lane = turn.lane AND job.account = turn.account AND job.state IN ('queued', 'running')
       AND (job.kind = 'preview') = (turn.pool = 'preview'))
 WHERE lane = ? AND account = ?;

-- name: find_last_turn
-- The last turn that anybody had: lane, pool.
SELECT coalesce(max(served), 0) FROM turn WHERE lane = ? AND pool = ?;

-- name: take_turn
-- An account has its turn: served, place without its head start, lane, account, pool.
UPDATE turn SET served = ?, place = ? - head_start WHERE lane = ? AND account = ? AND pool = ?;

-- name: claim_job
-- Take the lease on a job: due_at, worker, crashes, started_at, lane, account, number, fence.
UPDATE job SET state = 'running', fence = fence + 1, due_at = ?, worker = ?, crashes = ?, is_away = false,
               started_at = coalesce(started_at, ?)
 WHERE lane = ? AND account = ? AND number = ? AND fence = ? RETURNING 1;

-- name: renew_lease
-- Say that the work goes on, under a lease that still counts: due_at, lane, account, number, fence.
UPDATE job SET due_at = ? WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'running' RETURNING 1;

-- name: read_cancel
-- Whether somebody asked for an end: lane, account, number, fence.
SELECT is_cancelled FROM job WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'running';

-- name: note_away
-- Whether it waits for its provider, under a lease that still counts: is_away, lane, account, number, fence.
UPDATE job SET is_away = ? WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'running' RETURNING 1;

-- name: note_progress
-- How far it is, under a lease that still counts: progress, message, lane, account, number, fence.
UPDATE job SET progress = ?, message = ?
 WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'running' RETURNING 1;

-- name: note_tasks
-- What is known of each piece of work, under a lease that still counts: tasks, lane, account, number, fence.
UPDATE job SET tasks = ? WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'running' RETURNING 1;

-- name: requeue_job
-- Give the lease back, to be tried again: due_at, crashes, message, lane, account, number, fence.
UPDATE job SET state = 'queued', due_at = ?, crashes = ?, message = ?, worker = ''
 WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state = 'running' RETURNING 1;

-- name: end_job
-- The end: state, progress, message, tasks, result, failure, ended_at, lane, account, number, fence.
UPDATE job SET state = ?, progress = ?, message = ?, tasks = ?, result = ?, failure = ?, ended_at = ?, worker = ''
 WHERE lane = ? AND account = ? AND number = ? AND fence = ? AND state IN ('queued', 'running') RETURNING 1;

-- name: ask_cancel
-- Ask for an end: lane, account, number.
UPDATE job SET is_cancelled = true WHERE lane = ? AND account = ? AND number = ? AND state IN ('queued', 'running')
RETURNING 1;

-- name: list_previews
-- The previews of an account that are kept, the newest first, each with whether its draft is there: lane, account, count.
SELECT job.number, job.draft, draft.number IS NOT NULL, job.result
  FROM job LEFT JOIN draft ON draft.lane = job.lane AND draft.account = job.account AND draft.number = job.draft
 WHERE job.lane = ? AND job.account = ? AND job.kind = 'preview' AND job.result IS NOT NULL
 ORDER BY job.created_at DESC, job.number DESC LIMIT ?;

-- name: drop_preview
-- A preview is kept no longer: lane, account, number.
UPDATE job SET result = NULL WHERE lane = ? AND account = ? AND number = ? AND kind = 'preview';

-- name: find_preview
-- Whether some account's preview is just this: lane, result.
SELECT 1 FROM job WHERE lane = ? AND kind = 'preview' AND result = ? AND result IS NOT NULL LIMIT 1;

-- name: insert_video
-- A finished video: lane, account, number, title, body, created_at.
INSERT INTO video (lane, account, number, title, body, created_at) VALUES (?, ?, ?, ?, ?, ?);

-- name: read_video
-- One video: lane, account, number.
SELECT number, title, body, created_at FROM video WHERE lane = ? AND account = ? AND number = ?;

-- name: list_videos
-- A page of videos, the newest first: lane, account, created_at and number before which, count.
SELECT number, title, body, created_at FROM video WHERE lane = ? AND account = ? AND (created_at, number) < (?, ?)
 ORDER BY created_at DESC, number DESC LIMIT ?;

-- name: insert_asset
-- A file of an account: lane, account, number, name, origin, hold, body, created_at.
INSERT INTO asset (lane, account, number, name, origin, hold, body, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: read_asset
-- One file: lane, account, number.
SELECT number, name, origin, hold, body, created_at FROM asset WHERE lane = ? AND account = ? AND number = ?;

-- name: list_assets
-- A page of files, the newest first: lane, account, created_at and number before which, count.
SELECT number, name, origin, hold, body, created_at
  FROM asset WHERE lane = ? AND account = ? AND (created_at, number) < (?, ?)
 ORDER BY created_at DESC, number DESC LIMIT ?;

-- name: delete_asset
-- Remove a file: lane, account, number.
DELETE FROM asset WHERE lane = ? AND account = ? AND number = ? RETURNING 1;

-- name: insert_made
-- What a work made, or, without a body, that it was paid for, with what was delivered where that could be kept: lane, account, work,
-- body, delivered, at.
INSERT INTO made (lane, account, work, body, delivered, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, account, work)
DO UPDATE SET body = coalesce(excluded.body, made.body), delivered = excluded.delivered, at = excluded.at;

-- name: read_made
-- What a work made, and what was delivered for it and is still to be taken in: lane, account, work.
SELECT body, delivered FROM made WHERE lane = ? AND account = ? AND work = ?;

-- name: forget_made
-- What was delivered for a work cannot be used: the next one is new work: lane, account, work.
DELETE FROM made WHERE lane = ? AND account = ? AND work = ? AND body IS NULL;

-- name: count_jobs
-- How many jobs stand and run: lane.
SELECT state, count(*) FROM job WHERE lane = ? AND state IN ('queued', 'running') GROUP BY state;

-- name: insert_preset
-- A preset: lane, account, number, kind, name, settings, created_at.
INSERT INTO preset (lane, account, number, kind, name, settings, created_at) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: read_preset
-- One preset, unless it is larger than any may be: lane, account, number, bytes.
SELECT number, kind, name, settings, created_at FROM preset
 WHERE lane = ? AND account = ? AND number = ? AND length(settings) <= ?;

-- name: list_presets
-- A page of presets, the newest first: lane, account, created_at and number before which, bytes that none may exceed, count.
SELECT number, kind, name, settings, created_at
  FROM preset WHERE lane = ? AND account = ? AND (created_at, number) < (?, ?) AND length(settings) <= ?
 ORDER BY created_at DESC, number DESC LIMIT ?;

-- name: count_presets
-- How many presets an account has: lane, account.
SELECT count(*) FROM preset WHERE lane = ? AND account = ?;

-- name: delete_preset
-- Remove a preset: lane, account, number.
DELETE FROM preset WHERE lane = ? AND account = ? AND number = ? RETURNING 1;

-- name: insert_cancellation
-- Why an operator asked for the end of a job; the first reason stays: lane, account, number, why, at.
INSERT INTO cancellation (lane, account, number, why, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (lane, account, number) DO NOTHING;

-- name: read_cancellation
-- Why an operator asked for the end of a job: lane, account, number.
SELECT why FROM cancellation WHERE lane = ? AND account = ? AND number = ?;

-- name: count_at_work
-- How many jobs of all accounts stand in a state that is no end, and since when the oldest: lane, state, so many at most.
SELECT count(*), min(created_at)
  FROM (SELECT created_at FROM job WHERE lane = ? AND ended_at IS NULL AND state = ? ORDER BY created_at LIMIT ?) AS oldest;

-- name: list_at_work
-- Jobs of all accounts that have not ended, those that were asked for first: lane, state, count.
SELECT job.lane, job.account, job.number, job.kind, job.draft, coalesce(draft.heading, ''), job.state, job.due_at, job.fence,
       job.worker, job.crashes, job.is_cancelled, job.progress, job.message, job.request, job.failure, job.created_at,
       job.started_at, job.ended_at
  FROM job LEFT JOIN draft ON draft.lane = job.lane AND draft.account = job.account AND draft.number = job.draft
 WHERE job.lane = ? AND job.ended_at IS NULL AND job.state = ? ORDER BY job.created_at, job.number LIMIT ?;

-- name: count_failed
-- How many jobs of all accounts have failed since an instant: lane, ended_at, so many at most.
SELECT count(*) FROM (SELECT 1 FROM job WHERE lane = ? AND state = 'failed' AND ended_at >= ? LIMIT ?) AS lately;

-- name: list_failed
-- Jobs of all accounts that have failed, the last one first: lane, count.
SELECT job.lane, job.account, job.number, job.kind, job.draft, coalesce(draft.heading, ''), job.state, job.due_at, job.fence,
       job.worker, job.crashes, job.is_cancelled, job.progress, job.message, job.request, job.failure, job.created_at,
       job.started_at, job.ended_at
  FROM job LEFT JOIN draft ON draft.lane = job.lane AND draft.account = job.account AND draft.number = job.draft
 WHERE job.lane = ? AND job.state = 'failed' ORDER BY job.ended_at DESC, job.number DESC LIMIT ?;

-- name: count_leases
-- How many jobs each worker has a lease on: lane.
SELECT worker, count(*) FROM job INDEXED BY job_at_work
 WHERE lane = ? AND ended_at IS NULL AND state = 'running' GROUP BY worker;

-- name: note_worker
-- A worker is there: lane, name, places, began_at, heard_at.
INSERT INTO worker (lane, name, places, began_at, heard_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (lane, name)
DO UPDATE SET places = excluded.places, began_at = excluded.began_at, heard_at = excluded.heard_at;

-- name: list_workers
-- Workers, the one that was heard last first: lane, count.
SELECT name, places, began_at, heard_at FROM worker WHERE lane = ? ORDER BY heard_at DESC, name LIMIT ?;

-- name: count_workers
-- How many workers have been heard since an instant: lane, heard_at.
SELECT count(*) FROM worker WHERE lane = ? AND heard_at >= ?;

-- name: delete_worker
-- A worker has ended: lane, name.
DELETE FROM worker WHERE lane = ? AND name = ?;

-- name: forget_workers
-- Drop workers that were heard last before an instant: lane, heard_at.
DELETE FROM worker WHERE lane = ? AND heard_at < ?;

-- name: insert_past_draft
-- A draft is no more: lane, account, number, heading, video, at.
INSERT INTO past_draft (lane, account, number, heading, video, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, account, number) DO NOTHING;

-- name: name_holds
-- Which drafts some holds were for, what these are called, whether they are there and which videos they became: JSON array of
-- holds, lane, account.
-- sqlite:
SELECT job.hold, job.draft, coalesce(draft.heading, past_draft.heading), draft.number IS NOT NULL, past_draft.video
  FROM json_each(?) AS wanted
  CROSS JOIN job INDEXED BY job_by_hold ON job.lane = ? AND job.account = ? AND job.hold = wanted.value
  LEFT JOIN draft ON draft.lane = job.lane AND draft.account = job.account AND draft.number = job.draft
  LEFT JOIN past_draft
    ON past_draft.lane = job.lane AND past_draft.account = job.account AND past_draft.number = job.draft;
-- postgres:
SELECT job.hold, job.draft, coalesce(draft.heading, past_draft.heading), draft.number IS NOT NULL, past_draft.video
  FROM json_array_elements_text(?::json) AS wanted (value)
  JOIN job ON job.lane = ? AND job.account = ? AND job.hold = wanted.value
  LEFT JOIN draft ON draft.lane = job.lane AND draft.account = job.account AND draft.number = job.draft
  LEFT JOIN past_draft
    ON past_draft.lane = job.lane AND past_draft.account = job.account AND past_draft.number = job.draft;

-- name: name_draft
-- What a draft is or was called, whether it is there and which video it became: lane, account, number, the three again.
SELECT number, heading, TRUE, CAST(NULL AS text) FROM draft WHERE lane = ? AND account = ? AND number = ?
 UNION ALL
SELECT number, heading, FALSE, video FROM past_draft WHERE lane = ? AND account = ? AND number = ?;

-- name: list_holds_of_draft
-- The holds of a draft's jobs, the newest first: lane, account, draft, count.
SELECT hold FROM job WHERE lane = ? AND account = ? AND draft = ? AND hold IS NOT NULL
 ORDER BY created_at DESC LIMIT ?;

-- name: list_worked_on
-- Drafts that are there and those that became videos, the last worked on first: lane, account, count, the three again, count.
SELECT number, heading, is_there, video FROM (
    SELECT * FROM (
        SELECT number, heading, TRUE AS is_there, CAST(NULL AS text) AS video, updated_at AS at
          FROM draft WHERE lane = ? AND account = ? ORDER BY updated_at DESC LIMIT ?) AS present
     UNION ALL
    SELECT * FROM (
        SELECT number, heading, FALSE, video, at
          FROM past_draft WHERE lane = ? AND account = ? AND video IS NOT NULL ORDER BY at DESC LIMIT ?) AS past
) AS worked_on ORDER BY at DESC LIMIT ?;

-- name: scan_drafts
-- What drafts name, in the order of their keys: lane, account and number after which, count.
SELECT account, number, body FROM draft WHERE lane = ? AND (account, number) > (?, ?) ORDER BY account, number LIMIT ?;

-- name: scan_videos
-- What videos name, in the order of their keys: lane, account and number after which, count.
SELECT account, number, body FROM video WHERE lane = ? AND (account, number) > (?, ?) ORDER BY account, number LIMIT ?;

-- name: scan_assets
-- What assets name, in the order of their keys: lane, account and number after which, count.
SELECT account, number, body FROM asset WHERE lane = ? AND (account, number) > (?, ?) ORDER BY account, number LIMIT ?;

-- name: scan_made
-- What works made, and what is still to be taken in, in the order of their keys: lane, account and work after which, count. A clip
-- is an asset, and only there as long as that is.
SELECT account, work, coalesce(delivered, body) FROM made
 WHERE lane = ? AND (account, work) > (?, ?)
   AND (delivered IS NOT NULL OR body IS NOT NULL AND body NOT LIKE '%"asset":"asset%')
 ORDER BY account, work LIMIT ?;

-- name: scan_jobs
-- What jobs name that have not ended, and previews of drafts that are there: lane, account and number after which, count.
SELECT account, number, request || tasks || coalesce(result, '') FROM job
 WHERE lane = ? AND (account, number) > (?, ?)
   AND (ended_at IS NULL OR kind = 'preview' AND EXISTS (
       SELECT 1 FROM draft WHERE draft.lane = job.lane AND draft.account = job.account AND draft.number = job.draft))
 ORDER BY account, number LIMIT ?;
