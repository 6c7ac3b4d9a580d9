"""The relay: from the event stream to messages to be delivered, each once, however many processes do it at the same time."""

from reelbot.allowance import AccountRef, Ledger, Usage, meter_figures
from reelbot.clock import Clock
from reelbot.events import Place
from reelbot.limits import PAGE_MAX
from reelbot.webhooks.core.messages import follow, turn
from reelbot.webhooks.store import WebhookRow, WebhookStore

PENDING_MAX = 1_000
"""Messages of one webhook that wait (back-pressure): the rest stays in the stream, which is kept for days."""


class Gatherer:
    """Keeps what follows from the stream as messages to be delivered."""

    def __init__(self, store: WebhookStore, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock

    async def gather(self, place: Place) -> None:
        """Tell every webhook of an account what it has not been told yet."""
        for webhook in await self._store.of(place):
            if webhook.disabled_at is None:
                await self._tell(webhook)

    async def _tell(self, webhook: WebhookRow) -> None:
        """Go through the events page by page, for as long as nobody else does."""
        going_on: WebhookRow | None = webhook
        while going_on is not None and going_on.pending < PENDING_MAX:
            going_on = await self._tell_a_page(going_on)

    async def _tell_a_page(self, webhook: WebhookRow) -> WebhookRow | None:
        """The webhook with the next events told; None when there are no more, or when somebody else got there first.

        The figures of the moment are asked for before the events are read. They count once every event that they
        contain has been told: a crossing is not to be told behind the reset of its window.
        """
        now = self._clock()
        usage = await self._usage_if_turned(webhook, now)
        events = await self._ledger.events.read(webhook.lane, webhook.account, webhook.cursor, PAGE_MAX)
        cursor = events[-1].n if events else webhook.cursor
        watches, messages = follow(webhook.watches, events)
        if usage is not None and cursor >= usage.cursor:
            watches, resets = turn(watches, [meter_figures(one) for one in usage.meters], now)
            messages = [*messages, *resets]
        wanted = [message for message in messages if message.kind in webhook.kinds]
        is_last = len(events) < PAGE_MAX
        if is_last and not wanted and watches == webhook.watches:
            return None  # no write for news that nobody wants: these few events are read again next time
        after = webhook.moved_on(cursor, watches, len(wanted))
        is_mine = await self._store.move_on(webhook, after, wanted, now)
        return after if is_mine and not is_last else None

    async def _usage_if_turned(self, webhook: WebhookRow, now: int) -> Usage | None:
        if webhook.turns_at is None or now < webhook.turns_at:
            return None
        return await self._ledger.usage(AccountRef(webhook.lane, webhook.account, webhook.account_name))
