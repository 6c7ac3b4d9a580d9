"""What keeps the events: a SQLite file, a PostgreSQL database, or nothing but memory."""
