"""Bounds of providers with keys, each with its reason."""

ANSWER_BYTES_MAX = 2 * 1024**2
"""Of an answer in words or figures: a script is two kilobytes, the longest list of jobs some hundred."""

PICTURE_BYTES_MAX = 40 * 1024**2
"""Of one picture: the largest that models make is a tenth of it."""

SOUND_BYTES_MAX = 64 * 1024**2
"""Of one piece of speech: five minutes of uncompressed sound, more than a sentence or a script lasts."""

CLIP_BYTES_MAX = 512 * 1024**2
"""Of one clip: twenty seconds of 1080p at two hundred times the rate that it is shown at."""

ERROR_BYTES_MAX = 64 * 1024
"""Of an answer that tells of an error: its first sentence is what is shown."""

SAID_LENGTH_MAX = 240
"""Characters of a provider's own words that are repeated in a message."""

BASE64_FACTOR = 4 / 3
"""By how much base64 makes an answer larger."""

PIECE_BYTES = 1024**2
"""Of what is written to disk at once."""

RETRY_SECONDS_MAX = 3_600
"""How long a provider may ask to be left alone; whoever asks for longer is tried again after an hour."""

TEXT_LENGTH_MAX = 10_000
"""Characters of a script or passage: ten minutes of speech, ten times the longest video offered."""

LINE_LENGTH_MAX = 1_000
"""Characters of keywords, a topic, a wish or what a picture shall show: a paragraph."""

SENTENCE_LENGTH_MAX = 4_000
"""Characters of one sentence that is spoken: what speech services take at once."""

SUGGESTIONS = 5
"""Topics that are suggested at once: what the price list sells."""

SUGGESTION_LENGTH_MAX = 140
"""Characters of a suggested topic: a line that is read at a glance."""

TITLE_LENGTH_MAX = 100
"""Characters of a title: what the large platforms take."""

HASHTAGS_MAX = 8
"""Hashtags beside a title: more are read as noise."""

HASHTAG_LENGTH_MAX = 40

SOUND_SECONDS_MAX = 900
"""Of one voiceover: fifteen times the longest video offered."""

DECODE_SECONDS = 60
"""Of processor time that decoding one voiceover may take: a hundred times what it needs."""

DECODE_PATIENCE_SECONDS = 600
"""How long decoding one voiceover may take by the clock: on a busy machine it waits for its turns."""

DECODE_MEMORY_BYTES = 2 * 1024**3
"""Address space of the process that decodes: the libraries, and the longest voiceover several times."""

IN_PLACE_WAIT_SECONDS_MAX = 20
"""How long a voiceover waits between two of its sentences when it is asked to, rather than losing those that are paid."""

IN_PLACE_TRIES_MAX = 4
"""How often one sentence of a voiceover is asked for, when the provider says that it did not take it."""

SUBMISSIONS_REMEMBERED_MAX = 1_000
"""Submissions that a provider keeps in mind, to find one again whose answer was lost: far more than are ever open."""
