"""Programs that ReelBot is worth comparing with; those that are not here are named, so that nobody misses them."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

_PROGRAMS = {
    "TigerBeetle": ("tigerbeetle", "one transfer for each command"),
    "Redis": ("redis-server", "a Lua script for each command, its log synced always"),
}

MOVIEPY = Path(sys.prefix) / "moviepy/bin/python"
"""A Python that has MoviePy and nothing of ours, which wants another Pillow; `make bench` makes it."""


def has_moviepy() -> bool:
    """Whether renders can be compared with MoviePy's."""
    return (MOVIEPY.parents[1] / "installed").exists()


def missing_peers() -> Mapping[str, str]:
    """Peers that are not installed, with what they would have been compared by."""
    missing = {name: what for name, (program, what) in _PROGRAMS.items() if shutil.which(program) is None}
    return missing if has_moviepy() else {**missing, "MoviePy": "a whole render"}
