"""The platforms that there are. One more is a file beside `folder.py` and a line here."""

from collections.abc import Mapping
from pathlib import Path

from reelbot.publish.platforms.folder import Folder
from reelbot.publish.platforms.port import Platform


def platforms_in(data: Path) -> Mapping[str, Platform]:
    """Every platform by its name, on an installation whose data lies in that folder."""
    listed: tuple[Platform, ...] = (Folder(data),)
    return {platform.name: platform for platform in listed}
