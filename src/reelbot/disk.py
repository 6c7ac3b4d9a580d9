"""What every writer asks of a disk: that something is on it for good, and whether an error says that there is no room."""

import errno
import os
from pathlib import Path

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The disk is full, or an account or a file has reached its limit."""


def sync(path: Path) -> None:
    """Get a file, or the names in a folder, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_full(error: OSError) -> bool:
    """Whether the system says that there is no room."""
    return error.errno in _NO_ROOM
