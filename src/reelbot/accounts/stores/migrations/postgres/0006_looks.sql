-- How a member's name looks to people, so that a stranger cannot open an account that is taken for another one. Of members
-- that were there before only the letters of ASCII are sure to be compared.
ALTER TABLE member ADD COLUMN look text NOT NULL DEFAULT '';
UPDATE member SET look = lower(name);
CREATE INDEX member_look ON member (look);
