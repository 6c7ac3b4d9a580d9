-- The date that a window belongs to which ran when the zone changed (of a month its billing date), in days since
-- 1970-01-01, and the end that it had when it began. Both are missing where an account moved before they were kept.

ALTER TABLE account ADD COLUMN day_turn_on INTEGER;
ALTER TABLE account ADD COLUMN day_turn_due_at INTEGER CHECK (day_turn_due_at <= day_turn_ends_at);
ALTER TABLE account ADD COLUMN month_turn_on INTEGER;
ALTER TABLE account ADD COLUMN month_turn_due_at INTEGER CHECK (month_turn_due_at <= month_turn_ends_at);
