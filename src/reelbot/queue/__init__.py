"""The front door of `queue`: in which order accounts that wait are served. Knows nothing of what is done for them."""

from reelbot.queue.fair_order import TurnStore, head_start

__all__ = ["TurnStore", "head_start"]
