"""OpenAI and everything that speaks its protocol: text, speech, pictures and clips at any address.

OpenRouter, Ollama, vLLM, LocalAI and many others are asked the same way; a key is optional. It can do what its settings
name a model for. Speech comes without timings, so each sentence is asked for apart (timings.py). Clips are queued.
"""

import asyncio
import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple
from urllib.parse import quote

from msgspec import Meta, Struct

from reelbot.allowance import FailurePoint
from reelbot.errors import Malformed
from reelbot.providers.keyed.base import (
    Json,
    Key,
    KeyedProvider,
    Line,
    NoOptions,
    Settings,
    Sleep,
    bearer,
    clip_work,
    options_from,
)
from reelbot.providers.keyed.failures import moderated, said_in, unanswered
from reelbot.providers.keyed.http import DEFAULT_TIMEOUTS, Timeouts
from reelbot.providers.keyed.pace import sentences
from reelbot.providers.keyed.sounds import RATE, is_sound, picture_suffix
from reelbot.providers.keyed.timings import joined
from reelbot.providers.keyed.writing import TextWork, Unusable, made_of, messages
from reelbot.providers.limits import (
    BASE64_FACTOR,
    IN_PLACE_TRIES_MAX,
    IN_PLACE_WAIT_SECONDS_MAX,
    PICTURE_BYTES_MAX,
    SENTENCE_LENGTH_MAX,
    SOUND_BYTES_MAX,
)
from reelbot.providers.port import Ability, Delivered, Desk, Polled, ProviderFailure, Voice
from reelbot.providers.works import (
    AnimationWork,
    Aspect,
    ImageWork,
    Kind,
    MusicWork,
    RewriteWork,
    ScriptWork,
    TopicWork,
    VoiceoverWork,
    Work,
)

BASE_URL = "https://api.openai.com/v1"

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse")
"""Those of OpenAI's own speech models; each speaks every language."""

IMAGE_SIZES: dict[Aspect, str] = {"9:16": "1024x1536", "1:1": "1024x1024", "16:9": "1536x1024"}
VIDEO_SIZES: dict[Aspect, tuple[int, int]] = {"9:16": (720, 1280), "16:9": (1280, 720)}

PACE_MIN, PACE_MAX = 0.25, 4.0
"""Of `speed`, by the protocol."""

MOTION = "Bring this picture to life with slow, natural motion. Keep what it shows, its style and its colours."
_STILL = (
    "A picture that fills the whole frame, with a clear subject and calm space around it. No text, no logo, no border."
)


