"""What both SQL stores share: everything that reads outside a batch."""

import secrets
from collections.abc import Mapping, Sequence

from reelbot.allowance.core.accounts import Account
from reelbot.allowance.core.book import AnsweredKey, HoldFacts
from reelbot.allowance.core.commands import AccountRef
from reelbot.allowance.core.entries import Chain, Entry
from reelbot.allowance.core.outcomes import decode_answer
from reelbot.allowance.store import Combination, Holding, Snapshot, Span, StartsOf, Stretch
from reelbot.allowance.stores.rows import account_from, balances_from, hold_from, json_text
from reelbot.clock import DAY
from reelbot.db import Connection, Database
from reelbot.db.arrays import numbers
from reelbot.errors import ConfigFailure
from reelbot.events import Events
from reelbot.limits import SEQ_MAX

CLOCKS_APART = DAY
"""No entry was written more than this earlier or later than those around it, by whichever clock: a day's filter looks so far
beyond the day. It costs a day of reading at most, and a clock that was wrong by hours hides nothing."""


class SqlReader:
    """Reads the ledger from a database."""

    def __init__(self, database: Database, events: Events, sql: Mapping[str, str], lanes: int) -> None:
        self.lanes = lanes
        self._database = database
        self._events = events
        self._sql = sql

    async def find(self, lane: int, name: str) -> AccountRef | None:
        """The account of that name."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._sql["find_account"], (lane, name))
        return AccountRef(lane, rows[0][0], name) if rows else None

    async def accounts(self, after: AccountRef | None, count: int) -> Sequence[Account]:
        """Accounts in the order of their lane and id."""
        place = (after.lane, after.id) if after else (0, 0)
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._sql["list_accounts"], (*place, count))
        return [account_from(lane, facts) for lane, *facts in rows]

    async def plans_in_use(self) -> Sequence[str]:
        """The plans of all accounts, present and scheduled."""
        async with self._database.reading() as connection:
            return [plan for (plan,) in await connection.fetch(self._sql["list_plans"])]

    async def snapshot(self, ref: AccountRef, starts_of: StartsOf) -> Snapshot | None:
        """The account, the balances of these windows and the cursor, of one instant."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._sql["read_account"], (ref.lane, ref.id))
            if not rows:
                return None
            account = account_from(ref.lane, rows[0][:17])
            starts = json_text(starts_of(account))
            balances = await connection.fetch(self._sql["read_balances"], (starts, ref.lane, ref.id))
            cursor = await self._events.last_on(connection, ref.lane, ref.id)
        return Snapshot(account, balances_from(balances), cursor)

    async def hold(self, ref: AccountRef, hold: int) -> HoldFacts | None:
        """One hold."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._sql["read_hold"], (ref.lane, ref.id, hold))
        return hold_from(rows[0]) if rows else None

    async def remembered(self, ref: AccountRef, key: str) -> AnsweredKey | None:
        """What an idempotency key was answered before."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._sql["read_answer"], (ref.lane, ref.id, key))
        return AnsweredKey(bytes(rows[0][0]), decode_answer(bytes(rows[0][1]))) if rows else None

    async def entries(self, ref: AccountRef, span: Span) -> Sequence[Entry]:
        """A page of the account's ledger, newest first."""
        asked = (span.meter, span.kind, span.action, span.from_at, span.until_at)
        filters = [value for value in asked for _ in range(2)]
        async with self._database.reading() as connection:
            after, before = await self._stretch(connection, ref, span.from_at, span.until_at)
            place = (max(after, span.after_seq), before if span.before_seq is None else min(before, span.before_seq))
            if span.holds is None:
                rows = await connection.fetch(
                    self._sql["list_entries"], (ref.lane, ref.id, *place, *filters, span.size)
                )
            else:
                own = (self._listed(span.holds), ref.lane, ref.id)
                rows = await connection.fetch(self._sql["list_entries_of"], (*own, *own, *place, *filters, span.size))
        return [Entry(*row) for row in rows]

    async def combinations(self, ref: AccountRef, after_seq: int, before_seq: int) -> Sequence[Combination]:
        """Every combination of kind, action and meter of the entries between two places."""
        place = (ref.lane, ref.id, after_seq, before_seq)
        async with self._database.reading() as connection:
            return [Combination(*row) for row in await connection.fetch(self._sql["list_combinations"], place)]

    async def stretch(self, ref: AccountRef, from_at: int | None, until_at: int | None) -> Stretch:
        """Where the entries from an instant on and before another lie."""
        async with self._database.reading() as connection:
            return await self._stretch(connection, ref, from_at, until_at)

    async def _stretch(
        self, connection: Connection, ref: AccountRef, from_at: int | None, until_at: int | None
    ) -> Stretch:
        after, _ = (0, 0) if from_at is None else await self._halved(connection, ref, from_at - CLOCKS_APART)
        _, before = (0, SEQ_MAX) if until_at is None else await self._halved(connection, ref, until_at + CLOCKS_APART)
        return Stretch(after, before)

    async def _halved(self, connection: Connection, ref: AccountRef, at: int) -> tuple[int, int]:
        """Two entries next to each other, the first before an instant and the second not."""
        place = (ref.lane, ref.id)
        ((before, after),) = await connection.fetch(self._sql["find_place"], (*place, at, at, *place))
        return before, after

    async def holds_of(self, ref: AccountRef, holds: Sequence[int]) -> Sequence[HoldFacts]:
        """Those of these holds that there are."""
        async with self._database.reading() as connection:
            return await self.holds_on(connection, ref, holds)

    async def holds_on(
        self, connection: Connection | None, ref: AccountRef, holds: Sequence[int]
    ) -> Sequence[HoldFacts]:
        """Those of these holds that there are, at the instant of a caller's reading."""
        assert connection is not None, "what is kept in a database is read on it"
        rows = await connection.fetch(self._sql["read_holds"], (self._listed(holds), ref.lane, ref.id))
        return [hold_from(row) for row in rows]

    def _listed(self, ids: Sequence[int]) -> str:
        """Numbers of holds as the dialect takes a set of them, each once. What belongs to no hold has 0, which is none."""
        each = sorted({one for one in ids if one > 0})
        return json_text(each) if self._database.dialect == "sqlite" else numbers(each)

    async def overdue(self, now: int, count: int) -> Sequence[tuple[int, int, int]]:
        """Open holds past their deadline, of all lanes."""
        late: list[tuple[int, int, int]] = []
        async with self._database.reading() as connection:
            for lane in range(self.lanes):
                rows = await connection.fetch(self._sql["list_overdue"], (lane, now, count - len(late)))
                late.extend((row[0], row[1], row[2]) for row in rows)
        return late

    async def holding(self, ref: AccountRef) -> Holding | None:
        """All that is kept of one account beside its entries, read at one instant."""
        place = (ref.lane, ref.id)
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._sql["read_account"], place)
            if not rows:
                return None
            balances = await connection.fetch(self._sql["list_balances"], place)
            holds = [hold_from(row) for row in await connection.fetch(self._sql["list_holds"], place)]
        account, chain = account_from(ref.lane, rows[0][:17]), Chain(rows[0][17], bytes(rows[0][18]))
        return Holding(account, chain, balances_from(balances), {hold.id: hold for hold in holds})

    async def chain(self, ref: AccountRef, after_seq: int, count: int) -> Sequence[Entry]:
        """Entries in the order of their `seq`."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._sql["list_chain"], (ref.lane, ref.id, after_seq, count))
        return [Entry(*row) for row in rows]

    async def forget(self, before_at: int, count: int) -> int:
        """Drop old answers, at most so many in each lane."""
        dropped = 0
        for lane in range(self.lanes):
            async with self._database.transaction() as connection:
                dropped += await connection.execute(self._sql["forget_answers"], (lane, before_at, lane, count))
        return dropped

    async def claim_lanes(self) -> None:
        """Write down the number of lanes, once for all; `ConfigFailure` when it was another at the first time."""
        async with self._database.transaction() as connection:
            await connection.execute(self._sql["insert_lanes"], (self.lanes,))
            ((lanes,),) = await connection.fetch(self._sql["read_lanes"])
        if lanes != self.lanes:
            raise ConfigFailure(
                f"The accounts of this database are spread over {lanes} lanes, not {self.lanes}.",
                f"Set lanes to {lanes}; the number can't be changed once a database is in use.",
            )

    async def secret(self) -> bytes:
        """The secret that all processes of this database share; the first one to ask makes it."""
        async with self._database.transaction() as connection:
            await connection.execute(self._sql["insert_secret"], (secrets.token_bytes(32),))
            rows = await connection.fetch(self._sql["read_secret"])
        return bytes(rows[0][0])

    async def close(self) -> None:
        """The database is closed by whoever opened it."""
