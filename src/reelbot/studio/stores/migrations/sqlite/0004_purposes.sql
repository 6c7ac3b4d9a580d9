-- What the entries of a ledger were for: jobs are found by their hold and by their draft, and a draft that is no more keeps
-- its name.

CREATE INDEX job_by_hold ON job (lane, account, hold) WHERE hold IS NOT NULL;

CREATE INDEX job_by_draft ON job (lane, account, draft, created_at) WHERE hold IS NOT NULL;

-- A draft that was removed, or became a finished video: then `video` is its id.
CREATE TABLE past_draft (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    number INTEGER NOT NULL CHECK (number > 0),
    heading TEXT NOT NULL,
    video TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (lane, account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX past_draft_by_age ON past_draft (lane, account, at) WHERE video IS NOT NULL;

-- Those that became videos before this was kept.
INSERT INTO past_draft (lane, account, number, heading, video, at)
SELECT lane, account, draft, coalesce(json_extract(request, '$.setup.title'), 'Untitled'), json_extract(result, '$.video'), ended_at
  FROM job WHERE kind IN ('render', 'video') AND state = 'succeeded'
ON CONFLICT (lane, account, number) DO NOTHING;
