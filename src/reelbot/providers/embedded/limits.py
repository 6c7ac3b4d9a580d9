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

SPEECH_DEADLINE_SECONDS = 600.0
"""How long the synthesiser may take by the clock: on a busy machine it waits for its turns."""

SPEECH_CPU_SECONDS = 30
"""Of processor time for one text: the synthesiser needs well under a second for a minute of speech, so it hangs by then."""

SPEECH_MEMORY_BYTES = 1024**3
"""Address space of the synthesiser: Python, its library, and the sound of the longest text several times."""

CLIP_SECONDS_MIN = 1
CLIP_SECONDS_MAX = 20
"""Of one animated clip: a scene of the longest video is shorter."""

CLIP_SOURCE_PIXELS_MAX = 50_000_000
"""Of a picture to animate: the sensors of common cameras; more is a bomb or a mistake."""

MUSIC_SECONDS_MIN = 5
MUSIC_SECONDS_MAX = 180
"""Of one piece of music: at least one bar at the slowest tempo, at most three times the longest video."""

CLIP_DEADLINE_SECONDS = 3_600.0
"""How long painting and encoding one clip may take by the clock; what the encoder may compute is bounded apart."""

CLIP_CPU_SECONDS = 60
CLIP_FRAME_CPU_SECONDS = 1
"""Of processor time for encoding a clip, and for each of its frames: ten times what a slow machine needs."""

CLIP_MEMORY_BYTES = 4 * 1024**3
"""Address space of the encoder: its frames in waiting, and the stacks of its threads."""

CLIP_FILE_BYTES_MAX = 1024**3
"""Of the file that it writes: the longest clip at ten times its usual rate."""
