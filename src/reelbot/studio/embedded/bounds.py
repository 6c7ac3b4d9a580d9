"""The bounds of the embedded providers, each with its reason."""

TOPIC_LENGTH_MAX = 200
"""Characters of a topic: a long sentence. Anything longer is a script already."""

KEYWORDS_LENGTH_MAX = 500
"""Characters of the keywords for topic ideas: a few dozen words."""

PASSAGE_LENGTH_MAX = 5_000
"""Characters of a text to rewrite or to speak: five times what is spoken in the longest video."""

INSTRUCTION_LENGTH_MAX = 200
"""Characters of the wish that goes with a rewrite."""

PROMPT_LENGTH_MAX = 1_000
"""Characters of a picture's description: a paragraph; only its words are looked at."""

SPEECH_DEADLINE_SECONDS = 30.0
"""How long the synthesiser may take: it needs well under a second for a minute of speech, so it hangs by then."""

CLIP_SECONDS_MIN = 1
CLIP_SECONDS_MAX = 20
"""Of one animated clip: a scene of the longest video is shorter."""

CLIP_SOURCE_PIXELS_MAX = 50_000_000
"""Of a picture to animate: the sensors of common cameras; more is a bomb or a mistake."""

MUSIC_SECONDS_MIN = 5
MUSIC_SECONDS_MAX = 180
"""Of one piece of music: at least one bar at the slowest tempo, at most three times the longest video."""

CLIP_DEADLINE_SECONDS = 600.0
"""How long painting and encoding one clip may take: the longest needs half a minute on two cores, so it hangs by then."""
