"""Finished drafts, made of nothing but values, for tables about what no longer matches."""

from msgspec import structs

from reelbot.studio.core import edits
from reelbot.studio.core.draft import Draft, Flow, Media, MediaKind, Version
from reelbot.studio.core.slots import SLOT_KINDS
from reelbot.studio.core.staleness import pinned


def media(name: str, kind: MediaKind = "image") -> Media:
    """A file that need not be there."""
    return Media(sha256=f"{name:0<64}", kind=kind, bytes=10, width=9, height=16, duration_ms=20_000)


def with_ai(draft: Draft, name: str, text: str = "", *, scene: int | None = None, file: Media | None = None) -> Draft:
    """With a result by AI, made from what the draft is now."""
    ref = SLOT_KINDS[name].ref("" if scene is None else scene)
    version = Version(id=0, at=0, by="ai", inputs=pinned(draft, ref), text=text, media=file, words=None)
    return edits.with_result(draft, ref, version)


def finished(flow: Flow = "narrated") -> Draft:
    """A draft with a result in every slot that its flow has, all of them current: scenes 2 and 3, the first animated."""
    draft = Draft(flow=flow, keywords="cats")
    draft = with_ai(draft, "suggestions", "five ideas")
    draft = structs.replace(draft, next_id=10)
    draft = edits.with_text(draft, "topic", "why cats purr", 0)
    draft = with_ai(draft, "title", "Purr!")
    if flow == "narrated":
        draft = with_ai(draft, "script", "Cats purr because they can.")
        draft = with_ai(draft, "voiceover", file=media("v0", "audio"))
    for picture in ("a", "b"):
        draft, scene = edits.with_scene(draft, None)
        draft = with_ai(draft, "picture", scene=scene, file=media(picture))
        draft = with_ai(draft, "animation", scene=scene, file=media(f"c{picture}", "clip"))
    return with_ai(draft, "music", file=media("d0", "audio"))
