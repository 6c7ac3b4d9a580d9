"""ElevenLabs: speech with the timing of every character, told by the service itself."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from reelbot.errors import Malformed
from reelbot.languages.words import tidy, words
from reelbot.providers.keyed.base import Key, KeyedProvider, Line, Settings, Sleep, options_from
from reelbot.providers.keyed.http import DEFAULT_TIMEOUTS, Timeouts
from reelbot.providers.keyed.sounds import RATE, is_sound
from reelbot.providers.keyed.timings import Alignment, Timed, aligned
from reelbot.providers.limits import ANSWER_BYTES_MAX, BASE64_FACTOR, SOUND_BYTES_MAX
from reelbot.providers.port import Ability, Delivered, Desk, Voice
from reelbot.providers.works import Kind, VoiceoverWork, Work

FORMAT = "mp3_44100_128"
"""What every subscription may have; uncompressed sound is for the dearer ones."""

PACE_MIN, PACE_MAX = 0.7, 1.2
"""Of `speed`, as the service documents it."""

SEED_MAX = 2**32 - 1

Share = Annotated[float, Meta(ge=0, le=1)]


class ElevenLabsSettings(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What providers.toml may say of it. `voices` are titles by voice id, the default first."""

    key_env: ClassVar[str] = "ELEVENLABS_API_KEY"

    base_url: Line = "https://api.elevenlabs.io"
    model: Line = "eleven_multilingual_v2"
    voices: Annotated[dict[Line, Line], Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: {"JBFqnCBsd6RMkjVDRZzb": "George"}
    )


class VoiceOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """How a voice speaks; what is left out is as the voice's owner set it."""

    stability: Annotated[Share | None, Meta(description="Even (1) or lively (0)")] = None
    similarity: Annotated[Share | None, Meta(description="How close to the voice's original")] = None
    style: Annotated[Share | None, Meta(description="How much of the original's manner is exaggerated")] = None


class _Told(Struct, frozen=True):
    """When each character is spoken, in seconds."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]


class _Spoken(Struct, frozen=True):
    """The service's answer."""

    audio_base64: str
    alignment: _Told | None = None
    normalized_alignment: _Told | None = None


class ElevenLabs(KeyedProvider):
    """Speech with word timings of its own."""

    Settings = ElevenLabsSettings

    def __init__(
        self,
        name: str,
        settings: ElevenLabsSettings,
        key: Key,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        headers = {"xi-api-key": key.reveal()} if key else {}
        super().__init__(name, settings, key, headers, timeouts, sleep)
        self._settings = settings
        self._label = f"{self.title}: {settings.model}"
        bills = settings.bills_failures
        self._abilities: dict[Kind, Ability] = {
            "voiceover": Ability(self.title, self._label, VoiceOptions, bills_failures=bills)
        }

    @property
    def abilities(self) -> Mapping[Kind, Ability]:
        """It speaks."""
        return self._abilities

    def voices(self, language: str) -> Sequence[Voice]:
        """All its voices: each speaks every language."""
        return [Voice(id, title, language) for id, title in self._settings.voices.items()]

    def check(self, work: Work) -> None:
        """Raise `Malformed` when it cannot do this very work."""
        super().check(work)
        assert isinstance(work, VoiceoverWork), "nothing else is offered"
        if not PACE_MIN <= work.pace <= PACE_MAX:
            raise Malformed(f"The pace must be from {PACE_MIN} to {PACE_MAX}.", "pace")
        if not words(work.script):
            raise Malformed("The script has nothing to say.", "script")

    async def run(self, work: Work, desk: Desk) -> Delivered:
        """Speak a script."""
        self._require_ready()
        self.check(work)
        assert isinstance(work, VoiceoverWork), "nothing else is offered"
        path = f"v1/text-to-speech/{quote(work.voice, safe='')}/with-timestamps?output_format={FORMAT}"
        bytes_max = int(SOUND_BYTES_MAX * BASE64_FACTOR) + ANSWER_BYTES_MAX
        answer = await self._caller.order(path, json=_asked(work, self._settings.model), bytes_max=bytes_max)
        desk.report(0.8)
        spoken = self._spoken(answer.body)
        heard = await self._stored(desk.folder / "spoken.mp3", self._sound(spoken))
        (samples,) = await self._decoded([heard])
        silent = Timed(samples, RATE, ())
        told = spoken.alignment or spoken.normalized_alignment
        if told is None or not silent.duration_ms:
            raise self._unusable("answered without sound or without its timing")
        timed = aligned(work.script, _alignment(told), silent.duration_ms)
        return await self._voiceover(silent._replace(words=tuple(timed)), desk, self._label)

    def _spoken(self, body: bytes) -> _Spoken:
        try:
            return msgspec.json.decode(body, type=_Spoken)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._unusable("answered without sound or without its timing") from None

    def _sound(self, spoken: _Spoken) -> bytes:
        try:
            sound = base64.b64decode(spoken.audio_base64, validate=True)
        except ValueError:
            sound = b""
        if not is_sound(sound):
            raise self._unusable("answered with something that is not sound")
        return sound


def _asked(work: VoiceoverWork, model: str) -> dict[str, Any]:
    options = options_from(work, VoiceOptions)
    voice = {
        "speed": work.pace,
        "stability": options.stability,
        "similarity_boost": options.similarity,
        "style": options.style,
    }
    return {
        "text": tidy(work.script),
        "model_id": model,
        "voice_settings": {name: value for name, value in voice.items() if value is not None},
        "seed": work.variation % SEED_MAX,
    }


def _alignment(told: _Told) -> Alignment:
    """What was told, as far as all three lists go."""
    starts, ends = told.character_start_times_seconds, told.character_end_times_seconds
    length = min(len(told.characters), len(starts), len(ends))
    return Alignment(told.characters[:length], starts[:length], ends[:length])
