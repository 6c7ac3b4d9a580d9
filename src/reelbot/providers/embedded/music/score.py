"""Compose the score of a piece: which note sounds when, by chance within the rules of a mood."""

import random
from typing import NamedTuple

from reelbot.providers.embedded.music.moods import Mood, Progression

BEATS_PER_BAR = 4

_BASS_LOW, _CHORD_LOW, _PLUCK_LOW, _BELL_LOW = 33, 53, 60, 72
"""The lowest notes of the groups, as MIDI numbers: far enough apart that they don't cover each other."""

_PENTATONIC_STEPS = (0, 1, 2, 4, 5)
_RHYTHMS = ((0.0, 1.5, 2.5), (0.0, 1.0, 2.5, 3.0), (0.5, 2.0, 3.0), (0.0, 2.0), (1.0, 1.5, 3.0))
"""When the notes of a melody's bar begin, in beats."""

_ARPEGGIOS = ((0, 1, 2, 3), (0, 2, 1, 3), (3, 1, 2, 0), (0, 2, 3, 2), (0, 1, 3, 1))
_INTRODUCTION = 4
"""The first bars of a piece of at least twice as many: no drums and no melody yet."""


class Note(NamedTuple):
    """A note: when it begins and how long it is held, in beats; pitch as a MIDI number; loudness and side from 0 to 1."""

    beat: float
    beats: float
    pitch: int
    loudness: float
    side: float = 0.5


class Score(NamedTuple):
    """The notes of each group of instruments; a stroke's pitch says nothing."""

    bars: int
    pad: tuple[Note, ...]
    bass: tuple[Note, ...]
    pluck: tuple[Note, ...]
    bell: tuple[Note, ...]
    kick: tuple[Note, ...]
    snap: tuple[Note, ...]
    shaker: tuple[Note, ...]


def bars_for(seconds: int, mood: Mood) -> int:
    """How many bars fill the time at a tempo near the mood's; whole phrases of four or two are worth a little haste."""
    exact = seconds * mood.tempo / (60 * BEATS_PER_BAR)
    candidates = range(max(1, int(exact * 0.8)), int(exact * 1.25) + 2)
    return min(
        candidates, key=lambda bars: abs(bars / exact - 1) + (0.0 if bars % 4 == 0 else 0.06 + 0.06 * (bars % 2))
    )


def compose(mood: Mood, bars: int, chance: random.Random) -> Score:
    """A score of so many bars, whose end leads back to its beginning."""
    key = chance.randrange(-5, 7)
    chords = _chords(mood, chance.choice(mood.progressions), bars, key)
    has_introduction = bars >= 2 * _INTRODUCTION
    entrance = _INTRODUCTION if has_introduction else 0
    return Score(
        bars,
        pad=_pad(chords),
        bass=_bass(chords, mood, key, chance),
        pluck=_pluck(chords, mood, chance),
        bell=_melody(chords, mood, key, entrance, chance),
        kick=_strokes(range(entrance, bars), (0.0, 2.0) if mood.tempo < 90 else (0.0, 1.75, 2.0), 0.9),
        snap=_strokes(range(entrance, bars), (1.0, 3.0), 0.55, 0.45),
        shaker=_shaker(range(entrance, bars), mood, chance),
    )


class _Chord(NamedTuple):
    """A chord of one bar: the step of the scale that it stands on, and its notes near the middle of the keyboard."""

    root: int
    notes: tuple[int, ...]


def _chords(mood: Mood, progression: Progression, bars: int, key: int) -> list[_Chord]:
    """A chord a bar; a part of a progression that is left over at the end leads home by its last chord."""
    chords = []
    for bar in range(bars):
        step = progression[-1] if bar == bars - 1 else progression[bar % len(progression)]
        notes = sorted(_near(_pitch(mood, key, step + 2 * third), _CHORD_LOW) for third in range(mood.chord_tones))
        chords.append(_Chord(step, tuple(notes)))
    return chords


