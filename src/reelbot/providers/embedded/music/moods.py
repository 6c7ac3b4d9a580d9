"""The moods of the embedded music: what a piece may draw from. Adding one is adding a row."""

from typing import NamedTuple

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
DORIAN = (0, 2, 3, 5, 7, 9, 10)
LYDIAN = (0, 2, 4, 6, 7, 9, 11)

Progression = tuple[int, int, int, int]
"""Four chords, a bar each, by the step of the scale that they stand on."""


class Mood(NamedTuple):
    """What a piece in a mood is made of.

    `tempo` is in beats a minute; `swing` delays every second half beat, as a share of it; `chord_tones` is how many
    thirds are stacked; `arpeggio` is the notes of a bar; the shares are the loudness of each group of instruments.
    """

    label: str
    scale: tuple[int, ...]
    tempo: int
    progressions: tuple[Progression, ...]
    chord_tones: int
    arpeggio: int
    swing: float
    pad: float
    bass: float
    pluck: float
    bell: float
    drums: float
    brightness: float


MOODS: dict[str, Mood] = {
    "calm": Mood(
        "Calm", MAJOR, 66, ((0, 4, 5, 3), (0, 3, 5, 3), (3, 0, 1, 4)), 4, 8, 0.0,
        pad=0.75, bass=0.55, pluck=0.55, bell=0.45, drums=0.0, brightness=0.25,
    ),
    "focused": Mood(
        "Focused", DORIAN, 92, ((0, 3, 0, 6), (0, 6, 3, 2), (0, 2, 3, 6)), 4, 16, 0.0,
        pad=0.75, bass=0.70, pluck=0.55, bell=0.22, drums=0.45, brightness=0.40,
    ),
    "warm": Mood(
        "Warm", MAJOR, 82, ((0, 5, 3, 4), (0, 2, 3, 4), (3, 4, 2, 5)), 4, 8, 0.16,
        pad=0.75, bass=0.75, pluck=0.62, bell=0.34, drums=0.55, brightness=0.40,
    ),
    "playful": Mood(
        "Playful", MAJOR, 108, ((0, 3, 4, 3), (0, 5, 1, 4), (0, 0, 3, 4)), 3, 8, 0.22,
        pad=0.40, bass=0.85, pluck=0.90, bell=0.50, drums=0.70, brightness=0.60,
    ),
    "uplifting": Mood(
        "Uplifting", MAJOR, 98, ((0, 4, 5, 3), (5, 3, 0, 4), (3, 0, 4, 5)), 3, 16, 0.0,
        pad=0.95, bass=0.80, pluck=0.65, bell=0.42, drums=0.65, brightness=0.55,
    ),
    "curious": Mood(
        "Curious", LYDIAN, 88, ((0, 1, 0, 1), (0, 4, 1, 0), (0, 1, 4, 1)), 3, 8, 0.0,
        pad=0.65, bass=0.65, pluck=0.80, bell=0.45, drums=0.40, brightness=0.50,
    ),
    "pensive": Mood(
        "Pensive", MINOR, 72, ((0, 5, 2, 6), (0, 3, 5, 4), (5, 6, 0, 0)), 4, 8, 0.0,
        pad=0.95, bass=0.60, pluck=0.48, bell=0.38, drums=0.22, brightness=0.28,
    ),
}  # fmt: skip

MOOD_OF_TONE = {
    "professional": "focused",
    "casual": "warm",
    "humorous": "playful",
    "inspirational": "uplifting",
    "educational": "curious",
}
"""What goes with a script's tone unless somebody chooses."""
