"""fal: pictures turned into clips through its queue. The picture travels inside the request, as a data URI.

A job is named by the path of its result, `owner/app/requests/id`, and not by its id alone: it can be asked for even when
the settings name another model by then.
"""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Meta

from reelbot.allowance import FailurePoint
from reelbot.clock import HOUR, Clock, system_clock
from reelbot.providers.keyed.base import Json, Key, KeyedProvider, Line, NoOptions, Settings, Sleep, clip_work
from reelbot.providers.keyed.failures import not_told, said_by, said_in, unanswered
from reelbot.providers.keyed.http import DEFAULT_TIMEOUTS, Caller, Timeouts, is_passing
from reelbot.providers.keyed.pictures import SIZES, data_uri
from reelbot.providers.limits import SUBMISSIONS_REMEMBERED_MAX
from reelbot.providers.port import Ability, Delivered, Desk, Polled, ProviderFailure
from reelbot.providers.works import AnimationWork, Kind, Work

MOTION = "Slow, natural motion; the camera drifts gently. Everything stays as it is shown."
"""What is asked for when nobody says how a picture shall move: most models want words."""

V = TypeVar("V")

LISTED_WITHIN_MS = HOUR
"""After which a submission that is not listed was never taken: requests may be listed only once they have ended."""

LISTED_MAX = 50
"""Requests that are looked through for a submission: more than are sent in the minutes around it."""

LISTED_BYTES_MAX = 128 * 1024**2
"""Of that list with what was sent in each: every picture at its largest."""

_JOB = re.compile(r"[\w.-]+/[\w.-]+/requests/[\w.-]+")
_REQUEST = re.compile(r"[\w.-]{1,100}")
_CLOCK_MARGIN = timedelta(minutes=5)
"""By how much their clock and ours may differ."""


