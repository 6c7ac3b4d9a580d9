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

CLIP_MS_MAX = 30 * 60_000
"""Length of an uploaded clip or track: half an hour of material for a video of a minute."""

PROBE_SECONDS = 30
"""Of processor time that looking at one file may take: a hundred times what an honest file needs."""

PROBE_PATIENCE_SECONDS = 600
"""How long looking at one file may take by the clock: on a busy machine it waits for its turns, and nobody is to blame."""

PROBE_MEMORY_BYTES = 2 * 1024**3
"""Address space of the process that looks at a file: the largest allowed picture, decoded twice, and the libraries."""

STALL_SECONDS = 120
"""How long painting may show no new frame before it counts as hung: loading the largest picture takes a tenth."""

RUN_SECONDS_MAX = 900
"""How long mixing, mastering or joining may take: for the longest video, ten times what a busy machine needs."""

SEGMENT_FRAMES_MAX = 300
"""Frames of one segment: ten seconds, so that a small change never means painting a long scene again."""

CACHE_BYTES_MAX = 2 * 1024**3
"""What the segment cache may grow to before the least recently used go: several hundred finished videos."""
