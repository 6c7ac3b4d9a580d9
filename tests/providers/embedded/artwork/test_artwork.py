"""The embedded artwork: sizes, determinism, choice of style and colours, and pictures that are neither flat nor noise."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from reelbot.errors import Malformed
from reelbot.providers.embedded.artwork.artwork import SIZES, ArtworkOptions, Aspect, image, shot_of
from reelbot.providers.embedded.artwork.canvas import Size
from reelbot.providers.embedded.artwork.emblems import called_for, emblem_mask, emblems, shown_for
from reelbot.providers.embedded.artwork.oklch import Colour, mixed, ramp, rgb
from reelbot.providers.embedded.artwork.styles import STYLES


def pixels_of(png: bytes) -> NDArray[np.uint8]:
    """The picture, blue, green and red."""
    decoded = cv2.imdecode(np.frombuffer(png, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, dtype=np.uint8)


@pytest.mark.parametrize("style", list(STYLES))
def test_every_style_paints_a_picture_with_depth_and_without_noise(style: str) -> None:
    painted = pixels_of(image("why cats purr", ArtworkOptions(aspect="1:1", style=style), 3)).astype(np.float32)
    small = cv2.resize(painted, (40, 40), interpolation=cv2.INTER_AREA)
    assert small.std() > 12  # not flat
    blurred = cv2.GaussianBlur(painted, (0, 0), 1.2)
    assert np.median(np.abs(painted - blurred)) < 3  # most of it is smooth
    assert len(np.unique(painted.reshape(-1, 3)[::97], axis=0)) > 60


@pytest.mark.parametrize("aspect", ["9:16", "1:1", "16:9"])
def test_pictures_have_the_size_of_their_aspect_and_some_to_spare(aspect: Aspect) -> None:
    painted = pixels_of(image("the ocean", ArtworkOptions(aspect=aspect, style="waves"), 1))
    height, width = painted.shape[:2]
    frame = {"9:16": (1080, 1920), "1:1": (1080, 1080), "16:9": (1920, 1080)}[aspect]
    assert (width, height) == SIZES[aspect]
    assert width >= frame[0] * 1.1
    assert height >= frame[1] * 1.1


def test_the_same_prompt_and_seed_give_the_same_picture() -> None:
    options = ArtworkOptions(aspect="1:1", style="skyline")
    first = image("morning coffee", options, 4)
    assert first == image("morning coffee", options, 4)
    assert first != image("morning coffee", options, 5)


def test_a_colour_word_turns_the_palette() -> None:
    hues = {}
    for word in ("red", "green"):
        painted = pixels_of(image(f"a {word} evening", ArtworkOptions(aspect="1:1", style="hills"), 2))
        hues[word] = painted.reshape(-1, 3).mean(axis=0)
    assert hues["red"][2] - hues["red"][1] > hues["green"][2] - hues["green"][1] + 10


def test_the_words_of_every_language_call_for_emblems() -> None:
    assert called_for("why cats purr")[0] == "cat"
    assert called_for("morning coffee")[0] == "cup"
    assert called_for("warum Katzen schnurren")[0] == "cat"
    assert called_for("почему кошки мурлычут")[0] == "cat"
    assert called_for("گربه‌ها")[0] == "cat"
    assert called_for("nothing in particular") == []


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("how volcanoes make islands", "volcano palm"),
        ("how lighthouses work", "boat wave"),
        ("Why is the sea salty?", "wave shaker"),
        ("warum das Meer salzig ist", "wave shaker"),
        ("three habits of people who sleep well", "bed"),
        ("how to negotiate a salary", "coin pair"),
        ("the history of the bicycle", "bicycle"),
        ("five pasta mistakes", "bowl"),
        ("why planets are round", "planet"),
        ("how to train a dog", "dog"),
        ("the secret life of bees", "butterfly"),
        ("tips for a job interview", "briefcase"),
        ("چرا خواب خوب مهم است", "bed"),
        ("почему снег белый", "snowflake"),
        ("morning coffee", "cup sun"),
        ("Marie Curie", ""),
    ],
)
def test_a_topic_is_shown_by_what_it_is_about(topic: str, expected: str) -> None:
    wanted = expected.split()
    assert list(shown_for(topic))[: len(wanted)] == wanted
    assert bool(shown_for(topic)) == bool(wanted)


def test_what_the_script_says_by_the_way_calls_for_nothing() -> None:
    said = "Got a minute? Grab a coffee, open your phone and tell a friend."
    assert shown_for("Why is the sea salty", said) == shown_for("Why is the sea salty")
    assert shown_for("Marie Curie", said) == ()
    assert shown_for("Marie Curie", "She worked in a laboratory and in the kitchen.")[0] == "flask"


def test_what_is_akin_to_an_emblem_is_an_emblem() -> None:
    for name, emblem in emblems().items():
        assert name not in emblem.kin.split()
        assert set(emblem.kin.split()) <= set(emblems()), name


@pytest.mark.parametrize("topic", ["why cats purr", "Marie Curie", "how volcanoes make islands"])
def test_pictures_of_one_video_are_a_family_and_none_is_like_the_next(topic: str) -> None:
    shots = [shot_of(topic, "casual", number) for number in range(6)]
    assert len({shot.style for shot in shots}) == 6
    assert all(before.emblem != after.emblem for before, after in pairwise(shots) if before.emblem)
    assert shots[0].emblem == shots[4].emblem == next(iter(shown_for(topic)), None)
    assert None in {shot.emblem for shot in shots}  # a picture to rest the eye on


def test_the_number_of_a_picture_in_a_video_counts_and_not_what_is_said_there() -> None:
    first = shot_of("why cats purr. Got a minute?", "casual", 2)
    assert first == shot_of("why cats purr. See you in the next one!", "casual", 2)


@pytest.mark.parametrize("emblem", ["pot", "cat", "bicycle", "bed"])
def test_nothing_swims_that_would_go_under(emblem: str) -> None:
    for number in range(60):
        shot = shot_of(f"a {emblem}", "inspirational", number)
        assert shot.style != "waves" or shot.emblem in (None, "boat", "fish", "whale", "wave", "drop")


def test_pictures_of_one_video_have_colours_that_belong_together() -> None:
    def hue(number: int) -> float:
        painted = pixels_of(image("why cats purr", ArtworkOptions(aspect="1:1", style="wallpaper"), number))
        blue, green, red = (float(channel) for channel in painted.reshape(-1, 3).mean(axis=0))
        return float(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue))

    turns = [abs(np.angle(np.exp(1j * (hue(number) - hue(0))))) for number in (1, 2, 3)]
    assert max(turns) < np.radians(50)


def test_every_emblem_is_a_shape_within_its_square() -> None:
    for name in emblems():
        mask = emblem_mask(Size(160, 160), name, 80, 80, 100)
        assert 0.08 < mask[30:130, 30:130].mean() < 0.85, name
        assert mask[:24].max() == mask[-24:].max() == mask[:, :24].max() == mask[:, -24:].max() == 0, name
        assert 0 <= mask.min() <= mask.max() <= 1


def test_colours_keep_their_lightness_when_the_screen_cannot_show_them() -> None:
    assert np.allclose(rgb(Colour(1.0, 0.3, 120)), 1, atol=0.01)
    assert np.allclose(rgb(Colour(0.0, 0.3, 120)), 0, atol=0.01)
    red = rgb(Colour(0.628, 0.258, 29.23))
    assert np.allclose(red, [1, 0, 0], atol=0.02)
    table = ramp((Colour(0.2, 0.1, 20), Colour(0.9, 0.1, 200)), 64)
    assert (np.diff(table.mean(axis=1)) > 0).all()
    assert mixed(Colour(0.5, 0.1, 350), Colour(0.5, 0.1, 10), 0.5).hue % 360 == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    ("prompt", "options", "field"),
    [
        ("", ArtworkOptions(), "prompt"),
        ("🐱", ArtworkOptions(), "prompt"),
        ("x" * 1_001, ArtworkOptions(), "prompt"),
        ("cats", ArtworkOptions(tone="angry"), "tone"),  # type: ignore[arg-type]
        ("cats", ArtworkOptions(aspect="4:3"), "aspect"),  # type: ignore[arg-type]
        ("cats", ArtworkOptions(style="photo"), "style"),
    ],
)
def test_bad_input_is_refused_by_the_name_of_its_field(prompt: str, options: ArtworkOptions, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        image(prompt, options, 1)
    assert refused.value.field == field
