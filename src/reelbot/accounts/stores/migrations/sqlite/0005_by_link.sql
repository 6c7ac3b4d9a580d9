-- Whether a session was begun by a link: whoever came by one has perhaps forgotten the password, and sets a new one.
ALTER TABLE session ADD COLUMN by_link INTEGER NOT NULL DEFAULT 0 CHECK (by_link IN (0, 1));
