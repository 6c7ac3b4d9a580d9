"""Templates and brand presets: make them, apply them to drafts, remove them."""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

import msgspec

from reelbot.errors import Malformed
from reelbot.languages.catalogue import languages
from reelbot.providers.works import Aspect, Duration, Tone
from reelbot.records import Page
from reelbot.studio import PresetAsked, Presets, PresetShown, Studio, asset_shown, preset_shown
from reelbot.studio.core.draft import CaptionSize, Corner, Settings
from reelbot.studio.library.presets import PRESET_NAME_LENGTH_MAX, PRESETS_MAX
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit, nothing_here

DRAFTS_LISTED = 50
"""Drafts that a preset can be applied to from here: the last changed. The studio applies them to any."""

LOGOS_LISTED = 200
"""Assets among which logos are offered: the newest."""

COLOURS: Mapping[str, str] = {
    "text_colour": "Caption text",
    "accent_colour": "Spoken word",
    "outline_colour": "Outline",
}

TEMPLATE = ("duration_s", "tone", "caption_size", "aspect", "language")
"""Settings that a template made here may have; one that is made through the API may have any."""

WORDS: Mapping[str, str] = {
    "duration_s": "Duration",
    "tone": "Tone",
    "caption_size": "Captions",
    "aspect": "Shape",
    "language": "Language",
    "voice": "Voice",
    "pace": "Pace",
    "pitch": "Pitch",
    "logo": "Logo",
    "corner": "Corner",
    "providers": "Providers",
    "provider_options": "Options of providers for",
    **COLOURS,
}


class PresetLine(NamedTuple):
    """A preset as it is read: its colours to be seen, the rest in words; `settings` is the JSON that applies it."""

    id: str
    name: str
    colours: Mapping[str, str]
    facts: str
    settings: str


async def show(visit: Visit) -> Outcome:
    """Show them."""
    presets, studio = _rooms(visit)
    kept = [preset_shown(one) for one in await presets.listed(visit.account, Page(PRESETS_MAX))]
    assets = [asset_shown(one) for one in await studio.assets(visit.account, Page(LOGOS_LISTED))]
    logos = {one.id: one.name for one in assets if one.kind == "image"}
    values: dict[str, Any] = {
        "brands": [_line(one, logos) for one in kept if one.kind == "brand"],
        "templates": [_line(one, logos) for one in kept if one.kind == "template"],
        "drafts": [one for one in await studio.drafts(visit.account, Page(DRAFTS_LISTED)) if not one.locked],
        "logos": logos,
        "colours": [(name, title, getattr(Settings(), name)) for name, title in COLOURS.items()],
        "corners": get_args(Corner),
        "choices": _choices(),
        "key": secrets.token_hex(16),
        "name_length_max": PRESET_NAME_LENGTH_MAX,
    }
    return Shown("presets", values, "Templates and brand")


async def save_brand(visit: Visit) -> Outcome:
    """Keep colours, a logo and its corner."""
    brand: dict[str, Any] = {name: visit.field(name) for name in (*COLOURS, "corner")}
    if visit.field("logo"):
        brand["logo"] = visit.field("logo")
    return await _save(visit, {"brand": brand})


async def save_template(visit: Visit) -> Outcome:
    """Keep the settings that were chosen; the others stay as a draft has them."""
    template: dict[str, Any] = {name: visit.field(name) for name in TEMPLATE if visit.field(name)}
    if not template:
        raise Malformed("Choose at least one setting for the template.")
    return await _save(visit, {"template": template})


async def remove(visit: Visit) -> Outcome:
    """Remove one."""
    presets, _ = _rooms(visit)
    await presets.remove(visit.account, visit.named)
    return Goto("/presets", Flash("good", "It was removed. Drafts that it was applied to stay as they are."))


async def _save(visit: Visit, asked: dict[str, Any]) -> Goto:
    presets, _ = _rooms(visit)
    try:
        wanted = msgspec.convert({"name": visit.field("name"), **asked}, PresetAsked, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed("This preset cannot be kept: give it a name, and choose from what is offered.") from error
    preset, _ = await presets.save(visit.account, wanted, visit.field("key") or None)
    return Goto("/presets", Flash("good", f"{preset.name} is kept."))


def _line(preset: PresetShown, logos: Mapping[str, str]) -> PresetLine:
    said: dict[str, Any] = msgspec.to_builtins(preset.settings)
    if said.get("logo"):
        said["logo"] = logos.get(said["logo"], "removed")
    colours = {COLOURS[name]: said[name] for name in COLOURS if name in said}
    facts = [f"{WORDS.get(name, name)}: {_value(value)}" for name, value in said.items() if name not in COLOURS]
    settings = msgspec.json.encode(preset.settings).decode()
    return PresetLine(preset.id, preset.name, colours, ", ".join(facts), settings)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(kind if isinstance(named, dict) else f"{kind} {named}" for kind, named in value.items())
    return "none" if value is None else str(value)


def _choices() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What a template can be made of: each setting with its values and what they are called."""
    lists: Mapping[str, list[tuple[str, str]]] = {
        "duration_s": [(str(one), f"{one} seconds") for one in get_args(Duration)],
        "tone": [(one, one.capitalize()) for one in get_args(Tone)],
        "caption_size": [(one, one.capitalize()) for one in get_args(CaptionSize)],
        "aspect": [(one, one) for one in get_args(Aspect)],
        "language": [(code, language.name) for code, language in languages().items()],
    }
    return [(name, WORDS[name], lists[name]) for name in TEMPLATE]


def _rooms(visit: Visit) -> tuple[Presets, Studio]:
    presets, studio = visit.site.presets, visit.site.studio
    if presets is None or studio is None:
        raise nothing_here()
    return presets, studio
