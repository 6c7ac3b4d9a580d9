"""Requests about a draft: a change by hand, an AI action, several of them, or whatever is stale.

These are the bodies of the HTTP API as well; their bounds are checked where they are decoded.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from reelbot.providers.works import KINDS, Aspect, Duration, Kind, Tone
from reelbot.studio.core.draft import CaptionSize, Colour, Corner
from reelbot.studio.core.slots import SLOT_KINDS
from reelbot.studio.limits import (
    BATCH_TASKS_MAX,
    CLIP_SECONDS_MAX,
    KEYWORDS_LENGTH_MAX,
    PROMPT_LENGTH_MAX,
    SCENES_MAX,
    SCRIPT_LENGTH_MAX,
    WISH_LENGTH_MAX,
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

    slot: Annotated[str, Meta(extra_json_schema={"enum": list(SLOT_KINDS)})]
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


class OptionsAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """How something is to be made. Each step takes those that concern it.

    topic: `keywords`. rewrite: `passage` (left out, the whole script), `wish`, `makes`. voiceover: `voice`, `pace`,
    `pitch`. image: `prompt`, `count`, or `scene` for another picture of that scene. animation: `scenes` (left out, all
    that have a picture and no clip), `seconds` (left out, about five), `prompt`. music: `mood`. `provider` names who makes
    it, `provider_options` are what only that one knows; left out, those of the draft's settings count.
    """

    keywords: Annotated[str, Meta(max_length=KEYWORDS_LENGTH_MAX)] | None = None
    passage: Text | None = None
    wish: Annotated[str, Meta(max_length=WISH_LENGTH_MAX)] = ""
    makes: Literal["passage", "title"] = "passage"
    voice: Annotated[str, Meta(max_length=100)] | None = None
    pace: Annotated[float, Meta(ge=0.5, le=2.0)] | None = None
    pitch: Annotated[int, Meta(ge=-6, le=6)] | None = None
    prompt: Annotated[str, Meta(max_length=PROMPT_LENGTH_MAX)] | None = None
    count: Annotated[int, Meta(ge=1, le=SCENES_MAX)] = 1
    scene: SceneId | None = None
    scenes: Annotated[list[SceneId], Meta(max_length=SCENES_MAX)] | None = None
    seconds: Annotated[int, Meta(ge=1, le=CLIP_SECONDS_MAX)] | None = None
    mood: Annotated[str, Meta(max_length=WISH_LENGTH_MAX)] = ""
    provider: Name | None = None
    provider_options: dict[str, Any] = {}


class StepAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """One AI action."""

    step: Kind
    options: OptionsAsked = OptionsAsked()


class GenerationAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """One AI action (`step`), several as one decision (`steps`), or all that is stale (`stale`): exactly one of these.

    `mode` "fit" makes of several as many as fit, in the order given. `render` makes the video right after. `quote` is the
    id of a quote for the same; nothing then costs more than it says.
    """

    step: Kind | None = None
    options: OptionsAsked = OptionsAsked()
    steps: Annotated[list[StepAsked], Meta(min_length=1, max_length=BATCH_TASKS_MAX)] | None = None
    stale: bool = False
    mode: Literal["all", "fit"] = "all"
    render: bool = False
    quote: Annotated[str, Meta(max_length=60_000)] | None = None


class RenderAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """The draft as a finished video. `confirm` agrees to what no longer matches being shown as it is."""

    confirm: bool = False
    quote: Annotated[str, Meta(max_length=60_000)] | None = None


def settings_fields(asked: SettingsAsked) -> dict[str, Any]:
    """What was given, by name."""
    given = {name: getattr(asked, name) for name in asked.__struct_fields__}
    return {name: value for name, value in given.items() if value is not UNSET}
