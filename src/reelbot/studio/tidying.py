"""Frees the disk of files that nothing names any more: removed assets, previews of drafts that are gone, broken work.

Whatever a draft has, an earlier version included, what a video was made of, what was ever paid for and what a job is
about is named, and stays.
"""

import asyncio
import re

from reelbot.clock import DAY, SECOND
from reelbot.studio.files import Files
from reelbot.studio.store import StudioStore

UNNAMED_DAYS = 7
"""How long a file stays that nothing names: somebody is about to name it, or goes back to last week's backup."""

_SHA = re.compile(r"[0-9a-f]{64}")


async def free_unnamed(store: StudioStore, files: Files, now_seconds: float) -> int:
    """Remove the files that nothing has named for `UNNAMED_DAYS`; how many bytes that gives back.

    Any number of processes may do so at once. Files of a database that cannot be read in whole are left alone.
    """
    before = now_seconds - UNNAMED_DAYS * DAY / SECOND
    unnamed = set(await asyncio.to_thread(list, files.older_than(before)))
    if unnamed:
        async for text in store.naming():
            unnamed.difference_update(_SHA.findall(text))
    return sum([await asyncio.to_thread(files.free, sha256, before) for sha256 in unnamed])
