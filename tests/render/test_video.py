"""Finished videos: every frame, the words in time, the sound as loud as promised, playable everywhere."""

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.render.material import (
    RATE,
    TINY,
    accent_in,
    clip,
    encode,
    frames_of,
    media,
    picture,
    plain,
    samples_of,
    size_of,
    sound,
    timeline,
    tone,
    words,
)

from reelbot.render import (
    Brand,
    Quality,
    Rendered,
    TimedWord,
    Timeline,
    TimelineScene,
    ffmpeg,
    plan_of,
    render,
    scenes_between,
)
from reelbot.render.sound import measure

READABLE = Quality(360, "ultrafast", 24)
"""Large enough to tell the colours of letters."""

MARKS_MS = (210, 530, 1_010, 1_350, 1_720, 2_400, 2_610)
"""When the words of the spoken video begin: at no even pace, and on no frame's edge."""

DARK = (16, 18, 50)


class Spoken(NamedTuple):
    """A video in which a tone is heard at the beginning of each word, and all that was told of its making."""

    timeline: Timeline
    rendered: Rendered
    frames: NDArray[np.uint8]
    progress: list[float]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all that doesn't ask what is in it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Spoken:
    """Two dark pictures, seven words, a voice of short tones, music."""
    directory = tmp_path_factory.mktemp("spoken")
    heard = np.zeros((3 * RATE, 1))
    for mark in MARKS_MS:
        heard[mark * RATE // 1000 :][: RATE // 12] += tone(900, 1 / 12, 0.5)
    ends = [*MARKS_MS[1:], 2_950]
    said = ["Why", "do", "cats", "purr?", "It", "is", "music."]
    marked = tuple(TimedWord(*row) for row in zip(said, MARKS_MS, ends, strict=True))
    pictures = [plain(directory / "a.png", DARK), plain(directory / "b.png", DARK)]
    made = Timeline(
        scenes_between(pictures, (), 3_400),
        marked,
        sound(directory / "voice.wav", heard),
        sound(directory / "music.wav", tone(160, 2, 0.05)),
    )
    progress: list[float] = []
    into = directory / "videos" / "cats.mp4"
    rendered = asyncio.run(render(made, into, cache, quality=READABLE, progress=progress.append))
    return Spoken(made, rendered, frames_of(into), progress)


def made(timeline: Timeline, into: Path, cache: Path, quality: Quality = TINY) -> NDArray[np.uint8]:
    """The frames of a rendered timeline."""
    asyncio.run(render(timeline, into, cache, quality=quality))
    return frames_of(into)


def described(video: Path) -> str:
    """What ffmpeg says of a file."""
    return asyncio.run(ffmpeg.run(["-i", str(video), "-c", "copy", "-f", "null", "-"], 60_000))


def boxes(video: Path) -> list[str]:
    """The names of an MP4's outermost boxes, in order."""
    content, at, names = video.read_bytes(), 0, []
    while at < len(content):
        names.append(content[at + 4 : at + 8].decode())
        at += int.from_bytes(content[at : at + 4])
    return names


# The file


def test_a_video_has_exactly_the_frames_of_its_plan(spoken: Spoken) -> None:
    assert len(spoken.frames) == spoken.rendered.frames == plan_of(spoken.timeline).frames == 102
    assert spoken.rendered.duration_ms == 3_400


def test_the_sound_is_as_long_as_the_picture(spoken: Spoken) -> None:
    assert abs(len(samples_of(spoken.rendered.path)) / RATE - 3.4) < 0.03


def test_a_video_says_how_its_colours_are_meant_and_plays_everywhere(spoken: Spoken) -> None:
    log = described(spoken.rendered.path)
    assert "Video: h264" in log
    assert "yuv420p(tv, bt709" in log
    assert "30 fps" in log
    assert "aac (LC)" in log
    assert "48000 Hz, stereo" in log


def test_a_video_starts_playing_before_it_is_loaded_whole(spoken: Spoken) -> None:
    found = boxes(spoken.rendered.path)
    assert found.index("moov") < found.index("mdat")


def test_progress_begins_at_0_ends_at_1_and_never_goes_back(spoken: Spoken) -> None:
    assert spoken.progress[0] == 0
    assert spoken.progress[-1] == 1
    assert all(before <= after <= 1 for before, after in pairwise(spoken.progress))
    assert len(set(spoken.progress)) > 5


def test_a_thumbnail_captions_and_words_lie_beside_the_video(spoken: Spoken) -> None:
    rendered = spoken.rendered
    assert {path.name for path in rendered.path.parent.iterdir()} == {
        "cats.mp4", "cats.jpg", "cats.srt", "cats.vtt", "cats.words.json",
    }  # fmt: skip
    with Image.open(rendered.thumbnail) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (360, 640))
    assert "Why do cats purr?" in rendered.srt.read_text().replace("\n", " ")
    assert rendered.vtt.read_text().startswith("WEBVTT")
    assert [word["start_ms"] for word in json.loads(rendered.words.read_text())["words"]] == list(MARKS_MS)


