"""Webhooks as a service: add, list, remove, rotate, test, deliver. The front door of the room.

One instance belongs to one event loop. `start` begins to deliver in this process; a command that only changes or lists
webhooks does without.
"""

import secrets
from collections.abc import Collection, Sequence
from typing import NamedTuple

from reelbot.allowance import AccountRef, Answer, Ledger, Refusal, Refused, Status, Usage, meter_figures
from reelbot.clock import DAY, Clock, system_clock
from reelbot.db import Connection, PostgresDatabase, SqliteDatabase
from reelbot.errors import Malformed, shown
from reelbot.places import Places
from reelbot.webhooks.client import Attempt, Client
from reelbot.webhooks.core.messages import (
    ALLOWANCE_KINDS,
    TEST,
    USAGE,
    Message,
    body_of,
    first_turn_at,
    first_watches,
    message_id,
)
from reelbot.webhooks.core.signature import SECRET_BYTES, secret_text, signed_headers
from reelbot.webhooks.delivery import Sender
from reelbot.webhooks.relay import Gatherer
from reelbot.webhooks.store import WebhookRow, WebhookStore
from reelbot.webhooks.worker import Worker

WEBHOOKS_MAX = 10
"""Of one account: a receiver can tell messages apart by their kind, so a few are plenty."""

TESTS_MAX = 50
"""Test messages and looks at new addresses under way at once: each is a socket, or a thread that asks for a name."""

TESTS_OF_ONE_MAX = 2
"""Of one account: whoever asks for more is not looking at the answers, and each may hang for ten seconds."""

NUMBER_BITS = 40
"""Of a webhook's number. It is drawn, not counted: that of a removed one, and so its messages' ids, never come again."""

OLD_SECRET_MS = DAY
"""How long the secret before a rotation still signs: time to bring the new one to every receiver."""

STORED_KINDS = (USAGE,)
"""The kinds of events that the rooms below this one store."""

_KEY_REUSED = "This idempotency key was used for another request. Use a new key for a new webhook."


class Webhook(NamedTuple):
    """A webhook as its owner sees it. `failure` says why the last attempt failed; None once one has succeeded."""

    id: str
    url: str
    kinds: tuple[str, ...]
    created_at: int
    pending: int
    delivered_at: int | None
    failed_at: int | None
    failure: str | None
    disabled_at: int | None


class Added(NamedTuple):
    """A webhook that was added, now or, when `replayed`, before under the same key; and the secret that it signs with."""

    webhook: Webhook
    secret: str
    replayed: bool


