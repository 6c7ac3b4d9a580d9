"""The studio of a wired installation; used by `serve`, `work` and `make`, and by `ledger verify` for what was delivered."""

import os
from contextlib import AbstractAsyncContextManager

from reelbot.allowance import Deliveries
from reelbot.publish import EVENT_KIND, PublishDeliveries
from reelbot.studio import EVENT_KINDS, Studio, StudioDeliveries, open_studio, registry_of
from reelbot.subscriptions import EVENT_KIND as PLAN_REQUEST_KIND
from reelbot.webhooks import STORED_KINDS
from reelbot.wiring import Parts

TOLD_KINDS = (*STORED_KINDS, *EVENT_KINDS, EVENT_KIND, PLAN_REQUEST_KIND)
"""The kinds of events that all rooms store, and that webhooks may be told."""


def studio_of(parts: Parts, jobs: int) -> AbstractAsyncContextManager[Studio]:
    """The studio, with so many jobs at once run in this process."""
    registry = registry_of(parts.config.providers, os.environ)
    rooms = (parts.database, parts.ledger, parts.events, parts.clock)
    return open_studio(*rooms, parts.config.data, registry, jobs=jobs)


def deliveries_of(parts: Parts) -> tuple[Deliveries, ...]:
    """What the rooms delivered, for the audit to compare with what was charged; needs no provider and no files."""
    rooms = (parts.database, parts.ledger)
    return StudioDeliveries(*rooms), PublishDeliveries(*rooms)
