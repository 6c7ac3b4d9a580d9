"""The studio as a service: open, edit, generate, refresh, render, cancel. The front door of the room.

One instance belongs to one event loop. Whatever is asked for here is queued; a `Worker`, in this process or another, does
it. Expected noes are `StudioRefused` and the ledger's `Refused`; bad input is `Malformed`.
"""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from reelbot.allowance import AccountRef, FailurePoint
from reelbot.errors import Malformed
from reelbot.limits import WHY_LENGTH_MAX
from reelbot.providers.embedded.provider import CODES
from reelbot.queue import LeaseLost
from reelbot.records import Owner, Page, content_of, number_of, owner_of
from reelbot.studio.actions.requests import GenerationAsked
from reelbot.studio.attribution import Purposes
from reelbot.studio.context import Room
from reelbot.studio.core.job import ACTIVE, Job, cancelled_words
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.requests import ChangeAsked, DraftAsked, RenderAsked, SettingsAsked
from reelbot.studio.core.rows import KeptAsset, KeptDraft, KeptVideo
from reelbot.studio.deliveries import StudioDeliveries
from reelbot.studio.drafts.commands import Drafting
from reelbot.studio.drafts.views import DraftListed, DraftShown
from reelbot.studio.files.content import Files
from reelbot.studio.files.voice_samples import Samples
from reelbot.studio.jobs.completion import Ending
from reelbot.studio.jobs.conclusion import Failed, job_failure
from reelbot.studio.jobs.enqueue import Begun, Generating, Quoted
from reelbot.studio.jobs.worker import JobWorker
from reelbot.studio.library.assets import Assets, Held
from reelbot.studio.library.uploads import Uploads
from reelbot.studio.limits import LISTS_MAX, LISTS_WAITING_MAX
from reelbot.studio.overview import Overview
from reelbot.studio.planning.costing import Weigher
from reelbot.studio.shares import Share

NO_JOB = "There is no such job."
NO_VIDEO = "There is no such video."