class Webhooks:
    """The webhooks of every account of a ledger, on its database."""

    def __init__(
        self,
        database: SqliteDatabase | PostgresDatabase,
        ledger: Ledger,
        clock: Clock = system_clock,
        client: Client | None = None,
        stored_kinds: Collection[str] = STORED_KINDS,
    ) -> None:
        self.kinds = (*ALLOWANCE_KINDS, *stored_kinds)
        self._ledger = ledger
        self._clock = clock
        self._client = client or Client()
        self._tests = Places("tests of webhooks", most=TESTS_MAX, of_one=TESTS_OF_ONE_MAX)
        self._store = WebhookStore(database, ledger.store.lanes)
        sender = Sender(self._store, self._client, clock)
        self._worker = Worker(self._store, Gatherer(self._store, ledger, clock), sender, ledger.events, clock)

    async def start(self) -> None:
        """Begin to deliver in this process."""
        self._worker.start()

    async def stop(self) -> None:
        """Give the attempts under way a moment to end, and end. Also needed when nothing was started."""
        await self._worker.stop()
        await self._client.aclose()

    async def deliver_due(self) -> int:
        """Make all messages that there are to make and try all that are due, in one go; how many attempts that took."""
        return await self._worker.deliver_due()

    # webhooks

    async def add(self, account: AccountRef, url: str, kinds: Sequence[str], *, key: str | None = None) -> Added:
        """Tell a URL, from now on, what happens of these kinds.

        The same idempotency key adds it once: with the same URL and kinds it is answered again, otherwise `Refused`.
        `ShareUsedUp` and `TooBusy` as for `test`.
        """
        chosen = self._checked_kinds(kinds)
        with self._tests.taken((account.lane, account.id)):
            await self._client.check(url)
        known = await self._keyed(account, key, url, chosen)
        if known is not None:
            return known
        asked = self._new(await self._ledger.usage(account), url, chosen, key)

        async def insert(connection: Connection | None, answer: Answer | None = None) -> None:
            if not await self._store.insert(connection, asked, WEBHOOKS_MAX):
                raise Malformed(f"An account has at most {WEBHOOKS_MAX} webhooks; remove one first.")

        if key is None:
            await insert(None)
        else:
            content = f"webhook {url} {' '.join(chosen)}"
            receipt = await self._ledger.use_key(account, key, content, rider=insert)
            if receipt.replayed:  # the same request came twice at once, or long ago and the webhook is no more
                known = await self._keyed(account, key, url, chosen)
                if known is None:
                    raise self._reused(account)
                return known
        self._worker.look_again()
        return Added(_shown(asked), asked.secret, replayed=False)

    async def _keyed(self, account: AccountRef, key: str | None, url: str, kinds: tuple[str, ...]) -> Added | None:
        """The webhook that a key added before; `Refused` when it was for another URL or other kinds."""
        there = [] if key is None else await self._store.of((account.lane, account.id))
        kept = next((one for one in there if one.key == key), None)
        if kept is None:
            return None
        if (kept.url, kept.kinds) != (url, kinds):
            raise self._reused(account)
        return Added(_shown(kept), kept.secret, replayed=True)

    def _reused(self, account: AccountRef) -> Refused:
        return Refused(Refusal(Status.KEY_REUSED, account.id, self._clock(), 0), _KEY_REUSED)

    def _new(self, usage: Usage, url: str, kinds: tuple[str, ...], key: str | None) -> WebhookRow:
        watches = first_watches(meter_figures(one) for one in usage.meters)
        return WebhookRow(
            lane=usage.account.lane,
            account=usage.account.id,
            number=1 + secrets.randbits(NUMBER_BITS),
            account_name=usage.account.name,
            url=url,
            kinds=kinds,
            created_at=self._clock(),
            secret=_new_secret(),
            old_secret=None,
            old_secret_until_at=None,
            key=key,
            cursor=usage.cursor,
            watches=watches,
            turns_at=first_turn_at(watches),
        )

    def _checked_kinds(self, kinds: Sequence[str]) -> tuple[str, ...]:
        for kind in kinds:
            if kind not in self.kinds:
                raise Malformed(f"There is no kind {shown(kind)}; there are {', '.join(self.kinds)}.", "kinds")
        if not kinds:
            raise Malformed(f"kinds must name at least one of {', '.join(self.kinds)}.", "kinds")
        return tuple(dict.fromkeys(kinds))

    async def of(self, account: AccountRef) -> list[Webhook]:
        """Every webhook of an account, the oldest first."""
        return [_shown(kept) for kept in await self._store.of((account.lane, account.id))]

    async def remove(self, account: AccountRef, webhook: str) -> bool:
        """Remove a webhook, with all that is still to be delivered; False when the account has none of that id."""
        kept = await self._found(account, webhook)
        return kept is not None and await self._store.delete(kept.place)

    async def rotate(self, account: AccountRef, webhook: str) -> str | None:
        """Sign with a new secret, and for a day with the old one too; None when the account has none of that id.

        Rotating again within that day replaces the new secret: what receivers know goes on counting.
        """
        kept = await self._found(account, webhook)
        secret, now = _new_secret(), self._clock()
        if kept is None or not await self._store.change_secret(kept.place, secret, now, now + OLD_SECRET_MS):
            return None
        return secret

    async def test(self, account: AccountRef, webhook: str) -> Attempt | None:
        """Send a message of the kind `webhook.test` at once; None when the account has no webhook of that id.

        When it is delivered and the webhook was disabled, it is enabled again, and told what happens from now on.
        `ShareUsedUp` when the account has more under way than `TESTS_OF_ONE_MAX`, `TooBusy` when all together do.
        """
        kept = await self._found(account, webhook)
        if kept is None:
            return None
        attempt = await self._send_test(kept)
        if attempt.is_delivered and kept.disabled_at is not None:
            usage = await self._ledger.usage(account)
            watches = first_watches(meter_figures(one) for one in usage.meters)
            await self._store.enable(kept.place, usage.cursor, watches)
            self._worker.look_again()
        return attempt

    async def _send_test(self, webhook: WebhookRow) -> Attempt:
        with self._tests.taken((webhook.lane, webhook.account)):
            now = self._clock()
            body = body_of(Message(TEST, now, b"{}"), webhook.account_name)
            headers = signed_headers([webhook.secret], f"{message_id(*webhook.place, now)}-test", now, body)
            return await self._client.send(webhook.url, headers, body)

    async def _found(self, account: AccountRef, webhook: str) -> WebhookRow | None:
        kept = await self._store.of((account.lane, account.id))
        return next((one for one in kept if one.place.id == webhook), None)


def _shown(kept: WebhookRow) -> Webhook:
    facts = (kept.delivered_at, kept.failed_at, kept.failure, kept.disabled_at)
    return Webhook(kept.place.id, kept.url, kept.kinds, kept.created_at, kept.pending, *facts)


def _new_secret() -> str:
    return secret_text(secrets.token_bytes(SECRET_BYTES))
