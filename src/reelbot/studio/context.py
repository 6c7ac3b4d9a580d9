"""What every part of the studio works with: the rooms below it, its own store and files, and how it writes.

A write transaction begins with the events that it tells, which locks the account's stream; see `store` for why.
"""

from dataclasses import dataclass, field

from reelbot.providers.registry import Registry
from reelbot.records import TellingRoom
from reelbot.studio.files.content import Files
from reelbot.studio.files.ingest import TakingIn, taken_in
from reelbot.studio.limits import DECODERS_MAX, DECODINGS_WAITING_MAX
from reelbot.studio.shares import Share
from reelbot.studio.store import StudioStore


@dataclass(frozen=True, eq=False)
class Room(TellingRoom[StudioStore]):
    """The parts of one running studio."""

    files: Files
    registry: Registry
    take_in: TakingIn = taken_in
    decoding: Share = field(default_factory=lambda: Share(DECODERS_MAX, 1, DECODINGS_WAITING_MAX))
