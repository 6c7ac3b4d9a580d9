"""The process that paints: draws the frames of every missing piece and pipes them into encoders.

One piece is painted at a time, by one encoder with a few threads, while the encoder before it is finishing:
as fast as two side by side, with half the memory.

`encode.py` starts it as `python -m reelbot.render.painter`, writes one order as a line of JSON and keeps the
pipe open; it answers with a line for every few frames and every finished piece. It is a process of its own so that
memory goes back when it ends, a hostile file can't take the server down, and killing its group ends everything. When
the pipe closes, whoever wanted the pieces is gone, and it ends itself and its encoders.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO

import cv2
import msgspec

from reelbot.disk import is_full, sync
from reelbot.render import ffmpeg
from reelbot.render.camera_moves import FrameSize
from reelbot.render.captions import ass_of, faces_of
from reelbot.render.failures import DiskFull, MediaUnusable, RenderFailure
from reelbot.render.fonts import unexpected_fonts
from reelbot.render.limits import FRAME_CPU_SECONDS
from reelbot.render.motion import Badge, ClipFrames, FrameBuffer, Planes, Still, prepare_still
from reelbot.render.painter_protocol import News, Order
from reelbot.render.plan import Layer, Piece
from reelbot.subprocesses import ChildFailure, launched

TELL_FRAMES = 10
"""A line of progress for so many frames: three a second of video, which is finer than any progress bar."""

STILLS_KEPT = 3
"""Prepared stills kept in memory, 4 MB each at full size: a scene and the fades beside it need the same ones."""

PIPE_BYTES = 1_048_576
"""Size of the pipe to the encoder: with the usual 64 kB, both sides are woken fifty times for one frame."""

KEYFRAME_SECONDS = 3
"""Longest distance between frames to which a player can jump."""

ENCODER_THREADS = min(3, os.cpu_count() or 1)
"""Of one encoder: as fast as one painter can feed; every further thread keeps a dozen frames more in memory."""

TRACEBACK_LENGTH_MAX = 8_192
"""Characters of a traceback or an encoder's log that are told, the last ones: the cause stands there."""

NICENESS = 5
"""Painting gives way to the server, whose pages people are waiting for."""


class Stills:
    """Prepared pictures; the ones not used for longest are forgotten."""

    def __init__(self, frame: FrameSize) -> None:
        self._frame = frame
        self._kept: OrderedDict[str, Planes] = OrderedDict()

    def get(self, layer: Layer) -> Planes:
        """Return the planes of a layer's picture."""
        if layer.sha256 not in self._kept:
            self._kept[layer.sha256] = prepare_still(Path(layer.file), self._frame)
        self._kept.move_to_end(layer.sha256)
        while len(self._kept) > STILLS_KEPT:
            self._kept.popitem(last=False)
        return self._kept[layer.sha256]


class Painter:
    """Paints the pieces of one order, one at a time, while the encoder of the one before is still finishing."""

    def __init__(self, order: Order, answers: IO[str]) -> None:
        self._order = order
        self._answers = answers
        self._stills = Stills(order.frame)
        self._badge = Badge(Path(order.mark.file), order.mark.corner, order.frame) if order.mark else None
        self._canvases = FrameBuffer(order.frame), FrameBuffer(order.frame)
        self._speaking = threading.Lock()

    def run(self) -> None:
        """Paint everything."""
        finishing: Future[None] | None = None
        with ThreadPoolExecutor(1) as finisher:
            for piece in self._order.pieces:
                encoder = self._paint(piece)
                if finishing is not None:
                    finishing.result()
                finishing = finisher.submit(self._finish, encoder, piece)
            if finishing is not None:
                finishing.result()

    def _paint(self, piece: Piece) -> "Encoder":
        """Draw every frame of a piece into an encoder, which has not finished when this returns."""
        canvas, other = self._canvases
        with ExitStack() as stack:
            sources = [stack.enter_context(closing(self._source(layer))) for layer in piece.layers]
            encoder = Encoder(self._order, piece)
            for index in range(piece.frames):
                sources[0].draw(canvas)
                if piece.is_seam:
                    sources[1].draw(other)
                    canvas.fade(other, (index + 1) / (piece.frames + 1))
                if self._badge is not None:
                    self._badge.draw(canvas)
                encoder.write(canvas)
                if (index + 1) % TELL_FRAMES == 0:
                    self._tell(News(piece.key, TELL_FRAMES))
        return encoder

    def _finish(self, encoder: "Encoder", piece: Piece) -> None:
        encoder.finish()
        self._tell(News(piece.key, piece.frames % TELL_FRAMES, done=True))

    def _source(self, layer: Layer) -> Still | ClipFrames:
        if layer.kind == "clip":
            return ClipFrames(layer, self._order.frame, self._order.fps)
        return Still(self._stills.get(layer), layer, self._order.frame, self._order.fps)

    def _tell(self, news: News) -> None:
        with self._speaking:
            self._answers.write(msgspec.json.encode(news).decode() + "\n")
            self._answers.flush()


