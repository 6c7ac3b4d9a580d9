"""A draft in the video studio: its steps, everything by hand or by AI, and beside them the settings and both meters."""

from typing import Any

from reelbot.studio import DraftShown, Page, Studio, StudioRefused, job_shown
from reelbot.studio.embedded.languages import languages
from reelbot.web.pages import drafting
from reelbot.web.pages.visits import Goto, Outcome, Shown, Told, Visit
from reelbot.web.problems import Problem

VIDEOS_LOOKED_AT = 50
"""Videos among which that of a finished draft is looked for: whoever comes back later finds it in the list."""

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
    rendering = drafting.rendering_of(draft)
    lines = drafting.step_lines(draft, rendering)
    step = visit.path.removeprefix(f"/studio/{visit.named}").strip("/") or drafting.first_to_do(lines)
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
    return Goto("/studio", Told("bad", "This draft is not there any more."))


async def _values(visit: Visit, studio: Studio, draft: DraftShown) -> dict[str, Any]:
    """All that the page shows around the draft itself."""
    jobs = await studio.jobs(visit.account, Page(drafting.JOBS_LOOKED_AT))
    zone = visit.figures.zone
    return {
        "settings": draft.settings,
        "length": drafting.length_of(draft),
        "voices": drafting.voices_of(studio, draft),
        "whole": await drafting.whole_of(studio, visit.account, draft),
        "preview": drafting.preview_of(draft, jobs, [job_shown(job) for job in jobs]),
        "library": await drafting.library_of(studio, visit.account),
        "pictures_proposed": drafting.pictures_proposed(draft),
        "languages": {code: languages()[code] for code in studio.languages},
        "choices": drafting.CHOICES,
        "states": drafting.STATES,
        "current_of": drafting.current_of,
        "listed_versions": drafting.listed_versions,
        "slot_words": lambda slot: drafting.slot_words(draft, slot),
        "when": lambda text: drafting.when_words(text, zone),
    }
