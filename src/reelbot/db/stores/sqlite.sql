-- What `reelbot.db.migrations` remembers.

-- name: lock_migrations
-- Let one process at a time migrate; BEGIN IMMEDIATE has seen to it already.
SELECT 1;

-- name: has_migrations
-- Whether the table of applied migrations is there.
SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration';

-- name: create_migrations
-- The table of applied migrations, the only one without a lane.
CREATE TABLE IF NOT EXISTS migration (
    room TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    applied_at INTEGER NOT NULL,
    PRIMARY KEY (room, number)
) STRICT;

-- name: read_migrations
-- Every migration that was applied.
SELECT room, number, name FROM migration ORDER BY room, number;

-- name: record_migration
-- One more migration was applied.
INSERT INTO migration (room, number, name, applied_at) VALUES (?, ?, ?, ?);
