"""Runs one job under its lease: each piece of work in turn, then the render, then the end.

Before a provider is asked, that is written down; so after a crash the next worker knows whether it was. Work that was
begun and not delivered is asked after by the provider's job id. Where there is none, it is done again if the provider says
that this is harmless, and otherwise counts as lost: nobody is charged for what never came.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from msgspec import structs

from reelbot.allowance import FailurePoint, PriceList
from reelbot.clock import SECOND
from reelbot.errors import DatabaseFailure, Failure, Malformed, TooBusy
from reelbot.providers.port import (
    Ability,
    AtOnce,
    Delivered,
    Desk,
    Polled,
    Provider,
    ProviderFailure,
    ProviderUnavailable,
    Queued,
    ability_of,
)
from reelbot.providers.works import Work, kind_of, work_hash
from reelbot.queue import Again, LeaseLost, Running
from reelbot.records import Owner
from reelbot.studio.actions import action_of
from reelbot.studio.context import Room
from reelbot.studio.core import rows
from reelbot.studio.core.draft import SlotRef
from reelbot.studio.core.events import job_told
from reelbot.studio.core.job import (
    RENDER_SHARE,
    Job,
    Kept,
    Made,
    Task,
    TaskProgress,
    backoff_seconds,
    cancelled_words,
)
from reelbot.studio.core.rows import MadeBefore
from reelbot.studio.core.slots import SCRIPT_TEXT, text_hash
from reelbot.studio.files.content import FileMissing, StorageFull, disk_errors, linked
from reelbot.studio.files.file_gc import drop_old_previews
from reelbot.studio.files.ingest import FileIntake
from reelbot.studio.jobs.completion import Ending
from reelbot.studio.jobs.conclusion import Failed, job_failure
from reelbot.studio.jobs.render_job import Maker
from reelbot.studio.limits import ASKING_SECONDS_MAX, DISK_SPARE_BYTES, PROGRESS_STEP, QUESTION_SECONDS_MAX
from reelbot.studio.planning.costing import CREDITS, is_there

POLL_SECONDS = 2.0
"""How often a provider is asked after its job: it takes minutes, and nobody is waiting at the other end of a wire."""

KEEPING_TRIES = 30
"""How often what was delivered is written again while the database cannot be reached: about as long as one restarts."""


class Lost(Exception):
    """A provider was asked, the answer never came, and it cannot be asked again."""


class NoLongerFree(Failure):
    """What a piece of work would have had for nothing is there no more: it is new work, and its price is not held."""

    def __init__(self) -> None:
        super().__init__(
            "What this was to be taken from was removed before its turn came.", "Ask for it again, at its price."
        )


class NotTakenIn(ProviderFailure):
    """Something of ours failed after a provider had delivered. `kept` is what it delivered, where that could be kept.

    `is_spoiled` says that what had been kept was looked at again and cannot be used.
    """

    def __init__(self, failure: Exception, kept: Kept | None, *, is_spoiled: bool = False) -> None:
        said = failure.detail if isinstance(failure, Failure | Malformed) else "The file could not be kept."
        hints = [failure.hint] if isinstance(failure, Failure) and failure.hint else []
        if is_spoiled:
            detail, hint = f"What was delivered cannot be used: {said}", "Making another one is new work at its price."
        elif kept is not None:
            detail, hint = f"It was made, but then: {said}", "What was delivered is kept: trying again costs nothing."
        else:
            detail, hint = f"It was made and could not be kept: {said}", "Making it again costs nothing."
        super().__init__(detail, " ".join([*hints, hint]), point=FailurePoint.AFTER_DELIVERY)
        self.kept = kept
        self.is_spoiled = is_spoiled


class Cancelled(Exception):
    """Somebody asked for the end of the job."""


T = TypeVar("T")

_log = logging.getLogger(__name__)


class Run:
    """One claim on one job; `running` is what its worker knows of it."""

    def __init__(
        self, room: Room, ending: Ending, maker: Maker, running: Running[Job], pause_seconds: float = POLL_SECONDS
    ) -> None:
        self._running = running
        self._room = room
        self._ending = ending
        self._maker = maker
        self._owner = Owner(self.job.lane, self.job.account)
        self._intake = FileIntake(room.files, room.take_in)
        self._told = self.job.progress
        self._pause_seconds = pause_seconds
        self._paid: set[int] = set()  # the tasks whose work was charged before, when it was delivered to another job

    @property
    def job(self) -> Job:
        """The job as this run has it."""
        return self._running.item

    @job.setter
    def job(self, job: Job) -> None:
        self._running.item = job

    async def carry_out(self) -> None:
        """Do the job to its end. `LeaseLost` when it is not ours any more, `Again` when it is to be tried later."""
        at: int | None = None
        try:
            for at, task in enumerate(self.job.request.tasks):
                if self.job.tasks[at].made is None:
                    await self._task(at, task)
            at = None
            await self._rest()
        except Cancelled:
            await self._cancelled()
        except (ProviderFailure, Malformed, Failure, Lost, OSError) as failure:
            if isinstance(failure, DatabaseFailure | TooBusy):  # it says nothing about the work
                raise
            await self._failed(failure, at)

    # one piece of work

    async def _task(self, at: int, task: Task) -> None:
        if task.script_from is not None:
            task = self._completed(task, task.script_from)
            self._with_task(at, task)
        work = task.work
        try:
            made = await self._made_before(work)
            if made is None:
                made = await self._made_now(at, task)
            self._with_progress(at, structs.replace(self.job.tasks[at], made=made))
            await self._insisted(lambda: self._kept(at))
        finally:
            self._running.can_stop = True

    def _completed(self, task: Task, source: int) -> Task:
        """The task with the script that an earlier one of the job has made."""
        earlier, made = self.job.request.tasks[source], self.job.tasks[source].made
        assert made is not None, "tasks are done in order"
        script = action_of(earlier.work).script(earlier, made, earlier.within)
        work = action_of(task.work).completed(task.work, script)
        return structs.replace(task, work=work, inputs=task.inputs | {SCRIPT_TEXT.name: text_hash(script)})

    async def _made_before(self, work: Work) -> Made | None:
        store, files = self._room.store, self._room.files
        _, made, _ = await store.made(self._owner, work_hash(work))
        if made is None or not await is_there(store, self._owner, made):
            return None
        named = (made.media.sha256 if made.media else None, made.words)
        if not all(files.has(sha256) for sha256 in named if sha256 is not None):
            return None
        return structs.replace(made, amounts={}, free=True)

    async def _made_now(self, at: int, task: Task) -> Made:
        before = await self._room.store.made(self._owner, work_hash(task.work))
        if task.is_free and not await self._is_due(before):
            raise NoLongerFree
        kept = before.kept
        if kept is not None:
            self._paid.add(at)
        with self._room.files.desk() as folder:
            desk = Desk(folder, {}, self._request_id(at), lambda share: self._report(at, share))
            await self._say(self._share(at, 0.0), action_of(task.work).running)
            delivered = None if kept is None else await self._delivered_before(at, kept, desk)
            if delivered is None:
                provider, ability = self._available(task.work)
                desk = desk._replace(files=self._files(task.work))
                delivered, kept = await self._foreseen(self._delivered(at, task, provider, ability, desk)), None
            made = await self._taken_in(task, delivered, folder, kept)
        return structs.replace(made, amounts=self._amounts(at, task, made))

    async def _is_due(self, before: MadeBefore) -> bool:
        """Whether work that is free is still owed: paid for and never taken in, or its file was lost here."""
        if before.made is None:
            return before.is_paid
        return await is_there(self._room.store, self._owner, before.made)

    async def _delivered_before(self, at: int, kept: Kept, desk: Desk) -> Delivered | None:
        """What was delivered and could not be taken in then; None when it is not there any more."""
        if kept.file is not None and self._room.files.has(kept.file):
            path = self._room.files.linked(kept.file, kept.name, desk.folder)
            return Delivered(kept.label, path=path, duration_ms=kept.duration_ms, words=kept.words)
        if kept.provider_job is None:
            return None
        provider, ability = self._available(kept.task.work)
        if not isinstance(provider, Queued) or not ability.is_queued:
            return None
        await self._note(at, structs.replace(self.job.tasks[at], provider_job=kept.provider_job))
        try:
            fetching = self._fetched(kept.task.work, provider, kept.provider_job, ability, desk)
            return await self._foreseen(fetching)
        except ProviderFailure as failure:
            if failure.point in (FailurePoint.UNKNOWN, FailurePoint.AFTER_DELIVERY):
                raise
            await self._note(at, structs.replace(self.job.tasks[at], provider_job=None))
            return None  # it keeps nothing for so long: made again, at no charge

    async def _taken_in(self, task: Task, delivered: Delivered, folder: Path, before: Kept | None) -> Made:
        """What came, looked at and kept; `NotTakenIn` with what came, kept as it is, when that fails.

        `before` is what had been kept of it before, when it is taken in for another time.
        """
        path, as_it_came = delivered.path, None
        try:
            if path is not None and before is None:
                as_it_came = linked(path, folder / f"as it came{path.suffix}")
            return await self._received(task.work, delivered)
        except ProviderFailure:  # it did not deliver what it was asked for
            raise
        except Exception as failure:
            if before is not None and isinstance(failure, Malformed):
                raise NotTakenIn(failure, None, is_spoiled=True) from failure
            raise NotTakenIn(failure, before or await self._kept_as_it_came(task, delivered, as_it_came)) from failure

    async def _kept_as_it_came(self, task: Task, delivered: Delivered, path: Path | None) -> Kept | None:
        """What a provider delivered, kept for another try; None when that cannot be done either."""
        if path is None:
            return None
        try:
            sha256 = await self._room.files.keep(path)
        except (StorageFull, OSError) as failure:
            _log.warning("What was delivered for job %d cannot be kept: %s", self.job.number, failure)
            return None
        return Kept(
            task=task,
            label=delivered.label,
            file=sha256,
            name=path.name,
            duration_ms=delivered.duration_ms,
            words=delivered.words,
        )

    def _available(self, work: Work) -> tuple[Provider, Ability]:
        """Who makes the work; `ProviderUnavailable` when nobody is there any more who could, or could be asked after it."""
        kind, hint = kind_of(work), "Choose another provider and try again."
        try:
            provider = self._room.registry.provider(work.provider)
            ability = ability_of(provider, kind)
        except Malformed as gone:
            if self._running.cancelled.is_set():
                raise Cancelled from gone
            raise ProviderUnavailable(f"{work.provider} can no longer make this: it was switched off.", hint) from gone
        missing = provider.missing()
        if missing is not None:
            if self._running.cancelled.is_set():
                raise Cancelled
            raise ProviderUnavailable(
                f"{provider.title} can no longer be used.", f"{missing} Or choose another provider."
            )
        return provider, ability

    async def _received(self, work: Work, delivered: Delivered) -> Made:
        """What was delivered, checked and kept; a file waits for its turn to be looked at."""
        receive = partial(action_of(work).receive, self._intake, work, delivered)
        if delivered.path is None:
            return await receive()
        async with self._room.decoding.place(self._owner):
            return await receive()

    async def _foreseen(self, delivering: Coroutine[Any, Any, T]) -> T:
        """What a provider delivers; an error that it did not foresee counts as ended at the provider."""
        try:
            with disk_errors():
                return await delivering
        except (Failure, Malformed, Lost, Again, Cancelled, LeaseLost):
            raise
        except Exception as failure:
            _log.exception("A provider failed in a way that it did not foresee.")
            raise ProviderFailure("The provider is broken.", "Try again, or another provider.") from failure

    def _files(self, work: Work) -> dict[str, Path]:
        return {sha256: self._room.files.path(sha256) for sha256 in action_of(work).files(work)}

    def _request_id(self, at: int) -> str:
        return f"{self.job.id}-{at}-{self.job.tasks[at].attempts}"

    async def _delivered(self, at: int, task: Task, provider: Provider, ability: Ability, desk: Desk) -> Delivered:
        progress = self.job.tasks[at]
        self._running.can_stop = ability.is_queued or ability.is_repeatable
        if progress.called_at is None:
            self._require_wanted()
            if action_of(task.work).makes_file:
                self._room.files.require_room(DISK_SPARE_BYTES)
            progress = structs.replace(progress, called_at=self._room.clock(), request_id=desk.request_id)
            await self._note(at, progress)
            return await self._begun(at, task.work, provider, ability, desk)
        desk = desk._replace(request_id=progress.request_id)
        if isinstance(provider, Queued) and ability.is_queued:
            return await self._resumed(at, task.work, provider, ability, desk)
        if ability.is_repeatable:
            return await self._begun(at, task.work, provider, ability, desk)
        await self._ending.keep_unknown(self.job)
        raise Lost

    async def _begun(self, at: int, work: Work, provider: Provider, ability: Ability, desk: Desk) -> Delivered:
        if isinstance(provider, Queued) and ability.is_queued:
            # Not cut short when the job is cancelled: without its answer, what it began could not be called off.
            submitted = await _within(provider.submit(work, desk), ability.seconds_max)
            await self._note(at, structs.replace(self.job.tasks[at], provider_job=submitted))
            return await self._awaited(at, work, provider, ability, desk)
        assert isinstance(provider, AtOnce), "a provider works at once or takes jobs"
        if not ability.works_here:
            await self._go_away()
        delivered = await self._unless_cancelled(provider.run(work, desk), ability.seconds_max)
        await self._come_back()
        return delivered

    async def _resumed(self, at: int, work: Work, provider: Queued, ability: Ability, desk: Desk) -> Delivered:
        """Ask after a job that was submitted, or perhaps was, by a worker that is gone."""
        await self._ending.keep_unknown(self.job)
        if self.job.tasks[at].provider_job is None:
            found = await self._told_of(at, provider.find(desk.request_id))
            if found is None:
                raise Cancelled if self._running.cancelled.is_set() else Lost
            await self._note(at, structs.replace(self.job.tasks[at], provider_job=found))
        return await self._awaited(at, work, provider, ability, desk)

    async def _awaited(self, at: int, work: Work, provider: Queued, ability: Ability, desk: Desk) -> Delivered:
        submitted = self.job.tasks[at].provider_job
        assert submitted is not None, "stored before it is asked after"
        while True:
            if self._running.cancelled.is_set():
                await self._called_off(work, provider, submitted)
                raise Cancelled
            polled: Polled = await self._told_of(at, provider.poll(work, submitted))
            match polled.state:
                case "done":
                    await self._come_back()
                    return await self._fetched(work, provider, submitted, ability, desk)
                case "failed":
                    raise polled.failure or ProviderFailure("The provider could not make it.")
                case "cancelled":
                    raise ProviderFailure("The provider cancelled the work.", "Try again.")
                case "waiting":
                    desk.report(polled.progress)
                    await self._go_away()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._running.cancelled.wait(), self._pause_seconds)

    async def _go_away(self) -> None:
        """Leave the place to others while a provider takes its time."""
        if self._running.leave() and not await self._room.store.note_away(self.job, True):
            raise LeaseLost

    async def _come_back(self) -> None:
        """Have a place again: what follows is work of ours."""
        if await self._running.come_back() and not await self._room.store.note_away(self.job, False):
            raise LeaseLost

    async def _told_of(self, at: int, question: Coroutine[Any, Any, T]) -> T:
        """What a provider says of its job. That it cannot be asked right now says nothing about the job."""
        called_at = self.job.tasks[at].called_at
        assert called_at is not None, "written down before the provider was asked"
        try:
            return await self._foreseen(_within(question, QUESTION_SECONDS_MAX))
        except ProviderFailure as failure:
            if self._running.cancelled.is_set():
                raise Cancelled from failure
            if self._room.clock() - called_at > ASKING_SECONDS_MAX * SECOND:
                raise Lost from failure
            await self._ending.keep_unknown(self.job)
            raise Again(max(POLL_SECONDS, failure.retry_seconds or 0.0), "Waiting for the provider") from failure

    async def _fetched(self, work: Work, provider: Queued, submitted: str, ability: Ability, desk: Desk) -> Delivered:
        """What a finished job delivers. Where it can be fetched later, the job is not submitted again."""
        try:
            return await _within(provider.fetch(work, submitted, desk), ability.seconds_max)
        except ProviderFailure as failure:
            if failure.retryable and failure.point is not FailurePoint.AFTER_DELIVERY:
                failure.point = FailurePoint.UNKNOWN
            raise

    async def _called_off(self, work: Work, provider: Queued, submitted: str) -> None:
        """Ask the provider to stop. Whether it does or not, the job ends."""
        try:
            await self._foreseen(_within(provider.cancel(work, submitted), QUESTION_SECONDS_MAX))
        except (Failure, Malformed) as failure:
            _log.info("A provider could not be told to stop: %s", failure)

    def _require_wanted(self) -> None:
        """Raise when somebody has asked for the end before something new is begun."""
        if self._running.cancelled.is_set():
            raise Cancelled

    async def _unless_cancelled(self, doing: Coroutine[Any, Any, T], seconds_max: float | None) -> T:
        """The outcome of a call; the call is ended when somebody asks for the end of the job."""
        if self._running.cancelled.is_set():
            doing.close()
            raise Cancelled
        call = asyncio.ensure_future(doing)
        watch = asyncio.ensure_future(self._running.cancelled.wait())
        try:
            await asyncio.wait({call, watch}, timeout=seconds_max, return_when=asyncio.FIRST_COMPLETED)
            if call.done():
                return call.result()
            if watch.done():
                raise Cancelled
            raise _too_long()
        finally:
            watch.cancel()
            if not call.done():
                call.cancel()
            await asyncio.wait({call, watch})

    def _amounts(self, at: int, task: Task, made: Made) -> dict[str, int]:
        """What the work really costs, by its measured quantity; never above what was held. What it stores always counts."""
        amounts = measured_amounts(task, made, self._room.ledger.terms.prices)
        return amounts | {CREDITS: 0} if at in self._paid else amounts

    # writing down

    def _with_progress(self, at: int, progress: TaskProgress) -> None:
        tasks = (*self.job.tasks[:at], progress, *self.job.tasks[at + 1 :])
        self.job = self.job._replace(tasks=tasks)

    def _with_task(self, at: int, task: Task) -> None:
        request = self.job.request
        tasks = (*request.tasks[:at], task, *request.tasks[at + 1 :])
        self.job = self.job._replace(request=structs.replace(request, tasks=tasks))

    async def _note(self, at: int, progress: TaskProgress) -> None:
        self._with_progress(at, progress)
        async with self._room.store.database.transaction() as connection:
            await self._room.store.carry_out(connection, [rows.note_tasks(self.job)])

    async def _insisted(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write what was delivered, again and again while the database cannot be reached: it may not come twice."""
        for _ in range(KEEPING_TRIES):
            try:
                await write()
                return
            except (DatabaseFailure, TooBusy) as failure:
                _log.warning("What was delivered for job %d cannot be kept yet: %s", self.job.number, failure)
                await asyncio.sleep(self._pause_seconds)
        await write()

    async def _kept(self, at: int) -> None:
        is_last = at == len(self.job.tasks) - 1
        if is_last and not self.job.request.renders:
            await self._ending.succeed(self.job, [at])
        else:
            await self._ending.keep_delivered(self.job, at)

    # the rest of the job

    async def _rest(self) -> None:
        if self.job.kind == "preview":
            await self._say(self.job.progress, "Rendering a preview")
            sha256 = await self._unless_cancelled(self._maker.preview(self.job, self._rendered), None)
            self.job = self.job._replace(result={"preview": sha256})
            await self._insisted(lambda: self._ending.succeed(self.job, []))
            await self._drop_old_previews()
        elif self.job.request.renders:
            self._require_wanted()
            await self._say(self.job.progress, "Rendering the video")
            video = await self._unless_cancelled(self._maker.video(self.job, self._rendered), None)
            await self._insisted(lambda: self._ending.succeed(self.job, [], video))

    async def _drop_old_previews(self) -> None:
        """The job has ended; what stands in the way of this is tried again with the next preview."""
        try:
            await drop_old_previews(self._room.store, self._room.files, self._owner, time.time())
        except (Failure, OSError) as failure:
            _log.warning("Old previews could not be dropped: %s", failure)

    def _rendered(self, share: float) -> None:
        parts = RENDER_SHARE if self.job.request.tasks else 1.0
        self._tell_soon(1.0 - parts + parts * share, "Rendering")

    def _share(self, at: int, share: float) -> float:
        whole = 1.0 - RENDER_SHARE if self.job.request.renders else 1.0
        return whole * (at + min(max(share, 0.0), 1.0)) / len(self.job.tasks)

    def _report(self, at: int, share: float) -> None:
        self._tell_soon(self._share(at, share), action_of(self.job.request.tasks[at].work).running)

    def _tell_soon(self, progress: float, message: str) -> None:
        """Note progress to be told with the next heartbeat; it never goes back and never passes 1."""
        if progress >= self.job.progress:
            self.job = self.job._replace(progress=round(min(progress, 1.0), 4), message=message)

    async def tell(self) -> None:
        """Tell how far the job is, if that has changed."""
        if self.job.progress - self._told >= PROGRESS_STEP:
            await self._say(self.job.progress, self.job.message)

    async def _say(self, progress: float, message: str) -> None:
        self._tell_soon(max(progress, self.job.progress), message)
        self._told = self.job.progress
        async with self._room.writing(self._owner, [job_told(self.job)]) as connection:
            if not await self._room.store.note_progress(connection, self.job, self.job.progress, message):
                raise LeaseLost

    # ends without success

    async def _cancelled(self) -> None:
        point = FailurePoint.CANCELLED_RUNNING
        is_there = await self._room.store.draft(self._owner, self.job.draft) is not None
        failure = job_failure("cancelled", cancelled_words(self.job, is_there), "", point, None)
        await self._ending.fail(self.job, Failed(point, failure), "cancelled")

    async def _failed(self, failure: Exception, at: int | None) -> None:
        slot = None if at is None else self.job.request.tasks[at].slot
        if isinstance(failure, ProviderFailure) and at is not None:
            await self._provider_failed(failure, at, slot)
            return
        if isinstance(failure, Lost):
            point = FailurePoint.AT_PROVIDER
            detail = (
                "The connection to the provider was lost while it worked, and it cannot be asked what became of it."
            )
            told = job_failure("lost", detail, "Nothing was charged for it. Try again.", point, slot)
            await self._ending.fail(self.job, Failed(point, told, slot))
            return
        failed = _our_failure(failure, slot)
        if isinstance(failure, ProviderUnavailable) and at is not None and self.job.tasks[at].called_at is not None:
            point = FailurePoint.AT_PROVIDER
            failed = failed._replace(point=point, failure=structs.replace(failed.failure, point=point.value))
        await self._ending.fail(self.job, failed)

    async def _provider_failed(self, failure: ProviderFailure, at: int, slot: SlotRef | None) -> None:
        progress = self.job.tasks[at]
        can_be_asked, bills = self._habits(self.job.request.tasks[at].work)
        point = failure.point
        if point is FailurePoint.UNKNOWN:
            await self._ending.keep_unknown(self.job)
            if can_be_asked:
                await self._try_again(at, progress, failure)
            point = FailurePoint.AT_PROVIDER  # it cannot be asked any more, and nobody is charged for what never came
        elif failure.retryable:
            await self._try_again(at, structs.replace(progress, called_at=None, provider_job=None), failure)
        elif point is FailurePoint.AT_PROVIDER and bills:
            point = FailurePoint.AT_PROVIDER_BILLED
        is_due = point in (FailurePoint.AFTER_DELIVERY, FailurePoint.AT_PROVIDER_BILLED)
        told = job_failure(failure.code, failure.detail, failure.hint, point, slot)
        failed = Failed(point, told, slot, at if is_due else None)
        if isinstance(failure, NotTakenIn):
            failed = failed._replace(kept=failure.kept, is_spoiled=failure.is_spoiled)
        elif point is FailurePoint.AFTER_DELIVERY and progress.provider_job is not None:
            task = self.job.request.tasks[at]
            failed = failed._replace(kept=Kept(task=task, label="", provider_job=progress.provider_job))
        await self._ending.fail(self.job, failed._replace(is_paid=at in self._paid))

    def _habits(self, work: Work) -> tuple[bool, bool]:
        """Whether a provider can be asked again about work whose outcome is not known, and whether it bills failures."""
        try:
            ability = ability_of(self._room.registry.provider(work.provider), kind_of(work))
        except Malformed:  # it was switched off meanwhile
            return False, False
        return ability.is_queued or ability.is_repeatable, ability.bills_failures

    async def _try_again(self, at: int, progress: TaskProgress, failure: ProviderFailure) -> None:
        """Raise `Again` unless this was the last try."""
        seconds = backoff_seconds(progress.attempts + 1, failure.retry_seconds)
        if seconds is None:
            return
        await self._note(at, structs.replace(progress, attempts=progress.attempts + 1))
        raise Again(seconds, f"{failure.detail} Trying again.")


