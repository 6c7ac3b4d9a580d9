-- A hold may have an owner: the id of what it was placed for, and then nobody else ends it. Only such a hold may be without a
-- deadline. Holds from before have none, and keep their deadline.

ALTER TABLE hold ADD COLUMN owner text;

ALTER TABLE hold ALTER COLUMN expires_at DROP NOT NULL;

ALTER TABLE hold ADD CHECK (expires_at IS NOT NULL OR owner IS NOT NULL);