class Encoder:
    """One ffmpeg that burns in the captions of a piece and encodes what is written to it."""

    def __init__(self, order: Order, piece: Piece) -> None:
        self._piece = piece
        directory = Path(order.directory)
        self._file = directory / f"{piece.key}.mp4"
        self._log = (directory / f"{piece.key}.log").open("w+b")
        if piece.cues:
            (directory / f"{piece.key}.ass").write_text(ass_of(piece.cues, order.look, order.fps), encoding="utf-8")
        limits = ffmpeg.limits_for(FRAME_CPU_SECONDS * piece.frames)
        self._process = subprocess.Popen(
            launched([ffmpeg.program(), *_encoding(order, piece)], limits),
            cwd=directory,
            env=ffmpeg.environment(Path(order.font_config)),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            bufsize=0,
        )
        _widen(self._pipe)

    @property
    def _pipe(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    def write(self, canvas: FrameBuffer) -> None:
        """Hand over one frame; waits while the encoder is busy."""
        rest = canvas.flat.data
        try:
            while rest:
                rest = rest[self._pipe.write(rest) :]
        except BrokenPipeError:
            self.finish()

    def finish(self) -> None:
        """Wait for the encoder, make sure that the file is whole and drawn as meant, and get it onto the disk."""
        self._pipe.close()
        status = self._process.wait()
        self._log.seek(0)
        log = self._log.read().decode(errors="replace")
        self._log.close()
        if status:
            raise ffmpeg.failure_from(status, log)
        _check_whole(self._piece, log)
        sync(self._file)


def _widen(pipe: IO[bytes]) -> None:
    """Enlarge a pipe where the system allows it."""
    if sys.platform == "linux":
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _check_whole(piece: Piece, log: str) -> None:
    written = ffmpeg.last_match(r"frame=\s*(?P<frames>\d+)", log).get("frames", "0")
    if int(written) != piece.frames:
        raise RenderFailure(f"The encoder wrote {written} frames of {piece.frames}.")
    wrong = unexpected_fonts(log, faces_of(piece.cues))
    if wrong:
        raise RenderFailure(f"The captions were drawn with {', '.join(wrong)} instead of a bundled font.")


def _encoding(order: Order, piece: Piece) -> list[str]:
    width, height = order.frame
    colours = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
    captions = ("-vf", f"ass=filename={piece.key}.ass:fontsdir=fonts") if piece.cues else ()
    return [
        *ffmpeg.QUIET,
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{width}x{height}", "-framerate", str(order.fps)),
        *(*colours, "-thread_queue_size", "2", "-i", "pipe:0", *captions, "-filter_threads", "1"),
        *(
            "-threads",
            str(ENCODER_THREADS),
            "-c:v",
            "libx264",
            "-preset",
            order.quality.preset,
            "-crf",
            str(order.quality.rate_factor),
        ),
        *("-pix_fmt", "yuv420p", "-profile:v", "high"),
        # Stitchable: headers don't depend on the content, so that pieces can be joined without encoding again.
        # No frames in waiting before the lookahead: they would only take memory, as painting is as fast as encoding.
        *(
            "-g",
            str(KEYFRAME_SECONDS * order.fps),
            "-x264-params",
            "stitchable=1:open-gop=0:sync-lookahead=0",
            *colours,
        ),
        *("-video_track_timescale", str(order.fps * 512), f"{piece.key}.mp4"),
    ]


def _news_of(error: Exception) -> News:
    match error:
        case MediaUnusable():
            return News("", failure=error.code, detail=error.reason, path=str(error.path))
        case RenderFailure():
            return News("", failure=error.code, detail=error.detail)
        case OSError() if is_full(error):
            return News("", failure=DiskFull.code)
        case ChildFailure():
            return News("", failure=error.code, detail=error.said[-TRACEBACK_LENGTH_MAX:])
        case _:
            trace = "".join(traceback.format_exception(error))
            return News("", failure=ChildFailure.code, detail=trace[-TRACEBACK_LENGTH_MAX:])


def _end_when_unwanted(orders: IO[str]) -> None:
    """Wait until the pipe closes, then end this process and every encoder it started."""
    orders.read()
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main() -> None:
    """Read an order, paint it, and tell what comes of it; a failure ends everything that was started."""
    os.nice(NICENESS)
    # The encoder has threads for the cores already; OpenCV's own would only fight them.
    cv2.setNumThreads(1)
    order = msgspec.json.decode(sys.stdin.readline(), type=Order)
    threading.Thread(target=_end_when_unwanted, args=(sys.stdin,), daemon=True).start()
    try:
        Painter(order, sys.stdout).run()
    except Exception as error:
        sys.stdout.write(msgspec.json.encode(_news_of(error)).decode() + "\n")
        sys.stdout.flush()
        os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    main()
