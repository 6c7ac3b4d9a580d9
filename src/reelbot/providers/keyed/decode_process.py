"""The process that decodes sound: `python -I decode_process.py RATE SOUND_SECONDS FILE…`.

It writes the line `reading`, then the length of each file in samples as a line of JSON, then all samples: mono, 16 bit,
RATE a second; or the line `null` when one of them is broken. The files together may last SOUND_SECONDS. Nothing but
the files is read. An exception that is not foreseen here is a defect of ours and ends it with
its traceback. It knows nothing else of ReelBot, so that it starts quickly.
"""

import json
import sys
from pathlib import Path

import av
from av.audio.resampler import AudioResampler

FORMATS = "wav,w64,mp3,flac,ogg,mov,aac"
"""The demuxers that may be tried: what speech services answer with."""


class Undecodable(Exception):
    """A file has no sound, changes its form midway, or lasts too long."""


def pcm_of(path: Path, rate: int, samples_max: int) -> bytes:
    """All samples of a file; `Undecodable`, or what the decoder raises, when it cannot be used."""
    with path.open("rb"):  # what the system will not let us read is no fault of the file, and raises here
        pass
    resampler = AudioResampler("s16", "mono", rate)
    pcm = bytearray()
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    with av.open(f"file:{path.resolve()}", options=options, metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise Undecodable
        for frame in container.decode(container.streams.audio[0]):
            for made in _resampled(resampler, frame):
                pcm += made.to_ndarray().tobytes()
            if len(pcm) > 2 * samples_max:
                raise Undecodable
    for made in resampler.resample(None):
        pcm += made.to_ndarray().tobytes()
    return bytes(pcm)


def _resampled(resampler: AudioResampler, frame: av.AudioFrame) -> list[av.AudioFrame]:
    try:
        return resampler.resample(frame)
    except ValueError as error:  # the rate or the number of channels is another than in the frames before
        raise Undecodable from error


def main() -> None:
    """Decode the files that the arguments name."""
    rate, sound_seconds = map(int, sys.argv[1:3])
    sys.stdout.buffer.write(b"reading\n")
    sys.stdout.buffer.flush()
    decoded: list[bytes] = []
    room = rate * sound_seconds
    try:
        for name in sys.argv[3:]:
            decoded.append(pcm_of(Path(name), rate, room))
            room -= len(decoded[-1]) // 2
    except (av.error.FFmpegError, Undecodable, MemoryError):
        sys.stdout.buffer.write(b"null\n")
        return
    sys.stdout.buffer.write(json.dumps([len(pcm) // 2 for pcm in decoded]).encode() + b"\n")
    for pcm in decoded:
        sys.stdout.buffer.write(pcm)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
