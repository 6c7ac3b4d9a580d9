"""What the providers with keys have in common: their settings, their key, and checks that each of them needs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec
from msgspec import Meta, Struct
from PIL import Image

from reelbot.allowance import FailurePoint
from reelbot.errors import Malformed, shown
from reelbot.providers.keyed.failures import Said, Source, cleaned, moderated, not_kept, unusable
from reelbot.providers.keyed.http import DEFAULT_TIMEOUTS, Caller, Timeouts
from reelbot.providers.keyed.pace import quoted_seconds
from reelbot.providers.keyed.pictures import fitted_jpeg
from reelbot.providers.keyed.sounds import DECODING, Undecodable, clip_suffix, decoded
from reelbot.providers.keyed.timings import Samples, Timed, wav_from
from reelbot.providers.limits import CLIP_BYTES_MAX, LINE_LENGTH_MAX, TEXT_LENGTH_MAX
from reelbot.providers.port import Ability, Delivered, Desk, ProviderFailure, ProviderUnavailable, Voice, ability_of
from reelbot.providers.works import (
    AnimationWork,
    ImageWork,
    Kind,
    MusicWork,
    RewriteWork,
    ScriptWork,
    TopicWork,
    VoiceoverWork,
    Work,
    kind_of,
)
from reelbot.subprocesses import ChildFailure

Line = Annotated[str, Meta(min_length=1, max_length=200)]
"""A name, an id or an address."""

Sleep = Callable[[float], Awaitable[None]]

Json = Any
"""A decoded answer, whatever it holds."""

T = TypeVar("T", bound=Struct)


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the table of any such provider may say. The key is not among it: see `Key`."""

    key_env: ClassVar[str] = ""
    """The variable that its key is usually in."""

    base_url: Line
    title: Line = ""
    bills_failures: bool = False

    @property
    def needs_key(self) -> bool:
        """Whether it cannot be used without a key."""
        return True


class Key:
    """A provider's key, which nothing shows by mistake. `origin` says where it is set, `missing` how to set it."""

    __slots__ = ("_text", "missing", "origin")

    def __init__(self, text: str = "", *, origin: str = "", missing: str | None = None) -> None:
        self._text = text
        self.origin = origin
        self.missing = missing

    def __repr__(self) -> str:
        return "Key(…)"

    def __bool__(self) -> bool:
        return bool(self._text)

    def reveal(self) -> str:
        """The key itself, to be sent and never to be shown."""
        return self._text


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more can be asked for."""


class KeyedProvider:
    """A provider that is asked over HTTP with a key. Subclasses say what it can do and how it is asked."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        key: Key,
        headers: Mapping[str, str],
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.name = name
        self.title = settings.title or name
        self._key = key
        self._sleep = sleep
        secrets = (key.reveal(),) if key else ()
        self._source = Source(self.title, key.origin or f"[providers.{name}]", settings.bills_failures, secrets)
        self._caller = Caller(self._source, settings.base_url, headers, timeouts=timeouts)

    @property
    def abilities(self) -> Mapping[Kind, Ability]:
        """What it can do."""
        raise NotImplementedError

    def missing(self) -> str | None:
        """What it lacks to be used, as a sentence that says how to get it; None when it is ready."""
        return self._key.missing

    def voices(self, language: str) -> Sequence[Voice]:
        """The voices of a content language, the default first; empty when it cannot speak it."""
        return ()

    def quantity(self, work: Work) -> int:
        """How many units of the price list the work is; speech is estimated, generously."""
        match work:
            case VoiceoverWork():
                return quoted_seconds(work.script, work.language, work.pace)
            case AnimationWork():
                return work.seconds
            case _:
                return 1

    async def aclose(self) -> None:
        """Give back connections."""
        await self._caller.aclose()

    def check(self, work: Work) -> None:
        """Raise `Malformed` when this provider cannot do this very work."""
        ability = ability_of(self, kind_of(work))
        options_from(work, ability.options)
        _check_texts(work)
        match work:
            case VoiceoverWork():
                self._check_voice(work)
            case AnimationWork():
                _check_seconds(work.seconds, ability.clip_seconds)
            case _:
                pass

    def _check_voice(self, work: VoiceoverWork) -> None:
        known = [voice.id for voice in self.voices(work.language)]
        if work.voice not in known:
            raise Malformed(f"{self.title} has no voice {shown(work.voice)}; it has {', '.join(known)}.", "voice")
        if work.pitch:
            raise Malformed(f"{self.title} cannot change the pitch of a voice.", "pitch")

    def _require_ready(self) -> None:
        if self._key.missing:
            raise ProviderUnavailable(f"{self.title} cannot be used yet.", self._key.missing)

    def _unusable(self, what: str) -> ProviderFailure:
        return unusable(self._source, what)

    def _failed(self, said: Said) -> ProviderFailure:
        """The failure of work that had been accepted, so it ended at the provider."""
        if said.is_moderation:
            return moderated(self._source, said.message)
        why = cleaned(said.message or said.code, self._source.secrets).rstrip(".")
        return self._unusable(f"failed: {why}" if why else "failed and does not say why")

    def _document(self, body: bytes) -> Json:
        """What an answer says; it has to be JSON."""
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._unusable("answered with something that is not JSON") from None

    async def _stored(self, path: Path, content: bytes) -> Path:
        """Write what was delivered; a full or broken disk is told as what it means."""
        try:
            await asyncio.to_thread(path.write_bytes, content)
        except OSError as error:
            raise not_kept(self._source, f"it could not be stored: {error.strerror}") from error
        return path

    async def _decoded(self, paths: Sequence[Path]) -> list[Samples]:
        """The samples of what was delivered; whatever keeps us from them, it is after the delivery."""
        try:
            return await decoded(paths)
        except Undecodable:
            raise not_kept(self._source, "its sound cannot be decoded") from None
        except ChildFailure as failure:
            raise not_kept(self._source, f"something went wrong on our side while {DECODING}") from failure

    async def _voiceover(self, timed: Timed, desk: Desk, label: str) -> Delivered:
        path = await self._stored(desk.folder / "voiceover.wav", wav_from(timed.samples, timed.rate))
        return Delivered(label, path=path, duration_ms=timed.duration_ms, words=timed.words)

    async def _picture(self, work: AnimationWork, desk: Desk, width: int, height: int) -> bytes:
        """The picture that a clip begins with, in this size."""
        try:
            return await asyncio.to_thread(fitted_jpeg, desk.files[work.image], width, height)
        except (OSError, ValueError, Image.DecompressionBombError):
            detail = "The picture to be animated cannot be read."
            raise ProviderFailure(detail, "Choose another one.", point=FailurePoint.BEFORE_ACCEPTANCE) from None

    async def _clip(self, url: str, work: AnimationWork, desk: Desk, label: str) -> Delivered:
        """A clip fetched from where an answer names it."""
        fetched = desk.folder / "fetched"
        await self._caller.download(url, fetched, CLIP_BYTES_MAX)
        suffix = clip_suffix(await asyncio.to_thread(_start_of, fetched))
        if suffix is None:
            raise self._unusable("answered with something that is not a clip")
        path = fetched.rename(desk.folder / f"clip{suffix}")
        return Delivered(label, path=path, duration_ms=1_000 * work.seconds)


