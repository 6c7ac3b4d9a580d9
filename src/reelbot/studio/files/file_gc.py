"""Garbage collection of files that nothing names any more: removed assets, previews of drafts that are gone, broken work.

Of previews only the last one of a draft is kept, and an older one is freed as soon as there is another.

Whatever a draft has, an earlier version included, what a video was made of, what was ever paid for and what a job is
about is named, and stays.
"""

import asyncio
import re
from collections.abc import Set

from reelbot.clock import DAY, SECOND
from reelbot.records import Owner
from reelbot.studio.files.content import Files
from reelbot.studio.limits import PREVIEWS_KEPT_MAX, PREVIEWS_LISTED_MAX
from reelbot.studio.store import StudioStore

UNNAMED_DAYS = 7
"""How long a file stays after it was found that nothing names it: somebody may go back to last week's backup."""

NEW_SECONDS = 24 * 3_600
"""How old a file must be for that to be looked at: it is kept first and named then, by a job that may take its time."""

SHARED_SECONDS = 60
"""How old a preview must be to be freed at once: the same content, made by somebody else, is named within moments."""

_SHA = re.compile(r"[0-9a-f]{64}")


async def free_unnamed(store: StudioStore, files: Files, now_seconds: float) -> int:
    """Remove the files that nothing has named for `UNNAMED_DAYS`; how many bytes that gives back.

    Any number of processes may do so at once. When the database cannot be read in whole, nothing is removed.
    """
    unnamed = set(await asyncio.to_thread(list, files.older_than(now_seconds - NEW_SECONDS)))
    if unnamed:
        async for text in store.naming():
            unnamed.difference_update(_SHA.findall(text))
    return await asyncio.to_thread(_free, files, unnamed, now_seconds)


async def drop_old_previews(store: StudioStore, files: Files, owner: Owner, now_seconds: float) -> int:
    """Keep only the last preview of each of an account's drafts, and of so many drafts; how many bytes that gives back.

    One that was made a moment ago is left for the next time: somebody else may be about to name the same content.
    """
    drafts: set[int] = set()
    freed = 0
    for preview in await store.previews(owner, PREVIEWS_LISTED_MAX):
        if preview.has_draft and preview.draft not in drafts and len(drafts) < PREVIEWS_KEPT_MAX:
            drafts.add(preview.draft)
            continue
        found = _SHA.search(preview.result)
        if found is None or files.is_newer(found[0], now_seconds - SHARED_SECONDS):
            continue
        if await store.drop_preview(owner, preview):
            freed += await asyncio.to_thread(files.free, found[0], now_seconds - SHARED_SECONDS)
    return freed


def _free(files: Files, unnamed: Set[str], now_seconds: float) -> int:
    known, before = files.unnamed(), now_seconds - UNNAMED_DAYS * DAY / SECOND
    since = {sha256: known.get(sha256, now_seconds) for sha256 in unnamed}
    # One that was kept again meanwhile is not freed, and is as if it had never been found.
    freed = sum(files.free(sha256, at) for sha256, at in since.items() if at <= before)
    waiting = {sha256: at for sha256, at in since.items() if at > before}
    if waiting != known:
        files.note_unnamed(waiting)
    return freed
