"""The port between the studio and whoever makes something: what a provider declares, is asked and answers.

A provider declares an `Ability` for each kind of work that it can do. There are two ways of doing:

- **at once**: `run` makes the work and returns what it delivers;
- **queued** (`Ability.is_queued`): `submit` returns the provider's job id, which the studio stores before it asks again;
  then it calls `poll` until the job has ended, and `fetch`. After a crash the same job is asked, never a second one
  started. `find` answers with the job id of a request whose submission was not seen to its end, where the provider can.

Every error that a provider foresees is a `ProviderFailure` with the failure point (failures.toml) that its work ended
at. Whatever else it raises counts as ended at the provider.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from msgspec import Struct

from reelbot.allowance import FailurePoint
from reelbot.errors import Failure, Malformed
from reelbot.providers.works import Kind, SpokenWord, Work


class Voice(NamedTuple):
    """A voice that can be chosen. `language` is a content language's code."""

    id: str
    title: str
    language: str
    has_sample: bool = False


class Ability(NamedTuple):
    """What a provider can do of one kind of work.

    `label` is shown with every result and says honestly what it is. `options` is a frozen Struct that forbids unknown
    fields: its fields, bounds and defaults are what may be asked for, and its JSON Schema is shown. `is_repeatable` says
    that doing the same work again after a crash is harmless: nobody bills it, and the result is the same. `works_here` says
    that this machine does the work; for one that is done elsewhere a job only waits, and leaves its place to others.
    `bills_failures` says that the provider bills work that failed. `seconds_max` is how long one attempt may take.
    `clip_seconds` are the only lengths that its clips can have; empty when they can have any. `edition` is raised when other
    results come of the same work: then what was made before is not taken for it. Who cannot know, as with a model behind an
    address, has none.
    """

    title: str
    label: str
    options: type[Struct]
    is_queued: bool = False
    is_repeatable: bool = False
    works_here: bool = False
    bills_failures: bool = False
    seconds_max: float = 300
    clip_seconds: tuple[int, ...] = ()
    edition: int | None = None


class Desk(NamedTuple):
    """What a provider is given to work with.

    `folder` is an empty folder for its files, removed afterwards. `files` are the files that the work names, by hash.
    `request_id` is the same whenever this very work is asked again: providers that know idempotency keys are given it.
    `report` is told how much is done, from 0 to 1.
    """

    folder: Path
    files: Mapping[str, Path]
    request_id: str
    report: Callable[[float], None]


class Delivered(NamedTuple):
    """What came. Which members are filled depends on the kind of work.

    topic: `suggestions`; script: `text`; rewrite: `text`, for a title also `hashtags`; voiceover: `path` of the audio,
    `duration_ms` and `words`; image: `path`; animation and music: `path` and `duration_ms`. The studio probes files itself.
    """

    label: str
    text: str = ""
    suggestions: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    path: Path | None = None
    duration_ms: int = 0
    words: tuple[SpokenWord, ...] = ()


class Polled(NamedTuple):
    """How a queued job stands. `failure` is set when it has ended without success."""

    state: Literal["waiting", "done", "failed", "cancelled"]
    progress: float = 0.0
    failure: "ProviderFailure | None" = None


class ProviderFailure(Failure):
    """Work ended at `point` without success.

    `retryable` says that the same work may succeed in a while, without anybody having been billed for this attempt;
    `retry_seconds` is how long the provider asked to wait.
    """

    code = "provider_failed"

    def __init__(
        self,
        detail: str,
        hint: str = "",
        *,
        point: FailurePoint = FailurePoint.AT_PROVIDER,
        retryable: bool = False,
        retry_seconds: float | None = None,
    ) -> None:
        super().__init__(detail, hint)
        self.point = point
        self.retryable = retryable
        self.retry_seconds = retry_seconds


class ProviderUnavailable(Failure):
    """A provider cannot be asked at all: it lacks a key or an address. The hint says how to get it."""

    code = "provider_unavailable"


@runtime_checkable
class Provider(Protocol):
    """Somebody who makes something. `name` is what prices.toml and the API call it; `title` is what people read."""

    name: str
    title: str

    @property
    def abilities(self) -> Mapping[Kind, Ability]:
        """What it can do."""
        ...

    def missing(self) -> str | None:
        """What it lacks to be used, as a sentence that says how to get it; None when it is ready."""
        ...

    def voices(self, language: str) -> Sequence[Voice]:
        """The voices of a content language, the default first; empty when it cannot speak it."""
        ...

    def check(self, work: Work) -> None:
        """Raise `Malformed` when this provider cannot do this very work: an unknown voice, language or length."""
        ...

    def quantity(self, work: Work) -> int:
        """How many units of the price list the work is, estimated where it can only be measured afterwards."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class AtOnce(Provider, Protocol):
    """A provider that makes work while it is being waited for."""

    async def run(self, work: Work, desk: Desk) -> Delivered:
        """Make it. Cancelling the call ends it."""
        ...


@runtime_checkable
class Queued(Provider, Protocol):
    """A provider that takes work now and delivers it later."""

    async def submit(self, work: Work, desk: Desk) -> str:
        """Have it begun; the provider's job id. An outcome that isn't known raises with the point UNKNOWN."""
        ...

    async def find(self, request_id: str) -> str | None:
        """The job id of a submission under this request id; None when there is none or the provider cannot tell."""
        ...

    async def poll(self, work: Work, provider_job: str) -> Polled:
        """How a job stands. A failure of the asking itself raises, and says nothing about the job."""
        ...

    async def fetch(self, work: Work, provider_job: str, desk: Desk) -> Delivered:
        """What a job that is done delivers; may be called again."""
        ...

    async def cancel(self, work: Work, provider_job: str) -> None:
        """Ask for an end; what happened is told by `poll`."""
        ...


def ability_of(provider: Provider, work_kind: Kind) -> Ability:
    """What a provider can do of a kind of work; `Malformed` when it cannot do it at all."""
    ability = provider.abilities.get(work_kind)
    if ability is None:
        able = ", ".join(provider.abilities)
        raise Malformed(f"{provider.title} cannot do {work_kind}; it does {able}.", "provider")
    return ability


Options = Mapping[str, Any]
