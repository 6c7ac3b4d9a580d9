"""The page that a browser keeps, to show when the server cannot be reached."""

from reelbot.web.pages.visits import Outcome, Shown, Visit


async def show(visit: Visit) -> Outcome:
    """Show it; the browser asks for it without saying who it is for."""
    return Shown("offline", {}, "Offline")
