"""The dashboard: make a video, what is left of every limit, the last 14 days, what to go on with, what is at work."""

from reelbot.web.pages.visits import Outcome, Shown, Visit


async def show(visit: Visit) -> Outcome:
    """Show it."""
    return Shown("dashboard", {}, "Dashboard")
