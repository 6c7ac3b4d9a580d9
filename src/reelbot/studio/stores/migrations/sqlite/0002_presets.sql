-- Templates (settings) and brand presets (caption colours, logo, corner) of accounts. Settings are JSON.
CREATE TABLE preset (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account INTEGER NOT NULL CHECK (account > 0),
    number INTEGER NOT NULL CHECK (number > 0),
    kind TEXT NOT NULL CHECK (kind IN ('template', 'brand')),
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (lane, account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX preset_by_age ON preset (lane, account, created_at, number);
