"""The studio's part of the audit: what its jobs made, the videos and the stored files, each with the hold that pays for it.

All of an account is read in one reading. A job ends, a file is kept and a file is removed in the transaction that settles
or refunds, so nothing that goes on meanwhile is a fault. Held in memory is the storage of one account, by hold.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

from reelbot.allowance import AccountRef, Delivery, FailurePoint, Fault, Ledger, Rule
from reelbot.db import Connection, PostgresDatabase, SqliteDatabase
from reelbot.providers.works import kind_of
from reelbot.records import SCAN_SIZE, Owner, number_of, owner_of, paged
from reelbot.studio.core.job import RENDER, Job, delivered_amounts
from reelbot.studio.core.rows import KeptVideo
from reelbot.studio.store import StudioStore

STORAGE = "storage_bytes"


class StudioDeliveries:
    """Looks through what the studio delivered to one account after the other."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, ledger: Ledger) -> None:
        self._store = StudioStore(database, ledger.store.lanes)
        self._ledger = ledger

    async def __call__(self, account: AccountRef) -> Fault | None:
        """The first video, file or other result that was delivered without its charge."""
        async with self._store.database.reading() as connection:
            for deliveries in (self._videos, self._made, self._stored):
                async for page in deliveries(connection, owner_of(account)):
                    fault = await self._ledger.first_uncharged(connection, account, page)
                    if fault is not None:
                        return fault
        return None

    async def _videos(self, connection: Connection, owner: Owner) -> AsyncIterator[Sequence[Delivery]]:
        async for videos in paged(self._store.videos, connection, owner):
            yield [await self._video(connection, owner, video) for video in videos]

    async def _video(self, connection: Connection, owner: Owner, video: KeptVideo) -> Delivery:
        """A video is paid for by the hold of the job that made it, and of which it is the one result."""
        job = await self._store.job(owner, number_of("job", owner, video.facts.job), connection)
        is_its = job is not None and (job.result or {}).get("video") == video.id
        hold = job.hold if job is not None and is_its else None
        return Delivery(video.id, hold or "", video.facts.job, action=RENDER)

    async def _made(self, connection: Connection, owner: Owner) -> AsyncIterator[Sequence[Delivery]]:
        """Scripts, speech, pictures, clips, music and whatever else tasks made. What was free is paid for by nobody."""
        async for jobs in paged(self._store.jobs, connection, owner):
            due = [(job, self._due(job)) for job in jobs]
            yield [
                Delivery(_words(job), job.hold or "", job.id, amounts) for job, amounts in due if any(amounts.values())
            ]

    def _due(self, job: Job) -> Mapping[str, int]:
        """What the pieces that arrived must have cost, by the table of failure points in force where the job failed."""
        amounts = {meter: amount for meter, amount in delivered_amounts(job).items() if meter != STORAGE}
        if job.state not in ("failed", "cancelled"):
            return amounts
        stopped = job.failure is not None and job.failure.point == FailurePoint.CANCELLED_RUNNING
        point = FailurePoint.CANCELLED_RUNNING if stopped else FailurePoint.IN_PART
        rule = self._ledger.terms.failures[point]
        return {meter: 0 if rule.rule_for(meter) is Rule.RELEASE else amount for meter, amount in amounts.items()}

    async def _stored(self, connection: Connection, owner: Owner) -> AsyncIterator[Sequence[Delivery]]:
        """Files by the hold that counts them: that of an upload is its own, the clips of one job share the job's."""
        stored: dict[str, Delivery] = {}
        async for assets in paged(self._store.assets, connection, owner):
            for asset in assets:
                other = stored.get(asset.hold)
                size = asset.media.bytes + (0 if other is None else other.due[STORAGE])
                owned_by = asset.id if asset.origin == "upload" else None
                stored[asset.hold] = Delivery(asset.id, asset.hold, owned_by, {STORAGE: size})
        listed = list(stored.values())
        for at in range(0, len(listed), SCAN_SIZE):
            yield listed[at : at + SCAN_SIZE]


def _words(job: Job) -> str:
    """What a job made, in the words of a fault."""
    pairs = zip(job.request.tasks, job.tasks, strict=True)
    kinds = dict.fromkeys(kind_of(task.work) for task, progress in pairs if progress.made is not None)
    return f"what {job.id} made ({', '.join(kinds)})"
