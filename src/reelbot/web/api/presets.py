"""`/api/v1/presets`: templates and brand presets. Applying one is a PATCH of a draft with the settings that it has."""

import msgspec
from msgspec import Struct

from reelbot.studio import PresetAsked, Presets, PresetShown, preset_shown
from reelbot.web.api.drafts import NOT_HERE, Removed
from reelbot.web.operations import Call
from reelbot.web.paging import PageQuery, cut, page_of
from reelbot.web.problems import CREATED, OK, Problem
from reelbot.web.replies import REPLAYED, Reply, json_reply

_encode = msgspec.json.Encoder().encode


class PresetsShown(Struct, frozen=True):
    """A page of presets, the newest first; `next` is the cursor of the page behind it, null on the last."""

    presets: list[PresetShown]
    next: str | None


async def save_preset(call: Call) -> Reply:
    """Keep it."""
    asked: PresetAsked = call.body
    preset, replayed = await _presets(call).save(call.account, asked, call.key)
    return json_reply(CREATED, _encode(preset_shown(preset)), REPLAYED if replayed else ())


async def list_presets(call: Call) -> Reply:
    """Tell which there are."""
    query: PageQuery = call.query
    found = await _presets(call).listed(call.account, page_of(query))
    page, following = cut(found, query, [(preset.created_at, preset.number) for preset in found])
    return json_reply(OK, _encode(PresetsShown([preset_shown(preset) for preset in page], following)))


async def remove_preset(call: Call) -> Reply:
    """Remove it."""
    await _presets(call).remove(call.account, call.named)
    return json_reply(OK, _encode(Removed(call.named)))


def _presets(call: Call) -> Presets:
    if call.site.presets is None:
        raise Problem("not_found", NOT_HERE)
    return call.site.presets
