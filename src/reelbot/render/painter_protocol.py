"""The protocol of the painting process: one JSON line each way, free of any picture library."""

from typing import NamedTuple

from reelbot.render.camera_moves import FrameSize
from reelbot.render.captions import Look
from reelbot.render.plan import Mark, Piece, Quality


class Order(NamedTuple):
    """What to paint, and where: `directory` holds the fonts and their settings, and gets the `<key>.mp4` files."""

    pieces: tuple[Piece, ...]
    frame: FrameSize
    fps: int
    quality: Quality
    look: Look
    mark: Mark | None
    directory: str
    font_config: str


class News(NamedTuple):
    """One line of answer: `frames` more of piece `key` are painted; `done` when its file is whole.

    With a `failure` (the code of one of our failures) nothing more follows; `path` names the file at fault. The detail of a
    defect is its traceback.
    """

    key: str
    frames: int = 0
    done: bool = False
    failure: str = ""
    detail: str = ""
    path: str = ""
