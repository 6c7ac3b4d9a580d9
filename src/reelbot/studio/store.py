"""What is kept of the studio, and how it changes. Every write is a statement on the caller's transaction.

Order of locks: whoever writes more than one row of an account first locks the account's stream of events
(`Events.append`), and the ledger does the same before its riders write. So transactions of one account go one after the
other, whatever they touch, and no two wait for each other. A single row, such as a lease, may be written without it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec

from reelbot.db import Connection, PostgresDatabase, Row, SqliteDatabase
from reelbot.queue import TurnStore
from reelbot.records import (
    SCAN_SIZE,
    KeepingStore,
    Owner,
    Page,
    read_json,
    read_json_or_none,
)
from reelbot.studio.core.draft import Draft, Media
from reelbot.studio.core.job import Job, JobFailure, Kept, Made, Request, TaskProgress
from reelbot.studio.core.rows import KeptAsset, KeptDraft, KeptPreview, KeptVideo, MadeBefore, VideoFacts, pool_of
from reelbot.studio.limits import JOBS_AWAY_MAX, JOBS_RUNNING_MAX, PREVIEWS_RUNNING_MAX, READ_AT_ONCE

_UPDATED_AT = 5
"""Where a row of a draft says when it was changed."""

_SCANS = ("scan_drafts", "scan_videos", "scan_assets", "scan_made", "scan_jobs")

_draft_in = msgspec.json.Decoder(Draft).decode
_request_in = msgspec.json.Decoder(Request).decode
_tasks_in = msgspec.json.Decoder(tuple[TaskProgress, ...]).decode
_failure_in = msgspec.json.Decoder(JobFailure).decode
_video_in = msgspec.json.Decoder(VideoFacts).decode
_media_in = msgspec.json.Decoder(Media).decode
_made_in = msgspec.json.Decoder(Made).decode
_kept_in = msgspec.json.Decoder(Kept).decode


class StudioStore(KeepingStore, TurnStore):
    """Keeps the studio in the database of the ledger."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, lanes: int) -> None:
        super().__init__(database, lanes, "reelbot.studio")

    # drafts

    async def draft(self, owner: Owner, number: int) -> KeptDraft | None:
        """One draft as it stands."""
        return self._one_draft(owner, await self._rows(None, "read_draft", *owner, number))

    async def take_draft(self, connection: Connection, owner: Owner, number: int) -> KeptDraft | None:
        """One draft, for a change in this transaction."""
        return self._one_draft(owner, await self._rows(connection, "take_draft", *owner, number))

    async def drafts(self, owner: Owner, page: Page) -> list[KeptDraft]:
        """A page of drafts, the last changed first."""
        rows = await self._rows(None, "list_drafts", *owner, page.before_at, page.before_number, page.size)
        return [_kept_draft(owner, row) for row in rows]

    async def drafts_in_turn(self, owner: Owner, page: Page) -> AsyncIterator[KeptDraft]:
        """The same, a few in memory at a time; between any two of them others have a turn."""
        left = page.size
        while left > 0:
            size = min(left, READ_AT_ONCE)
            rows = await self._rows(None, "list_drafts", *owner, page.before_at, page.before_number, size)
            for row in rows:
                page = Page(size, row[_UPDATED_AT], row[0])
                yield _kept_draft(owner, row)
                await asyncio.sleep(0)
            left = left - size if len(rows) == size else 0

    async def delete_draft(self, connection: Connection, owner: Owner, number: int) -> bool:
        """Remove a draft."""
        return await self._changed(connection, "delete_draft", *owner, number)

    def _one_draft(self, owner: Owner, rows: Sequence[Row]) -> KeptDraft | None:
        return _kept_draft(owner, rows[0]) if rows else None

    # jobs

    async def job(self, owner: Owner, number: int, connection: Connection | None = None) -> Job | None:
        """One job as it stands."""
        rows = await self._rows(connection, "read_job", *owner, number)
        return _job(rows[0]) if rows else None

    async def take_job(self, connection: Connection, owner: Owner, number: int) -> Job | None:
        """One job, for a change in this transaction."""
        rows = await self._rows(connection, "take_job", *owner, number)
        return _job(rows[0]) if rows else None

    async def jobs(self, owner: Owner, page: Page, connection: Connection | None = None) -> list[Job]:
        """A page of jobs, the newest first."""
        rows = await self._rows(connection, "list_jobs", *owner, page.before_at, page.before_number, page.size)
        return [_job(row) for row in rows]

    async def jobs_in_turn(self, owner: Owner, page: Page) -> AsyncIterator[Job]:
        """The same, a few read at a time; between any two of them others have a turn."""
        left = page.size
        while left > 0:
            size = min(left, READ_AT_ONCE)
            rows = await self._rows(None, "list_jobs", *owner, page.before_at, page.before_number, size)
            for row in rows:
                job = _job(row)
                page = Page(size, job.created_at, job.number)
                yield job
                await asyncio.sleep(0)
            left = left - size if len(rows) == size else 0

    async def active(self, owner: Owner, connection: Connection | None = None) -> list[Job]:
        """The jobs of an account that have not ended, the oldest first."""
        return [_job(row) for row in await self._rows(connection, "list_active", *owner)]

    async def due(
        self, connection: Connection | None, lane: int, pool: str, now: int, count: int
    ) -> list[tuple[int, int]]:
        """Jobs of a lane that may be taken, at most one of an account, as (account, number), in the order of their turns."""
        most = PREVIEWS_RUNNING_MAX if pool == "preview" else JOBS_RUNNING_MAX
        rows = await self._rows(connection, "list_due", now, now, JOBS_AWAY_MAX, lane, pool, now, most, count)
        return [(row[0], row[1]) for row in rows]

    async def claim(self, connection: Connection, job: Job, until_at: int, worker: str, crashes: int, now: int) -> bool:
        """Take the lease on a job, under the fencing number after the one it has: its account has had its turn."""
        place = (job.lane, job.account, job.number, job.fence)
        if not await self._changed(connection, "claim_job", until_at, worker, crashes, now, *place):
            return False
        await self.take_turn(connection, Owner(job.lane, job.account), pool_of(job))
        return True

    async def note_away(self, job: Job, is_away: bool) -> bool:
        """Say whether a job waits for its provider; False when the lease no longer counts."""
        place = (job.lane, job.account, job.number, job.fence)
        async with self.database.transaction() as connection:
            return await self._changed(connection, "note_away", is_away, *place)

    async def renew(self, job: Job, until_at: int) -> bool | None:
        """Say that the work goes on: True when somebody asked for its end, None when the lease no longer counts."""
        place = (job.lane, job.account, job.number, job.fence)
        async with self.database.transaction() as connection:
            if not await self._changed(connection, "renew_lease", until_at, *place):
                return None
            rows = await self._rows(connection, "read_cancel", *place)
            return bool(rows[0][0])

    async def note_progress(self, connection: Connection, job: Job, progress: float, message: str) -> bool:
        """Keep how far a job is; False when the lease no longer counts."""
        place = (job.lane, job.account, job.number, job.fence)
        return await self._changed(connection, "note_progress", progress, message, *place)

    async def requeue(self, connection: Connection, job: Job, due_at: int, crashes: int, message: str) -> bool:
        """Give the lease back; False when it no longer counts."""
        place = (job.lane, job.account, job.number, job.fence)
        return await self._changed(connection, "requeue_job", due_at, crashes, message, *place)

    async def ask_cancel(self, connection: Connection, owner: Owner, number: int) -> bool:
        """Ask for a job's end; False when it has ended."""
        return await self._changed(connection, "ask_cancel", *owner, number)

    async def keep_reason(self, connection: Connection, owner: Owner, number: int, why: str, at: int) -> None:
        """Keep why an operator asked for a job's end; the first reason stays."""
        await connection.execute(self._sql["insert_cancellation"], (*owner, number, why, at))

    async def reason(self, owner: Owner, number: int) -> str:
        """Why an operator asked for a job's end; empty when none did."""
        rows = await self._rows(None, "read_cancellation", *owner, number)
        return rows[0][0] if rows else ""

    async def counts(self) -> dict[str, int]:
        """How many jobs wait and run, in all lanes."""
        found: dict[str, int] = {}
        for lane in self.lanes:
            for state, count in await self._rows(None, "count_jobs", lane):
                found[state] = found.get(state, 0) + count
        return found

    # previews

    async def previews(self, owner: Owner, count: int) -> list[KeptPreview]:
        """The previews of an account that are kept, the newest first."""
        rows = await self._rows(None, "list_previews", *owner, count)
        return [KeptPreview(number, draft, bool(has_draft), result) for number, draft, has_draft, result in rows]

    async def drop_preview(self, owner: Owner, preview: KeptPreview) -> bool:
        """Keep a preview no longer; whether no preview of anybody is the same."""
        async with self.database.transaction() as connection:
            await connection.execute(self._sql["drop_preview"], (*owner, preview.number))
        for lane in self.lanes:
            if await self._rows(None, "find_preview", lane, preview.result):
                return False
        return True

    # videos

    async def video(self, owner: Owner, number: int) -> KeptVideo | None:
        """One finished video."""
        rows = await self._rows(None, "read_video", *owner, number)
        return _video(owner, rows[0]) if rows else None

    async def videos(self, owner: Owner, page: Page, connection: Connection | None = None) -> list[KeptVideo]:
        """A page of finished videos, the newest first."""
        rows = await self._rows(connection, "list_videos", *owner, page.before_at, page.before_number, page.size)
        return [_video(owner, row) for row in rows]

    # files that count as storage

    async def asset(self, owner: Owner, number: int) -> KeptAsset | None:
        """One file."""
        rows = await self._rows(None, "read_asset", *owner, number)
        return _asset(owner, rows[0]) if rows else None

    async def assets(self, owner: Owner, page: Page, connection: Connection | None = None) -> list[KeptAsset]:
        """A page of files, the newest first."""
        rows = await self._rows(connection, "list_assets", *owner, page.before_at, page.before_number, page.size)
        return [_asset(owner, row) for row in rows]

    async def delete_asset(self, connection: Connection, owner: Owner, number: int) -> bool:
        """Remove a file."""
        return await self._changed(connection, "delete_asset", *owner, number)

    # what was made before

    async def made(self, owner: Owner, work: str) -> MadeBefore:
        """What is known of a work."""
        rows = await self._rows(None, "read_made", *owner, work)
        if not rows:
            return MadeBefore(False, None, None)
        body, delivered = rows[0]
        return MadeBefore(True, read_json_or_none(_made_in, body), read_json_or_none(_kept_in, delivered))

    # what is named

    async def naming(self) -> AsyncIterator[str]:
        """All that may name a file by its content, as texts, read in pages while others write."""
        for lane in self.lanes:
            for statement in _SCANS:
                after: tuple[object, object] = (0, "" if statement == "scan_made" else 0)
                while rows := await self._rows(None, statement, lane, *after, SCAN_SIZE):
                    for *_, text in rows:
                        yield text
                    after = (rows[-1][0], rows[-1][1])


def _kept_draft(owner: Owner, row: Row) -> KeptDraft:
    number, revision, heading, body, created_at, updated_at, locked_by, origin = row
    return KeptDraft(
        *owner, number, revision, heading, read_json(_draft_in, body), created_at, updated_at, locked_by, origin
    )


def _job(row: Row) -> Job:
    request, tasks, result, failure = row[15:19]
    decoded = (
        read_json(_request_in, request),
        read_json(_tasks_in, tasks),
        None if result is None else msgspec.json.decode(result),
        read_json_or_none(_failure_in, failure),
    )
    return Job._make((*row[:12], bool(row[12]), *row[13:15], *decoded, *row[19:]))


def _video(owner: Owner, row: Row) -> KeptVideo:
    return KeptVideo(*owner, row[0], row[1], read_json(_video_in, row[2]), row[3])


def _asset(owner: Owner, row: Row) -> KeptAsset:
    number, name, origin, hold, body, created_at = row
    return KeptAsset(*owner, number, name, origin, hold, read_json(_media_in, body), created_at)
