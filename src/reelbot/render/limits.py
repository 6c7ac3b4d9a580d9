"""Bounds of rendering, each with its reason."""

SCENES_MAX = 200
"""Scenes of one video: a cut every third of a second for a minute."""

WORDS_MAX = 5_000
"""Words of one video: half an hour of speech, thirty times the longest video offered."""

WORD_LENGTH_MAX = 200
"""Characters of one word: no language's longest word comes near it, and it still fits a caption line when shrunk."""

LENGTH_MS_MAX = 20 * 60_000
"""Length of one video: twenty times the longest duration offered; keeps the list of segments and captions small."""

PIXELS_MAX = 50_000_000
"""Of one picture: the largest a phone takes; decoded it needs 200 MB for a moment, and a zip bomb needs more."""

SIDE_MAX = 16_384
"""Pixels of the longer side of a picture or clip: beyond it codecs and scalers overflow or give up."""

KEPT_SIDE_MAX = 5_120
"""Pixels of the longer side of a picture that is kept: the longest way that a camera travels along one, and a little."""

KEPT_FILE_BYTES_MAX = 256 * 1024**2
"""Of a picture that is kept: one of the largest size that cannot be compressed at all, and half as much again."""

CLIP_MS_MAX = 30 * 60_000
"""Length of an uploaded clip or track: half an hour of material for a video of a minute."""

PROBE_SECONDS = 30
"""Of processor time that looking at one file may take: a hundred times what an honest file needs."""

PROBE_PATIENCE_SECONDS = 600
"""How long looking at one file may take by the clock: on a busy machine it waits for its turns, and nobody is to blame."""

PROBE_MEMORY_BYTES = 2 * 1024**3
"""Address space of the process that looks at a file: the largest allowed picture, decoded twice, and the libraries."""

STALL_SECONDS = 900
"""How long painting may show no new frame, by the clock, before it counts as hung; what it may compute is bounded apart."""

RUN_SECONDS_MAX = 3_600
"""How long mixing, mastering or joining may take by the clock; what it may compute is bounded apart."""

BASE_CPU_SECONDS = 60
"""Of processor time that any program of a render may take, however little it is to do: ten times what it takes to begin."""

FRAME_CPU_SECONDS = 1
"""Of processor time beside that for each frame that is painted or encoded: ten times what a slow machine needs."""

CLIP_FRAME_CPU_SECONDS = 4
"""Of processor time for each frame of a clip: the largest that is taken in, with tones mapped from HDR, needs half of it."""

SOUND_CPU_SECONDS = 1
"""Of processor time for each second of sound: ten times what a slow machine needs for all filters together."""

FFMPEG_MEMORY_BYTES = 4 * 1024**3
"""Address space of one ffmpeg: a decoder of the largest clips with all its frames, and the stacks of its threads."""

PAINTER_MEMORY_BYTES = 6 * 1024**3
"""Address space of the painter: its libraries, stills at full size; and no less than the ffmpeg that it starts."""

MADE_FILE_BYTES_MAX = 4 * 1024**3
"""Of one file that a render writes: the longest video, at ten times its usual rate."""

LOG_FILE_BYTES_MAX = 16 * 1024**2
"""Of what a decoder of clips complains of: one that has more to say is stopped."""

SEGMENT_FRAMES_MAX = 300
"""Frames of one segment: ten seconds, so that a small change never means painting a long scene again."""

CACHE_BYTES_MAX = 2 * 1024**3
"""What the segment cache may grow to before the least recently used go: several hundred finished videos."""