async def _within(doing: Coroutine[Any, Any, T], seconds_max: float) -> T:
    """The outcome of a call that is not cut short but by time."""
    try:
        async with asyncio.timeout(seconds_max) as limit:
            return await doing
    except TimeoutError as failure:
        if not limit.expired():
            raise
        raise _too_long() from failure


def _too_long() -> ProviderFailure:
    return ProviderFailure("The provider took too long.", "Try again.", point=FailurePoint.UNKNOWN)


def measured_amounts(task: Task, made: Made, prices: PriceList) -> dict[str, int]:
    """What a delivered task costs by what was measured of it, by meter; never more than was held for it."""
    action, amounts = action_of(task.work), dict(task.amounts)
    units = action.measured(task.work, made)
    if units is not None and "ai_credits" in amounts:
        factor = task.work.provider if task.work.provider in prices.factors else None
        amounts["ai_credits"] = min(amounts["ai_credits"], prices.amount_of(action.name, units, factor))
    if made.media is not None and "storage_bytes" in amounts:
        amounts["storage_bytes"] = min(amounts["storage_bytes"], made.media.bytes)
    return amounts


def _our_failure(failure: Exception, slot: SlotRef | None) -> Failed:
    """A failure of the render or of what is around the work; no provider has delivered anything that is lost."""
    point = FailurePoint.BEFORE_ACCEPTANCE
    match failure:
        case StorageFull() | FileMissing():
            told = job_failure(failure.code, failure.detail, failure.hint, point, slot)
        case Failure():
            told = job_failure(failure.code, failure.detail, failure.hint or "Try again.", point, slot)
        case Malformed():
            told = job_failure("malformed", failure.detail, "Change it and try again.", point, slot)
        case _:
            told = job_failure("failure", f"The disk or the system failed: {failure}.", "Try again.", point, slot)
    return Failed(point, told, slot)
