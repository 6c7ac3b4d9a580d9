"""A provider that does what it is told: delivers, fails at each failure point, hangs, dies, answers garbage.

It counts what it is asked by request id. What it delivers is a paper file, a line of JSON that says what it stands for, and
`on_trust` believes it: so no test but those of the real thing waits for a decoder.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from reelbot.errors import Malformed
from reelbot.providers.port import Ability, Delivered, Desk, Polled, Voice
from reelbot.providers.works import (
    KINDS,
    AnimationWork,
    Kind,
    MusicWork,
    RewriteWork,
    SpokenWord,
    TopicWork,
    VoiceoverWork,
    Work,
    kind_of,
    work_hash,
)
from reelbot.studio.core.draft import Media, MediaKind
from reelbot.studio.files.content import Files


class Killed(BaseException):
    """What ends a worker without a word, as SIGKILL does."""


Act = BaseException | asyncio.Event | Literal["deliver", "hang", "garbage", "nothing", "waiting", "accept, then die"]
"""What a call does: raise this; wait for that event; what it should; never answer; deliver something broken, or nothing."""

VOICES = (Voice("sam", "Sam", "en"), Voice("kim", "Kim", "en"), Voice("uta", "Uta", "de"))


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing that only this provider knows."""


def paper(path: Path, kind: MediaKind, seed: str, duration_ms: int = 0) -> Path:
    """A file that says what it stands for."""
    path.write_text(json.dumps({"kind": kind, "seed": seed, "duration_ms": duration_ms}))
    return path


async def on_trust(files: Files, path: Path, kinds: tuple[MediaKind, ...]) -> Media:
    """Keep a paper file; `Malformed` for any other."""
    try:
        content = await asyncio.to_thread(path.read_bytes)
        said = json.loads(content)
    except ValueError:
        raise Malformed("It is broken: it can't be read to its end.", "file") from None
    if said["kind"] not in kinds:
        raise Malformed(f"This is of kind {said['kind']}; it must be {' or '.join(kinds)}.", "file")
    sha256 = await files.keep(path)
    shape = (0, 0) if said["kind"] == "audio" else (1080, 1920)
    return Media(
        sha256=sha256,
        kind=said["kind"],
        bytes=len(content),
        container="paper",
        width=shape[0],
        height=shape[1],
        duration_ms=said["duration_ms"],
    )


class Scripted:
    """Does all kinds of work, those in `queued` as jobs of its own. `asked` lists every piece of work it was given."""

    def __init__(
        self,
        name: str = "scripted",
        *,
        kinds: Collection[Kind] = KINDS,
        queued: Collection[Kind] = (),
        is_repeatable: bool = False,
        bills_failures: bool = False,
        seconds_max: float = 30,
    ) -> None:
        self.name = name
        self.title = name.capitalize()
        self.asked: list[tuple[Kind, str]] = []
        self.called_off: list[str] = []
        self.speech_ms = 25_000
        self.finds_requests = True
        self.lacks: str | None = None
        self.is_hanging = asyncio.Event()
        self._acts: dict[str, deque[Act]] = {}
        self._jobs: dict[str, str] = {}
        self._abilities: dict[Kind, Ability] = {
            kind: Ability(
                kind,
                f"made by {name}",
                NoOptions,
                is_queued=kind in queued,
                is_repeatable=is_repeatable,
                bills_failures=bills_failures,
                seconds_max=seconds_max,
            )
            for kind in kinds
        }

    def will(self, call: str, *acts: Act) -> None:
        """Have the next calls of that name (run, submit, find, poll, fetch, cancel) do these instead."""
        self._acts.setdefault(call, deque()).extend(acts)

    def require_asked_once(self) -> None:
        """Nothing may ever be asked for twice under one request id."""
        twice = [id for id, count in Counter(id for _, id in self.asked).items() if count > 1]
        assert not twice, twice

    async def _act(self, call: str) -> str:
        acts = self._acts.get(call)
        if not acts:
            return ""
        match acts.popleft():
            case "hang":
                self.is_hanging.set()
                await asyncio.Event().wait()
                raise AssertionError("nothing ends this but a cancellation")
            case asyncio.Event() as gate:
                await gate.wait()
                return ""
            case str(word):
                return word
            case failure:
                raise failure

    # the port

    @property
    def abilities(self) -> Mapping[Kind, Ability]:
        return self._abilities

    def missing(self) -> str | None:
        return self.lacks

    def voices(self, language: str) -> Sequence[Voice]:
        return [voice for voice in VOICES if voice.language == language]

    def check(self, work: Work) -> None:
        if isinstance(work, VoiceoverWork) and work.voice not in [one.id for one in self.voices(work.language)]:
            raise Malformed(f"There is no voice {work.voice!r} for {work.language!r}.", "voice")
        if isinstance(work, VoiceoverWork) and not work.script:
            raise Malformed("There is nothing to say.", "script")

    def quantity(self, work: Work) -> int:
        match work:
            case VoiceoverWork():
                return 30
            case AnimationWork():
                return work.seconds
            case _:
                return 1

    async def aclose(self) -> None:
        return

    async def run(self, work: Work, desk: Desk) -> Delivered:
        self.asked.append((kind_of(work), desk.request_id))
        said = await self._act("run")
        desk.report(0.5)
        return self._delivered(work, desk, said)

    async def submit(self, work: Work, desk: Desk) -> str:
        self.asked.append((kind_of(work), desk.request_id))
        said = await self._act("submit")
        job = f"job {len(self._jobs) + 1}"
        self._jobs[desk.request_id] = job
        if said == "accept, then die":
            raise Killed
        return job

    async def find(self, request_id: str) -> str | None:
        await self._act("find")
        return self._jobs.get(request_id) if self.finds_requests else None

    async def poll(self, work: Work, provider_job: str) -> Polled:
        said = await self._act("poll")
        return Polled("waiting", 0.4) if said == "waiting" else Polled("done", 1.0)

    async def fetch(self, work: Work, provider_job: str, desk: Desk) -> Delivered:
        return self._delivered(work, desk, await self._act("fetch"))

    async def cancel(self, work: Work, provider_job: str) -> None:
        self.called_off.append(provider_job)
        await self._act("cancel")

    # what it delivers

    def _delivered(self, work: Work, desk: Desk, said: str) -> Delivered:
        label, seed = f"made by {self.name}", work_hash(work)[:8]
        if said == "nothing":
            return Delivered(label)
        if said == "garbage":
            (desk.folder / "broken").write_bytes(b"\x00not a file of any kind")
            return Delivered(label, path=desk.folder / "broken")
        match work:
            case TopicWork():
                return Delivered(label, suggestions=tuple(f"{work.keywords} {seed} {number}" for number in range(5)))
            case RewriteWork():
                return Delivered(label, text=f"<{work.passage}>", hashtags=("#one",) if work.makes == "title" else ())
            case VoiceoverWork():
                path = paper(desk.folder / "voice", "audio", seed, self.speech_ms)
                words = tuple(SpokenWord(word, at * 300, at * 300 + 250) for at, word in enumerate(work.script.split()))
                return Delivered(label, path=path, duration_ms=self.speech_ms, words=words)
            case AnimationWork():
                return Delivered(label, path=paper(desk.folder / "clip", "clip", seed, work.seconds * 1_000))
            case MusicWork():
                return Delivered(label, path=paper(desk.folder / "music", "audio", seed, work.seconds * 1_000))
            case _ if kind_of(work) == "image":
                return Delivered(label, path=paper(desk.folder / "picture", "image", seed))
            case _:
                return Delivered(label, text=f"Script {seed} says something about it.")