class FalSettings(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What providers.toml may say of it: the model, and how that model wants to be asked.

    `image_field` is where it takes the picture, `seconds_as` how it writes a length ("5", 5 or "5s"), `input` whatever
    else it shall be given. `listing_url` is where requests can be listed; empty when they cannot.
    """

    key_env: ClassVar[str] = "FAL_KEY"

    base_url: Line = "https://queue.fal.run"
    listing_url: str = "https://api.fal.ai/v1"
    model: Annotated[str, Meta(pattern=r"^[\w.-]+/[\w.-]+(/[\w.-]+)*$", max_length=200)]
    image_field: Line = "image_url"
    seconds_field: str = "duration"
    seconds_as: Literal["text", "number", "suffixed"] = "text"
    seconds: Annotated[tuple[Annotated[int, Meta(ge=1, le=60)], ...], Meta(min_length=1)] = (5, 10)
    input: dict[str, Any] = msgspec.field(default_factory=dict)


class _Sent(NamedTuple):
    """A submission whose outcome isn't known: the digest of what was sent, and when."""

    digest: str
    at: int


class Fal(KeyedProvider):
    """Image to video through fal's queue."""

    Settings = FalSettings

    def __init__(
        self,
        name: str,
        settings: FalSettings,
        key: Key,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        sleep: Sleep = asyncio.sleep,
        clock: Clock = system_clock,
    ) -> None:
        headers = {"authorization": f"Key {key.reveal()}"} if key else {}
        super().__init__(name, settings, key, headers, timeouts, sleep)
        self._settings = settings
        self._clock = clock
        self._listing = Caller(self._source, settings.listing_url or settings.base_url, headers, timeouts=timeouts)
        self._unknown: OrderedDict[str, _Sent] = OrderedDict()
        self._named: OrderedDict[str, None] = OrderedDict()
        self._label = f"{self.title}: {settings.model}"
        self._abilities: dict[Kind, Ability] = {
            "animation": Ability(
                self.title,
                self._label,
                NoOptions,
                is_queued=True,
                bills_failures=settings.bills_failures,
                seconds_max=3_600,
                clip_seconds=settings.seconds,
            )
        }

    @property
    def abilities(self) -> Mapping[Kind, Ability]:
        """It turns pictures into clips."""
        return self._abilities

    async def aclose(self) -> None:
        """Give back connections."""
        await super().aclose()
        await self._listing.aclose()

    async def submit(self, work: Work, desk: Desk) -> str:
        """Have a clip begun; the path of its result."""
        self._require_ready()
        self.check(work)
        asked = await self._input(clip_work(work), desk)
        sent = _Sent(_digest(asked), self._clock())
        try:
            answer = await self._caller.order(self._settings.model, json=asked)
            job = self._job(answer.body)
        except ProviderFailure as failure:
            if failure.point is FailurePoint.UNKNOWN:
                _remember(self._unknown, desk.request_id, sent)
            raise
        _remember(self._named, job, None)
        return job

    async def find(self, request_id: str) -> str | None:
        """The job that an unseen submission of this process became, by what was sent in it; None when that isn't certain.

        Only a request that was sent the very same, picture included, is taken, and only if it is the only one that no
        other submission became. Work under way may not be listed yet; then it says nothing, and is to be asked again.
        """
        sent = self._unknown.get(request_id)
        if sent is None or not self._settings.listing_url:
            return None
        since = datetime.fromtimestamp(sent.at / 1_000, UTC) - _CLOCK_MARGIN
        asked = {
            "endpoint_id": self._settings.model,
            "start": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "expand": "payloads",
            "limit": LISTED_MAX,
        }
        answer = await self._listing.ask(f"models/requests/by-endpoint?{urlencode(asked)}", bytes_max=LISTED_BYTES_MAX)
        match self._document(answer.body):
            case {"items": [*items]}:
                same = [self._path(id) for id in _sent_the_same(items, sent.digest)]
            case _:
                same = []
        unclaimed = [job for job in same if job not in self._named]
        if not unclaimed and self._clock() - sent.at < LISTED_WITHIN_MS:
            raise not_told(self._source, "the clip is not listed yet")
        if len(unclaimed) != 1:
            return None
        del self._unknown[request_id]
        _remember(self._named, unclaimed[0], None)
        return unclaimed[0]

    async def poll(self, work: Work, provider_job: str) -> Polled:
        """How a clip stands."""
        self._require_ready()
        answer = await self._caller.ask(f"{_checked(provider_job)}/status", taking=(404, 410))
        if answer.status in (404, 410):
            return Polled("failed", failure=self._unusable("does not know the clip any more"))
        document = self._document(answer.body)
        match document:
            case {"status": "COMPLETED", "error": str(error)} if error:
                return Polled("failed", failure=self._failed(said_in(document)))
            case {"status": "COMPLETED"}:
                return Polled("done", 1.0)
            case {"status": "FAILED" | "ERROR"}:
                return Polled("failed", failure=self._failed(said_in(document)))
            case {"status": "CANCELED" | "CANCELLED"}:
                return Polled("cancelled")
            case {"status": "IN_PROGRESS"}:
                return Polled("waiting", 0.5)
            case _:
                return Polled("waiting")

    async def fetch(self, work: Work, provider_job: str, desk: Desk) -> Delivered:
        """A clip that is done. What the model answered, an error included, is what the queue answers here."""
        self._require_ready()
        answer = await self._caller.ask(_checked(provider_job), taking=tuple(range(400, 600)))
        if answer.status >= 400:
            raise self._refused(answer.status, answer.body)
        return await self._clip(self._url(self._document(answer.body)), clip_work(work), desk, self._label)

    async def cancel(self, work: Work, provider_job: str) -> None:
        """Ask for an end; a clip that is done or unknown by then is not touched."""
        self._require_ready()
        await self._caller.request("PUT", f"{_checked(provider_job)}/cancel")

    async def _input(self, work: AnimationWork, desk: Desk) -> dict[str, Any]:
        """What the model is given."""
        settings = self._settings
        seconds: str | int = work.seconds
        if settings.seconds_as != "number":
            seconds = f"{work.seconds}s" if settings.seconds_as == "suffixed" else str(work.seconds)
        picture = data_uri(await self._picture(work, desk, *SIZES[work.aspect]))
        asked = {**settings.input, "prompt": work.prompt.strip() or MOTION, settings.image_field: picture}
        return asked | ({settings.seconds_field: seconds} if settings.seconds_field else {})

    def _job(self, body: bytes) -> str:
        """The path of the result of what was submitted: as told, when it is at the queue's own address."""
        match self._document(body):
            case {"request_id": str(id), **rest} if _REQUEST.fullmatch(id):
                told = rest.get("response_url")
                return self._told_path(told) if isinstance(told, str) else self._path(id)
            case _:
                raise unanswered(self._source, "it does not name the clip that it began")

    def _told_path(self, url: str) -> str:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            raise unanswered(self._source, "it names a URL that is none") from None
        path = _JOB.search(parsed.path)
        if not self._caller.is_own(parsed) or path is None:
            raise unanswered(self._source, "it names its clip at another address")
        return path[0]

    def _path(self, request: str) -> str:
        """A result's path: a model's requests stand under its owner and app, whatever else its name has."""
        return f"{'/'.join(self._settings.model.split('/')[:2])}/requests/{request}"

    def _refused(self, status: int, body: bytes) -> ProviderFailure:
        """What an error in place of a result means: the model's own is final, the queue's says nothing about the clip."""
        said = said_by(body)
        is_model = status in (400, 404, 410, 422) or (status >= 500 and bool(said.message))
        if is_model:
            return self._failed(said)
        why = f"status {status}" if is_passing(status) or status in (401, 403) else said.message
        return not_told(self._source, why or f"status {status}")

    def _url(self, document: Json) -> str:
        match document:
            case {"video": {"url": str(url)}} | {"videos": [{"url": str(url)}, *_]} | {"video_url": str(url)}:
                return url
            case _:
                raise self._unusable("answered without a clip")


def _checked(job: str) -> str:
    """A job's name, which leads nowhere else."""
    assert _JOB.fullmatch(job), "a job is named by the path that was stored"
    return job


def _digest(asked: Json) -> str:
    """What was sent, by its content: requests that were sent the same have the same."""
    return hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()


def _sent_the_same(items: Sequence[Json], digest: str) -> Iterator[str]:
    """The ids of the listed requests that were sent just this."""
    for item in items:
        match item:
            case {"request_id": str(id), "json_input": dict(sent)} if (
                _REQUEST.fullmatch(id) and _digest(sent) == digest
            ):
                yield id
            case _:
                pass


def _remember(kept: OrderedDict[str, V], name: str, value: V) -> None:
    """Keep something in mind, and forget the oldest of too many."""
    kept[name] = value
    while len(kept) > SUBMISSIONS_REMEMBERED_MAX:
        kept.popitem(last=False)
