"""The front door of `queue`: things to be done, taken under leases, and in which order accounts that wait are served."""

from reelbot.queue.fair_order import LanesInTurn, TurnStore, awaiting, head_start
from reelbot.queue.worker import WAITING, Again, LeaseLost, Pool, Running, Worker, WorkSource

__all__ = [
    "WAITING",
    "Again",
    "LanesInTurn",
    "LeaseLost",
    "Pool",
    "Running",
    "TurnStore",
    "WorkSource",
    "Worker",
    "awaiting",
    "head_start",
]
