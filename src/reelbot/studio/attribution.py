"""Attribution of holds: the drafts that jobs worked on, by the names they have or had, and the videos that they became.

The ledger knows holds and no drafts, jobs know both. Whoever shows entries asks here, once for a page of them. Reads, and
only reads.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from reelbot.allowance import ENTRY_COLUMNS, AccountRef, Catalogue, Entry, EntryFigures, entry_cells, entry_figures
from reelbot.db import PostgresDatabase, SqliteDatabase
from reelbot.ids import id_text, place_of
from reelbot.limits import HOLDS_MAX
from reelbot.records import KeepingStore, Owner, json_text, number_of, owner_of

NAMELESS = "A removed draft"
"""What a draft is called of which nothing is left but its holds."""


class Purpose(NamedTuple):
    """A draft that something was used for: what it is or was called, whether it is there, the video that it became."""

    draft: str
    heading: str
    is_there: bool
    video: str | None


class Purposes(KeepingStore):
    """Reads what things were used for, in the database of the studio."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, lanes: int) -> None:
        super().__init__(database, lanes, "reelbot.studio")

    async def of_entries(self, account: AccountRef, entries: Iterable[Entry]) -> Mapping[int, Purpose]:
        """By the numbers of holds, what those of these entries were for; a hold that no job had is not there."""
        owner = owner_of(account)
        holds = {id_text("hold", *owner, entry.hold): entry.hold for entry in entries if entry.hold}
        if not holds:
            return {}
        rows = await self._rows(None, "name_holds", json_text(list(holds)), *owner)
        return {holds[hold]: _purpose(owner, *told) for hold, *told in rows}

    async def of_draft(self, account: AccountRef, draft: str) -> Purpose | None:
        """A draft that is or was this account's; None when nothing is known of it."""
        owner = owner_of(account)
        number = number_of("draft", owner, draft)
        if not number:
            return None
        rows = await self._rows(None, "name_draft", *owner, number, *owner, number)
        if rows:
            return _purpose(owner, *rows[0])
        return _purpose(owner, number, None, False, None) if await self._holds(owner, number, 1) else None

    async def holds_of(self, account: AccountRef, draft: str) -> Sequence[int]:
        """The numbers of the holds of a draft's jobs, the newest `HOLDS_MAX` of them; none for a draft of nobody's."""
        owner = owner_of(account)
        number = number_of("draft", owner, draft)
        return await self._holds(owner, number, HOLDS_MAX) if number else ()

    async def lately(self, account: AccountRef, count: int) -> list[Purpose]:
        """Drafts that are there and those that became videos, the last worked on first."""
        owner = owner_of(account)
        rows = await self._rows(None, "list_worked_on", *owner, count, *owner, count, count)
        return [_purpose(owner, *row) for row in rows]

    async def _holds(self, owner: Owner, number: int, count: int) -> list[int]:
        rows = await self._rows(None, "list_holds_of_draft", *owner, number, count)
        places = [place_of(hold) for (hold,) in rows]
        return [place.seq for place in places if place is not None]


def _purpose(owner: Owner, number: int, heading: str | None, is_there: object, video: str | None) -> Purpose:
    return Purpose(id_text("draft", *owner, number), heading or NAMELESS, bool(is_there), video)


# entries as outsiders see them, each with the draft that it was for


class EntryShown(EntryFigures, frozen=True):
    """One accepted change; `draft` is the one that it was for, also when that is no more."""

    draft: str | None


EXPORT_COLUMNS = (*ENTRY_COLUMNS, "draft", "draft_name")
"""The columns of an export: those of the ledger, and the draft."""


def entry_shown(entry: Entry, catalogue: Catalogue, purposes: Mapping[int, Purpose]) -> EntryShown:
    """An entry in the words that everything outside shows, and the draft that it was for."""
    purpose = purposes.get(entry.hold)
    figures = msgspec.structs.asdict(entry_figures(entry, catalogue))
    return EntryShown(**figures, draft=purpose.draft if purpose else None)


def export_cells(entry: Entry, catalogue: Catalogue, purposes: Mapping[int, Purpose]) -> tuple[object, ...]:
    """The cells of `EXPORT_COLUMNS`."""
    purpose = purposes.get(entry.hold)
    return (*entry_cells(entry, catalogue), *((purpose.draft, purpose.heading) if purpose else (None, None)))
