"""All finished videos."""

from reelbot.studio import video_shown
from reelbot.web.pages import draft_view
from reelbot.web.pages.draft import studio_of
from reelbot.web.pages.listing import asked_page, listed
from reelbot.web.pages.visits import Outcome, Shown, Visit


async def show(visit: Visit) -> Outcome:
    """Show them, the newest first."""
    query, page = asked_page(visit)
    found = await studio_of(visit).videos(visit.account, page)
    videos, older = listed(found, query, lambda video: (video.created_at, video.number))
    values = {
        "videos": [video_shown(video) for video in videos],
        "older": older,
        "when": lambda text: draft_view.when_words(text, visit.figures),
    }
    return Shown("videos", values, "Videos")
