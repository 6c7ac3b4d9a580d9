-- The previews that there are, by their accounts and by what they are: only the last one of a draft is kept.

CREATE INDEX job_previews ON job (lane, account, created_at, number) WHERE kind = 'preview' AND result IS NOT NULL;

CREATE INDEX job_preview_files ON job (lane, result) WHERE kind = 'preview' AND result IS NOT NULL;
