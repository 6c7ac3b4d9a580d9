-- Counts what takes keys back, so that whoever remembers keys of a lane sees in one row whether one was revoked since.

CREATE TABLE key_change (
    lane INTEGER NOT NULL PRIMARY KEY CHECK (lane BETWEEN 0 AND 63),
    n INTEGER NOT NULL CHECK (n > 0)
) STRICT, WITHOUT ROWID;
