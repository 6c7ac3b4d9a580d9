"""The operator's page of jobs and workers: what is at work for whom, what waits, what failed, and who works."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reelbot.clock import DAY, HOUR, MINUTE, SECOND
from reelbot.studio import Counted, SeenJob, SeenWorker, Standing, Studio
from reelbot.web.api.operator_jobs import LATELY_MS, names_of, owner_in
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit, nothing_here
from reelbot.web.pages.wording import instant_words, moment

KINDS = {"generation": "AI actions", "render": "Video", "video": "AI actions, then the video", "preview": "Preview"}
"""What people read for each kind of job."""

_NO_STUDIO = Counted(0, 0, 0, 0)


class JobRow(NamedTuple):
    """A job in words. `place` names its account in addresses; `facts` are short phrases, told beside each other."""

    id: str
    topic: str
    account: str
    place: str
    kind: str
    state: str
    tone: str
    percent: int | None
    message: str
    facts: Sequence[str]
    can_end: bool


class FailureRow(NamedTuple):
    """A job that failed, in words."""

    id: str
    topic: str
    account: str
    place: str
    kind: str
    at: str
    code: str
    detail: str
    hint: str


class WorkerRow(NamedTuple):
    """A worker in words: the machine, the process there, how busy it is, when it was heard."""

    name: str
    machine: str
    process: str
    jobs: str
    heard: str
    began: str
    is_silent: bool


class JobListing(NamedTuple):
    """Jobs of one state: the rows that are shown, and how many there are in all."""

    rows: Sequence[JobRow]
    total: int
    longest: str


async def show(visit: Visit) -> Outcome:
    """Show what is at work, what waits, what failed, and who works."""
    overview, now = _studio(visit).overview, visit.site.clock()
    running, queued, failed = (
        await overview.running(),
        await overview.queued(),
        await overview.failures(now - LATELY_MS),
    )
    names = await names_of(visit.site.ledger, (*running.jobs, *queued.jobs, *failed.jobs))
    workers = await overview.workers()
    facts = await facts_shown(visit)
    values = {
        "section": "jobs",
        "running": _listed(running, names, visit, now),
        "queued": _listed(queued, names, visit, now),
        "failed": [_failure_row(job, names, visit) for job in failed.jobs],
        "failed_total": failed.total,
        "workers": [_worker_row(worker, now) for worker in workers],
        "is_stranded": queued.total > 0 and all(worker.is_silent(now) for worker in workers),
        **facts,
    }
    return Shown("operator", values, "Jobs & workers")


async def call_off(visit: Visit) -> Outcome:
    """Cancel a job of any account, with a reason."""
    job = await _studio(visit).call_off(owner_in(visit.named), visit.named, visit.field("why"))
    match job.state:
        case "cancelled":
            told = "The job is cancelled. What was held for it and not used is given back."
        case "queued" | "running":
            told = "The job ends as soon as a worker hears of it."
        case "succeeded" | "failed":
            return Goto("/operator/jobs", Flash("bad", f"The job had {job.state} before."))
    return Goto("/operator/jobs", Flash("good", told))


async def facts_shown(visit: Visit) -> Mapping[str, Any]:
    """The studio in four numbers, streams, wrong passwords, open requests: for the head of every page of the operator."""
    studio, now = visit.site.studio, visit.site.clock()
    counted = _NO_STUDIO if studio is None else await studio.overview.counted(now, now - LATELY_MS)
    wrong = await visit.accounts.tries.lately()
    open_requests = await visit.site.subscriptions.count_open()
    streams = len(visit.site.streams)
    return {"counted": counted, "streams": streams, "wrong_passwords": wrong, "open_requests": open_requests}


def _studio(visit: Visit) -> Studio:
    if visit.site.studio is None:
        raise nothing_here()
    return visit.site.studio


def span_words(milliseconds: int) -> str:
    """How long something takes, in its two largest units, rounded down: `3 d 4 h`, `7 h 12 min`, `4 min`, `45 s`."""
    left = max(0, milliseconds)
    if left >= DAY:
        return f"{left // DAY} d {left % DAY // HOUR} h"
    if left >= HOUR:
        return f"{left // HOUR} h {left % HOUR // MINUTE} min"
    return f"{left // MINUTE} min" if left >= MINUTE else f"{left // SECOND} s"


# jobs in words


def _listed(standing: Standing, names: Mapping[tuple[int, int], str], visit: Visit, now: int) -> JobListing:
    longest = "" if standing.oldest_at is None else span_words(now - standing.oldest_at)
    return JobListing([_job_row(job, names, visit, now) for job in standing.jobs], standing.total, longest)


def _job_row(job: SeenJob, names: Mapping[tuple[int, int], str], visit: Visit, now: int) -> JobRow:
    state, tone = _state(job, now)
    runs = job.state == "running"
    return JobRow(
        job.id,
        job.heading,
        _name(job, names),
        f"{job.lane}-{job.account}",
        _kind(job),
        state,
        tone,
        round(100 * job.progress) if runs or job.progress else None,
        job.message,
        [*(_lease(job, visit, now) if runs else _wait(job, now)), *_tries(job)],
        not job.is_cancelled,
    )


def _state(job: SeenJob, now: int) -> tuple[str, str]:
    if job.is_cancelled:
        return "Ending", "warn"
    if job.state == "running":
        return ("In progress", "accent") if job.due_at > now else ("Lease ended", "bad")
    return ("Waits", "") if job.due_at <= now else ("Tries again", "warn")


def _kind(job: SeenJob) -> str:
    """What is made: the kind of job, and for AI actions which ones."""
    steps = ", ".join(_step(step) for step in dict.fromkeys(job.steps))
    return f"{KINDS[job.kind]}: {steps}" if steps else KINDS[job.kind]


def _step(step: str) -> str:
    name, _, scene = step.partition(":")
    return f"{name} of scene {scene}" if scene else name


def _lease(job: SeenJob, visit: Visit, now: int) -> list[str]:
    began = job.started_at or job.created_at
    until = f"{moment(job.due_at, visit.figures.zone):%H:%M:%S}"
    held = f"{job.worker} has it until {until}" if job.due_at > now else f"{job.worker} had it until {until}"
    return [f"at work for {span_words(now - began)}", held]


def _wait(job: SeenJob, now: int) -> list[str]:
    waits = f"asked for {span_words(now - job.created_at)} ago"
    return [waits, f"due in {span_words(job.due_at - now)}"] if job.due_at > now else [waits]


def _tries(job: SeenJob) -> list[str]:
    """How often it was taken, where that is more than once, and how often its worker died."""
    tries = [f"taken {job.tries} times"] if job.tries > 1 else []
    crashes = [f"its worker died {job.crashes} time{'' if job.crashes == 1 else 's'}"] if job.crashes else []
    return [*tries, *crashes]


def _name(job: SeenJob, names: Mapping[tuple[int, int], str]) -> str:
    return names.get((job.lane, job.account), "an account that is gone")


def _failure_row(job: SeenJob, names: Mapping[tuple[int, int], str], visit: Visit) -> FailureRow:
    assert job.failure is not None and job.ended_at is not None, "it has failed"
    told, at = job.failure, instant_words(job.ended_at, visit.figures.zone)
    place = f"{job.lane}-{job.account}"
    return FailureRow(job.id, job.heading, _name(job, names), place, _kind(job), at, told.code, told.detail, told.hint)


def _worker_row(worker: SeenWorker, now: int) -> WorkerRow:
    machine, _, process = worker.name.rpartition(":")
    return WorkerRow(
        worker.name,
        machine or worker.name,
        process if machine else "",
        str(worker.jobs) if worker.places is None else f"{worker.jobs} of {worker.places}",
        "never; it holds leases" if worker.heard_at is None else f"{span_words(now - worker.heard_at)} ago",
        "" if worker.began_at is None else span_words(now - worker.began_at),
        worker.is_silent(now),
    )
