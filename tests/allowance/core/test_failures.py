"""What a failure uses, row by row: 20 AI credits and one video generation are held, 8 credits' worth was delivered."""

from pathlib import Path

import pytest

from reelbot.allowance.catalogue import load_failures
from reelbot.allowance.core.failures import FailurePoint, Rule, settled_amount
from reelbot.errors import ConfigFailure
from reelbot.limits import WHY_LENGTH_MAX

HELD, DELIVERED = 20, 8
STAYS_HELD = None

FAILURE_POINTS = [
    # the operation ended …                                           AI credits used, video generations used
    ("before_acceptance", "bad input, no key, refused, cancelled while queued", 0, 0),
    ("at_provider", "an error, a time-out with a known outcome, moderation", 0, 0),
    ("at_provider_billed", "the same at a provider that bills such calls", 20, 0),
    ("after_delivery", "in our own processing: disk full, bad media", 20, 0),
    ("cancelled_running", "cancelled while running", 8, 0),
    ("in_part", "three of five images came", 8, 0),
    ("unknown", "a crash, a lost connection", STAYS_HELD, STAYS_HELD),
]


@pytest.mark.parametrize(
    ("point", "what", "ai_credits", "videos"), FAILURE_POINTS, ids=[row[0] for row in FAILURE_POINTS]
)
def test_a_failure_uses_what_its_point_says(point: str, what: str, ai_credits: int | None, videos: int | None) -> None:
    rule = load_failures()[FailurePoint(point)]
    assert settled_amount(rule.rule_for("ai_credits"), HELD, DELIVERED) == ai_credits, what
    assert settled_amount(rule.rule_for("video_generations"), 1, 1) == videos, what


def test_every_failure_point_has_its_row() -> None:
    assert [row[0] for row in FAILURE_POINTS] == list(FailurePoint) == list(load_failures())


def test_a_known_failure_never_touches_another_limit() -> None:
    for point, rule in load_failures().items():
        if point is not FailurePoint.UNKNOWN:
            assert {rule.rule_for(meter) for meter in ("video_generations", "posts", "storage_bytes")} == {Rule.RELEASE}


def test_what_was_delivered_never_uses_more_than_was_held() -> None:
    assert settled_amount(Rule.SETTLE_DELIVERED, 5, 8) == 5
    assert settled_amount(Rule.SETTLE_DELIVERED, 5, 0) == 0


def test_every_failure_has_a_sentence_for_the_history() -> None:
    sentences = [rule.sentence for rule in load_failures().values()]
    assert all(sentence.endswith(".") and len(sentence) <= WHY_LENGTH_MAX for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


def table_text(**changes: str) -> str:
    """A table of three lines for each point, in order, so that a point's lines begin at 4 times its place, plus one."""
    lines = []
    for point in FailurePoint:
        rule = "keep" if point is FailurePoint.UNKNOWN else "release"
        lines += [f"[{point}]", f'ai_credits = "{rule}"', f'other = "{rule}"', 'sentence = "It ended."']
    return "\n".join(changes.get(f"line_{number}", line) for number, line in enumerate(lines, start=1))


MISTAKES = [
    ("line_2", 'ai_credits = "refund"', 'line 2: before_acceptance.ai_credits must be "release" or "settle_all" or'),
    ("line_2", 'ai_credits = "keep"', 'line 2: before_acceptance.ai_credits must be "release" or "settle_all" or'),
    ("line_7", 'other = "settle_all"', 'line 7: at_provider.other must be "release", not "settle_all"'),
    ("line_26", 'ai_credits = "release"', 'line 26: unknown.ai_credits must be "keep", not "release"'),
    ("line_27", 'other = "release"', 'line 27: unknown.other must be "keep", not "release"'),
    ("line_4", "sentence = 3", "line 4: before_acceptance.sentence must be a line of 1 to 500 characters, not 3"),
    ("line_4", "", 'line 1: before_acceptance has no "sentence"'),
    ("line_9", "[on_the_moon]", "line 9: on_the_moon is not known; the file may have before_acceptance, at_provider,"),
    ("line_9", "[on_the_moon]", 'line 1: the file has no "at_provider_billed"'),
]


@pytest.mark.parametrize(("line", "wrong", "said"), MISTAKES)
def test_a_mistake_in_the_table_is_told_with_its_line(tmp_path: Path, line: str, wrong: str, said: str) -> None:
    path = tmp_path / "failures.toml"
    path.write_text(table_text(**{line: wrong}), encoding="utf-8")
    with pytest.raises(ConfigFailure) as caught:
        load_failures(path)
    assert f"{path} {said}" in caught.value.detail


def test_a_table_without_mistakes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "failures.toml"
    path.write_text(table_text(), encoding="utf-8")
    assert load_failures(path)[FailurePoint.IN_PART].rule_for("ai_credits") is Rule.RELEASE