def options_from(work: Work, options: type[T]) -> T:
    """The options of a work as this provider knows them; `Malformed` names the one that is wrong."""
    try:
        return msgspec.convert(work.options, options)
    except msgspec.ValidationError as error:
        raise Malformed(f"The options are not right: {error}.", "options") from None


def bearer(key: Key) -> dict[str, str]:
    """The field that most providers take their key in; none without one."""
    return {"authorization": f"Bearer {key.reveal()}"} if key else {}


def clip_work(work: Work) -> AnimationWork:
    """A work that is queued, which only clips are."""
    assert isinstance(work, AnimationWork), "only clips are queued"
    return work


def _check_texts(work: Work) -> None:
    """Raise `Malformed` for a text that is empty or too long to be meant."""
    for field, text, longest in _texts(work):
        if not text.strip():
            raise Malformed(f"The {field} is empty.", field)
        if len(text) > longest:
            raise Malformed(f"The {field} is longer than {longest} characters.", field)


def _texts(work: Work) -> tuple[tuple[str, str, int], ...]:
    """The texts of a work that must not be empty, by field, with how long each may be."""
    match work:
        case TopicWork():
            return (("keywords", work.keywords, LINE_LENGTH_MAX),)
        case ScriptWork():
            return (("topic", work.topic, LINE_LENGTH_MAX),)
        case RewriteWork():
            return (("passage", work.passage, TEXT_LENGTH_MAX),)
        case VoiceoverWork():
            return (("script", work.script, TEXT_LENGTH_MAX),)
        case ImageWork():
            return (("prompt", work.prompt, LINE_LENGTH_MAX),)
        case MusicWork():
            return (("mood", work.mood, LINE_LENGTH_MAX),)
        case AnimationWork():
            return (("prompt", work.prompt or "motion", LINE_LENGTH_MAX),)


def _check_seconds(seconds: int, known: Sequence[int]) -> None:
    if known and seconds not in known:
        lengths = " or ".join(map(str, known))
        raise Malformed(f"Clips of {seconds} s cannot be made; there are {lengths} s.", "seconds")


def _start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)
