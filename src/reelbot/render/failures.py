"""What can go wrong while rendering, each with what to do about it."""

from pathlib import Path

from reelbot.errors import Failure


class RenderFailure(Failure):
    """Rendering stopped. Nothing was left at the destination."""

    code = "render"
    retryable = True


class MediaUnusable(RenderFailure):
    """An input is missing, broken or not what it was said to be; `path` names it. Trying again changes nothing."""

    code = "media_unusable"
    retryable = False

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name}: {reason}.", "Replace this file and render again.")
        self.path = path
        self.reason = reason

    @classmethod
    def missing(cls, path: Path) -> "MediaUnusable":
        """Say that the file isn't there any more."""
        return cls(path, MISSING)


MISSING = "the file is missing"


class DiskFull(RenderFailure):
    """There was no room to write. Nothing was left behind; the same render works once there is room."""

    code = "disk_full"

    def __init__(self) -> None:
        super().__init__("The disk is full or a size limit was reached.", "Free some space and render again.")