class Studio:
    """Drafts, jobs, videos and assets of every account of a ledger, on its database."""

    def __init__(self, room: Room, worker: JobWorker) -> None:
        self.registry = room.registry
        self.files: Files = room.files
        self.worker = worker
        self.languages = CODES
        self._room = room
        weigher = Weigher(room.ledger, room.store, room.registry)
        self._drafting = Drafting(room, weigher, CODES)
        self._lists = Share(LISTS_MAX, 1, LISTS_WAITING_MAX)
        self._generating = Generating(room, weigher)
        self._assets = Assets(room)
        self.uploads = Uploads(room, self._assets)
        self.samples = Samples(room.files, room.registry)
        self._ending = Ending(room)
        self.deliveries = StudioDeliveries(room.store.database, room.ledger)
        self.overview = Overview(room.store.database, len(room.store.lanes))
        self.purposes = Purposes(room.store.database, len(room.store.lanes))

    # drafts

    async def open(self, account: AccountRef, asked: DraftAsked, key: str | None = None) -> tuple[KeptDraft, bool]:
        """A new draft, or the one that the same key opened before; and whether it was there."""
        return await self._room.keys.once(
            account,
            key,
            content_of("open", "", asked),
            lambda claim: self._drafting.open(account, asked, claim),
            lambda id: self._drafting.found(account, id),
        )

    async def draft(self, account: AccountRef, id: str) -> DraftShown:
        """A draft as it stands, with the price of everything that could be made for it."""
        return await self._drafting.shown(account, id)

    async def drafts(self, account: AccountRef, page: Page) -> list[DraftListed]:
        """A page of drafts, the last changed first."""
        return await self._drafting.listed(account, page)

    async def kept_draft(self, account: AccountRef, id: str) -> KeptDraft:
        """A draft as it is kept."""
        return await self._drafting.found(account, id)

    async def check_settings(self, account: AccountRef, asked: SettingsAsked) -> None:
        """Raise what is wrong with settings that a draft of this account may be changed to some day."""
        await self._drafting.check(account, asked)

    async def change(
        self, account: AccountRef, id: str, asked: ChangeAsked, seen: Collection[int] | None = None
    ) -> DraftShown:
        """Change a draft by hand. Never costs anything; see `Drafting.change` for when it is refused."""
        return await self._drafting.view(await self._drafting.change(account, id, asked, seen))

    async def remove(self, account: AccountRef, id: str) -> None:
        """Remove a draft. What is at work for it is cancelled."""
        for job in await self._drafting.remove(account, id):
            await self._cancel(job)

    # AI actions, renders, jobs

    async def quote(self, account: AccountRef, draft: str, asked: GenerationAsked) -> Quoted:
        """What AI actions on a draft would cost at most; changes nothing."""
        return await self._generating.quote(account, await self._drafting.found(account, draft), asked)

    async def generate(self, account: AccountRef, draft: str, asked: GenerationAsked, key: str) -> Begun:
        """Trigger AI actions."""
        return self._queued(await self._generating.generate(account, draft, asked, key))

    async def render(self, account: AccountRef, draft: str, asked: RenderAsked, key: str) -> Begun:
        """Make the finished video."""
        return self._queued(await self._generating.render(account, draft, asked, key))

    async def preview(self, account: AccountRef, draft: str, key: str) -> Begun:
        """Make a small video to look at. Costs nothing."""
        return self._queued(await self._generating.preview(account, draft, key))

    def _queued(self, begun: Begun) -> Begun:
        self.worker.look()
        return begun

    async def job(self, account: AccountRef, id: str) -> Job:
        """A job as it stands."""
        owner = owner_of(account)
        job = await self._room.store.job(owner, number_of("job", owner, id))
        if job is None:
            raise StudioRefused("not_found", NO_JOB)
        return job

    async def jobs(self, account: AccountRef, page: Page) -> list[Job]:
        """A page of jobs, the newest first."""
        owner = owner_of(account)
        async with self._lists.place(owner):
            return [job async for job in self._room.store.jobs_in_turn(owner, page)]

    async def cancel(self, account: AccountRef, id: str) -> Job:
        """Ask for a job's end: at once when it waits, else as soon as its worker hears of it.

        One that waits for a provider which is at work for it is ended by a worker, who calls that work off.
        """
        await self._cancel(await self.job(account, id))
        return await self.job(account, id)

    async def call_off(self, account: AccountRef, id: str, why: str) -> Job:
        """Ask for a job's end as an operator: with the same effect as `cancel`, and a reason that its owner reads."""
        if not 1 <= len(why) <= WHY_LENGTH_MAX or not why.isprintable():
            raise Malformed(
                f"Give a reason, of at most {WHY_LENGTH_MAX} printable characters: the owner reads it.", "why"
            )
        await self._cancel(await self.job(account, id), why)
        return await self.job(account, id)

    async def _cancel(self, job: Job, why: str = "") -> None:
        if job.state not in ACTIVE:
            return
        owner = Owner(job.lane, job.account)
        async with self._room.store.database.transaction() as connection:
            if await self._room.store.ask_cancel(connection, owner, job.number) and why:
                await self._room.store.keep_reason(connection, owner, job.number, why, self._room.clock())
        if job.state == "queued" and not any(progress.called_at and not progress.made for progress in job.tasks):
            delivered = any(progress.made for progress in job.tasks)
            point = FailurePoint.CANCELLED_RUNNING if delivered else FailurePoint.BEFORE_ACCEPTANCE
            is_there = await self._room.store.draft(owner, job.draft) is not None
            words = cancelled_words(job, is_there) if delivered else "Cancelled before it began."
            told = job_failure("cancelled", words, "", point, None)
            with suppress(LeaseLost):  # a worker was quicker: it has been asked, and ends it
                await self._ending.fail(job, Failed(point, told), "cancelled")
        self.worker.cancel(job)
        self.worker.look()

    # videos

    async def video(self, account: AccountRef, id: str) -> KeptVideo:
        """A finished video."""
        owner = owner_of(account)
        video = await self._room.store.video(owner, number_of("video", owner, id))
        if video is None:
            raise StudioRefused("not_found", NO_VIDEO)
        return video

    async def videos(self, account: AccountRef, page: Page) -> list[KeptVideo]:
        """A page of finished videos, the newest first."""
        return await self._room.store.videos(owner_of(account), page)

    async def edit(self, account: AccountRef, id: str, key: str | None = None) -> tuple[KeptDraft, bool]:
        """A new draft from a video's setup; the video itself is never changed."""
        video = await self.video(account, id)
        return await self._room.keys.once(
            account,
            key,
            content_of("edit", id, None),
            lambda claim: self._drafting.reopen(account, video, claim),
            lambda draft: self._drafting.found(account, draft),
        )

    # assets

    async def upload(
        self,
        account: AccountRef,
        name: str,
        path: Path,
        size: int,
        sha256: str,
        key: str | None = None,
        held: Held | None = None,
    ) -> tuple[KeptAsset, bool]:
        """Keep an uploaded file, or give the one that the same key brought before.

        `held` is the storage that `uploads` has set aside for it; without, it is set aside now.
        """
        return await self._room.keys.once(
            account,
            key,
            content_of("upload", sha256, name),
            lambda claim: self._assets.upload(account, name, path, size, claim, held),
            lambda id: self._assets.found(account, id),
        )

    async def asset(self, account: AccountRef, id: str) -> KeptAsset:
        """An uploaded or animated file."""
        return await self._assets.found(account, id)

    async def assets(self, account: AccountRef, page: Page) -> list[KeptAsset]:
        """A page of assets, the newest first."""
        return await self._assets.listed(account, page)

    async def remove_asset(self, account: AccountRef, id: str) -> None:
        """Remove a file and give its place back."""
        await self._assets.remove(account, id)
