"""Greetings by voices, to choose by: each is made once for all (single flight), and kept by what it is made of."""

import asyncio
import hashlib
from pathlib import Path

import msgspec

from reelbot.allowance import AccountRef
from reelbot.providers.embedded.provider import CODES, VOICE_EDITION, Embedded
from reelbot.providers.embedded.speech import speech
from reelbot.providers.registry import Registry
from reelbot.records import owner_of
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.files.content import Files, disk_errors
from reelbot.studio.limits import SAMPLES_AT_ONCE_MAX, SAMPLES_WAITING_MAX
from reelbot.studio.shares import Share

NO_SAMPLE = "There is no such voice with a sample."


class Samples:
    """The greetings of one installation."""

    def __init__(self, files: Files, registry: Registry) -> None:
        self._files = files
        self._registry = registry
        self._share = Share(SAMPLES_AT_ONCE_MAX, 1, SAMPLES_WAITING_MAX)
        self._being_made: dict[Path, asyncio.Event] = {}

    async def sample(self, account: AccountRef, voice: str) -> bytes:
        """A greeting as WAV. Costs nothing; `StudioRefused` for an unknown voice, and when too many requests wait."""
        embedded = self._registry.provider("embedded")
        assert isinstance(embedded, Embedded), "the provider of that name"
        if not any(voice == known.id for code in CODES for known in embedded.voices(code)):
            raise StudioRefused("not_found", NO_SAMPLE)
        path = self._files.samples / f"{_name_of(voice)}.wav"
        kept = await asyncio.to_thread(_kept, path)
        if kept is not None:
            return kept
        async with self._share.place(owner_of(account)):
            return await self._made_once(embedded, voice, path)

    async def _made_once(self, embedded: Embedded, voice: str, path: Path) -> bytes:
        """What is kept by now; else it is made, unless somebody is just making it."""
        while (kept := await asyncio.to_thread(_kept, path)) is None:
            if path in self._being_made:
                await self._being_made[path].wait()
                continue
            self._being_made[path] = asyncio.Event()
            try:
                await asyncio.to_thread(self._keep, path, await embedded.sample(voice))
            finally:
                self._being_made.pop(path).set()
        return kept

    def _keep(self, path: Path, wav: bytes) -> None:
        """Write a greeting: it appears whole or not at all."""
        with self._files.desk() as folder, disk_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            (folder / "sample").write_bytes(wav)
            (folder / "sample").replace(path)


def _name_of(voice: str) -> str:
    """A name for all that a greeting depends on: another text or another way of speaking is another greeting."""
    made_of = [voice, speech.greeting(voice), VOICE_EDITION]
    return hashlib.sha256(msgspec.json.encode(made_of)).hexdigest()


def _kept(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
