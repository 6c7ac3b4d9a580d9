"""What can be done to a draft: by hand, by an upload, by a result. Pure functions from a draft to a draft.

No result is ever dropped. A new one counts from now on; choosing another, none included, is free.
"""

from collections.abc import Collection, Iterable, Sequence

from msgspec import structs

from reelbot.clock import SECOND
from reelbot.errors import Malformed, TooBusy
from reelbot.records import json_text
from reelbot.studio.core.draft import Draft, Media, Scene, Settings, Slot, SlotRef, StepFailure, Version
from reelbot.studio.core.rows import KeptDraft
from reelbot.studio.core.slots import (
    ANIMATION,
    MUSIC,
    PICTURE,
    SLOT_KINDS,
    VOICEOVER,
    has_place,
    slot_refs,
)
from reelbot.studio.core.staleness import is_stale, pinned
from reelbot.studio.core.texts import kept_text
from reelbot.studio.limits import (
    DRAFT_BYTES_MAX,
    KEYWORDS_LENGTH_MAX,
    SCENES_MAX,
    SCRIPT_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    TOPIC_LENGTH_MAX,
    TYPING_SECONDS_MAX,
    VERSIONS_MAX,
)

_LENGTHS: dict[str, int] = {"topic": TOPIC_LENGTH_MAX, "script": SCRIPT_LENGTH_MAX, "title": TITLE_LENGTH_MAX}


def with_settings(draft: Draft, settings: Settings) -> Draft:
    """With other settings. Another language comes with the voice that was last chosen for it, unless one is given."""
    before = draft.settings
    if settings.language == before.language:
        return structs.replace(draft, settings=settings)
    voices = draft.voices | {before.language: before.voice}
    if settings.voice == before.voice:
        settings = structs.replace(settings, voice=voices.get(settings.language, ""))
    return structs.replace(draft, settings=settings, voices=voices)


def with_keywords(draft: Draft, keywords: str) -> Draft:
    """With other keywords for topic ideas."""
    if len(keywords) > KEYWORDS_LENGTH_MAX:
        raise Malformed(f"Keywords have at most {KEYWORDS_LENGTH_MAX} characters.", "keywords")
    return structs.replace(draft, keywords=kept_text(keywords))


def with_text(draft: Draft, name: str, text: str, now: int) -> Draft:
    """With a text that a person wrote. An empty one clears the slot; its results are kept.

    Writing the text that is there already says that it stands: a stale one then matches again. What is saved while one is
    typing is one version, as long as nothing was made from it.
    """
    bound, text = _LENGTHS[name], kept_text(text)
    if len(text) > bound:
        raise Malformed(f"A {name} has at most {bound:,} characters; this has {len(text):,}.", name)
    ref = SlotRef(name)
    slot = draft.slot(ref)
    if not text:
        return draft.with_slot(ref, slot.pointing_to(None))
    if slot.version is not None and slot.version.text == text and not is_stale(draft, ref):
        return draft
    if slot.version is not None and _is_being_typed(draft, ref, slot.version, now):
        typed = structs.replace(slot.version, text=text, inputs=pinned(draft, ref))
        return draft.with_slot(ref, Slot((*slot.versions[:-1], typed), typed.id, slot.before))
    return _added(draft, ref, Version(id=0, at=now, by="hand", text=text))


def _is_being_typed(draft: Draft, ref: SlotRef, version: Version, now: int) -> bool:
    """Whether a version is the newest of its slot, written by hand a moment ago, and nothing was made from it."""
    if (
        version.by != "hand"
        or version != draft.slot(ref).versions[-1]
        or now - version.at >= TYPING_SECONDS_MAX * SECOND
    ):
        return False
    return not any(_is_made_from(draft, ref, other) for other in slot_refs(draft))


def _is_made_from(draft: Draft, source: SlotRef, ref: SlotRef) -> bool:
    """Whether any result of a slot was made from what another one has now."""
    for one in SLOT_KINDS[ref.name].needs:
        if one.comes_from is None or one.comes_from(ref) != source:
            continue
        value = one.value(draft, ref)
        if value and any(made.inputs.get(one.name) == value for made in draft.slot(ref).versions):
            return True
    return False


def with_version(draft: Draft, ref: SlotRef, version: Version) -> Draft:
    """With something that matches all that the draft has now."""
    return _added(draft, ref, version)


def with_voiceover(draft: Draft, media: Media, now: int) -> Draft:
    """With a voiceover that a person recorded."""
    return _added(draft, VOICEOVER.ref(), Version(id=0, at=now, by="upload", media=media))


def with_music(draft: Draft, media: Media | None, now: int) -> Draft:
    """With music that a person chose, or none."""
    if media is None:
        return draft.with_slot(MUSIC.ref(), draft.slot(MUSIC.ref()).pointing_to(None))
    return _added(draft, MUSIC.ref(), Version(id=0, at=now, by="upload", media=media))


def with_scene(draft: Draft, picture: Version | None, prompt: str = "", variation: int = 0) -> tuple[Draft, int]:
    """With one more scene at the end, and the scene's number. Without a picture it waits for the one described."""
    if len(draft.scenes) >= SCENES_MAX:
        raise Malformed(f"A draft has at most {SCENES_MAX} pictures and clips. Remove one first.", "assets")
    scene = draft.next_id
    draft = structs.replace(
        draft, scenes=(*draft.scenes, Scene(scene, prompt=prompt, variation=variation)), next_id=scene + 1
    )
    return (draft if picture is None else _added(draft, PICTURE.ref(scene), picture)), scene


