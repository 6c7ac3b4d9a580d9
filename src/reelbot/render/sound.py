"""The sound track: voice and music brought to their places, mixed once, and mastered to what platforms expect.

Loudness is measured, not believed: voice and music each get a gain from their own measure, so that a quiet recording
and a loud track still stand in the same relation; the finished track is measured again and corrected until it fits.
"""

import asyncio
from pathlib import Path
from typing import NamedTuple

from reelbot.disk import sync
from reelbot.render import ffmpeg
from reelbot.render.blocking import in_thread
from reelbot.render.cache import Cache
from reelbot.render.failures import MISSING, MediaUnusable, RenderFailure
from reelbot.render.limits import LENGTH_MS_MAX
from reelbot.render.plan import SoundPlan

TARGET_LUFS = -14.0
"""Integrated loudness that the large platforms play back without turning it down."""

TOLERANCE_LU = 0.4
"""Well inside the promised 1 LU."""

PEAK_MAX_DBTP = -1.0
"""True peak that no decoder may pass, lest it clip on a phone."""

CEILING_DB = -2.2
"""Where the limiter stops first: coding adds up to a decibel to peaks."""

VOICE_LUFS = -18.0
"""Level at which the voice enters the mix, with room above for its peaks."""

MUSIC_LUFS = -27.0
"""Level of music in the pauses of a voice: nine units below it, there without asking for attention."""

SILENT_LUFS = -60.0
"""What is quieter than this is silence; making it louder would only bring up hiss."""

CEILING_STEP_DB = 0.7
"""How much the ceiling is lowered when coding has added more than expected."""

ROUNDS = 5
"""How often a track is corrected; one round nearly always does."""

RATE = 48_000
BIT_RATE = "192k"

FADE_IN_S = 0.4
FADE_OUT_S = 1.6

MIX = "mix.wav"
LIMITED = "limited.wav"

_STEREO = f"aresample={RATE},aformat=sample_fmts=fltp:channel_layouts=stereo"
_VOICE_CARE = "highpass=f=60,acompressor=threshold=-20dB:ratio=2.5:attack=8:release=140:makeup=1"
_DUCKING = "sidechaincompress=threshold=-34dB:ratio=5:attack=20:release=450:knee=4"


class Loudness(NamedTuple):
    """Integrated loudness in LUFS, and true peak in dBTP."""

    integrated: float
    peak: float


async def sound_track(plan: SoundPlan, workspace: Path, cache: Cache) -> Path:
    """Make the finished track in the workspace, or take it from the cache if it was made before."""
    track = workspace / "sound.m4a"
    if await in_thread(cache.take, plan.key, track):
        return track
    if plan.voice is None and plan.music is None:
        await _silence(plan, track)
    else:
        level = await _mix(plan, workspace)
        await _master(level, workspace, track)
    await in_thread(sync, track)
    await in_thread(cache.keep, plan.key, track)
    return track


async def measure(path: Path, seconds: float | None = None, *, with_peak: bool = True) -> Loudness:
    """Measure how loud a file is, over its first `seconds` or all of it; `MediaUnusable` when it has no sound.

    The true peak costs several times what the loudness does; without it, the peak is given as silent.
    """
    limit = () if seconds is None else ("-t", f"{seconds:.3f}")
    graph = f"{_STEREO},ebur128=peak={'true' if with_peak else 'none'}:framelog=quiet"
    try:
        log = await ffmpeg.run(
            [*ffmpeg.READ_ONLY_LOCAL, *limit, "-i", str(path), "-map", "0:a:0", "-vn", "-af", graph, "-f", "null", "-"],
            LENGTH_MS_MAX if seconds is None else round(1_000 * seconds),
            reading=[path],
        )
    except MediaUnusable as failure:
        if failure.reason == MISSING:
            raise
        raise MediaUnusable(path, "it has no sound that can be read") from failure
    return loudness_in(log)


def loudness_in(log: str) -> Loudness:
    """Read what ebur128 summed up at the end of a log; silence has no figures and counts as very quiet."""
    integrated = ffmpeg.last_match(r"\bI:\s+(?P<value>-?[\d.]+) LUFS", log).get("value", "-99")
    peak = ffmpeg.last_match(r"\bPeak:\s+(?P<value>-?[\d.]+) dBFS", log).get("value", "-99")
    return Loudness(float(integrated), float(peak))


async def _silence(plan: SoundPlan, track: Path) -> None:
    """Make a silent track: some players and platforms refuse a video without any."""
    source = f"anullsrc=channel_layout=stereo:sample_rate={RATE}"
    await ffmpeg.run(
        ["-f", "lavfi", "-t", f"{plan.length_ms / 1000:.3f}", "-i", source, *_aac(), track.name],
        plan.length_ms,
        track.parent,
    )


