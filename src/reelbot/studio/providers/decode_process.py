"""The process that decodes sound: `python -I decode_process.py RATE SOUND_SECONDS CPU_SECONDS MEMORY_BYTES FILE…`.

It writes the length of each file in samples as a line of JSON, then all samples: mono, 16 bit, RATE a second. The files
together may last SOUND_SECONDS. Its memory and time are bounded, nothing but the files is read, and `sounds.py` takes a
crash for a broken file. It knows nothing else of ReelBot, so that it starts quickly.
"""

import json
import resource
import sys
from pathlib import Path

import av
from av.audio.resampler import AudioResampler

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
    rate, sound_seconds, cpu_seconds, memory_bytes = map(int, sys.argv[1:5])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    decoded: list[bytes] = []
    room = rate * sound_seconds
    try:
        for name in sys.argv[5:]:
            decoded.append(pcm_of(Path(name), rate, room))
            room -= len(decoded[-1]) // 2
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
