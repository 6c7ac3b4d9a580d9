-- Counts what takes keys back, so that whoever remembers keys of a lane sees in one row whether one was revoked since.

CREATE TABLE key_change (
    lane smallint NOT NULL PRIMARY KEY CHECK (lane BETWEEN 0 AND 63),
    n bigint NOT NULL CHECK (n > 0)
);
