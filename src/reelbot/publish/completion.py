"""Completion of publishing: the platform's answer and the settlement in one transaction, or the failure and the release.

What that is, `core.conclusion` decides; here it is carried out. A worker that has lost its lease writes nothing: every
fenced statement names the fencing number it was given. The post owns its hold, so nobody else ends it, and a hold that is
over is one that a worker ended together with the post.
"""

from functools import partial

from reelbot.allowance import Answer, FailurePoint
from reelbot.clock import SECOND
from reelbot.db import Connection
from reelbot.publish.context import Room, post_told
from reelbot.publish.core import rows
from reelbot.publish.core.conclusion import Ended, PostAccepted, Rejected, ended_post, settlement
from reelbot.publish.core.posts import Delivered, Post, PostFailure
from reelbot.records import Owner
from reelbot.records.metered import ended_now


class Ending:
    """Writes what became of posts."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def succeed(self, post: Post, delivered: Delivered) -> None:
        """The platform has accepted it: the post counts."""
        await self._end(PostAccepted(post, delivered))

    async def fail(self, post: Post, failure: PostFailure, point: FailurePoint) -> None:
        """The platform does not accept it: what was held goes back, by the table of failure points."""
        await self._end(Rejected(post, failure, point))

    async def put_off(self, post: Post, failure: PostFailure, seconds: float) -> None:
        """Give the lease back; the post is due again after so many seconds, and stays held."""
        due_at = self._room.clock() + round(seconds * SECOND)
        waiting = post.moved("queued")._replace(failure=failure, due_at=due_at)
        async with self._room.writing(Owner(post.lane, post.account), [post_told(waiting)]) as connection:
            await self._room.store.carry_out(connection, [rows.requeue_post(waiting)])

    async def _end(self, ending: Ended) -> None:
        """End a hold and the post with it; when the hold has ended already, the post alone: the platform has it.

        `LeaseLost` when the post is over too, which is so for every post that owns its hold: they end together.
        """
        ended = ended_post(ending, self._room.clock())
        if not await self._settled(ended, settlement(ending)):
            async with self._room.store.database.transaction() as connection:
                await self._write(connection, ended)
            self._room.events.wake([Owner(ended.lane, ended.account)])

    async def _settled(self, ended: Post, point: FailurePoint | None) -> bool:
        assert ended.hold is not None, "what is being published is held"
        ledger, rider = self._room.ledger, partial(self._ride, ended)
        if point is None:
            return await ended_now(ledger.settle(ended.hold, owner=ended.id, rider=rider))
        return await ended_now(ledger.conclude(ended.hold, point, owner=ended.id, rider=rider))

    async def _ride(self, ended: Post, connection: Connection | None, answer: Answer) -> None:
        assert connection is not None, "publishing is kept in a database"
        await self._write(connection, ended)

    async def _write(self, connection: Connection, ended: Post) -> None:
        """Tell, which locks the account's stream; then write."""
        await self._room.tell(connection, Owner(ended.lane, ended.account), [post_told(ended)])
        await self._room.store.carry_out(connection, rows.end_post(ended))
