-- What an API key may be used for, by the names of scopes, and until when. Keys that were there before go on doing all.
ALTER TABLE api_key ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read studio ledger operator' CHECK (scopes <> '');
ALTER TABLE api_key ADD COLUMN expires_at INTEGER;
