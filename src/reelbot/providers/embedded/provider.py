"""The embedded provider: text from templates, espeak-ng, generated artwork, drifting pictures, synthesised music.

Needs no key and no network. What it makes is the same for the same work, so doing it again after a crash harms nobody.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from msgspec import Meta, Struct

from reelbot.clock import SECOND
from reelbot.errors import Malformed
from reelbot.languages.catalogue import languages
from reelbot.providers.embedded import animation
from reelbot.providers.embedded.animation import AnimationOptions
from reelbot.providers.embedded.artwork import artwork
from reelbot.providers.embedded.artwork.artwork import ArtworkOptions, StyleName
from reelbot.providers.embedded.artwork.styles import STYLES
from reelbot.providers.embedded.limits import MUSIC_SECONDS_MAX, MUSIC_SECONDS_MIN, TOPIC_LENGTH_MAX
from reelbot.providers.embedded.music import music
from reelbot.providers.embedded.music.moods import MOODS
from reelbot.providers.embedded.music.music import MusicOptions
from reelbot.providers.embedded.speech import speech, voices
from reelbot.providers.embedded.speech.speech import SpeechOptions
from reelbot.providers.embedded.writing import rewriting, writer
from reelbot.providers.embedded.writing.rewriting import RewriteOptions
from reelbot.providers.embedded.writing.writer import ScriptOptions, TextOptions
from reelbot.providers.port import Ability, Delivered, Desk, Voice
from reelbot.providers.works import (
    AnimationWork,
    ImageWork,
    Kind,
    MusicWork,
    RewriteWork,
    ScriptWork,
    SpokenWord,
    TopicWork,
    VoiceoverWork,
    Work,
    kind_of,
)

CODES: tuple[str, ...] = tuple(languages())
"""The content languages that can be written and spoken here."""

WORK_SECONDS_MAX = 4_000.0
"""How long one piece of work may take by the clock: longer than the programs that make it, whose own bounds say more."""


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to choose beyond the settings of the draft."""


class ImageOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """`style` is one of the styles; left out, the words of the prompt and the tone choose."""

    style: StyleName | None = None


class ClipOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """`liveliness` is how much the view moves: 1 is the normal measure."""

    liveliness: Annotated[float, Meta(ge=0.25, le=2.0)] = 1.0


VOICE_EDITION = 2
"""Raised when another sound comes of the same text and voice."""


def _ability(title: str, label: str, options: type[Struct] = NoOptions, *, edition: int | None = None) -> Ability:
    return Ability(
        title,
        f"Embedded: {label}",
        options,
        is_repeatable=True,
        works_here=True,
        seconds_max=WORK_SECONDS_MAX,
        edition=edition,
    )


_ABILITIES: Mapping[Kind, Ability] = MappingProxyType(
    {
        "topic": _ability("Ideas from templates", "template text", edition=2),
        "script": _ability("Scripts from templates", "template text", edition=2),
        "rewrite": _ability("Rewriting by rules", "template text", edition=2),
        "voiceover": _ability("espeak-ng, a synthesiser", "synthesised voice", edition=VOICE_EDITION),
        "image": _ability("Artwork painted by rules", "generated artwork", ImageOptions, edition=2),
        "animation": _ability("The view drifts over the picture", "drifting picture", ClipOptions),
        "music": _ability("Music composed by rules", "synthesised music"),
    }
)


