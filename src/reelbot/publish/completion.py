"""Completion of publishing: the platform's answer and the settlement in one transaction, or the failure and the release.

A worker that has lost its lease writes nothing: every statement names the fencing number it was given. The post owns its
hold, so nobody else ends it, and a hold that is over is one that a worker ended together with the post.
"""

from collections.abc import Awaitable, Callable

from reelbot.allowance import Answer, FailurePoint, Receipt, Refused, Status
from reelbot.clock import SECOND
from reelbot.db import Connection
from reelbot.publish.context import Room, post_told
from reelbot.publish.core.posts import Delivered, Post, PostFailure
from reelbot.queue import LeaseLost
from reelbot.records import Owner

_OVER = (Status.HOLD_EXPIRED, Status.HOLD_RELEASED, Status.HOLD_SETTLED)
"""The hold has ended with the post, by another worker."""


class Ending:
    """Writes what became of posts."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def succeed(self, post: Post, delivered: Delivered) -> None:
        """The platform has accepted it: the post counts."""
        now = self._room.clock()
        ended = post.moved("published")._replace(delivered=delivered, failure=None, updated_at=now, published_at=now)
        assert post.hold is not None, "what is being published is held"
        rider = self._rider(ended)
        await self._ridden(self._room.ledger.settle(post.hold, owner=post.id, rider=rider), ended)

    async def fail(self, post: Post, failure: PostFailure, point: FailurePoint) -> None:
        """The platform does not accept it: what was held goes back, by the table of failure points."""
        ended = post.moved("failed")._replace(failure=failure, updated_at=self._room.clock())
        assert post.hold is not None, "what is being published is held"
        rider = self._rider(ended)
        await self._ridden(self._room.ledger.conclude(post.hold, point, owner=post.id, rider=rider), ended)

    async def put_off(self, post: Post, failure: PostFailure, seconds: float) -> None:
        """Give the lease back; the post is due again after so many seconds, and stays held."""
        due_at = self._room.clock() + round(seconds * SECOND)
        waiting = post.moved("queued")._replace(failure=failure, due_at=due_at)
        async with self._room.writing(Owner(post.lane, post.account), [post_told(waiting)]) as connection:
            if not await self._room.store.requeue(connection, waiting):
                raise LeaseLost

    async def _ridden(self, ending: Awaitable[Receipt], ended: Post) -> None:
        """End a hold and the post with it; when the hold has ended already, the post alone: the platform has it.

        `LeaseLost` when the post is over too, which is so for every post that owns its hold: they end together.
        """
        try:
            receipt = await ending
        except Refused as refused:
            if refused.refusal.status not in _OVER:
                raise
            await self._written(ended)
            return
        if receipt.replayed:
            await self._written(ended)

    async def _written(self, ended: Post) -> None:
        async with self._room.writing(Owner(ended.lane, ended.account), [post_told(ended)]) as connection:
            await self._write(connection, ended)

    def _rider(self, ended: Post) -> Callable[[Connection | None, Answer], Awaitable[None]]:
        async def ride(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None, "publishing is kept in a database"
            await self._room.tell(connection, Owner(ended.lane, ended.account), [post_told(ended)])
            await self._write(connection, ended)

        return ride

    async def _write(self, connection: Connection, ended: Post) -> None:
        if not await self._room.store.end(connection, ended):
            raise LeaseLost
