"""`/api/v1/assets`: uploads and animated clips, which count as storage."""

import msgspec
from msgspec import Struct

from reelbot.studio import AssetShown, asset_shown
from reelbot.web.api.drafts import Removed, studio_of
from reelbot.web.media import CONTENT_TYPES, Upload, file_reply
from reelbot.web.operations import Call
from reelbot.web.paging import PageQuery, cut, page_of
from reelbot.web.problems import CREATED, OK
from reelbot.web.replies import REPLAYED, Reply, Streamed, json_reply

_encode = msgspec.json.Encoder().encode


class AssetsShown(Struct, frozen=True):
    """A page of assets, the newest first; `next` is the cursor of the page behind it, null on the last."""

    assets: list[AssetShown]
    next: str | None


async def upload_asset(call: Call) -> Reply:
    """Take in a file."""
    upload: Upload = call.body
    file = (upload.name, upload.path, upload.size, upload.sha256)
    asset, replayed = await studio_of(call).upload(call.account, *file, call.key, upload.held)
    return json_reply(CREATED, _encode(asset_shown(asset)), REPLAYED if replayed else ())


async def list_assets(call: Call) -> Reply:
    """Tell which there are."""
    query: PageQuery = call.query
    found = await studio_of(call).assets(call.account, page_of(query))
    page, following = cut(found, query, [(asset.created_at, asset.number) for asset in found])
    return json_reply(OK, _encode(AssetsShown([asset_shown(asset) for asset in page], following)))


async def read_asset(call: Call) -> Reply:
    """Tell what it is."""
    return json_reply(OK, _encode(asset_shown(await studio_of(call).asset(call.account, call.named))))


async def read_asset_file(call: Call) -> Streamed:
    """The file itself."""
    studio = studio_of(call)
    media = (await studio.asset(call.account, call.named)).media
    return file_reply(call.headers, studio.files.path(media.sha256), CONTENT_TYPES[media.container])


async def remove_asset(call: Call) -> Reply:
    """Remove it."""
    await studio_of(call).remove_asset(call.account, call.named)
    return json_reply(OK, _encode(Removed(call.named)))