# In time


def test_a_word_is_lit_within_one_frame_of_its_mark_and_of_its_sound(spoken: Spoken) -> None:
    lit = [accent_in(frame) for frame in spoken.frames]
    changes = [
        place + 1
        for place, (before, after) in enumerate(pairwise(lit))
        if after.any() and (before ^ after).sum() > 0.5 * after.sum()
    ]
    assert len(changes) == len(MARKS_MS)
    envelope = np.abs(samples_of(spoken.rendered.path)).reshape(-1, 48)[: 3 * RATE // 48].max(axis=1)
    is_loud = envelope > 0.4 * envelope.max()
    for change, mark_ms in zip(changes, MARKS_MS, strict=True):
        assert abs(change * 1000 / 30 - mark_ms) <= 1000 / 30
        onset_ms = mark_ms - 40 + int(np.argmax(is_loud[mark_ms - 40 : mark_ms + 60]))
        assert abs(change * 1000 / 30 - onset_ms) <= 1000 / 30


async def test_a_video_is_as_loud_as_promised_and_does_not_clip(spoken: Spoken) -> None:
    found = await measure(spoken.rendered.path)
    assert abs(found.integrated + 14) <= 1
    assert found.peak < -1


# The look


@pytest.mark.parametrize(
    ("aspect", "size", "expected"),
    [("9:16", "large", (180, 320)), ("16:9", "medium", (320, 180))],
)
def test_captions_stand_in_the_lower_third_of_every_aspect(
    tmp_path: Path, cache: Path, aspect: str, size: str, expected: tuple[int, int]
) -> None:
    said = timeline([plain(tmp_path / "a.png", DARK)], 300, ["enough", "words", "to", "fill", "two", "lines"])
    said = said._replace(words=words([word.text for word in said.words], 50), aspect=aspect, caption_size=size)  # type: ignore[arg-type]
    frames = made(said, tmp_path / "a.mp4", cache)
    assert size_of(tmp_path / "a.mp4") == expected
    rows, columns = np.nonzero(frames[2].min(axis=2) > 150)
    height, width = frames.shape[1:3]
    assert rows.min() > 0.64 * height
    assert rows.max() < (0.8 if aspect == "9:16" else 0.93) * height
    assert columns.min() > 0.04 * width
    assert columns.max() < 0.96 * width


@pytest.mark.parametrize(
    ("language", "said", "direction"),
    [
        ("fa", ["گربه", "ها", "خرخر"], -1),
        ("hi", ["बिल्ली", "घुर", "घुर"], 1),
    ],
)
def test_the_light_goes_the_way_the_language_is_read(
    tmp_path: Path, cache: Path, language: str, said: list[str], direction: int
) -> None:
    made_of = timeline([plain(tmp_path / "a.png", DARK)], 400)
    made_of = made_of._replace(words=words(said, 100), language=language, caption_size="large")
    frames = made(made_of, tmp_path / "a.mp4", cache, READABLE)
    places = [np.nonzero(accent_in(frames[n]))[1].mean() for n in (1, 4, 7)]
    assert np.all(np.diff(places) * direction > 10)


def test_a_brand_has_its_own_colours_and_its_logo_in_its_corner_clear_of_the_captions(
    tmp_path: Path, cache: Path
) -> None:
    logo = plain(tmp_path / "logo.png", (255, 0, 0), (320, 200))
    brand = Brand("#00FF00", "#00FFFF", "#000000", logo, "bottom-left")
    said = timeline([plain(tmp_path / "a.png", DARK)], 300, ["enough", "words", "to", "fill", "the", "lines"])
    said = said._replace(brand=brand, aspect="1:1", caption_size="large", words=words(["many", "long", "words"], 100))
    frame = made(said, tmp_path / "a.mp4", cache, READABLE)[1].astype(int)
    red = np.nonzero((frame[..., 0] > 180) & (frame[..., 1] < 80))
    green = np.nonzero((frame[..., 1] > 180) & (frame[..., 0] < 80) & (frame[..., 2] < 80))
    assert ((frame[..., 2] > 180) & (frame[..., 1] > 180) & (frame[..., 0] < 80)).any()
    assert 17 <= red[1].min() <= 20
    assert 340 <= red[0].max() <= 343
    assert len(green[0]) > 100
    assert green[0].max() < red[0].min()


def test_colours_come_out_as_they_went_in_and_scenes_fade_into_each_other(tmp_path: Path, cache: Path) -> None:
    two = [plain(tmp_path / "a.png", (200, 60, 90)), plain(tmp_path / "b.png", (40, 40, 200))]
    frames = made(timeline(two, 2_000), tmp_path / "a.mp4", cache)
    assert np.abs(frames[5].astype(int) - (200, 60, 90)).max() <= 4
    reds = frames[:, 90, 90, 0].astype(int)
    assert reds[20] > 190
    assert reds[40] < 50
    assert np.all(np.diff(reds[22:38]) <= 2)
    assert np.diff(reds).min() > -40


def test_a_music_only_video_has_no_captions_and_its_sound(tmp_path: Path, cache: Path) -> None:
    music = sound(tmp_path / "music.wav", tone(440, 1))
    made_of = timeline([picture(tmp_path / "a.png")], 1_000)._replace(music=music)
    assert len(made(made_of, tmp_path / "a.mp4", cache)) == 30
    assert abs(samples_of(tmp_path / "a.mp4")).max() > 0.05
    assert (tmp_path / "a.srt").read_text() == ""


# Clips


def test_a_phone_video_is_shown_upright(tmp_path: Path, cache: Path) -> None:
    flat = tmp_path / "flat.mp4"
    halves = "color=red:s=160x180[a];color=blue:s=160x180[b];[a][b]hstack=shortest=1,trim=duration=0.5"
    encode(flat, "-f", "lavfi", "-i", halves)
    encode(tmp_path / "phone.mov", "-display_rotation", "90", "-i", str(flat), "-c", "copy")
    filmed = media(tmp_path / "phone.mov", "clip", 180, 320, 500)
    frame = made(Timeline((TimelineScene(filmed, 0, 300),)), tmp_path / "a.mp4", cache)[5].astype(int)
    top, bottom = frame[40, 90], frame[280, 90]
    assert {int(np.argmax(top)), int(np.argmax(bottom))} == {0, 2}
    assert np.abs(frame[40, 20] - top).max() < 20


def test_a_clip_is_brought_to_our_rate_and_begins_again_when_it_ends(tmp_path: Path, cache: Path) -> None:
    short = clip(tmp_path / "short.mp4", 0.4, source="testsrc2=s=180x320:r=50")
    frames = made(Timeline((TimelineScene(short, 0, 1_000),)), tmp_path / "a.mp4", cache)
    assert len(frames) == 30
    assert np.abs(frames[13].astype(int) - frames[1]).mean() < 3 < np.abs(frames[6].astype(int) - frames[1]).mean()


def test_a_lying_clip_stands_whole_on_its_own_blurred_copy(tmp_path: Path, cache: Path) -> None:
    lying = clip(tmp_path / "lying.webm", 0.3, "-c:v", "libvpx", source="color=c=0x20C040:s=320x180")
    frame = made(Timeline((TimelineScene(lying, 0, 200),)), tmp_path / "a.mp4", cache)[2].astype(int)
    assert abs(frame[160, 90] - (32, 192, 64)).max() < 12
    assert frame[20, 90].sum() < frame[160, 90].sum()


def test_a_clip_in_hdr_is_brought_into_the_ordinary_range(tmp_path: Path, cache: Path) -> None:
    tags = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc"
    bright = clip(tmp_path / "hdr.mp4", 0.3, "-vf", tags, source="color=gray:s=180x320")._replace(is_hdr=True)
    frame = made(Timeline((TimelineScene(bright, 0, 200),)), tmp_path / "a.mp4", cache)[2]
    assert 40 < frame.mean() < 200
