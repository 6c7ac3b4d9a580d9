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

SCENES_MAX = 60
"""Pictures and clips of one draft: one a second in the longest video."""

VERSIONS_MAX = 500
"""Results kept in one slot of a draft: nobody looks through more, and the document stays small enough to save often."""

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

UPLOAD_BYTES_MAX = 500_000_000
"""Of one uploaded file: a few minutes of phone video. The storage limit of the plan bounds all of them together."""

UPLOAD_HOLD_SECONDS = 3_600
"""Storage set aside for an upload whose process died comes back after this; a live one takes minutes to look at."""

JOBS_WAITING_MAX = 200
"""Jobs of one account that have not ended: a batch of videos for weeks; more is a program that has lost count."""

JOBS_RUNNING_MAX = 2
"""Jobs of one account that run at once: nobody keeps everybody else waiting."""

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
