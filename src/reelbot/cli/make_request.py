"""The request of `make`: topics, the draft and the AI actions of each, and the file that its video shall be."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from reelbot.cli.call import WrongUse
from reelbot.errors import Malformed
from reelbot.studio import DraftAsked, GenerationAsked, Quoted, StepAsked
from reelbot.studio.core.draft import Draft
from reelbot.studio.planning.remaining import steps_remaining

TOPICS_MAX = 50
"""Topics of one call: what a quote looks at in one go, and more than any plan but the largest makes in a month."""

_UNFIT = re.compile(r"[^\w-]+")


class Wanted(NamedTuple):
    """One video to be made: its draft, what it would cost, and the file that it shall be."""

    topic: str
    draft: str
    asked: GenerationAsked
    quote: Quoted
    into: Path


def topics_in(file: Path) -> list[str]:
    """The topics of a file: one a line; empty lines and those that begin with # are left out."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise WrongUse(f"{file} is not a text in UTF-8.") from error
    topics = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not 1 <= len(topics) <= TOPICS_MAX:
        raise WrongUse(f"{file} has {len(topics)} topics; name 1 to {TOPICS_MAX}, each on a line of its own.")
    return topics


def draft_of(topic: str, options: dict[str, Any]) -> DraftAsked:
    """The draft of a topic, with the settings that were named."""
    named = {"tone": "tone", "aspect": "aspect", "captions": "caption_size", "language": "language", "voice": "voice"}
    settings = {setting: options[name] for name, setting in named.items() if options[name] is not None}
    settings["duration_s"] = int(options["duration"])
    asked = {"flow": options["flow"], "topic": topic, "settings": settings}
    try:
        return msgspec.convert(asked, DraftAsked)
    except msgspec.ValidationError as error:
        raise Malformed(f"{error}.") from error


def generation_of(draft: Draft, options: dict[str, Any]) -> GenerationAsked:
    """All that a draft lacks of a video and its render, as one decision; as many pictures, and music, as was said."""
    steps = [step for step in steps_remaining(draft) if options["music"] or step.step != "music"]
    if options["images"]:
        steps = [StepAsked("image", {"count": options["images"]}) if one.step == "image" else one for one in steps]
    return GenerationAsked(steps=steps, render=True)


def target_of(topic: str, options: dict[str, Any], at: int, of: int) -> Path:
    """The file of a video: what was named, or after its topic. Several have numbers, so that none replaces another."""
    output: Path | None = options["output"]
    slug = _UNFIT.sub("-", topic.lower()).strip("-")[:60] or "video"
    if options["topics"] is None:
        return output or Path(f"{slug}.mp4")
    return (output or Path()) / f"{at + 1:0{len(str(of))}}-{slug}.mp4"