class Models(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model makes what; what has none is not offered."""

    text: Line = ""
    speech: Line = ""
    image: Line = ""
    video: Line = ""


class OpenAISettings(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What providers.toml may say of it."""

    base_url: Line = BASE_URL
    models: Models = Models()
    voices: Annotated[tuple[Line, ...], Meta(min_length=1)] = VOICES
    video_seconds: tuple[Annotated[int, Meta(ge=1, le=60)], ...] = (4, 8, 12)

    key_env: ClassVar[str] = "OPENAI_API_KEY"

    @property
    def needs_key(self) -> bool:
        """OpenAI itself does; what else speaks its protocol may not."""
        return self.base_url.rstrip("/") == BASE_URL


class TextOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What a text can be asked for beyond its step."""

    wishes: Annotated[str, Meta(max_length=500, description="Further wishes, in your own words")] = ""


class SpeechOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What a voice can be asked for."""

    instructions: Annotated[str, Meta(max_length=500, description="How to speak; not every model heeds it")] = ""


class ImageOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What a picture can be asked for."""

    quality: Annotated[Literal["auto", "low", "medium", "high"], Meta(description="How much effort it is worth")] = (
        "auto"
    )


class _Made(NamedTuple):
    """A sentence's sound on disk."""

    sentence: str
    path: Path


class OpenAI(KeyedProvider):
    """A provider that speaks OpenAI's protocol."""

    Settings = OpenAISettings

    def __init__(
        self,
        name: str,
        settings: OpenAISettings,
        key: Key,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(name, settings, key, bearer(key), timeouts, sleep)
        self._settings = settings
        self._abilities = dict(_abilities(self.title, settings))

    @property
    def abilities(self) -> Mapping[Kind, Ability]:
        """What it can do: whatever a model is named for."""
        return self._abilities

    def voices(self, language: str) -> Sequence[Voice]:
        """All its voices: each speaks every language."""
        if not self._settings.models.speech:
            return ()
        return [Voice(id, id.capitalize(), language) for id in self._settings.voices]

    def check(self, work: Work) -> None:
        """Raise `Malformed` when this provider cannot do this very work."""
        super().check(work)
        match work:
            case VoiceoverWork():
                _check_speech(work)
            case AnimationWork() if work.aspect not in VIDEO_SIZES:
                raise Malformed(f"{self.title} makes clips of {' and '.join(VIDEO_SIZES)} only.", "aspect")
            case _:
                pass

    async def run(self, work: Work, desk: Desk) -> Delivered:
        """Make a text, a voiceover or a picture."""
        self._require_ready()
        self.check(work)
        match work:
            case VoiceoverWork():
                return await self._speak(work, desk)
            case ImageWork():
                return await self._draw(work, desk)
            case TopicWork() | ScriptWork() | RewriteWork():
                return await self._write(work, desk)
            case AnimationWork() | MusicWork():
                raise AssertionError("clips are submitted, and music was refused")

    # Text

    async def _write(self, work: TextWork, desk: Desk) -> Delivered:
        options = options_from(work, TextOptions)
        model = self._settings.models.text
        asked = {"model": model, "messages": messages(work, options.wishes), "stream": False}
        answer = await self._caller.order("chat/completions", json=asked, headers=_same(desk))
        desk.report(0.9)
        try:
            return made_of(work, self._written(self._document(answer.body)), self._label("text"))
        except Unusable as error:
            raise self._unusable(str(error)) from None

    def _written(self, document: Json) -> str:
        """The text of a conversation's answer. Some report failures inside an answer with success."""
        match document:
            case {"error": {}} | {"choices": [{"error": {}}, *_]}:
                raise self._failed(said_in(document if "error" in document else document["choices"][0]))
            case {"choices": [{"message": dict(message), **rest}, *_]}:
                refusal = message.get("refusal")
                if isinstance(refusal, str) and refusal:
                    raise moderated(self._source, refusal)
                if rest.get("finish_reason") == "content_filter":
                    raise moderated(self._source)
                return _text_of(message.get("content"))
            case _:
                raise self._unusable("answered without a text")

    # Speech

    async def _speak(self, work: VoiceoverWork, desk: Desk) -> Delivered:
        spoken = sentences(work.script, work.language)
        made: list[_Made] = []
        for number, sentence in enumerate(spoken):
            sound = await self._sentence(work, desk, sentence, number)
            path = desk.folder / f"sentence-{number:03}"
            made.append(_Made(sentence, await self._stored(path, sound)))
            desk.report(0.9 * len(made) / len(spoken))
        sounds = await self._decoded([one.path for one in made])
        try:
            timed = joined([one.sentence for one in made], sounds, RATE, work.language)
        except ValueError:
            raise self._unusable("answered with silence") from None
        return await self._voiceover(timed, desk, self._label("speech"))

    async def _sentence(self, work: VoiceoverWork, desk: Desk, sentence: str, number: int) -> bytes:
        """One sentence's sound. Between sentences it waits when asked to: those already made would be lost otherwise."""
        asked = self._asked_speech(work, sentence)
        for tried in range(1, IN_PLACE_TRIES_MAX + 1):
            try:
                answer = await self._caller.order(
                    "audio/speech", json=asked, headers=_same(desk, number), bytes_max=SOUND_BYTES_MAX
                )
            except ProviderFailure as failure:
                wait = failure.retry_seconds if failure.retry_seconds is not None else 2.0**tried
                may_wait = failure.retryable and wait <= IN_PLACE_WAIT_SECONDS_MAX and tried < IN_PLACE_TRIES_MAX
                if number == 0 or not may_wait:
                    raise _after(number, failure) from None
                await self._sleep(wait)
            else:
                break
        if not is_sound(answer.body):
            raise self._unusable("answered with something that is not sound")
        return answer.body

    def _asked_speech(self, work: VoiceoverWork, sentence: str) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "model": self._settings.models.speech,
            "input": sentence,
            "voice": work.voice,
            "response_format": "wav",
            "speed": work.pace,
        }
        options = options_from(work, SpeechOptions)
        return asked | ({"instructions": options.instructions} if options.instructions else {})

    # Pictures

    async def _draw(self, work: ImageWork, desk: Desk) -> Delivered:
        options = options_from(work, ImageOptions)
        asked: dict[str, Any] = {
            "model": self._settings.models.image,
            "prompt": f"{work.prompt.strip()}\n\nMood: {work.tone}. {_STILL}",
            "size": IMAGE_SIZES[work.aspect],
            "n": 1,
        }
        asked |= {} if options.quality == "auto" else {"quality": options.quality}
        bytes_max = int(PICTURE_BYTES_MAX * BASE64_FACTOR)
        answer = await self._caller.order("images/generations", json=asked, headers=_same(desk), bytes_max=bytes_max)
        desk.report(0.8)
        content = await self._drawn(self._document(answer.body), desk.folder / "fetched")
        suffix = picture_suffix(content)
        if suffix is None:
            raise self._unusable("answered with something that is not a picture")
        return Delivered(self._label("image"), path=await self._stored(desk.folder / f"image{suffix}", content))

    async def _drawn(self, document: Json, fetched: Path) -> bytes:
        """A picture that an answer holds or names."""
        match document:
            case {"data": [{"b64_json": str(text)}, *_]}:
                try:
                    return base64.b64decode(text, validate=True)
                except ValueError:
                    raise self._unusable("answered with something that is not a picture") from None
            case {"data": [{"url": str(url)}, *_]}:
                await self._caller.download(url, fetched, PICTURE_BYTES_MAX)
                return await asyncio.to_thread(fetched.read_bytes)
            case _:
                raise self._unusable("answered without a picture")

    # Clips

    async def submit(self, work: Work, desk: Desk) -> str:
        """Have a clip begun; its id."""
        self._require_ready()
        self.check(work)
        clip = clip_work(work)
        width, height = VIDEO_SIZES[clip.aspect]
        picture = await self._picture(clip, desk, width, height)
        form = {
            "model": self._settings.models.video,
            "prompt": clip.prompt.strip() or MOTION,
            "seconds": str(clip.seconds),
            "size": f"{width}x{height}",
        }
        files = {"input_reference": ("image.jpg", picture, "image/jpeg")}
        answer = await self._caller.order("videos", form=form, files=files, headers=_same(desk))
        match self._document(answer.body):
            case {"id": str(id)} if 0 < len(id) <= 200:
                return id
            case _:
                raise unanswered(self._source, "it does not name the clip that it began")

    async def find(self, request_id: str) -> str | None:
        """None: the protocol has no way to ask for what a request id became."""
        return None

    async def poll(self, work: Work, provider_job: str) -> Polled:
        """How a clip stands."""
        self._require_ready()
        answer = await self._caller.ask(f"videos/{quote(provider_job, safe='')}", taking=(404, 410))
        if answer.status in (404, 410):
            return Polled("failed", failure=self._unusable("does not know the clip any more"))
        match self._document(answer.body):
            case {"status": "completed" | "succeeded"}:
                return Polled("done", 1.0)
            case {"status": "failed" | "expired", **rest}:
                return Polled("failed", failure=self._failed(said_in(rest)))
            case {"status": "cancelled" | "canceled"}:
                return Polled("cancelled")
            case {"progress": int(progress) | float(progress)}:
                return Polled("waiting", min(max(progress / 100, 0.0), 1.0))
            case _:
                return Polled("waiting")

    async def fetch(self, work: Work, provider_job: str, desk: Desk) -> Delivered:
        """A clip that is done."""
        self._require_ready()
        path = f"videos/{quote(provider_job, safe='')}/content"
        return await self._clip(path, clip_work(work), desk, self._label("video"))

    async def cancel(self, work: Work, provider_job: str) -> None:
        """Ask for an end: the protocol deletes."""
        self._require_ready()
        await self._caller.request("DELETE", f"videos/{quote(provider_job, safe='')}")

    def _label(self, made: Literal["text", "speech", "image", "video"]) -> str:
        return f"{self.title}: {getattr(self._settings.models, made)}"


def _abilities(title: str, settings: OpenAISettings) -> Iterator[tuple[Kind, Ability]]:
    """What there is a model for."""
    models, bills = settings.models, settings.bills_failures
    if models.text:
        texts = Ability(title, f"{title}: {models.text}", TextOptions, bills_failures=bills)
        yield from (("topic", texts), ("script", texts), ("rewrite", texts))
    if models.speech:
        yield (
            "voiceover",
            Ability(title, f"{title}: {models.speech}", SpeechOptions, bills_failures=bills, seconds_max=900),
        )
    if models.image:
        yield "image", Ability(title, f"{title}: {models.image}", ImageOptions, bills_failures=bills)
    if models.video:
        yield (
            "animation",
            Ability(
                title,
                f"{title}: {models.video}",
                NoOptions,
                is_queued=True,
                bills_failures=bills,
                seconds_max=3_600,
                clip_seconds=settings.video_seconds,
            ),
        )


def _check_speech(work: VoiceoverWork) -> None:
    """Raise `Malformed` for what the protocol does not take."""
    if not PACE_MIN <= work.pace <= PACE_MAX:
        raise Malformed(f"The pace must be from {PACE_MIN} to {PACE_MAX}.", "pace")
    if any(len(sentence) > SENTENCE_LENGTH_MAX for sentence in sentences(work.script, work.language)):
        raise Malformed(f"A sentence of the script is longer than {SENTENCE_LENGTH_MAX} characters.", "script")
    if not sentences(work.script, work.language):
        raise Malformed("The script has nothing to say.", "script")


def _after(number: int, failure: ProviderFailure) -> ProviderFailure:
    """The failure of a voiceover at one of its sentences: once one was made, the work had been accepted."""
    if number == 0 or failure.point is not FailurePoint.BEFORE_ACCEPTANCE:
        return failure
    return ProviderFailure(failure.detail, failure.hint)


def _same(desk: Desk, number: int = 0) -> dict[str, str]:
    """The field by which some tell that they were asked this before."""
    return {"idempotency-key": f"{desk.request_id}-{number}"}


def _text_of(content: Json) -> str:
    """A message's text: as it is, or in parts."""
    match content:
        case str():
            return content
        case [*parts]:
            return "".join(
                part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)
            )
        case _:
            return ""
