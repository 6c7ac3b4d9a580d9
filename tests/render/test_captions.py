"""Captions: pages that read well, the highlight on the right frame, text that can't become markup, fonts for scripts."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.material import named, words

from reelbot.render import TimedWord, Timeline, TimelineScene, plan_of
from reelbot.render.camera_moves import FrameSize
from reelbot.render.captions import (
    EM_TO_LINE,
    RIGHT_TO_LEFT_MARK,
    CaptionPage,
    Cue,
    ass_of,
    cues_of,
    cues_within,
    faces_of,
    frame_at,
    line_ems,
    lines_of,
    look_of,
    pages_of,
    text_ems,
)
from reelbot.render.fonts import DIRECTORY, FACES, covered, runs, unexpected_fonts
from reelbot.render.timeline import CaptionSize

LINE = 13.0
LENGTH_MS = 60_000
FRAME = FrameSize(1080, 1920)

LETTERS = {
    "Latin": "Ünïçødé ŁŞĞİ ơưạ ßÆ",
    "Cyrillic": "Їжак Ўъэ",
    "Greek": "Ἑλληνικά",
    "Arabic": "العربية پچگک",
    "Hebrew": "עברית",
    "Devanagari": "हिन्दी",
    "Bengali": "বাংলা",
    "Gujarati": "ગુજરાતી",
    "Gurmukhi": "ਪੰਜਾਬੀ",
    "Tamil": "தமிழ்",
    "Telugu": "తెలుగు",
    "Kannada": "ಕನ್ನಡ",
    "Malayalam": "മലയാളം",
    "Thai": "ภาษาไทย",
    "Georgian": "ქართული",
    "Armenian": "Հայերեն",
    "Chinese": "汉语普通话",
    "Japanese": "日本語のカナ",
    "Korean": "한국어",
}


def pages(texts: str, step_ms: int = 300) -> list[str]:
    return [
        " ".join(word.text for word in page.words) for page in pages_of(words(texts.split(), step_ms), LINE, LENGTH_MS)
    ]


def look(language: str = "en") -> object:
    return look_of(Timeline((TimelineScene(named("a"), 0, 1_000),), language=language), FRAME)


def script(*texts: str, lit: int = 0, language: str = "en") -> str:
    timeline = Timeline((TimelineScene(named("a"), 0, 1_000),), language=language)
    return ass_of([Cue(0, 10, (texts,), lit)], look_of(timeline, FRAME), 30)


def shown(ass: str) -> str:
    """The text of the only dialogue line."""
    (line,) = [line for line in ass.splitlines() if line.startswith("Dialogue:")]
    return line.split(",,", 2)[2]


def test_a_page_ends_where_a_sentence_ends() -> None:
    assert pages("Why do cats purr? It is a riddle.") == ["Why do cats purr?", "It is a riddle."]


def test_a_page_ends_at_a_long_pause() -> None:
    spoken = (TimedWord("now", 0, 300), TimedWord("wait", 300, 600), TimedWord("go", 1_400, 1_600))
    assert [len(page.words) for page in pages_of(spoken, LINE, LENGTH_MS)] == [2, 1]


def test_a_page_prefers_to_end_at_a_comma_and_leaves_no_word_alone() -> None:
    assert pages("But have you ever stopped, and really listened to the sound?") == [
        "But have you ever stopped,",
        "and really listened to the sound?",
    ]
    assert all(len(page.split()) > 1 for page in pages("one two three four five six seven eight nine ten eleven."))


@given(st.lists(st.text("abcdefghij,.", min_size=1, max_size=30), min_size=1, max_size=60))
def test_pages_hold_every_word_once_in_order_and_fit_two_lines(texts: list[str]) -> None:
    made = pages_of(words(texts), LINE, LENGTH_MS)
    assert [word.text for page in made for word in page.words] == texts
    for page in made:
        lines = lines_of([word.text for word in page.words], LINE)
        assert len(lines) <= 2
        assert all(text_ems(line) <= LINE or len(page.words) == 1 for line in lines)


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=50))
def test_pages_follow_each_other_without_overlap(gaps: list[tuple[int, int]]) -> None:
    at, spoken = 0, []
    for pause, length in gaps:
        spoken.append(TimedWord("word.", at + pause, at + pause + length))
        at += pause + length
    made = pages_of(spoken, LINE, at)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(made))
    assert made[-1].end_ms <= at


@given(st.integers(0, 10**6), st.sampled_from([24, 25, 30, 60]))
def test_a_mark_falls_on_the_nearest_frame(at_ms: int, fps: int) -> None:
    assert abs(frame_at(at_ms, fps) * 1000 / fps - at_ms) <= 500 / fps + 0.001


def test_each_word_is_lit_from_its_own_mark_until_the_next() -> None:
    page = CaptionPage((TimedWord("a", 0, 290), TimedWord("b", 300, 590), TimedWord("c", 650, 900)), 1_200)
    cues = cues_of([page], LINE, 30)
    assert [(cue.lit, cue.first, cue.end) for cue in cues] == [(0, 0, 9), (1, 9, 20), (2, 20, 36)]


def test_in_a_pause_no_word_stays_lit() -> None:
    page = CaptionPage((TimedWord("a", 0, 300), TimedWord("b", 950, 1_200)), 1_500)
    assert [(cue.lit, cue.first, cue.end) for cue in cues_of([page], LINE, 30)] == [
        (0, 0, 18),
        (-1, 18, 29),
        (1, 29, 45),
    ]


def test_cues_are_cut_at_the_edges_of_a_piece_and_counted_from_its_first_frame() -> None:
    cues = [Cue(0, 10, (("a",),), 0), Cue(10, 20, (("a",),), -1), Cue(20, 30, (("b",),), 0)]
    assert [(cue.first, cue.end) for cue in cues_within(cues, 5, 20)] == [(0, 5), (5, 15)]


@given(st.integers(0, 40_000), st.sampled_from([24, 25, 30, 60]))
def test_a_cue_begins_after_the_frame_before_and_not_after_its_own(frame: int, fps: int) -> None:
    timeline = Timeline((TimelineScene(named("a"), 0, 1_000),))
    (line,) = [
        line
        for line in ass_of([Cue(frame, frame + 5, (("a",),), 0)], look_of(timeline, FRAME), fps).splitlines()
        if line.startswith("Dialogue:")
    ]
    hours, minutes, seconds = line.split(",")[1].split(":")
    start_ms = (int(hours) * 60 + int(minutes)) * 60_000 + float(seconds) * 1_000
    assert start_ms <= frame * 1000 / fps
    assert frame == 0 or start_ms > (frame - 1) * 1000 / fps


def test_the_lit_word_and_only_it_has_the_accent_colour() -> None:
    text = shown(script("one", "two", "three", lit=1))
    before, accented = text.split("{\\1c&H000AD6FF&}")
    assert "one" in before
    assert "two" in accented.split("{\\1c&H00FFFFFF&}")[0]
    assert "three" in accented.split("{\\1c&H00FFFFFF&}")[1]


@pytest.mark.parametrize("text", ["{\\an8}up", "a\\Nb", "\\h", "x}{\\p1}m 0 0", "line\nDialogue: 0,0:00:00.00", "\\{"])
def test_no_word_can_become_markup(text: str) -> None:
    written = shown(script(text, lit=-1))
    bare = written.replace("\\{", "").replace("\\}", "").replace("\\\u2060", "")
    assert bare.count("{") == bare.count("}") == 1
    assert "\\" not in bare.split("}", 1)[1]
    assert "\n" not in written


def test_right_to_left_lines_say_so() -> None:
    assert shown(script("YouTube", "עברית", language="he")).startswith(RIGHT_TO_LEFT_MARK)
    assert RIGHT_TO_LEFT_MARK not in shown(script("YouTube", language="en"))


def test_a_word_longer_than_a_line_is_drawn_smaller() -> None:
    (cue, *_) = cues_of(pages_of(words(["x" * 60]), LINE, LENGTH_MS), LINE, 30)
    assert cue.shrink < 0.5


@pytest.mark.parametrize("script_name", LETTERS)
def test_every_promised_script_has_its_letters(script_name: str) -> None:
    text = LETTERS[script_name]
    assert "".join(run.text for run in runs(text)) == text


def test_what_no_font_can_draw_is_left_out_of_the_picture() -> None:
    assert [run.text for run in runs("cat🐱s")] == ["cats"]
    made = pages_of(words(["cats", "🐱", "purr"]), LINE, LENGTH_MS)
    assert [word.text for page in made for word in page.words] == ["cats", "purr"]


def test_a_face_goes_on_as_long_as_it_has_the_letters() -> None:
    assert [(run.face.family, run.text) for run in runs("iPhone में, 汉")] == [
        ("Noto Sans", "iPhone "),
        ("Noto Sans Devanagari", "में, "),
        ("Noto Sans CJK SC", "汉"),
    ]


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.family)
def test_every_bundled_font_is_there_and_covers_something(face: object) -> None:
    assert face in FACES
    assert all((DIRECTORY / each.file).is_file() and covered(each) for each in FACES)


def test_the_licence_comes_with_the_fonts_and_all_stay_below_six_megabytes() -> None:
    assert "SIL OPEN FONT LICENSE" in (DIRECTORY / "OFL.txt").read_text()
    assert sum(path.stat().st_size for path in DIRECTORY.iterdir()) < 6_000_000


def test_another_font_than_the_one_asked_for_is_noticed() -> None:
    asked = faces_of([Cue(0, 1, (("word",),), 0)])
    good = "[info] fontselect: (Noto Sans, 700, 0) -> NotoSans-Bold, 0, NotoSans-Bold"
    assert unexpected_fonts(good, asked) == []
    assert unexpected_fonts(good.replace("NotoSans-Bold", "NotoSansThai-Bold"), asked) == ["NotoSansThai-Bold"]
    system = "[info] fontselect: (Noto Sans, 700, 0) -> /usr/share/fonts/DejaVuSans-Bold.ttf, 0, DejaVuSans-Bold"
    assert unexpected_fonts(f"{good}\n{system}", asked) == ["DejaVuSans-Bold"]


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_captions_of_an_upright_video_stay_clear_of_what_the_apps_lay_over_it(size: CaptionSize) -> None:
    timeline = Timeline((TimelineScene(named("a"), 0, 1_000),), caption_size=size)
    look = look_of(timeline, FRAME)
    line_right = (FRAME.width + line_ems(timeline, FRAME) * look.em) / 2
    assert line_right <= FRAME.width - 120  # the column of buttons of TikTok, Shorts and Reels
    assert look.bottom >= 460  # name, text and sound
    two_lines_top = FRAME.height - look.bottom - 2 * EM_TO_LINE * look.em
    assert two_lines_top > FRAME.height * 0.43 + 0.33 * FRAME.width - 60  # the emblem's disc, but for its lowest edge


def test_a_video_without_words_has_no_captions() -> None:
    plan = plan_of(Timeline((TimelineScene(named("a"), 0, 1_000),)))
    assert plan.pages == ()
    assert not any(piece.cues for piece in plan.pieces)
