"""The process that decodes sound: `python -m reelbot.studio.providers.decode_process RATE FILE…`.

It writes the length of each file in samples as a line of JSON, then all samples: mono, 16 bit, RATE a second. Its memory
and time are bounded, nothing but the files is read, and `sounds.py` takes a crash for a broken file.
"""

import json
import resource
import sys
from pathlib import Path

import av
from av.audio.resampler import AudioResampler

from reelbot.studio.providers.bounds import DECODE_MEMORY_BYTES, DECODE_SECONDS, SOUND_SECONDS_MAX

FORMATS = "wav,w64,mp3,flac,ogg,mov,aac"
"""The demuxers that may be tried: what speech services answer with."""


def pcm_of(path: Path, rate: int, samples_max: int) -> bytes:
    """All samples of a file; `ValueError` when there are too many."""
    resampler = AudioResampler("s16", "mono", rate)
    pcm = bytearray()
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    with av.open(f"file:{path.resolve()}", options=options, metadata_errors="ignore") as container:
        for frame in container.decode(container.streams.audio[0]):
            for made in resampler.resample(frame):
                pcm += made.to_ndarray().tobytes()
            if len(pcm) > 2 * samples_max:
                raise ValueError("too long")
    for made in resampler.resample(None):
        pcm += made.to_ndarray().tobytes()
    return bytes(pcm)


def main() -> int:
    """Decode the files that the arguments name."""
    resource.setrlimit(resource.RLIMIT_AS, (DECODE_MEMORY_BYTES, DECODE_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (DECODE_SECONDS, DECODE_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rate = int(sys.argv[1])
    try:
        decoded = [pcm_of(Path(name), rate, rate * SOUND_SECONDS_MAX) for name in sys.argv[2:]]
    except (av.error.FFmpegError, IndexError, ValueError, MemoryError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    sys.stdout.buffer.write(json.dumps([len(pcm) // 2 for pcm in decoded]).encode() + b"\n")
    for pcm in decoded:
        sys.stdout.buffer.write(pcm)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
