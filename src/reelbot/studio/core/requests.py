"""Requests about a draft: one to open, a change by hand, a render. Those for AI actions are in `actions/requests.py`.

These are the bodies of the HTTP API as well; their bounds are checked where they are decoded.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from reelbot.providers.works import KINDS, Aspect, Duration, Kind, Tone
from reelbot.studio.core.draft import CaptionSize, Colour, Corner
from reelbot.studio.core.slots import SLOT_KINDS
from reelbot.studio.limits import (
    KEYWORDS_LENGTH_MAX,
    SCENES_MAX,
    SCRIPT_LENGTH_MAX,
)

Text = Annotated[str, Meta(max_length=SCRIPT_LENGTH_MAX)]
Name = Annotated[str, Meta(max_length=60)]
SceneId = Annotated[int, Meta(ge=1, le=10**9)]
AssetId = Annotated[str, Meta(max_length=60, examples=["asset_0-1-2s"])]


_BY_KIND = Meta(extra_json_schema={"propertyNames": {"enum": list(KINDS)}})


class SettingsAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings that are to be others; what is left out stays."""

    duration_s: Duration | UnsetType = UNSET
    tone: Tone | UnsetType = UNSET
    caption_size: CaptionSize | UnsetType = UNSET
    aspect: Aspect | UnsetType = UNSET
    language: Annotated[str, Meta(min_length=2, max_length=12, examples=["en"])] | UnsetType = UNSET
    voice: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    pace: Annotated[float, Meta(ge=0.5, le=2.0)] | UnsetType = UNSET
    pitch: Annotated[int, Meta(ge=-6, le=6)] | UnsetType = UNSET
    text_colour: Colour | UnsetType = UNSET
    accent_colour: Colour | UnsetType = UNSET
    outline_colour: Colour | UnsetType = UNSET
    logo: AssetId | UnsetType | None = UNSET
    corner: Corner | UnsetType = UNSET
    providers: Annotated[dict[Kind, Name], _BY_KIND] | UnsetType = UNSET
    provider_options: Annotated[dict[Kind, dict[Name, dict[str, Any]]], _BY_KIND] | UnsetType = UNSET


class DraftAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A new draft."""

    flow: Literal["narrated", "cinematic"]
    settings: SettingsAsked = SettingsAsked()
    topic: Text = ""
    script: Text = ""


class ChoiceAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Another result of a slot is to count: `version` is its number, or null for none. Always free."""

    slot: Annotated[str, Meta(max_length=60, extra_json_schema={"enum": list(SLOT_KINDS)})]
    version: int | None
    scene: SceneId | UnsetType = UNSET


class ChangeAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A change by hand; what is left out stays.

    `add` puts assets at the end as scenes, `scenes` keeps those named, in that order. `voiceover` and `music` name an
    asset. `confirm` agrees to finished steps becoming stale.
    """

    settings: SettingsAsked | UnsetType = UNSET
    keywords: Annotated[str, Meta(max_length=KEYWORDS_LENGTH_MAX)] | UnsetType = UNSET
    topic: Text | UnsetType = UNSET
    title: Text | UnsetType = UNSET
    script: Text | UnsetType = UNSET
    voiceover: AssetId | UnsetType = UNSET
    music: AssetId | UnsetType | None = UNSET
    add: Annotated[list[AssetId], Meta(max_length=SCENES_MAX)] | UnsetType = UNSET
    scenes: Annotated[list[SceneId], Meta(max_length=SCENES_MAX)] | UnsetType = UNSET
    versions: Annotated[list[ChoiceAsked], Meta(max_length=SCENES_MAX)] | UnsetType = UNSET
    confirm: bool = False


class RenderAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """The draft as a finished video. `confirm` agrees to what no longer matches being shown as it is."""

    confirm: bool = False
    quote: Annotated[str, Meta(max_length=60_000)] | None = None


def settings_fields(asked: SettingsAsked) -> dict[str, Any]:
    """What was given, by name."""
    given = {name: getattr(asked, name) for name in asked.__struct_fields__}
    return {name: value for name, value in given.items() if value is not UNSET}