class Embedded:
    """The provider that is always there."""

    name = "embedded"
    title = "Embedded"

    @property
    def abilities(self) -> Mapping[Kind, Ability]:
        """All kinds of work."""
        return _ABILITIES

    def missing(self) -> str | None:
        """Nothing, ever."""
        return None

    def voices(self, language: str) -> Sequence[Voice]:
        """The voices of a content language, the default first; none for a language that isn't here."""
        if language not in CODES:
            return ()
        return tuple(
            Voice(one.id, f"{one.name}, {one.character}", one.language, has_sample=True)
            for one in voices.voices(language)
        )

    def check(self, work: Work) -> None:
        """Raise `Malformed` for what cannot be made here: another language, voice, length or mood."""
        language = getattr(work, "language", "en")
        if language not in CODES:
            raise Malformed(f"The embedded providers speak {', '.join(CODES)}, not {language!r}.", "language")
        if isinstance(work, VoiceoverWork):
            chosen = voices.voice(work.voice)
            if chosen.language != work.language:
                raise Malformed(f"{chosen.name} speaks {chosen.language!r} and not {work.language!r}.", "voice")
            speech.duration_estimate(work.script, _spoken(work))
        style = ImageOptions(**work.options).style if isinstance(work, ImageWork) else None
        if style is not None and style not in STYLES:
            raise Malformed(f"The style can be {', '.join(STYLES)}.", "provider_options")
        if isinstance(work, MusicWork) and work.mood and work.mood not in MOODS:
            raise Malformed(f"The mood can be {', '.join(MOODS)}.", "mood")

    def quantity(self, work: Work) -> int:
        """Seconds of speech or clip, else one piece."""
        match work:
            case VoiceoverWork():
                return max(1, -(-speech.duration_estimate(work.script, _spoken(work)) // SECOND))
            case AnimationWork():
                return work.seconds
            case _:
                return 1

    async def aclose(self) -> None:
        """Nothing is held."""

    async def run(self, work: Work, desk: Desk) -> Delivered:
        """Make it."""
        label = _ABILITIES[kind_of(work)].label
        match work:
            case TopicWork():
                options = TextOptions(tone=work.tone, language=work.language)
                ideas = await asyncio.to_thread(writer.topics, work.keywords, options, work.variation)
                return Delivered(label, suggestions=tuple(ideas))
            case ScriptWork():
                return Delivered(label, text=await asyncio.to_thread(_script, work))
            case RewriteWork():
                return await asyncio.to_thread(_rewritten, work, label)
            case VoiceoverWork():
                return await _voiceover(work, desk, label)
            case ImageWork():
                return Delivered(label, path=await asyncio.to_thread(_painted, work, desk.folder / "image.png"))
            case AnimationWork():
                return await _clip(work, desk, label)
            case MusicWork():
                seconds = min(work.seconds, MUSIC_SECONDS_MAX)
                path = await asyncio.to_thread(_played, work, seconds, desk.folder / "music.wav")
                return Delivered(label, path=path, duration_ms=seconds * SECOND)

    async def sample(self, voice: str) -> bytes:
        """A greeting by a voice as WAV, to choose by. Costs nothing."""
        return (await speech.sample(voice)).wav


def _spoken(work: VoiceoverWork) -> SpeechOptions:
    return SpeechOptions(voice=work.voice, pace=work.pace, pitch=work.pitch)


def _script(work: ScriptWork) -> str:
    options = ScriptOptions(duration_s=work.duration_s, tone=work.tone, language=work.language)
    return writer.script(work.topic, options, work.variation).text


def _rewritten(work: RewriteWork, label: str) -> Delivered:
    if work.makes == "title":
        topic = work.passage[:TOPIC_LENGTH_MAX]
        options = TextOptions(tone=work.tone, language=work.language)
        headline = writer.title_and_hashtags(topic, options, work.variation)
        return Delivered(label, text=headline.title, hashtags=headline.hashtags)
    wished = RewriteOptions(wish=work.wish, tone=work.tone, language=work.language)
    return Delivered(label, text=rewriting.rewrite(work.passage, wished, work.variation).text)


async def _voiceover(work: VoiceoverWork, desk: Desk, label: str) -> Delivered:
    spoken = await speech.speak(work.script, _spoken(work))
    path = desk.folder / "voiceover.wav"
    await asyncio.to_thread(path.write_bytes, spoken.wav)
    words = tuple(SpokenWord(*word) for word in spoken.words)
    return Delivered(label, path=path, duration_ms=spoken.duration_ms, words=words)


def _painted(work: ImageWork, path: Path) -> Path:
    style = ImageOptions(**work.options).style
    options = ArtworkOptions(tone=work.tone, aspect=work.aspect, style=style)
    path.write_bytes(artwork.image(work.prompt, options, work.variation))
    return path


async def _clip(work: AnimationWork, desk: Desk, label: str) -> Delivered:
    picture = await asyncio.to_thread(desk.files[work.image].read_bytes)
    liveliness = ClipOptions(**work.options).liveliness
    options = AnimationOptions(seconds=work.seconds, aspect=work.aspect, liveliness=liveliness)
    clip = await animation.animate(picture, options, work.variation)
    path = desk.folder / "clip.mp4"
    await asyncio.to_thread(path.write_bytes, clip.mp4)
    return Delivered(label, path=path, duration_ms=clip.duration_ms)


def _played(work: MusicWork, seconds: int, path: Path) -> Path:
    options = MusicOptions(mood=work.mood or music.mood_for(work.tone), seconds=max(seconds, MUSIC_SECONDS_MIN))
    path.write_bytes(music.music(options, work.variation).wav)
    return path
