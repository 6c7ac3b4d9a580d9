"""The same kind of video by MoviePy, as a peer to compare with: `render_moviepy.py MATERIAL INTO SECONDS`.

Two of the bench's stills that zoom, a cross-fade between them, captions with the word lit that is spoken, voice and
music; written with the same encoder settings. A process of its own, as MoviePy is measured with all that it loads.
"""

import sys
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
WORD_SECONDS = 0.388


def main() -> None:
    directory, into, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    font = Path(__file__).parents[1] / "src/reelbot/studio/render/font_files/NotoSans-Bold.ttf"
    half = seconds / 2
    layers = [still(directory / f"scene{n}.png", half + FADE_SECONDS).with_start(n * half) for n in range(2)]
    layers[1] = layers[1].with_effects([vfx.CrossFadeIn(FADE_SECONDS)])
    captions = [line(n, font).with_start(n * WORD_SECONDS) for n in range(int(seconds / WORD_SECONDS))]
    video = CompositeVideoClip([*layers, *captions], size=SIZE).with_duration(seconds)
    voice = AudioFileClip(str(directory / "voice.wav")).subclipped(0, seconds)
    music = AudioFileClip(str(directory / "music.wav")).subclipped(0, seconds)
    sound = CompositeAudioClip([voice, music.with_effects([afx.MultiplyVolume(0.2)])])
    video.with_audio(sound).write_videofile(
        str(into / "moviepy.mp4"),
        fps=FPS,
        codec="libx264",
        preset="veryfast",
        ffmpeg_params=["-crf", "20"],
        logger=None,
    )


def still(path: Path, seconds: float) -> ImageClip:
    zoomed = ImageClip(str(path)).with_duration(seconds)
    return zoomed.resized(lambda at: 1 + 0.02 * at).with_position("center")


def line(lit: int, font: Path) -> TextClip:
    words = ["and", "this", "is", "how"]
    words[lit % 4] = words[lit % 4].upper()
    text = TextClip(
        font=str(font),
        text=" ".join(words),
        font_size=70,
        color="white",
        stroke_color="black",
        stroke_width=5,
        margin=(10, 20),
    )
    return text.with_duration(WORD_SECONDS).with_position(("center", 1350))


if __name__ == "__main__":
    main()
