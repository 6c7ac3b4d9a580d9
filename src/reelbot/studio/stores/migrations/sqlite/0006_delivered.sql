-- What a provider delivered and our own work after that failed on: kept as it came, to be taken in later. A body is there once
-- it has been.
ALTER TABLE made ADD COLUMN delivered TEXT;
