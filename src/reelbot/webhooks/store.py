"""What is kept of webhooks, and how it changes: under a lease with a fencing number, without which nothing is changed."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from reelbot.db import Connection, PostgresDatabase, Row, SqliteDatabase, load_statements
from reelbot.events import Place
from reelbot.ids import id_text
from reelbot.webhooks.core.messages import Message, MeterWatch, Watches, body_of, first_turn_at


class WebhookPlace(NamedTuple):
    """Which webhook it is."""

    lane: int
    account: int
    number: int

    @property
    def id(self) -> str:
        """The webhook as outsiders name it."""
        return id_text("webhook", *self)


class WebhookRow(NamedTuple):
    """A webhook as it is kept; see the migration for what each column is for. `repr` would show its secrets."""

    lane: int
    account: int
    number: int
    account_name: str
    url: str
    kinds: tuple[str, ...]
    created_at: int
    secret: str
    old_secret: str | None
    old_secret_until_at: int | None
    key: str | None
    cursor: int
    watches: Watches
    turns_at: int | None
    version: int = 0
    last_n: int = 0
    done_n: int = 0
    delivered_at: int | None = None
    failed_at: int | None = None
    failure: str | None = None
    disabled_at: int | None = None

    @property
    def place(self) -> WebhookPlace:
        """Which webhook it is."""
        return WebhookPlace(self.lane, self.account, self.number)

    @property
    def pending(self) -> int:
        """How many messages are still to be delivered."""
        return self.last_n - self.done_n

    def moved_on(self, cursor: int, watches: Watches, messages: int) -> "WebhookRow":
        """The webhook once so many more messages are kept for it."""
        return self._replace(
            cursor=cursor,
            watches=watches,
            turns_at=first_turn_at(watches),
            last_n=self.last_n + messages,
            version=self.version + 1,
        )


class Due(NamedTuple):
    """A webhook whose oldest message may be tried, and how many attempts of it have failed."""

    place: WebhookPlace
    fence: int
    attempts: int


class Oldest(NamedTuple):
    """The message to be tried, and how to send it."""

    n: int
    body: bytes
    url: str
    secret: str
    old_secret: str | None
    old_secret_until_at: int | None

    def secrets_at(self, now: int) -> tuple[str, ...]:
        """The secrets that count, the newest first."""
        if self.old_secret is None or self.old_secret_until_at is None or now >= self.old_secret_until_at:
            return (self.secret,)
        return (self.secret, self.old_secret)


_encode = msgspec.json.Encoder().encode
_kinds_in = msgspec.json.Decoder(tuple[str, ...]).decode
_watches_in = msgspec.json.Decoder(dict[str, MeterWatch]).decode


class WebhookStore:
    """Keeps webhooks in a database whose accounts are spread over so many lanes."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, lanes: int) -> None:
        self._database = database
        self._lanes = range(lanes)
        self._sql = load_statements("reelbot.webhooks", database.dialect)

    # webhooks

    async def of(self, place: Place) -> list[WebhookRow]:
        """All webhooks of an account, the oldest first."""
        return _kept(await self._database.fetch(self._sql["list_webhooks"], place))

    async def insert(self, connection: Connection | None, webhook: WebhookRow, count_max: int) -> bool:
        """Keep a new one, in a transaction that is under way or one of its own; False when the account has enough."""
        if connection is None:
            async with self._database.transaction() as own:
                return await self.insert(own, webhook, count_max)
        place = (webhook.lane, webhook.account)
        await connection.lock("webhooks", *place)
        if len(await connection.fetch(self._sql["list_webhooks"], place)) >= count_max:
            return False
        row = (*webhook.place, webhook.account_name, webhook.url, _text(webhook.kinds), webhook.created_at)
        told = (webhook.cursor, _text(webhook.watches), webhook.turns_at)
        await connection.execute(self._sql["insert_webhook"], (*row, webhook.secret, webhook.key, *told))
        return True

    async def delete(self, place: WebhookPlace) -> bool:
        """Remove a webhook and what is still to be delivered; False when it is not there."""
        return await self._changed("delete_webhook", place)

    async def change_secret(self, place: WebhookPlace, secret: str, now: int, old_until_at: int) -> bool:
        """Sign with another secret; with the old one too until an instant."""
        return await self._changed("change_secret", (now, secret, old_until_at, *place))

    async def enable(self, place: WebhookPlace, cursor: int, watches: Watches) -> bool:
        """Let a disabled webhook begin again from how things stand now."""
        told = (cursor, _text(watches), first_turn_at(watches))
        return await self._changed("enable", (*told, *place))

    # from events to messages

    async def watched(self) -> set[Place]:
        """The accounts that have webhooks which are not disabled."""
        return await self._places("list_watched")

    async def turned(self, now: int) -> set[Place]:
        """The accounts to which a reset is to be told by now."""
        return await self._places("list_turned", now)

    async def move_on(self, before: WebhookRow, after: WebhookRow, messages: Sequence[Message], now: int) -> bool:
        """Note how far a webhook has been told, with the messages of it; False when somebody else has."""
        due_at = now if messages else None
        told = (after.cursor, _text(after.watches), after.turns_at, after.last_n, due_at)
        rows = [
            (*before.place, n, message.kind, body_of(message, before.account_name))
            for n, message in enumerate(messages, before.last_n + 1)
        ]
        async with self._database.transaction() as connection:
            if not await connection.execute(self._sql["move_on"], (*told, *before.place, before.version)):
                return False
            if rows:
                await connection.execute_many(self._sql["insert_delivery"], rows)
        return True

    # from messages to deliveries

    async def due(self, now: int, count: int) -> list[Due]:
        """Webhooks with a message to be tried by now; in each lane those that failed last come behind the others."""
        rows = [row for lane in self._lanes for row in await self._rows("list_due", lane, now, count)]
        return [Due(WebhookPlace(*place), fence, attempts) for *place, fence, attempts in rows]

    async def claim(self, due: Due, now: int, until_at: int) -> Oldest | None:
        """Take the lease on the oldest message, under the fencing number after this one; None when somebody else has."""
        async with self._database.transaction() as connection:
            if not await connection.execute(self._sql["claim"], (until_at, *due.place, due.fence, now)):
                return None
            rows = await connection.fetch(self._sql["read_oldest"], due.place)
        assert rows, "a webhook is due and has no message"
        return Oldest(*rows[0])

    async def delivered(self, place: WebhookPlace, fence: int, n: int, now: int) -> bool:
        """Note that a message was delivered; the next one is due. False when the lease no longer counts."""
        async with self._database.transaction() as connection:
            if not await connection.execute(self._sql["note_delivered"], (now, n, n, now, *place, fence)):
                return False
            await connection.execute(self._sql["delete_delivery"], (*place, n))
        return True

    async def failed(self, place: WebhookPlace, fence: int, failure: str, now: int, next_at: int) -> bool:
        """Note why an attempt failed and when the next one is due. False when the lease no longer counts."""
        return await self._changed("note_failed", (now, failure, next_at, *place, fence))

    async def disable(self, place: WebhookPlace, fence: int, failure: str, now: int) -> bool:
        """Try no more, and forget what was to be delivered. False when the lease no longer counts."""
        async with self._database.transaction() as connection:
            if not await connection.execute(self._sql["disable"], (now, now, failure, *place, fence)):
                return False
            await connection.execute(self._sql["delete_deliveries"], place)
        return True

    async def _changed(self, statement: str, parameters: Sequence[object]) -> bool:
        async with self._database.transaction() as connection:
            return await connection.execute(self._sql[statement], parameters) == 1

    async def _places(self, statement: str, *parameters: object) -> set[Place]:
        return {(lane, row[0]) for lane in self._lanes for row in await self._rows(statement, lane, *parameters)}

    async def _rows(self, statement: str, *parameters: object) -> list[Row]:
        return await self._database.fetch(self._sql[statement], parameters)


def _kept(rows: Sequence[Row]) -> list[WebhookRow]:
    return [
        WebhookRow._make((*row[:5], _kinds_in(row[5]), *row[6:12], _watches_in(row[12]), *row[13:])) for row in rows
    ]


def _text(value: object) -> str:
    return _encode(value).decode()
