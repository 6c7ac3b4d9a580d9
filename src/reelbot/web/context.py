"""What the web is built on: the rooms below it, and what belongs to one running application."""

from dataclasses import dataclass, field
from typing import Protocol

from reelbot.accounts import Identity
from reelbot.allowance import Deliveries, Ledger
from reelbot.clock import Clock
from reelbot.db import Database
from reelbot.events import EventStream
from reelbot.limits import (
    EXPORTS_MAX,
    EXPORTS_OF_ONE_MAX,
    PASSWORDS_MAX,
    PASSWORDS_OF_ONE_MAX,
    SEARCHES_MAX,
    SEARCHES_OF_ONE_MAX,
)
from reelbot.places import Places
from reelbot.publish import Publishing
from reelbot.studio import Presets, Studio
from reelbot.subscriptions import Subscriptions
from reelbot.web.connections import Streams
from reelbot.web.counts import Counts
from reelbot.web.fair_queue import FairQueue
from reelbot.web.fan_out import Feeds
from reelbot.web.refusals import Refusals
from reelbot.web.settings import PageSettings
from reelbot.web.token_buckets import Buckets, Rate
from reelbot.web.waiting import Wait, woken_or_at
from reelbot.webhooks import Webhooks

_RATE = Rate()


class Gate(Protocol):
    """Tells who is asking; `reelbot.accounts.Accounts` is one."""

    async def identify(self, token: str) -> Identity | None:
        """Whose API key this is; None for one that is malformed, unknown or revoked."""
        ...

    def remembered(self, token: str) -> Identity | None:
        """Whose key this was when it last counted; None for one that has not been seen. Reads nothing."""
        ...


def _searches() -> Places:
    return Places("searches of the history", most=SEARCHES_MAX, of_one=SEARCHES_OF_ONE_MAX)


def _exports() -> Places:
    return Places("exports of the history", most=EXPORTS_MAX, of_one=EXPORTS_OF_ONE_MAX)


def _passwords() -> Places:
    return Places("passwords", most=PASSWORDS_MAX, of_one=PASSWORDS_OF_ONE_MAX)


class RequestBuckets:
    """How often each account asks, and each address without valid credentials: in memory, for this process."""

    def __init__(self, rate: Rate = _RATE) -> None:
        self.of_accounts = Buckets(rate)
        self.of_addresses = Buckets(rate)


@dataclass(frozen=True, eq=False)
class Site:
    """Everything an application needs. What is kept in a database is None for a ledger that is kept in memory.

    `wait` is how a stream waits for news or for an instant: a parameter, like the clock, so that tests can move time.
    """

    ledger: Ledger
    accounts: Gate
    events: EventStream
    database: Database | None
    clock: Clock
    version: str
    wait: Wait = woken_or_at
    counts: Counts = field(default_factory=Counts)
    streams: Streams = field(default_factory=Streams)
    request_buckets: RequestBuckets = field(default_factory=RequestBuckets)
    fair_queue: FairQueue = field(default_factory=FairQueue)
    searches: Places = field(default_factory=_searches)
    passwords: Places = field(default_factory=_passwords)
    exports: Places = field(default_factory=_exports)
    refusals: Refusals = field(default_factory=Refusals)
    feeds: Feeds = field(default_factory=Feeds)
    webhooks: Webhooks | None = None
    studio: Studio | None = None
    publishing: Publishing | None = None
    presets: Presets | None = None
    pages: PageSettings = field(default_factory=PageSettings)
    subscriptions: Subscriptions = field(default=None)  # type: ignore[assignment]  # made below

    def __post_init__(self) -> None:
        """Who moves to which plan is always decided: where nothing is given, nobody but an operator moves up."""
        if self.subscriptions is None:
            object.__setattr__(self, "subscriptions", Subscriptions(self.ledger, self.events, self.clock))

    @property
    def deliveries(self) -> tuple[Deliveries, ...]:
        """What the rooms delivered, for the audit to compare with what was charged."""
        rooms = (self.studio, self.publishing)
        return tuple(room.deliveries for room in rooms if room is not None)
