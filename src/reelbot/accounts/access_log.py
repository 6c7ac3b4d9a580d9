"""The access log (audit log): who got into an account, or changed who can. Append-only; kept for a while, then dropped.

Each record is written in the transaction of what it tells: neither is ever there without the other. No record has a secret:
of keys there are the number, the label and the scopes. Wrong passwords for names that nobody has stand under account 0, so
that a wrong try costs the same time whether there is such a name or not.

Used by `Accounts`; whoever decides something else about access calls `record` in the transaction of the decision.
"""

from reelbot.accounts.core.networks import NOWHERE
from reelbot.accounts.core.records import Record, RecordKind, detail_text, part_of
from reelbot.clock import DAY, Clock
from reelbot.db import Connection, PostgresDatabase, SqliteDatabase, Statements

KEPT_MS = 400 * DAY
"""A year and a month: last year's same week can still be looked at."""

RECORDS_MAX = 1_000
"""Records of one account beside wrong passwords: two a day for as long as they are kept."""

WRONG_PASSWORDS_MAX = 200
"""Wrong passwords of one account, counted apart: whoever guesses pushes out older guesses, and nothing else."""

_GUESSED = "wrong_password"


class AccessLog:
    """The access log of one database. Belongs to one event loop."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, clock: Clock, sql: Statements) -> None:
        self._database = database
        self._clock = clock
        self._sql = sql

    async def record(
        self,
        connection: Connection,
        lane: int,
        account: int,
        kind: RecordKind,
        by: str,
        address: str = NOWHERE,
        detail: str = "",
    ) -> None:
        """Write down what happened to an account's access, in the transaction that does it.

        `by` is the name of who did it. Of `address` only the part of the network is kept. To be called last: it locks the
        account's place in the log until the transaction ends.
        """
        now = self._clock()
        ((n,),) = await connection.fetch(self._sql["next_record_number"], (lane, account))
        row = (lane, account, n, now, kind, detail_text(by), part_of(address), detail_text(detail))
        await connection.execute(self._sql["insert_record"], row)
        is_guess = kind == _GUESSED
        kept = (WRONG_PASSWORDS_MAX if is_guess else RECORDS_MAX) - 1
        oldest = (now - KEPT_MS, lane, account, is_guess, kept)
        await connection.execute(self._sql["prune_records"], (lane, account, is_guess, *oldest))

    async def of(self, lane: int, account: int, limit: int, before: int | None = None) -> list[Record]:
        """The records of one account, the newest first; those before the number `before` where it is given."""
        asked = (lane, account, 2**53 if before is None else before, limit)
        return [Record(*row) for row in await self._database.fetch(self._sql["list_records"], asked)]

    async def everywhere(self, limit: int, before: tuple[int, int, int, int] | None = None) -> list[Record]:
        """The records of all accounts, the newest first; `before` is the instant, lane, account and number of the last."""
        asked = (*((2**53, 0, 0, 0) if before is None else before), limit)
        return [Record(*row) for row in await self._database.fetch(self._sql["list_all_records"], asked)]
