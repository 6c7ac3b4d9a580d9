"""Presets of an account: templates, which are settings, and brand presets, which are caption colours, a logo and its corner.

A preset is applied by changing a draft to its settings: so the draft is asked about what that would make stale, and a logo
that was removed meanwhile is told like any other. What is kept was checked as a draft's settings are, so it is small.
Nothing here knows drafts.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from reelbot.allowance import AccountRef, Ledger
from reelbot.clock import Clock, instant_text
from reelbot.db import Connection, PostgresDatabase, Row, SqliteDatabase
from reelbot.errors import Malformed
from reelbot.ids import id_text
from reelbot.records import (
    Claim,
    KeepingStore,
    Owner,
    Page,
    TellingRoom,
    content_of,
    json_text,
    new_number,
    number_of,
    owner_of,
)
from reelbot.studio.core.draft import Colour, Corner
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.requests import AssetId, SettingsAsked
from reelbot.studio.limits import SETTINGS_BYTES_MAX

PRESETS_MAX = 100
"""Of one account: nobody chooses from a longer list."""

PRESET_NAME_LENGTH_MAX = 60
"""Characters of a preset's name: a line of the list that it is chosen from."""

NO_PRESET = "There is no such preset. It may have been removed."

Check = Callable[[AccountRef, SettingsAsked], Awaitable[None]]
"""Raises what a draft of the account would raise that was changed to these settings."""

PresetKind = Literal["template", "brand"]


class BrandAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """How one's videos look: what is left out stays as a draft has it."""

    text_colour: Colour | UnsetType = UNSET
    accent_colour: Colour | UnsetType = UNSET
    outline_colour: Colour | UnsetType = UNSET
    logo: AssetId | UnsetType | None = UNSET
    corner: Corner | UnsetType = UNSET


class PresetAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A preset to keep: the settings of a template, or of a brand preset."""

    name: Annotated[str, Meta(min_length=1, max_length=PRESET_NAME_LENGTH_MAX)]
    template: SettingsAsked | None = None
    brand: BrandAsked | None = None


class PresetShown(Struct, frozen=True):
    """A preset. To apply it, change a draft to its `settings`."""

    id: str
    kind: PresetKind
    name: str
    settings: SettingsAsked
    created_at: str


class Preset(NamedTuple):
    """A preset as it is kept."""

    lane: int
    account: int
    number: int
    kind: PresetKind
    name: str
    settings: SettingsAsked
    created_at: int

    @property
    def id(self) -> str:
        """The preset as outsiders name it."""
        return id_text("preset", self.lane, self.account, self.number)


_settings_in = msgspec.json.Decoder(SettingsAsked).decode


class PresetStore(KeepingStore):
    """Keeps presets in the database of the studio."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, lanes: int) -> None:
        super().__init__(database, lanes, "reelbot.studio")

    async def insert(self, connection: Connection, preset: Preset) -> None:
        """Keep a new preset."""
        row = (*preset[:5], json_text(preset.settings), preset.created_at)
        await connection.execute(self._sql["insert_preset"], row)

    async def preset(self, owner: Owner, number: int) -> Preset | None:
        """One preset."""
        rows = await self._rows(None, "read_preset", *owner, number, SETTINGS_BYTES_MAX)
        return _preset(owner, rows[0]) if rows else None

    async def presets(self, owner: Owner, page: Page) -> list[Preset]:
        """A page of them, the newest first."""
        place = (page.before_at, page.before_number, SETTINGS_BYTES_MAX, page.size)
        rows = await self._rows(None, "list_presets", *owner, *place)
        return [_preset(owner, row) for row in rows]

    async def count(self, connection: Connection, owner: Owner) -> int:
        """How many an account has."""
        rows = await self._rows(connection, "count_presets", *owner)
        count: int = rows[0][0]
        return count

    async def delete(self, connection: Connection, owner: Owner, number: int) -> bool:
        """Remove a preset; False when it is not there."""
        return await self._changed(connection, "delete_preset", *owner, number)


class Presets:
    """The presets of every account, on the database of the studio."""

    def __init__(self, ledger: Ledger, database: SqliteDatabase | PostgresDatabase, clock: Clock, check: Check) -> None:
        self._store = PresetStore(database, ledger.store.lanes)
        self._room = TellingRoom(ledger, ledger.events, self._store, clock)
        self._check = check

    async def save(self, account: AccountRef, asked: PresetAsked, key: str | None = None) -> tuple[Preset, bool]:
        """Keep a preset, or give the one that the same key kept before; and whether it was there."""
        content = content_of("preset", "", asked)
        return await self._room.keys.once(
            account, key, content, lambda claim: self._save(account, asked, claim), lambda id: self.found(account, id)
        )

    async def found(self, account: AccountRef, id: str) -> Preset:
        """The preset of that id."""
        owner = owner_of(account)
        preset = await self._store.preset(owner, number_of("preset", owner, id))
        if preset is None:
            raise StudioRefused("not_found", NO_PRESET)
        return preset

    async def listed(self, account: AccountRef, page: Page) -> list[Preset]:
        """A page of presets, the newest first."""
        return await self._store.presets(owner_of(account), page)

    async def remove(self, account: AccountRef, id: str) -> None:
        """Remove a preset. Drafts that it was applied to keep their settings."""
        owner = owner_of(account)
        async with self._store.database.transaction() as connection:
            if not await self._store.delete(connection, owner, number_of("preset", owner, id)):
                raise StudioRefused("not_found", NO_PRESET)

    def _new(self, account: AccountRef, asked: PresetAsked) -> Preset:
        kind: PresetKind = "brand" if asked.template is None else "template"
        settings = _settings(asked)
        name = " ".join("".join(sign if sign.isprintable() else " " for sign in asked.name).split())
        return Preset(*owner_of(account), new_number(), kind, name or "Untitled", settings, self._room.clock())

    async def _save(self, account: AccountRef, asked: PresetAsked, claim: Claim) -> Preset:
        preset = self._new(account, asked)
        await self._check(account, preset.settings)

        async def write(connection: Connection) -> None:
            if await self._store.count(connection, owner_of(account)) >= PRESETS_MAX:
                raise Malformed(f"An account has at most {PRESETS_MAX} presets; remove one first.")
            await self._store.insert(connection, preset)

        await self._room.make(account, claim, preset.id, (), write)
        return preset


def preset_shown(preset: Preset) -> PresetShown:
    """The shape that everything outside shows."""
    return PresetShown(preset.id, preset.kind, preset.name, preset.settings, instant_text(preset.created_at))


def _settings(asked: PresetAsked) -> SettingsAsked:
    """What either of the two says, as settings; what a brand says bears the names of settings."""
    if asked.template is not None and asked.brand is None:
        return asked.template
    if asked.brand is not None and asked.template is None:
        return msgspec.convert(msgspec.to_builtins(asked.brand), SettingsAsked)
    raise Malformed("A preset has either a template or a brand.", "template")


def _preset(owner: Owner, row: Row) -> Preset:
    number, kind, name, settings, created_at = row
    return Preset(*owner, number, kind, name, _settings_in(settings), created_at)
