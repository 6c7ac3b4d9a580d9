-- Tries that are counted, so that a bound holds in all processes: wrong passwords, and accounts that strangers open.

-- Where a browser signed in: a digest of the network, or none where that is not known.
ALTER TABLE session ADD COLUMN network bytea CHECK (length(network) = 32);

-- Tries belong to no account, so they stand in the lane that every database has. `subject` is a digest of what the try was
-- about: a name, a network or both.
CREATE TABLE try_count (
    lane smallint NOT NULL CHECK (lane = 0),
    kind text NOT NULL CHECK (kind IN ('network', 'name', 'pair', 'signup')),
    subject bytea NOT NULL CHECK (length(subject) = 32),
    made integer NOT NULL CHECK (made >= 0),
    until_at bigint NOT NULL,
    PRIMARY KEY (lane, kind, subject)
);
