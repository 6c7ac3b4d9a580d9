"""A draft in the video studio: its steps, everything by hand or by AI, and beside them the settings and both meters."""

from collections.abc import Sequence
from typing import Any

import msgspec

from reelbot.languages.catalogue import languages
from reelbot.records import Page
from reelbot.studio import DraftShown, PresetShown, Studio, StudioRefused, job_shown, preset_shown
from reelbot.studio.actions.image import pictures_proposed
from reelbot.studio.library.presets import PRESET_NAME_LENGTH_MAX, PRESETS_MAX
from reelbot.web.pages import draft_view
from reelbot.web.pages.options_form import makers_of
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit
from reelbot.web.problems import Problem

VIDEOS_LOOKED_AT = 50
"""Videos among which that of a finished draft is looked for: whoever comes back later finds it in the list."""

TEMPLATE = ("duration_s", "tone", "caption_size", "aspect", "language", "voice", "pace", "pitch")
"""Settings of a draft that a template made from it keeps: what its videos are like, not how they are dressed."""

BRAND = ("text_colour", "accent_colour", "outline_colour", "logo", "corner")

_NO_STUDIO = "This server keeps its ledger in memory and has no studio."


def studio_of(visit: Visit) -> Studio:
    """The studio of the site; `Problem` not_found where there is none."""
    if visit.site.studio is None:
        raise Problem("not_found", _NO_STUDIO)
    return visit.site.studio


async def show(visit: Visit) -> Outcome:
    """Show a draft at the step that the address names; a draft that has become a video leads to the video."""
    studio = studio_of(visit)
    try:
        draft = await studio.draft(visit.account, visit.named)
    except StudioRefused:
        return await _finished(visit, studio)
    rendering = draft_view.rendering_of(draft)
    lines = draft_view.step_lines(draft, rendering)
    step = visit.path.removeprefix(f"/studio/{visit.named}").strip("/") or draft_view.first_to_do(lines)
    if step not in [line.name for line in lines]:
        return Goto(f"/studio/{draft.id}")
    values = {"draft": draft, "steps": lines, "step": step, "rendering": rendering}
    return Shown("draft", values | await _values(visit, studio, draft), draft.heading)


async def _finished(visit: Visit, studio: Studio) -> Goto:
    """The way to the video that a draft has become, or to the list of drafts."""
    videos = await studio.videos(visit.account, Page(VIDEOS_LOOKED_AT))
    found = next((video for video in videos if video.facts.draft == visit.named), None)
    if found is not None:
        return Goto(f"/videos/{found.id}")
    return Goto("/studio", Flash("bad", "This draft is not there any more."))


async def _values(visit: Visit, studio: Studio, draft: DraftShown) -> dict[str, Any]:
    """All that the page shows around the draft itself."""
    jobs = await studio.jobs(visit.account, Page(draft_view.JOBS_LOOKED_AT))
    return {
        "settings": draft.settings,
        "length": draft_view.length_of(draft),
        "voices": draft_view.voices_of(studio, draft),
        "whole": await draft_view.whole_of(studio, visit.account, draft),
        "preview": draft_view.preview_of(draft, jobs, [job_shown(job) for job in jobs]),
        "logo": await draft_view.logo_of(studio, visit.account, draft),
        "makers": makers_of(studio, draft),
        "presets": await _presets(visit),
        "settings_kept": {"template": _kept(draft, TEMPLATE), "brand": _kept(draft, BRAND)},
        "preset_name_length_max": PRESET_NAME_LENGTH_MAX,
        "is_unmade": draft_view.is_unmade(draft),
        "lacks_words": draft_view.lacks_words(draft),
        "pictures_proposed": pictures_proposed(draft.settings.duration_s),
        "languages": {code: languages()[code] for code in studio.languages},
        "choices": draft_view.CHOICES,
        "states": draft_view.STATES,
        "current_of": draft_view.current_of,
        "listed_versions": draft_view.listed_versions,
        "work_words": draft_view.work_words,
        "slot_words": lambda slot: draft_view.slot_words(draft, slot),
        "when": lambda text: draft_view.when_words(text, visit.figures),
    }


async def _presets(visit: Visit) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Templates and brands to apply: the kind, what it is called, and of each the name and the JSON of its settings."""
    presets = visit.site.presets
    if presets is None:
        return []
    kept = [preset_shown(one) for one in await presets.listed(visit.account, Page(PRESETS_MAX))]
    kinds = (("template", "Templates"), ("brand", "Brands"))
    return [(kind, title, [_preset(one) for one in kept if one.kind == kind]) for kind, title in kinds]


def _kept(draft: DraftShown, names: Sequence[str]) -> str:
    """The settings of these names, as the JSON that a preset is made of."""
    return msgspec.json.encode({name: getattr(draft.settings, name) for name in names}).decode()


def _preset(preset: PresetShown) -> tuple[str, str]:
    return preset.name, msgspec.json.encode(preset.settings).decode()
