-- Templates (settings) and brand presets (caption colours, logo, corner) of accounts. Settings are JSON.
CREATE TABLE preset (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    kind text NOT NULL CHECK (kind IN ('template', 'brand')),
    name text NOT NULL,
    settings text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (lane, account, number)
);

CREATE INDEX preset_by_age ON preset (lane, account, created_at, number);
