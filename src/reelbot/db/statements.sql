-- What `reelbot.db.migrations` remembers.

-- name: read_columns
-- The columns of the table of applied migrations; none when it is not there.
-- sqlite:
SELECT name FROM pragma_table_info('migration');
-- postgres:
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('migration') AND attnum > 0 AND NOT attisdropped;

-- name: create_migrations
-- The table of applied migrations, the only one without a lane.
-- sqlite:
CREATE TABLE IF NOT EXISTS migration (
    room TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    applied_at INTEGER NOT NULL,
    checksum TEXT NOT NULL,
    PRIMARY KEY (room, number)
) STRICT;
-- postgres:
CREATE TABLE IF NOT EXISTS migration (
    room text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    applied_at bigint NOT NULL,
    checksum text NOT NULL,
    PRIMARY KEY (room, number)
);

-- name: read_migrations
-- Every migration that was applied.
SELECT room, number, name, checksum FROM migration ORDER BY room, number;

-- name: record_migration
-- One more migration was applied.
INSERT INTO migration (room, number, name, applied_at, checksum) VALUES (?, ?, ?, ?, ?);
