"""What `reelbot history` shows of an entry where the studio is not installed: the same columns, and no draft in them."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from reelbot.allowance import ENTRY_COLUMNS, AccountRef, Catalogue, Entry, EntryFigures, entry_cells, entry_figures
from reelbot.db import PostgresDatabase, SqliteDatabase

EXPORT_COLUMNS = (*ENTRY_COLUMNS, "draft", "draft_name")


class EntryAlone(EntryFigures, frozen=True):
    """One accepted change, with the field that a studio would fill."""

    draft: None = None


class NoPurposes:
    """Knows of no draft, and so of none that anything was used for."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, lanes: int) -> None:
        pass

    async def of_entries(self, account: AccountRef, entries: Iterable[Entry]) -> Mapping[int, None]:
        """Nothing."""
        return {}

    async def of_draft(self, account: AccountRef, draft: str) -> None:
        """Nothing."""

    async def holds_of(self, account: AccountRef, draft: str) -> Sequence[int]:
        """None."""
        return ()


def entry_shown(entry: Entry, catalogue: Catalogue, purposes: Mapping[int, None]) -> EntryAlone:
    """An entry in the words that everything outside shows."""
    return EntryAlone(**msgspec.structs.asdict(entry_figures(entry, catalogue)))


def export_cells(entry: Entry, catalogue: Catalogue, purposes: Mapping[int, None]) -> tuple[object, ...]:
    """The cells of `EXPORT_COLUMNS`."""
    return (*entry_cells(entry, catalogue), None, None)
