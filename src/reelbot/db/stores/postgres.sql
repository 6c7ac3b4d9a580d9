-- What `reelbot.db.migrations` remembers.

-- name: lock_migrations
-- Let one process at a time migrate, until its transaction ends.
SELECT pg_advisory_xact_lock(7236105);

-- name: has_migrations
-- Whether the table of applied migrations is there.
SELECT 1 WHERE to_regclass('migration') IS NOT NULL;

-- name: create_migrations
-- The table of applied migrations, the only one without a lane.
CREATE TABLE IF NOT EXISTS migration (
    room text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    applied_at bigint NOT NULL,
    PRIMARY KEY (room, number)
);

-- name: read_migrations
-- Every migration that was applied.
SELECT room, number, name FROM migration ORDER BY room, number;

-- name: record_migration
-- One more migration was applied.
INSERT INTO migration (room, number, name, applied_at) VALUES (%s, %s, %s, %s);
