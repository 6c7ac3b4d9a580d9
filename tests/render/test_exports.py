"""Captions to take along: well-formed, in time, complete."""

import json

from tests.render.material import words

from reelbot.render import TimedWord
from reelbot.render.captions import CaptionPage, pages_of
from reelbot.render.exports import srt_of, vtt_of, words_json

LINE = 13.0
PAGES = (
    CaptionPage((TimedWord("Why", 0, 300), TimedWord("purr?", 350, 700)), 1_000),
    CaptionPage((TimedWord("Tom & <b>", 3_661_001, 3_661_500),), 3_662_000),
)


def test_srt_is_numbered_and_timed() -> None:
    assert srt_of(PAGES, LINE) == (
        "1\n00:00:00,000 --> 00:00:01,000\nWhy purr?\n\n2\n01:01:01,001 --> 01:01:02,000\nTom & <b>\n"
    )


def test_vtt_has_its_header_and_no_markup_in_words() -> None:
    assert vtt_of(PAGES, LINE) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nWhy purr?\n\n01:01:01.001 --> 01:01:02.000\nTom &amp; &lt;b&gt;\n"
    )


def test_no_word_can_end_a_block() -> None:
    made = pages_of(words(["one\n\n2\n00:00:00,000", "two\r"]), 40.0, 9_000)
    assert len(srt_of(made, 40.0).splitlines()) == 3


def test_the_words_keep_what_cannot_be_drawn() -> None:
    spoken = (TimedWord("cats", 0, 300), TimedWord("🐱", 300, 500))
    assert json.loads(words_json(spoken, "en")) == {
        "language": "en",
        "words": [
            {"text": "cats", "start_ms": 0, "end_ms": 300},
            {"text": "🐱", "start_ms": 300, "end_ms": 500},
        ],
    }


def test_words_of_scripts_without_spaces_are_joined() -> None:
    made = pages_of(words(["猫は", "なぜ", "鳴く？"]), LINE, 9_000)
    assert srt_of(made, LINE).splitlines()[2] == "猫はなぜ鳴く？"


def test_without_words_the_files_are_empty_but_valid() -> None:
    assert srt_of((), LINE) == ""
    assert vtt_of((), LINE) == "WEBVTT\n"
