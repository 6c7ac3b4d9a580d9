"""The hash of an entry, recomputed here from its description alone."""

import hashlib
import json
from collections.abc import Sequence

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import entries

from reelbot.allowance import Entry, FailurePoint, Item, Ledger
from reelbot.allowance.core.entries import GENESIS, START, entry_hash

ENTRY = Entry(
    0, 1, 2, 1_772_366_400_000, "hold", 2, "image", "ai_credits", 1_772_323_200_000, 1_772_409_600_000, 8, 60,
    0, 0, 0, 8, None, 'Held 8 AI credits: "deux" été \\ 日本', b"",
)  # fmt: skip


def recomputed(head: bytes, entry: Entry) -> bytes:
    """By the words of the module: the hash before, then the JSON array of all fields but the hash, without spaces."""
    text = json.dumps(list(entry[:-1]), separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(head + text.encode()).digest()


def test_the_first_entry_follows_thirty_two_zero_bytes() -> None:
    assert bytes(32) == GENESIS == START.head
    assert entry_hash(GENESIS, ENTRY) == recomputed(bytes(32), ENTRY)


def test_a_hash_never_changes() -> None:
    """Ledgers out there stand on it."""
    assert entry_hash(GENESIS, ENTRY).hex() == "191c4e9b98bae66afef7e552970ceb515af6aadfa7471ff1da2474750d377edd"


@pytest.mark.parametrize("field", Entry._fields[:-1])
def test_every_field_counts(field: str) -> None:
    changed: Entry = ENTRY._replace(**{field: "other"})  # type: ignore[arg-type]
    assert entry_hash(GENESIS, changed) != entry_hash(GENESIS, ENTRY)
    assert entry_hash(bytes([1] * 32), ENTRY) != entry_hash(GENESIS, ENTRY)


def check_chain(chain: Sequence[Entry]) -> None:
    head = bytes(32)
    for seq, entry in enumerate(chain, start=1):
        assert entry.seq == seq
        assert entry.hash == recomputed(head, entry)
        head = entry.hash


async def test_a_whole_ledger_can_be_recomputed_from_its_entries(clock: FakeClock) -> None:
    async with Ledger.open("memory:", clock=clock, sweep_seconds=None) as ledger:
        ada = await ledger.account('Ада "日本" \\ 👩🏽', timezone="Asia/Tokyo")
        hold = await ledger.hold(ada, [Item("image", 3), Item("render")], key="k", why="für später")
        await ledger.conclude(hold, FailurePoint.IN_PART, {"ai_credits": 4})
        await ledger.override(ada, "posts", None, key="o", why="a friend")
        await ledger.change_zone(ada, "Europe/Paris", key="z")
        check_chain(await entries(ledger, ada))
