"""The studio's first page: begin a video, and go on with one that was begun."""

import secrets

from reelbot.clock import instant_from
from reelbot.ids import place_of
from reelbot.records import Page
from reelbot.studio import DraftListed, video_shown
from reelbot.web.pages import draft_view
from reelbot.web.pages.draft import studio_of
from reelbot.web.pages.listing import asked_page, listed
from reelbot.web.pages.visits import Outcome, Shown, Visit

VIDEOS_SHOWN = 6
"""The newest videos, below the drafts: one row."""


async def show(visit: Visit) -> Outcome:
    """Show it."""
    studio = studio_of(visit)
    query, page = asked_page(visit)
    drafts, older = listed(await studio.drafts(visit.account, page), query, _place)
    videos = [video_shown(video) for video in await studio.videos(visit.account, Page(VIDEOS_SHOWN))]
    values = {
        "drafts": drafts,
        "older": older,
        "videos": videos,
        "key": secrets.token_hex(16),
        "states": draft_view.STATES,
        "titles": draft_view.TITLES,
        "when": lambda text: draft_view.when_words(text, visit.figures),
    }
    return Shown("studio", values, "Video studio")


def _place(draft: DraftListed) -> tuple[int, int]:
    place = place_of(draft.id)
    assert place is not None, "an id of ours"
    return instant_from(draft.updated_at), place.seq
