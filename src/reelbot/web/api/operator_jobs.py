"""`/api/v1/operator/jobs`: the jobs of all accounts, for operators: at work, waiting, failed; and how one is called off."""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from reelbot.allowance import AccountRef, Instant, Ledger
from reelbot.clock import DAY, instant_text, instant_text_or_none
from reelbot.ids import place_of
from reelbot.limits import WHY_LENGTH_MAX
from reelbot.studio import SeenJob, Standing, job_shown
from reelbot.web.api.drafts import studio_of
from reelbot.web.operations import Call
from reelbot.web.problems import OK, Problem
from reelbot.web.replies import Reply, json_reply

LATELY_MS = DAY
"""How far back failures are counted: what went wrong since somebody looked yesterday."""

_encode = msgspec.json.Encoder().encode


class JobFailureSeen(Struct, frozen=True):
    """Why a job ended without success, as its owner reads it."""

    code: str
    detail: str
    hint: str


class JobSeen(Struct, frozen=True):
    """A job of any account. `leased_until` is the end of its worker's lease; `tries` counts how often it was taken."""

    id: str
    account: str
    topic: str
    kind: str
    steps: list[str]
    state: str
    progress: float
    message: str
    tries: int
    crashes: int
    worker: str | None
    leased_until: Instant | None
    cancelled: bool
    failure: JobFailureSeen | None
    created_at: Instant
    started_at: Instant | None
    ended_at: Instant | None


class JobsAtWork(Struct, frozen=True):
    """Jobs of one state: how many there are (1,000 stands for as many or more), since when the oldest, and the first."""

    total: int
    oldest_at: Instant | None
    jobs: list[JobSeen]


class JobsFailed(Struct, frozen=True):
    """How many jobs have failed since an instant, and the last ones that did, of whenever."""

    total: int
    since: Instant
    jobs: list[JobSeen]


class OperatorJobsShown(Struct, frozen=True):
    """The jobs of all accounts: those that run, those that wait (the longest first), those that failed (the last first)."""

    running: JobsAtWork
    queued: JobsAtWork
    failed: JobsFailed


class CancellationAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a job is called off."""

    why: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=WHY_LENGTH_MAX,
            pattern="^[^\\x00-\\x1f\\x7f-\\xa0]+$",
            description="A reason, in one printable line: the owner of the job reads it.",
            examples=["The provider is down until Monday."],
        ),
    ]


async def list_operator_jobs(call: Call) -> Reply:
    """Tell what is at work, what waits, what failed."""
    require_operator(call)
    overview, since = studio_of(call).overview, call.site.clock() - LATELY_MS
    running, queued, failed = await overview.running(), await overview.queued(), await overview.failures(since)
    names = await names_of(call.site.ledger, (*running.jobs, *queued.jobs, *failed.jobs))
    last = JobsFailed(failed.total, instant_text(since), [_seen(job, names) for job in failed.jobs])
    return json_reply(OK, _encode(OperatorJobsShown(_at_work(running, names), _at_work(queued, names), last)))


async def call_off_job(call: Call) -> Reply:
    """Ask for its end; it is told as it stands right after."""
    require_operator(call)
    asked: CancellationAsked = call.body
    studio = studio_of(call)
    return json_reply(OK, _encode(job_shown(await studio.call_off(owner_in(call.named), call.named, asked.why))))


def require_operator(call: Call) -> None:
    """Raise `Problem` not_found, as for whatever is another account's, unless it is an operator who asks."""
    if call.who.role != "operator":
        raise Problem("not_found", "There is nothing here for this account: only operators see the jobs of all.")


def owner_in(job: str) -> AccountRef:
    """Whose a job is, by its id; an account that nobody has for what is no id."""
    place = place_of(job)
    return AccountRef(0, 0, "") if place is None else AccountRef(place.lane, place.account, "")


async def names_of(ledger: Ledger, jobs: Iterable[SeenJob]) -> Mapping[tuple[int, int], str]:
    """What the accounts of jobs are called, by lane and id."""
    names = {}
    for lane, account in sorted({job[:2] for job in jobs}):
        found = await ledger.accounts(AccountRef(lane, account - 1, ""), 1)
        if found and (found[0].lane, found[0].id) == (lane, account):
            names[lane, account] = found[0].name
    return names


def _at_work(standing: Standing, names: Mapping[tuple[int, int], str]) -> JobsAtWork:
    jobs = [_seen(job, names) for job in standing.jobs]
    return JobsAtWork(standing.total, instant_text_or_none(standing.oldest_at), jobs)


def _seen(job: SeenJob, names: Mapping[tuple[int, int], str]) -> JobSeen:
    failure = job.failure
    runs = job.state == "running"
    return JobSeen(
        id=job.id,
        account=names.get((job.lane, job.account), ""),
        topic=job.heading,
        kind=job.kind,
        steps=list(job.steps),
        state=job.state,
        progress=job.progress,
        message=job.message,
        tries=job.tries,
        crashes=job.crashes,
        worker=job.worker if runs else None,
        leased_until=instant_text(job.due_at) if runs else None,
        cancelled=job.is_cancelled,
        failure=None if failure is None else JobFailureSeen(failure.code, failure.detail, failure.hint),
        created_at=instant_text(job.created_at),
        started_at=instant_text_or_none(job.started_at),
        ended_at=instant_text_or_none(job.ended_at),
    )
