"""A whole render beside encoding the same frames alone, and beside MoviePy; and what a change costs."""

import asyncio
import json
import os
import resource
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from bench.peers import MOVIEPY, has_moviepy
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.video import FPS, SECONDS, music, picture, timeline
from reelbot.render import FINAL, PREVIEW, Quality, Timeline, ffmpeg, plan_of, render

MASTER = Quality(1080, "ultrafast", 1)
"""Next to lossless: frames that were encoded as usual have lost their grain, and are cheaper to encode again."""

MOVIEPY_EVERY = 50
"""MoviePy makes one frame in so many, as each takes it a third of a second: twenty in all, spread over the video."""

SAMPLE_SECONDS = 0.25
"""How often memory is looked at: a painter keeps what it has for many seconds."""


class _Cost(NamedTuple):
    """Seconds on the clock, and of processors, all processes together."""

    wall: float
    cpu: float


def _material(place: Place) -> Path:
    return place.shared / "video"


def _prepare(place: Place) -> None:
    """Make the material, and the finished frames for those that only encode."""
    directory = _material(place)
    _render(timeline(directory), directory / "master.mp4", place.directory / "cache", MASTER)


def _render(video: Timeline, into: Path, cache: Path, quality: Quality = FINAL) -> _Cost:
    wall, cpu = perf_counter(), _cpu_seconds()
    asyncio.run(render(video, into, cache, quality=quality))
    return _Cost(perf_counter() - wall, _cpu_seconds() - cpu)


def _cpu_seconds() -> float:
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


# Ours


def _ours(place: Place) -> Found:
    """A whole render on an empty cache, then again with another picture, then with other music."""
    video, cache, into = timeline(_material(place)), place.directory / "cache", place.directory / "video.mp4"
    with _peak_memory() as peak:
        full = _render(video, into, cache)
    scene = _render(_with_other_picture(video, place), into, cache)
    sound = _render(video._replace(music=music(place.directory / "other.wav", 1 + place.turn)), into, cache)
    figures = {
        "wall_s": full.wall,
        "cpu_s": full.cpu,
        "cpu_ms_a_frame": full.cpu * 1000 / plan_of(video).frames,
        "scene_wall_s": scene.wall,
        "music_wall_s": sound.wall,
        "memory_mb": peak[0] / 1e6,
    }
    return Found(figures, notes=(f"{SECONDS} s of 1080 × 1920",))


def _with_other_picture(video: Timeline, place: Place) -> Timeline:
    other = picture(place.directory / "other.png", 1000 + place.turn)
    return video._replace(scenes=tuple(s._replace(media=other) if n == 2 else s for n, s in enumerate(video.scenes)))


def _preview(place: Place) -> Found:
    cost = _render(timeline(_material(place)), place.directory / "a.mp4", place.directory / "cache", PREVIEW)
    return Found({"wall_s": cost.wall, "cpu_s": cost.cpu})


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """Watch all processes that a render starts; the list holds the largest sum seen, in bytes, shared pages once.

    Not this one, which has loaded what makes the material; a server has no more than a plan in memory.
    """
    peak, is_over = [0], threading.Event()

    def watch() -> None:
        while not is_over.wait(SAMPLE_SECONDS):
            peak[0] = max(peak[0], sum(map(_memory_bytes, _below(os.getpid()))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        is_over.set()
        watcher.join()


def _below(pid: int) -> list[int]:
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [each for child in children.read_text().split() for each in (int(child), *_below(int(child)))]
        except OSError:
            continue
    return found


def _memory_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


# Encoding alone


def _encoding(place: Place) -> Found:
    """Encode the master's frames as a finished video is encoded; another process decodes them and isn't counted."""
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv420p")
    decoder = subprocess.Popen(
        [ffmpeg.program(), "-loglevel", "error", "-i", _material(place) / "master.mp4", *raw, "pipe:1"],
        stdout=subprocess.PIPE,
    )
    settings = ("-c:v", "libx264", "-preset", FINAL.preset, "-crf", str(FINAL.rate_factor), "-profile:v", "high")
    frame = ("-video_size", "1080x1920", "-framerate", "30")
    encoder = subprocess.Popen(
        [ffmpeg.program(), "-loglevel", "error", *raw, *frame, "-i", "pipe:0", *settings, "-g", "90", "alone.mp4"],
        cwd=place.directory,
        stdin=decoder.stdout,
    )
    assert decoder.stdout is not None
    decoder.stdout.close()
    _, status, usage = os.wait4(encoder.pid, 0)
    encoder.returncode = os.waitstatus_to_exitcode(status)
    faults = ("An encoder failed.",) if decoder.wait() or encoder.returncode else ()
    return Found({"cpu_s": usage.ru_utime + usage.ru_stime}, faults)


# MoviePy


def _moviepy(place: Place) -> Found:
    """The same kind of video by MoviePy, as its manual teaches."""
    return _by_moviepy(place, "as taught")


def _moviepy_opaque(place: Place) -> Found:
    """The same for those who know that a colour behind it spares MoviePy all transparency."""
    return _by_moviepy(place, "opaque")


def _by_moviepy(place: Place, way: str) -> Found:
    script = Path(__file__).parents[1] / "render_moviepy.py"
    # Without the folder of the script on its path: modules there have names of others'.
    command: list[str | Path] = [MOVIEPY, "-P", script, _material(place), place.directory, str(MOVIEPY_EVERY), way]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for_all = told["whole_cpu_s"] / (SECONDS * FPS)
    figures = {"cpu_ms_a_frame": (for_all + told["frames_cpu_s"] / told["frames"]) * 1_000}
    return Found(figures, notes=(f"MoviePy {told['version']}, {told['frames']} frames",))


def _peers() -> tuple[Case, ...]:
    """MoviePy where it is installed."""
    return (Case("MoviePy", _moviepy), Case("MoviePy, opaque", _moviepy_opaque)) if has_moviepy() else ()


def _against_peers() -> tuple[Measure, ...]:
    ours = ("ours", "cpu_ms_a_frame")
    rows = (
        Measure("whole render ÷ MoviePy, CPU a frame", ours, ("MoviePy", "cpu_ms_a_frame"), 0.1, None, "low"),
        Measure("the same ÷ MoviePy told to be opaque", ours, ("MoviePy, opaque", "cpu_ms_a_frame"), best="low"),
    )
    return rows if has_moviepy() else ()


SCENARIO = Scenario(
    title="A whole render",
    prepare=_prepare,
    cases=(
        Case("ours", _ours),
        Case("encoding alone", _encoding),
        Case("preview", _preview),
        *_peers(),
    ),
    measures=(
        Measure("whole render ÷ encoding alone, CPU", ("ours", "cpu_s"), ("encoding alone", "cpu_s"), 1.4, None, "low"),
        *_against_peers(),
        Measure("one of six scenes changed ÷ full", ("ours", "scene_wall_s"), ("ours", "wall_s"), 0.25, None, "low"),
        Measure("only music changed ÷ full", ("ours", "music_wall_s"), ("ours", "wall_s"), 1 / 12, None, "low"),
        Measure("540p preview ÷ full", ("preview", "wall_s"), ("ours", "wall_s"), best="low"),
        Measure(
            "memory of the processes it starts, at its largest", ("ours", "memory_mb"), None, 700, None, "low", "MB"
        ),
    ),
    rounds=1,
)
