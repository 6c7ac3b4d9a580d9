"""Plans: exact frames, keys that change with what is shown and with nothing else, timelines that can't be meant."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.material import named, timeline, words

from reelbot.errors import Malformed
from reelbot.render import PREVIEW, Brand, RenderPlan, TimedWord, Timeline, TimelineScene, plan_of, scenes_between
from reelbot.render.captions import frame_at
from reelbot.render.limits import SEGMENT_FRAMES_MAX

SIX = [named(f"scene{n}") for n in range(6)]
TEXTS = ["This", "is", "a", "sentence", "of", "eight", "words", "only."] * 8


def video(**changes: object) -> Timeline:
    made = timeline(SIX, 33_000, TEXTS)
    return made._replace(**changes)  # type: ignore[arg-type]


def keys(plan: RenderPlan) -> list[str]:
    return [piece.key for piece in plan.pieces]


def changed(before: Timeline, after: Timeline) -> list[int]:
    """Places of the pieces that must be painted again."""
    known = set(keys(plan_of(before)))
    return [place for place, key in enumerate(keys(plan_of(after))) if key not in known]


lengths = st.lists(st.integers(20, 20_000), min_size=1, max_size=12)


@given(lengths)
@settings(max_examples=200)
def test_the_frames_of_the_pieces_are_the_whole_video_whatever_the_scenes(scene_lengths: list[int]) -> None:
    ends = [sum(scene_lengths[: n + 1]) for n in range(len(scene_lengths))]
    scenes = tuple(TimelineScene(named(str(n)), *pair) for n, pair in enumerate(pairwise([0, *ends])))
    plan = plan_of(Timeline(scenes))
    assert plan.frames == frame_at(ends[-1], 30)
    assert all(0 < piece.frames <= SEGMENT_FRAMES_MAX for piece in plan.pieces)


@given(lengths)
@settings(max_examples=200)
def test_every_scene_shows_each_of_its_frames_once_and_in_order(scene_lengths: list[int]) -> None:
    ends = [sum(scene_lengths[: n + 1]) for n in range(len(scene_lengths))]
    scenes = tuple(TimelineScene(named(str(n)), *pair) for n, pair in enumerate(pairwise([0, *ends])))
    shown: dict[str, int] = {}
    for piece in plan_of(Timeline(scenes)).pieces:
        for layer in piece.layers:
            assert layer.first == shown.get(layer.file, 0)
            shown[layer.file] = layer.first + piece.frames
            assert shown[layer.file] <= layer.frames


def test_a_seam_lies_between_two_scenes_and_every_other_piece_shows_one() -> None:
    plan = plan_of(video())
    assert [piece.is_seam for piece in plan.pieces] == [False, True] * 5 + [False]
    assert [piece.frames for piece in plan.pieces if piece.is_seam] == [12] * 5


def test_scenes_too_short_to_fade_are_cut_hard() -> None:
    scenes = (TimelineScene(SIX[0], 0, 2_000), TimelineScene(SIX[1], 2_000, 2_100), TimelineScene(SIX[2], 2_100, 4_000))
    assert not any(piece.is_seam for piece in plan_of(Timeline(scenes)).pieces)


def test_a_long_scene_is_shared_between_equal_segments() -> None:
    plan = plan_of(timeline(SIX[:1], 45_000))
    assert [piece.frames for piece in plan.pieces] == [270] * 5


def test_another_picture_means_its_segment_and_the_seams_beside_it() -> None:
    scenes = list(video().scenes)
    scenes[2] = scenes[2]._replace(media=named("other"))
    assert changed(video(), video(scenes=tuple(scenes))) == [3, 4, 5]


def test_other_music_means_another_sound_track_and_no_piece() -> None:
    before, after = video(music=named("a", "audio")), video(music=named("b", "audio"))
    assert changed(before, after) == []
    assert plan_of(before).sound.key != plan_of(after).sound.key


def test_another_voice_with_the_same_words_means_no_piece() -> None:
    assert changed(video(), video(voice=named("voice", "audio"))) == []


def test_another_word_means_only_the_pieces_that_show_its_page() -> None:
    texts = ["Other", *TEXTS[1:]]
    assert changed(video(), video(words=words(texts))) == [0]


def test_caption_size_and_colours_mean_only_the_pieces_with_words() -> None:
    spoken_until = video().words[-1].end_ms
    silent = {n for n, piece in enumerate(plan_of(video()).pieces) if not piece.cues}
    assert silent
    assert spoken_until < video().length_ms
    for after in (video(caption_size="large"), video(brand=Brand(accent_colour="#00FF00"))):
        assert set(changed(video(), after)) == set(range(11)) - silent


def test_a_logo_and_its_corner_mean_every_piece() -> None:
    logo = Brand(logo=named("logo"))
    assert len(changed(video(), video(brand=logo))) == 11
    assert len(changed(video(brand=logo), video(brand=logo._replace(corner="bottom-left")))) == 11


def test_the_same_picture_under_another_name_means_no_piece() -> None:
    moved = tuple(s._replace(media=s.media._replace(path=Path("elsewhere") / s.media.path)) for s in video().scenes)
    assert changed(video(), video(scenes=moved)) == []


def test_a_preview_shares_no_piece_with_the_video() -> None:
    assert not set(keys(plan_of(video()))) & set(keys(plan_of(video(), PREVIEW)))


def test_where_a_piece_stands_in_the_video_is_not_part_of_its_key() -> None:
    first = timeline(SIX[:1], 3_000, TEXTS[:8])
    later = words(TEXTS[:8])
    moved = Timeline(
        (TimelineScene(SIX[0], 0, 3_000), TimelineScene(SIX[0], 3_000, 3_030), TimelineScene(SIX[0], 3_030, 6_030)),
        tuple(TimedWord(word.text, word.start_ms + 3_030, word.end_ms + 3_030) for word in later),
    )
    frames = [(piece.frames, [cue.first for cue in piece.cues]) for piece in plan_of(moved).pieces]
    assert frames[-1] == (plan_of(first).pieces[0].frames, [cue.first for cue in plan_of(first).pieces[0].cues])


@pytest.mark.parametrize(
    ("aspect", "full", "preview"),
    [("9:16", (1080, 1920), (540, 960)), ("1:1", (1080, 1080), (540, 540)), ("16:9", (1920, 1080), (960, 540))],
)
def test_the_frame_has_the_size_of_its_aspect(aspect: str, full: tuple[int, int], preview: tuple[int, int]) -> None:
    assert plan_of(video(aspect=aspect)).frame == full
    assert plan_of(video(aspect=aspect), PREVIEW).frame == preview


def test_the_same_timeline_gives_the_same_plan_and_another_seed_other_moves() -> None:
    assert plan_of(video()) == plan_of(video())
    assert changed(video(), video(seed=1))


def test_cuts_move_to_the_pauses_between_words() -> None:
    spoken = (TimedWord("One.", 0, 900), TimedWord("Two.", 1_300, 2_200), TimedWord("Three.", 2_400, 4_000))
    scenes = scenes_between(SIX[:2], spoken, 4_000)
    assert [scene.end_ms for scene in scenes] == [2_300, 4_000]
    assert scenes[0].end_ms == scenes[1].start_ms


def test_a_cut_without_a_pause_nearby_stays_where_it_is() -> None:
    scenes = scenes_between(SIX[:2], (TimedWord("Looooong", 0, 4_000),), 4_000)
    assert [scene.end_ms for scene in scenes] == [2_000, 4_000]


ONE = TimelineScene(SIX[0], 0, 1_000)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (Timeline(()), "scenes"),
        (Timeline((ONE,) * 2), "scenes[1]"),
        (Timeline((ONE._replace(start_ms=10),)), "scenes[0]"),
        (Timeline((ONE._replace(end_ms=0),)), "scenes[0]"),
        (Timeline((ONE._replace(end_ms=10**9),)), "scenes"),
        (Timeline((ONE._replace(media=named("voice", "audio")),)), "scenes[0].media"),
        (Timeline((ONE._replace(media=SIX[0]._replace(sha256="none")),)), "scenes[0].media"),
        (Timeline((ONE,), words=(TimedWord("late", 900, 1_001),)), "words[0]"),
        (Timeline((ONE,), words=(TimedWord("back", 500, 400),)), "words[0]"),
        (Timeline((ONE,), words=(TimedWord("b", 500, 600), TimedWord("a", 400, 500))), "words[1]"),
        (Timeline((ONE,), words=(TimedWord("x" * 201, 0, 10),)), "words[0]"),
        (Timeline((ONE,), voice=named("v", "audio")._replace(duration_ms=1_001)), "scenes"),
        (Timeline((ONE,), voice=SIX[0]), "voice"),
        (Timeline((ONE,), music=SIX[0]), "music"),
        (Timeline((ONE,), aspect="4:3"), "aspect"),  # type: ignore[arg-type]
        (Timeline((ONE,), caption_size="huge"), "caption_size"),  # type: ignore[arg-type]
        (Timeline((ONE,), fps=0), "fps"),
        (Timeline((ONE,), language="en\nDialogue:"), "language"),
        (Timeline((ONE,), brand=Brand(accent_colour="red")), "brand.accent_colour"),
        (Timeline((ONE,), brand=Brand(corner="middle")), "brand.corner"),  # type: ignore[arg-type]
        (Timeline((ONE,), brand=Brand(logo=named("l", "clip"))), "brand.logo"),
    ],
)
def test_a_timeline_that_cannot_be_meant_is_refused_with_the_part_at_fault(wrong: Timeline, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        plan_of(wrong)
    assert refused.value.field == field


def test_without_a_picture_there_are_no_scenes() -> None:
    with pytest.raises(Malformed):
        scenes_between([], (), 1_000)
