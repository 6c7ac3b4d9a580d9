"""What every writer asks of a disk: that something is on it for good, whether there is no room, whose a folder is."""

import errno
import fcntl
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


def locked(folder: Path) -> int | None:
    """Lock a folder for as long as the returned descriptor is open; None when somebody else has it or it is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
