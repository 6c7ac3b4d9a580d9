"""What is saved while one is typing is one version; what something was made from, or what has rested, stays as it was."""

from reelbot.clock import MINUTE
from reelbot.studio.core import edits
from reelbot.studio.core.draft import Draft, SlotRef, Version
from reelbot.studio.core.slots import SCRIPT
from reelbot.studio.core.staleness import pinned


def typed(*texts: str, every_ms: int = 1_000, draft: Draft | None = None, begin_at: int = 0) -> Draft:
    draft = draft or Draft(flow="narrated")
    for number, text in enumerate(texts):
        draft = edits.with_text(draft, "script", text, begin_at + number * every_ms)
    return draft


def scripts(draft: Draft) -> list[str]:
    return [version.text for version in draft.slot(SCRIPT.ref()).versions]


def test_a_thousand_saves_while_typing_are_one_version() -> None:
    draft = typed(*("x" * length for length in range(1, 1_001)), every_ms=100)
    assert scripts(draft) == ["x" * 1_000]
    assert draft.text_of("script") == "x" * 1_000


def test_after_a_rest_it_is_a_new_version_and_the_old_one_is_kept() -> None:
    draft = typed("Cats purr.", "Cats purr a lot.", every_ms=5 * MINUTE)
    assert scripts(draft) == ["Cats purr.", "Cats purr a lot."]


def test_what_a_voiceover_was_made_from_is_kept() -> None:
    draft = typed("Cats purr.")
    spoken = Version(id=0, at=1, by="ai", inputs=pinned(draft, SlotRef("voiceover")))
    draft = edits.with_result(draft, SlotRef("voiceover"), spoken)
    draft = typed("Cats purr a lot.", draft=draft, begin_at=2)
    assert scripts(draft) == ["Cats purr.", "Cats purr a lot."]


def test_what_an_ai_wrote_is_kept_and_typing_on_from_it_is_one_version() -> None:
    draft = Draft(flow="narrated")
    written = Version(id=0, at=0, by="ai", text="Cats purr.", inputs=pinned(draft, SlotRef("script")))
    draft = edits.with_result(draft, SlotRef("script"), written)
    draft = typed("Cats purr!", "Cats purr!!", draft=draft)
    assert scripts(draft) == ["Cats purr.", "Cats purr!!"]


def test_after_going_back_to_an_older_version_that_one_is_not_typed_over() -> None:
    draft = typed("First.", "Second.", every_ms=5 * MINUTE)
    first = draft.slot(SCRIPT.ref()).versions[0].id
    draft = edits.with_choice(draft, SlotRef("script"), first)
    draft = typed("Third.", draft=draft, begin_at=5 * MINUTE + 1)
    assert scripts(draft) == ["First.", "Second.", "Third."]
