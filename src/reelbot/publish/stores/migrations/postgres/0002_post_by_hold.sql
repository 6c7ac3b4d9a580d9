-- A post by the hold that counts it, so that the history can say which post it was for.

CREATE INDEX post_by_hold ON post (lane, account, hold) WHERE hold IS NOT NULL;
