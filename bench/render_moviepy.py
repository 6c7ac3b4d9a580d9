"""The bench's video by MoviePy, as a peer to compare with: `render_moviepy.py MATERIAL INTO EVERY WAY`, prints JSON.

The same stills, each zooming, with cross-fades between them; a caption for every word, which stands out; voice and music;
the same settings of the encoder. The way is `as taught`, or `opaque` with a colour behind all of it.

MoviePy needs a third of a second a frame, so it makes one in so many: evenly spread, so that stills, cross-fades and
captions have the share in what is measured that they have in the video.

A process of its own with a Python of its own (`requirements/moviepy.txt`). What it takes to load MoviePy is not counted;
what is done once for the whole video is told apart from what is done for each frame.
"""

import json
import resource
import sys
from importlib.metadata import version
from pathlib import Path

from moviepy import (  # type: ignore[import-not-found]
    AudioFileClip,
    CompositeAudioClip,
    CompositeVideoClip,
    ImageClip,
    TextClip,
    afx,
    vfx,
)

SIZE = (1080, 1920)
FPS = 30
FADE_SECONDS = 0.4
SECONDS = 33
SCENES = 6
WORDS = 85

COVER = SIZE[0] / 1242
"""By how much a still is made smaller to cover the frame: as little work as possible for each zoomed one."""

WORDS_SHOWN = 4
"""Words of one caption."""

_WORDS = ("and", "this", "is", "how", "a", "sentence", "slowly", "ends.")
_FONT = Path(__file__).parents[1] / "src/reelbot/render/font_files/NotoSans-Bold.ttf"


def main(material: Path, into: Path, every: int, way: str) -> None:
    """Make the video and tell what it took: processor seconds for the whole, and for so many frames."""
    began = cpu_seconds()
    video = whole(material, (0, 0, 0) if way == "opaque" else None)
    seconds = SECONDS / every
    sampled = video.time_transform(lambda at: at * every).with_duration(seconds)
    sampled = sampled.with_audio(sound(material, seconds))
    ready = cpu_seconds()
    sampled.write_videofile(
        str(into / "moviepy.mp4"),
        fps=FPS,
        codec="libx264",
        preset="veryfast",
        ffmpeg_params=["-crf", "20"],
        logger=None,
    )
    told = {"whole_cpu_s": ready - began, "frames_cpu_s": cpu_seconds() - ready, "frames": round(seconds * FPS)}
    print(json.dumps({**told, "version": version("moviepy")}))


def cpu_seconds() -> float:
    """Of this process and of the encoder that it started."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def whole(material: Path, behind: tuple[int, int, int] | None) -> CompositeVideoClip:
    """All of the video but its sound. Without a colour behind it, transparency is worked out and then not used."""
    scenes = [still(material / f"scene{number}.png", number) for number in range(SCENES)]
    captions = [caption(number) for number in range(WORDS)]
    return CompositeVideoClip([*scenes, *captions], size=SIZE, bg_color=behind).with_duration(SECONDS)


def still(path: Path, number: int) -> ImageClip:
    """A still that zooms for its part of the video and fades into the next one."""
    part = SECONDS / SCENES
    clip = ImageClip(str(path)).with_duration(part + (FADE_SECONDS if number < SCENES - 1 else 0))
    clip = clip.resized(lambda at: COVER * (1 + 0.02 * at)).with_position("center")
    if number:
        clip = clip.with_effects([vfx.CrossFadeIn(FADE_SECONDS)])
    return clip.with_start(number * part)


def caption(number: int) -> TextClip:
    """The words around one, which stands out, while it is spoken."""
    step = SECONDS / WORDS
    first = number - number % WORDS_SHOWN
    words = [_WORDS[place % len(_WORDS)] for place in range(first, first + WORDS_SHOWN)]
    words[number - first] = words[number - first].upper()
    text = TextClip(
        font=str(_FONT),
        text=" ".join(words),
        font_size=70,
        color="white",
        stroke_color="black",
        stroke_width=5,
        margin=(10, 20),
    )
    return text.with_duration(step).with_position(("center", 1350)).with_start(number * step)


def sound(material: Path, seconds: float) -> CompositeAudioClip:
    """Voice and quiet music, as long as the frames that are made."""
    voice = AudioFileClip(str(material / "voice.wav")).subclipped(0, seconds)
    music = AudioFileClip(str(material / "music.wav")).subclipped(0, seconds)
    return CompositeAudioClip([voice, music.with_effects([afx.MultiplyVolume(0.2)])])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
