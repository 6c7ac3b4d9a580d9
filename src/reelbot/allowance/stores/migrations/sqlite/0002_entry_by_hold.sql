-- The entries that concluded a hold, so that all that belongs to it is found in an account of a million. Those that opened
-- it lie together from its number on, and an index of them would only slow every hold down.

CREATE INDEX entry_by_hold ON entry (lane, account, hold) WHERE kind <> 'hold';
