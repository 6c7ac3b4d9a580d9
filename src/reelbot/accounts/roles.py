"""Roles: given when an account is opened, changed later, and never taken from the last operator.

A change moves the lane's change, as a revoked API key does: so it counts at once in every open session and for every key,
whichever process changed it. It is no entry of the ledger, which is about allowances; the access log has it.
"""

import logging

from reelbot.accounts.access_log import AccessLog
from reelbot.accounts.core.confusables import look_of
from reelbot.accounts.core.members import Role
from reelbot.accounts.core.networks import NOWHERE
from reelbot.clock import Clock
from reelbot.db import Connection, PostgresDatabase, SqliteDatabase, Statements
from reelbot.errors import Failure

_log = logging.getLogger(__name__)


class LastOperator(Failure):
    """Nobody would be left who can do an operator's work."""

    code = "forbidden"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the only operator there is.", "Make another account an operator first.")


class Roles:
    """The roles of one database. Belongs to one event loop."""

    def __init__(
        self, database: SqliteDatabase | PostgresDatabase, clock: Clock, sql: Statements, access: AccessLog
    ) -> None:
        self._database = database
        self._clock = clock
        self._sql = sql
        self._access = access

    async def give(self, lane: int, account: int, name: str, role: Role, by: str, address: str = NOWHERE) -> bool:
        """Give an account a role, at once; False when it has it already. One without a member gets it now.

        `LastOperator` when no other would be left. `by` says who wanted it, `address` from where.
        """
        async with self._database.transaction() as connection:
            await connection.lock("roles")  # two operators may be about to demote each other
            found = await connection.fetch(self._sql["read_member"], (lane, account))
            before = found[0][3] if found else None
            if before == role:
                return False
            if before == "operator":
                await self._require_another(connection, lane, account, name)
            if before is None:
                row = (lane, account, name, look_of(name), role, self._clock())
                await connection.execute(self._sql["insert_member"], row)
            else:
                await connection.execute(self._sql["write_role"], (role, lane, account))
                await connection.execute(self._sql["count_change"], (lane,))
            told = f"{before or 'no role'} to {role}"
            await self._access.record(connection, lane, account, "role_changed", by, address, told)
        _log.info("%s is %s now and was %s before; changed by %s.", name, role, before or "without a role", by)
        return True

    async def operators(self, count: int) -> list[tuple[int, int]]:
        """Lane and id of the accounts that are operators, in that order, at most so many."""
        rows = await self._database.fetch(self._sql["list_operators"], (count,))
        return [(lane, account) for lane, account in rows]

    async def _require_another(self, connection: Connection, lane: int, account: int, name: str) -> None:
        ((others,),) = await connection.fetch(self._sql["count_other_operators"], (lane, account))
        if others == 0:
            raise LastOperator(name)
