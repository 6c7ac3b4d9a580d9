"""Uploads: counted as storage before a byte is kept, looked at and not believed, removed with their place given back."""

from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from reelbot.allowance import AccountRef, Answer, HoldFacts, Item, Receipt
from reelbot.db import Connection
from reelbot.ids import id_text
from reelbot.records import Claim, Owner, Page, new_number, number_of, owner_of, unclaimed
from reelbot.records.metered import give_back
from reelbot.studio.context import Room
from reelbot.studio.core.draft import Media
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.rows import KeptAsset, insert_asset
from reelbot.studio.limits import UPLOAD_HOLD_SECONDS
from reelbot.studio.planning.plan import STORAGE

NO_ASSET = "There is no such asset. It may have been removed."

NAME_LENGTH_MAX = 120
"""Characters of a file's name that are kept: enough to tell one's files apart."""


@dataclass
class Held:
    """Storage that is held for a file on its way in. `is_over` when it was settled or given back."""

    asset: str
    number: int
    hold: Receipt
    bytes_max: int
    is_over: bool = False


class Assets:
    """The files of accounts."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def hold(self, account: AccountRef, bytes_max: int) -> Held:
        """Set storage aside for a file of at most so many bytes; `Refused` when the storage limit is reached."""
        # One upload is one attempt: its key is its own number, and a failed one gives its place back; one whose process
        # died does by its deadline. The file is kept with the settlement or not at all, so none is kept behind it.
        number = new_number()
        asset, amount = id_text("asset", *owner_of(account), number), max(bytes_max, 1)
        lines = [Item(STORAGE, amount)]
        key = f"upload {number}"
        hold = await self._room.ledger.hold(account, lines, key=key, owner=asset, expires_in=UPLOAD_HOLD_SECONDS)
        return Held(asset, number, hold, amount)

    async def give_back(self, held: Held, why: str) -> None:
        """Give back what was set aside for a file, unless that is over."""
        if not held.is_over:
            held.is_over = True
            await give_back(self._room.ledger, held.hold, why, held.asset)

    async def upload(
        self, account: AccountRef, name: str, path: Path, size: int, claim: Claim = unclaimed, held: Held | None = None
    ) -> KeptAsset:
        """Keep an uploaded file of so many bytes; `path` is moved or left for its folder to be removed.

        `held` is what was set aside for it before it came. `Refused` when the storage limit is reached; `Malformed` when it
        is nothing that can be used. Then nothing is kept.
        """
        held = held or await self.hold(account, size)
        assert size <= held.bytes_max, "no more comes than was announced"
        try:
            async with self._room.decoding.place(owner_of(account)):
                media = await self._room.take_in(self._room.files, path, ("image", "clip", "audio"))
            media = structs.replace(media, bytes=min(media.bytes, max(size, 1)))  # upright, it may have grown
            kept = (
                *owner_of(account),
                held.number,
                shown_name(name),
                "upload",
                held.hold.id,
                media,
                self._room.clock(),
            )
            asset = KeptAsset(*kept)
            await self._counted_as(held.hold, asset, media.bytes, claim)
            held.is_over = True
        except BaseException:
            await self.give_back(held, "The file could not be used.")
            raise
        return asset

    async def _counted_as(self, hold: Receipt, asset: KeptAsset, amount: int, claim: Claim) -> None:
        """Keep an asset and count it, both or neither."""

        async def keep(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None, "the studio is kept in a database"
            await claim.keep(connection, asset.id)
            await self._room.store.carry_out(connection, [insert_asset(asset)])

        await self._room.ledger.settle(hold, {"storage_bytes": amount}, owner=asset.id, asked_by=claim.key, rider=keep)

    async def found(self, account: AccountRef, id: str) -> KeptAsset:
        """The asset of that id."""
        owner = owner_of(account)
        asset = await self._room.store.asset(owner, number_of("asset", owner, id))
        if asset is None:
            raise StudioRefused("not_found", NO_ASSET)
        return asset

    async def listed(self, account: AccountRef, page: Page) -> list[KeptAsset]:
        """A page of assets, the newest first."""
        return await self._room.store.assets(owner_of(account), page)

    async def remove(self, account: AccountRef, id: str) -> None:
        """Remove a file and give its place back. Finished videos keep what they were made of.

        A clip is counted when the job that made it ends, so until then there is nothing to give back.
        """
        asset = await self.found(account, id)
        owner = Owner(asset.lane, asset.account)

        async def forget(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None, "the studio is kept in a database"
            if not await self._room.store.delete_asset(connection, owner, asset.number):
                raise StudioRefused("not_found", NO_ASSET)

        why = f"{asset.name} was removed."
        facts = await self._settled(account, asset)
        amount = _counted(facts, asset)
        if amount:
            await self._room.ledger.refund(
                asset.hold,
                {"storage_bytes": amount},
                key=f"remove {asset.id}",
                why=why,
                owner=facts.owner,
                rider=forget,
            )
            return
        async with self._room.store.database.transaction() as connection:
            await self._room.store.delete_asset(connection, owner, asset.number)

    async def _settled(self, account: AccountRef, asset: KeptAsset) -> HoldFacts:
        """The hold that counts a file: its own, or that of the job that made it, which owns it and every clip of it."""
        facts = await self._room.ledger.hold_facts(account, asset.hold)
        assert facts is not None, "holds are kept"
        if facts.state in ("open", "unknown"):
            raise StudioRefused(
                "step_running", "The job that made this is still at work. Remove it when that has ended."
            )
        return facts


def _counted(facts: HoldFacts, asset: KeptAsset) -> int:
    """How much of the storage limit a file really counts for: nothing when its job failed after it was made."""
    settled = sum(line.settled for line in facts.lines if line.meter == "storage_bytes")
    return min(settled, counted_bytes(asset.media))


def counted_bytes(media: Media) -> int:
    """How many bytes a file counts for."""
    return max(media.bytes, 1)


def shown_name(name: str) -> str:
    """A file's name as it is shown: without folders and without what can't be printed."""
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c for c in bare if c.isprintable()).strip()
    return printable[:NAME_LENGTH_MAX] or "Untitled"
