"""Publishing of a wired installation; used by `serve` and `work`."""

from contextlib import AbstractAsyncContextManager

from reelbot.publish import Publishing, open_publishing
from reelbot.studio import Studio
from reelbot.wiring import Parts


def publishing_of(parts: Parts, studio: Studio, works: bool) -> AbstractAsyncContextManager[Publishing]:
    """Channels and posts; when it `works`, this process brings posts to their platforms."""
    rooms = (parts.database, parts.ledger, parts.events, parts.clock)
    return open_publishing(*rooms, parts.config.data, studio, works=works)
