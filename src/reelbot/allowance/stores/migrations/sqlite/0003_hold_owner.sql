-- A hold may have an owner: the id of what it was placed for, and then nobody else ends it. Only such a hold may be without a
-- deadline. Holds from before have none, and keep their deadline. SQLite cannot let go of NOT NULL, so the table is copied.

CREATE TABLE hold_with_owner (
    lane INTEGER NOT NULL,
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (
        state = 'open' OR state = 'settled' OR state = 'released' OR state = 'expired' OR state = 'unknown'
    ),
    expires_at INTEGER CHECK (expires_at IS NOT NULL OR owner IS NOT NULL),
    lines TEXT NOT NULL,
    owner TEXT,
    PRIMARY KEY (lane, account, id)
);

INSERT INTO hold_with_owner (lane, account, id, state, expires_at, lines)
SELECT lane, account, id, state, expires_at, lines FROM hold ORDER BY rowid;

DROP TABLE hold;

ALTER TABLE hold_with_owner RENAME TO hold;

CREATE INDEX hold_open_by_deadline ON hold (lane, expires_at) WHERE state = 'open';