def with_scenes(draft: Draft, order: Sequence[int]) -> Draft:
    """With these scenes, in this order; the others are removed."""
    known = {scene.id: scene for scene in draft.scenes}
    for id in order:
        if id not in known:
            raise Malformed(f"This draft has no scene {id}.", "scenes")
    if len(set(order)) != len(order):
        raise Malformed("A scene is named twice.", "scenes")
    return _with_only(draft, [known[id] for id in order])


def _with_only(draft: Draft, scenes: Iterable[Scene]) -> Draft:
    """With these scenes; what was made for others goes with them."""
    left = structs.replace(draft, scenes=tuple(scenes))
    kept = {str(ref) for ref in slot_refs(left)}
    return structs.replace(left, slots={name: slot for name, slot in left.slots.items() if name in kept})


def without_empty_scenes(draft: Draft, asked: Collection[SlotRef]) -> Draft:
    """Without the scenes that waited for these pictures and never had one, nor a failure that says why."""
    return _with_only(draft, [scene for scene in draft.scenes if not _is_only_asked_for(draft, scene, asked)])


def _is_only_asked_for(draft: Draft, scene: Scene, asked: Collection[SlotRef]) -> bool:
    ref = PICTURE.ref(scene.id)
    has_result = draft.slot(ref).versions or draft.slot(ANIMATION.ref(scene.id)).versions
    return ref in asked and not has_result and str(ref) not in draft.failures


def with_choice(draft: Draft, ref: SlotRef, version: int | None) -> Draft:
    """With another result of a slot counting, or none, because a person wants it so."""
    slot = draft.slot(ref)
    if not has_place(draft, ref) or (version is not None and slot.of(version) is None):
        raise Malformed(f"There is no version {version} of {ref}.", "versions")
    return draft.with_slot(ref, structs.replace(slot.pointing_to(version), is_chosen=True))


def with_result(draft: Draft, ref: SlotRef, version: Version, *, counts: bool = True) -> Draft:
    """With what an AI action made; as it is when the scene was removed meanwhile. A failure noted before is over.

    It was paid for, so there is always room for it. One that does not count is kept beside the result that does.
    """
    if not has_place(draft, ref):
        return draft
    slot = draft.slot(ref)
    draft = without_failure(draft, str(ref))
    if counts:
        return _added(draft, ref, version, repin=False)
    kept = structs.replace(version, id=draft.next_id)
    return structs.replace(draft.with_slot(ref, slot.with_kept(kept)), next_id=draft.next_id + 1)


def with_what_matches(draft: Draft) -> Draft:
    """With results by AI that no longer match giving way to earlier ones that match again, those first that others need.

    So undoing a change after everything was brought up to date undoes that too, at no charge. Of several that match, the
    one that counted last is taken. What a person made or chose stays, whatever it matches.
    """
    for ref in slot_refs(draft):
        slot = draft.slot(ref)
        if slot.version is None or slot.version.by != "ai" or slot.is_chosen:
            continue
        matching = _matching(draft, ref, slot) if is_stale(draft, ref) else None
        draft = draft if matching is None else draft.with_slot(ref, slot.pointing_to(matching))
    return draft


def _matching(draft: Draft, ref: SlotRef, slot: Slot) -> int | None:
    """The result of a slot that was made from all that the draft has now and comes from nothing that is stale, if any."""
    inputs = pinned(draft, ref)
    found = [one.id for one in slot.versions if one.inputs == inputs and inputs]
    found.sort(key=lambda id: (id in slot.before, slot.before.index(id) if id in slot.before else id))
    matching = found[-1] if found else None
    return None if matching is None or is_stale(draft.with_slot(ref, slot.pointing_to(matching)), ref) else matching


def with_failure(draft: Draft, name: str, failure: StepFailure) -> Draft:
    """With a note on why a slot, or the render, failed. Everything else stays."""
    return structs.replace(draft, failures=draft.failures | {name: failure})


def without_failure(draft: Draft, name: str) -> Draft:
    """Without such a note."""
    if name not in draft.failures:
        return draft
    return structs.replace(draft, failures={one: noted for one, noted in draft.failures.items() if one != name})


def require_room(draft: Draft, ref: SlotRef) -> None:
    """Raise `TooBusy` when a slot has as many results as anybody looks through."""
    if len(draft.slot(ref).versions) >= VERSIONS_MAX:
        raise TooBusy(f"This step has {VERSIONS_MAX} versions already.", "Go on in a new draft.")


def _added(draft: Draft, ref: SlotRef, version: Version, *, repin: bool = True) -> Draft:
    """With a new version, numbered; made by hand it is pinned to what the inputs are now."""
    assert has_place(draft, ref), "added to a slot that is there"
    if repin:
        require_room(draft, ref)
    inputs = pinned(draft, ref) if repin else version.inputs
    numbered = structs.replace(version, id=draft.next_id, inputs=inputs)
    return structs.replace(draft.with_slot(ref, draft.slot(ref).with_version(numbered)), next_id=draft.next_id + 1)


def changed_draft(kept: KeptDraft, draft: Draft, now: int) -> KeptDraft:
    """A draft once it is saved in another form."""
    return kept._replace(draft=draft, heading=draft.heading, revision=kept.revision + 1, updated_at=now)


def require_size(draft: Draft) -> None:
    """Raise `TooBusy` when the document is larger than one that a version may be added to."""
    if len(json_text(draft).encode()) > DRAFT_BYTES_MAX:
        raise TooBusy("This draft has as many versions as one can have.", "Go on in a new draft.")
