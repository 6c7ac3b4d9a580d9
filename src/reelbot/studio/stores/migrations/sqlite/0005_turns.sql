-- Whose turn it is: the next place goes to the account that was served longest ago.

-- One row for every account that ever asked for work of a pool. `served` is the number of its last turn in the lane, 0 for none;
-- `place` is what accounts are ordered by: that turn, less the head start that its plan gives. `waits` says that it has jobs
-- which have not ended.
CREATE TABLE turn (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    pool TEXT NOT NULL CHECK (pool IN ('work', 'preview')),
    served INTEGER NOT NULL CHECK (served >= 0),
    place INTEGER NOT NULL,
    head_start INTEGER NOT NULL CHECK (head_start >= 0),
    waits INTEGER NOT NULL CHECK (waits IN (0, 1)),
    PRIMARY KEY (lane, account, pool)
) STRICT, WITHOUT ROWID;

CREATE INDEX turn_by_place ON turn (lane, pool, place, served, account) WHERE waits;

CREATE INDEX turn_by_served ON turn (lane, pool, served);

INSERT INTO turn (lane, account, pool, served, place, head_start, waits)
SELECT DISTINCT lane, account, CASE kind WHEN 'preview' THEN 'preview' ELSE 'work' END, 0, -2000, 0, 1
  FROM job WHERE state IN ('queued', 'running');

-- An account's jobs that have not ended, the oldest first. What is due is no longer looked for among all accounts' jobs.
CREATE INDEX job_active ON job (lane, account, created_at, number) WHERE state IN ('queued', 'running');

DROP INDEX job_by_due;

-- A running job that waits for its provider is away: it takes no place from others.
ALTER TABLE job ADD COLUMN is_away INTEGER NOT NULL DEFAULT 0 CHECK (is_away IN (0, 1));