def _pitch(mood: Mood, key: int, step: int) -> int:
    """The note of a step of the scale, which goes on beyond the octave."""
    return 60 + key + 12 * (step // len(mood.scale)) + mood.scale[step % len(mood.scale)]


def _near(pitch: int, lowest: int) -> int:
    """The same note in the octave that begins at the lowest: chords stay close to each other by it."""
    return lowest + (pitch - lowest) % 12


def _pad(chords: list[_Chord]) -> tuple[Note, ...]:
    return tuple(
        Note(bar * BEATS_PER_BAR, BEATS_PER_BAR, pitch, 0.8, 0.5 + 0.22 * (-1) ** index)
        for bar, chord in enumerate(chords)
        for index, pitch in enumerate(chord.notes)
    )


def _bass(chords: list[_Chord], mood: Mood, key: int, chance: random.Random) -> tuple[Note, ...]:
    """Roots, and on the way to the next one now and then its fifth."""
    rhythm = chance.choice([((0.0, 2.5), (2.5, 1.5)), ((0.0, 1.5), (1.5, 0.5), (2.0, 2.0)), ((0.0, 3.0), (3.0, 1.0))])
    if mood.drums == 0.0:
        rhythm = ((0.0, 4.0),)
    notes = []
    for bar, chord in enumerate(chords):
        root = _near(_pitch(mood, key, chord.root), _BASS_LOW)
        fifth = _near(_pitch(mood, key, chord.root + 4), _BASS_LOW)
        for index, (beat, beats) in enumerate(rhythm):
            is_passing = index == len(rhythm) - 1 and index > 0 and chance.random() < 0.35
            notes.append(Note(bar * BEATS_PER_BAR + beat, beats, fifth if is_passing else root, 0.9 - 0.12 * index))
    return tuple(notes)


def _pluck(chords: list[_Chord], mood: Mood, chance: random.Random) -> tuple[Note, ...]:
    """Broken chords over two octaves; the pattern changes once in the middle of a piece."""
    patterns = chance.sample(_ARPEGGIOS, 2)
    length = BEATS_PER_BAR / mood.arpeggio
    notes = []
    for bar, chord in enumerate(chords):
        ladder = [_near(pitch, _PLUCK_LOW) for pitch in chord.notes]
        ladder = [*sorted(ladder), min(ladder) + 12]
        pattern = patterns[bar * 2 // len(chords)]
        for index in range(mood.arpeggio):
            if index and chance.random() < 0.16:
                continue  # a rest lets the pattern breathe
            pitch = ladder[pattern[index % 4] % len(ladder)] + (12 if index % 8 >= 6 else 0)
            accent = 0.9 if index % 4 == 0 else 0.62
            beat = bar * BEATS_PER_BAR + index * length + _swung(index, length, mood)
            notes.append(Note(beat, length * 2, pitch, accent * chance.uniform(0.85, 1), 0.5 + 0.3 * (-1) ** index))
    return tuple(notes)


def _swung(index: int, length: float, mood: Mood) -> float:
    return mood.swing * length if index % 2 else 0.0


def _melody(chords: list[_Chord], mood: Mood, key: int, entrance: int, chance: random.Random) -> tuple[Note, ...]:
    """A short motive, told, repeated, changed and told again; it comes to rest on notes of the chord."""
    motives = [_motive(chance) for _ in range(2)]
    notes = []
    for bar in range(entrance, len(chords)):
        if bar % 4 == 3 and chance.random() < 0.7:
            continue  # the end of a phrase is left to the echo
        motive = motives[1 if bar % 4 == 2 else 0]
        for index, (beat, step) in enumerate(motive):
            scale_step = _PENTATONIC_STEPS[step % 5] + 7 * (step // 5)
            pitch = _near(_pitch(mood, key, scale_step), _BELL_LOW)
            if index == 0 or beat == 2.0:
                pitch = _nearest(pitch, chords[bar].notes)
            notes.append(Note(bar * BEATS_PER_BAR + beat, 2.0, pitch, 0.75 if index == 0 else 0.55, 0.42))
    return tuple(notes)


def _motive(chance: random.Random) -> list[tuple[float, int]]:
    step = chance.randrange(2, 6)
    motive = []
    for beat in chance.choice(_RHYTHMS):
        motive.append((beat, step))
        step = max(0, step + chance.choice((-2, -1, -1, 1, 1, 2)))
    return motive


def _nearest(pitch: int, chord: tuple[int, ...]) -> int:
    """The note of a chord, in whatever octave, that is nearest."""
    return min((pitch + ((note - pitch + 6) % 12) - 6 for note in chord), key=lambda note: abs(note - pitch))


def _strokes(bars: range, beats: tuple[float, ...], loudness: float, side: float = 0.5) -> tuple[Note, ...]:
    return tuple(Note(bar * BEATS_PER_BAR + beat, 1.0, 0, loudness, side) for bar in bars for beat in beats)


def _shaker(bars: range, mood: Mood, chance: random.Random) -> tuple[Note, ...]:
    """Half beats, the ones between louder, each a little different."""
    return tuple(
        Note(
            bar * BEATS_PER_BAR + half / 2 + _swung(half, 0.5, mood),
            0.5,
            half % 2,
            (0.55 if half % 2 else 0.32) * chance.uniform(0.8, 1),
            0.66,
        )
        for bar in bars
        for half in range(2 * BEATS_PER_BAR)
    )