def _aac() -> tuple[str, ...]:
    # At this rate the fast coder is as good to the ear, and takes half the time of the default one.
    return ("-c:a", "aac", "-aac_coder", "fast", "-b:a", BIT_RATE, "-ar", str(RATE), "-ac", "2", "-map_metadata", "-1")


async def _mix(plan: SoundPlan, workspace: Path) -> Loudness:
    """Write voice and music into one uncompressed file of the video's length, and say how loud that is."""
    seconds = plan.length_ms / 1000
    paths = [media.path for media in (plan.voice, plan.music) if media is not None]
    levels = await asyncio.gather(*(measure(path, seconds, with_peak=False) for path in paths))
    inputs = [part for path in paths for part in _input(path, loops=plan.music is not None and path == plan.music.path)]
    graph = f"{_graph(plan, levels)};[mix]asplit[out][heard];[heard]ebur128=framelog=quiet,anullsink"
    log = await ffmpeg.run(
        [*inputs, "-filter_complex", graph, "-map", "[out]", "-c:a", "pcm_f32le", MIX],
        plan.length_ms,
        workspace,
        paths,
    )
    return loudness_in(log)


def _input(path: Path, loops: bool) -> tuple[str, ...]:
    loop = ("-stream_loop", "-1") if loops else ()
    return (*ffmpeg.READ_ONLY_LOCAL, *loop, "-vn", "-i", str(path))


def _graph(plan: SoundPlan, levels: list[Loudness]) -> str:
    """Write the filters of the mix: music steps back while the voice speaks, and comes back in its pauses."""
    seconds = f"{plan.length_ms / 1000:.3f}"
    cut = f"atrim=end={seconds},apad=whole_dur={seconds}"
    if plan.music is None:
        return f"[0:a:0]{_STEREO},{_gain(levels[0], VOICE_LUFS)},{_VOICE_CARE},{cut}[mix]"
    fades = f"afade=t=in:d={FADE_IN_S},afade=t=out:st={max(0.0, plan.length_ms / 1000 - FADE_OUT_S):.3f}:d={FADE_OUT_S}"
    if plan.voice is None:
        return f"[0:a:0]{_STEREO},{_gain(levels[0], VOICE_LUFS)},{cut},{fades}[mix]"
    return (
        f"[0:a:0]{_STEREO},{_gain(levels[0], VOICE_LUFS)},{_VOICE_CARE},{cut},asplit[voice][key];"
        f"[1:a:0]{_STEREO},{_gain(levels[1], MUSIC_LUFS)},{cut},{fades}[music];"
        f"[music][key]{_DUCKING}[bed];"
        f"[voice][bed]amix=inputs=2:normalize=0:duration=first[mix]"
    )


def _gain(level: Loudness, wanted: float) -> str:
    change = 0.0 if level.integrated < SILENT_LUFS else wanted - level.integrated
    return f"volume={change:.2f}dB"


async def _master(mixed: Loudness, workspace: Path, track: Path) -> None:
    """Bring the mix to the target loudness under the ceiling, and encode it.

    Limiting takes back a little of each gain, so the gain is corrected until the measure fits; coding adds a little to
    the peaks, so the ceiling is lowered when they pass. What is silent stays as it is.
    """
    is_silent = mixed.integrated < SILENT_LUFS
    gain, ceiling = 0.0 if is_silent else TARGET_LUFS - mixed.integrated, CEILING_DB
    for _ in range(ROUNDS):
        limited = await _limit(gain, ceiling, workspace)
        off = 0.0 if is_silent else TARGET_LUFS - limited.integrated
        gain += off
        if abs(off) <= TOLERANCE_LU and await _fits(workspace, track):
            return
        ceiling -= CEILING_STEP_DB if abs(off) <= TOLERANCE_LU else 0.0
    if not await _fits(workspace, track):
        raise RenderFailure(f"The sound could not be brought below {PEAK_MAX_DBTP} dBTP.")


async def _limit(gain: float, ceiling: float, workspace: Path) -> Loudness:
    """Apply gain and limiter to the mix, and say how loud the result is."""
    # At twice the rate the limiter sees most of what lies between two samples.
    graph = (
        f"volume={gain:.2f}dB,aresample={2 * RATE},"
        f"alimiter=limit={10 ** (ceiling / 20):.5f}:level=false:attack=3:release=80,aresample={RATE},"
        "ebur128=framelog=quiet"
    )
    log = await ffmpeg.run(["-i", MIX, "-af", graph, "-c:a", "pcm_f32le", LIMITED], LENGTH_MS_MAX, workspace)
    return loudness_in(log)


async def _fits(workspace: Path, track: Path) -> bool:
    """Encode what was limited, and say whether its true peak is low enough."""
    await ffmpeg.run(["-i", LIMITED, *_aac(), track.name], LENGTH_MS_MAX, workspace)
    return (await measure(track)).peak < PEAK_MAX_DBTP
