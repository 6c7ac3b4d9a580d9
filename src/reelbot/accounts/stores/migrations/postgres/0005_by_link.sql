-- Whether a session was begun by a link: whoever came by one has perhaps forgotten the password, and sets a new one.
ALTER TABLE session ADD COLUMN by_link boolean NOT NULL DEFAULT false;
