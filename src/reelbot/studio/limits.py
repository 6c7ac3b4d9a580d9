"""Bounds of the studio, each with its reason."""

TOPIC_LENGTH_MAX = 200
"""Characters of a topic: a long sentence. Anything longer is a script already."""

KEYWORDS_LENGTH_MAX = 500
"""Characters of the keywords for topic ideas: a few dozen words."""

SCRIPT_LENGTH_MAX = 5_000
"""Characters of a script: five times what is spoken in the longest video."""

WISH_LENGTH_MAX = 200
"""Characters of the wish that goes with a rewrite."""

PROMPT_LENGTH_MAX = 1_000
"""Characters of a description of a picture, a movement or a piece of music: a paragraph."""

TITLE_LENGTH_MAX = 100
"""Characters of a title: what the large platforms take."""

SETTINGS_BYTES_MAX = 8_000
"""Of the settings that one change of a draft, or one preset, names, as JSON: all of them with a provider's own options for
every kind of work are a quarter of that."""

SCENES_MAX = 60
"""Pictures and clips of one draft: one a second in the longest video."""

VERSIONS_MAX = 500
"""Results kept in one slot of a draft: nobody looks through more, and the document stays small enough to save often."""

DRAFT_BYTES_MAX = 500_000
"""Of a draft's document, as JSON, that one more version by hand or AI action may be added to: some hundreds of versions of
usual length. A larger one would keep everybody else waiting each time that it is read."""

JOB_BYTES_MAX = 150_000
"""Of the pieces of work of one job, as JSON: forty-eight pictures with the longest descriptions in any script."""

READ_AT_ONCE = 10
"""Drafts or jobs of a list that are read from the database at once."""

LISTS_MAX = 4
"""Lists of drafts, and of jobs, that are read at once in one process, one of an account."""

LISTS_WAITING_MAX = 32
"""Of one account that wait for that: more than anybody has tabs that were opened at once."""

TYPING_SECONDS_MAX = 300
"""How long what is saved while one is typing stays one version: a pause of thought is not yet another draft of it."""

BATCH_TASKS_MAX = 48
"""Pieces of work in one job: all clips of a busy video, each with a line for its storage, fit one hold."""

CLIP_SECONDS_MAX = 20
"""Seconds of one animated clip: a scene of the longest video is shorter."""

CLIP_SECONDS_DEFAULT = 5
"""Seconds of an animated clip when nobody says otherwise: what most providers make, and about one scene."""

CLIP_BYTES_PER_SECOND = 2_000_000
"""Storage set aside for each second of a clip until it can be measured: twice what a busy 1080p picture takes."""

DISK_SPARE_BYTES = 128_000_000
"""What the disk must have free before a provider is asked for a file: three times the longest clip, so that what it
delivers, and what becomes of it here, can be kept."""

UPLOAD_BYTES_MAX = 500_000_000
"""Of one uploaded file: a few minutes of phone video. The storage limit of the plan bounds all of them together."""

UPLOAD_HOLD_SECONDS = 86_400
"""Storage set aside for an upload whose process died comes back after this, unless a server that starts gives it back."""

UPLOADS_OF_ACCOUNT_MAX = 3
"""Files of one account that are on their way into one process: what a browser sends at once of a selection."""

UPLOADS_MAX = 48
"""Files that are on their way into one process: each is a connection, a file and a megabyte of memory."""

UPLOAD_GRACE_SECONDS = 60
"""An upload may take this long however small, and stand still no longer."""

UPLOAD_BYTES_PER_SECOND_MIN = 8_000
"""What an upload brings on average at least: a poor telephone brings several times as much."""

DECODERS_MAX = 2
"""Files that are looked at once in one process, one of an account: the largest picture takes 200 MB for a moment."""

DECODINGS_WAITING_MAX = 16
"""Files of one account that wait for being looked at: its uploads, and what its jobs were delivered."""

SAMPLES_AT_ONCE_MAX = 2
"""Greetings by voices that are made at once in one process, one for an account; each is made once in all."""

SAMPLES_WAITING_MAX = 32
"""Requests of one account for greetings that have to be made first: more than a page shows voices."""

JOBS_WAITING_MAX = 200
"""Jobs of one account that have not ended: a batch of videos for weeks; more is a program that has lost count."""

JOBS_RUNNING_MAX = 2
"""Jobs of one account that run at once: nobody keeps everybody else waiting."""

JOBS_AWAY_MAX = 4
"""Jobs of one account that wait for a provider at once, beside those that run: what providers' queues take of one key."""

AWAY_MAX = 256
"""Jobs of one process that wait for their providers without a place: each renews a lease eight times a minute. Beyond that,
waiting keeps its place."""

AWAY_LEASES = 4
"""How many times as long the claim of a job lasts while it waits for its provider, which goes on without us: fewer
heartbeats."""

PREVIEWS_AT_ONCE = 1
"""Previews of one process at once, on a place of their own: free work never takes a place that somebody else needs."""

PREVIEWS_RUNNING_MAX = 1
"""Previews of one account at once."""

PREVIEW_SECONDS_MAX = 60
"""Of a video that a preview shows, from its beginning: as long as settings let a video be. An upload may be far longer."""

PREVIEWS_KEPT_MAX = 50
"""Previews of one account that are kept, the last one of each draft: more drafts than anybody goes to and fro between."""

PREVIEWS_LISTED_MAX = 200
"""Previews that are looked at when those that are old are dropped: a few beyond those that are kept."""

LEASE_SECONDS = 15.0
"""How long a worker's claim on a job lasts without a heartbeat: soon enough after a crash, late enough for a busy disk."""

ATTEMPTS_MAX = 5
"""Tries of one piece of work that the provider asks to repeat: about two minutes with the growing pauses between."""

CRASHES_MAX = 10
"""Claims of one job: one whose workers die again and again is not given to an eleventh."""

QUESTION_SECONDS_MAX = 60.0
"""How long one question about a provider's job may take: it is answered at once, or asked again."""

ASKING_SECONDS_MAX = 86_400
"""How long a provider's job is asked after before it counts as lost: the slowest queues known answer within hours."""

PROGRESS_STEP = 0.01
"""The least change of progress that is told: a bar of a hundred parts."""
