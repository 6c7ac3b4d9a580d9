"""Camera moves: never past an edge, at one calm speed, chosen by seed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.material import named

from reelbot.render.camera_moves import BLEED, MOVES, SPEED_MAX, CameraView, FrameSize, move_for, view_at

FRAME = FrameSize(1080, 1920)

moves = st.sampled_from(sorted(MOVES))
sources = st.sampled_from(
    [FrameSize(round(1080 * BLEED), round(1920 * BLEED)), FrameSize(2_600, 2_228), FrameSize(1_254, 4_900)]
)
seconds = st.floats(0.2, 60)


def edges(view: CameraView) -> tuple[float, float, float, float]:
    """The outermost source points that a view sees: left, top, right, bottom."""
    lean = abs(view.lean) * FRAME.height / 2
    right = view.x + view.scale * (FRAME.width - 1)
    return view.x - lean, view.y, right + lean, view.y + view.scale * (FRAME.height - 1)


@given(moves, sources, seconds, st.floats(0, 1))
def test_a_camera_never_sees_past_the_edge_of_a_picture(move: str, source: FrameSize, length: float, at: float) -> None:
    left, top, right, bottom = edges(view_at(move, at, length, source, FRAME))
    assert left >= -0.001
    assert top >= -0.001
    assert right <= source.width - 1 + 0.001
    assert bottom <= source.height - 1 + 0.001


@given(moves, sources, seconds)
def test_a_camera_keeps_its_speed_to_the_last_digit(move: str, source: FrameSize, length: float) -> None:
    views = [view_at(move, n / 50, length, source, FRAME) for n in range(51)]
    steps = [[b - a for a, b in zip(before, after, strict=True)] for before, after in pairwise(views)]
    changes = [abs(b - a) for before, after in pairwise(steps) for a, b in zip(before, after, strict=True)]
    assert max(changes) < 1e-9


@given(moves, sources, seconds)
def test_a_camera_is_never_faster_than_the_eye_follows(move: str, source: FrameSize, length: float) -> None:
    first, last = (view_at(move, at, length, source, FRAME) for at in (0, 1))
    travelled = max(abs(last.x - first.x), abs(last.y - first.y)) / max(first.scale, last.scale)
    assert travelled <= SPEED_MAX * FRAME.width * length + 0.001


@given(moves, sources)
def test_a_picture_is_never_enlarged_beyond_its_prepared_pixels(move: str, source: FrameSize) -> None:
    assert min(view_at(move, at, 60, source, FRAME).scale for at in (0, 1)) >= 1


def test_neighbours_move_differently_and_the_same_seed_the_same_way() -> None:
    media = named("a")
    chosen = [move_for(n, 7, media, FRAME) for n in range(10)]
    assert all(before != after for before, after in pairwise(chosen))
    assert chosen == [move_for(n, 7, media, FRAME) for n in range(10)]
    assert chosen != [move_for(n, 8, media, FRAME) for n in range(10)]


@pytest.mark.parametrize(
    ("size", "expected"), [((4_000, 3_000), {"pan_left", "pan_right"}), ((800, 3_000), {"rise", "sink"})]
)
def test_long_pictures_are_travelled_along(size: tuple[int, int], expected: set[str]) -> None:
    assert {move_for(n, 0, named("a", "image", *size), FRAME) for n in range(4)} == expected
