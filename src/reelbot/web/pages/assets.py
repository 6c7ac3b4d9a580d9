"""The library: uploads and animated clips, and the storage that they take."""

from reelbot.studio import UPLOAD_BYTES_MAX, asset_shown
from reelbot.web.pages import draft_view
from reelbot.web.pages.draft import studio_of
from reelbot.web.pages.listing import asked_page, listed
from reelbot.web.pages.visits import Outcome, Shown, Visit
from reelbot.web.pages.wording import size_text


async def show(visit: Visit) -> Outcome:
    """Show it, the newest first."""
    query, page = asked_page(visit)
    found = await studio_of(visit).assets(visit.account, page)
    assets, older = listed(found, query, lambda asset: (asset.created_at, asset.number))
    values = {
        "assets": [asset_shown(asset) for asset in assets],
        "older": older,
        "size_text": size_text,
        "upload_bytes_max": UPLOAD_BYTES_MAX,
        "when": lambda text: draft_view.when_words(text, visit.figures),
    }
    return Shown("assets", values, "Assets")
