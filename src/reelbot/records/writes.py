"""A write as a value: a named statement of a room with its parameters, decided in a core and carried out in one place.

Nothing here touches a database until `carry_out`, so what a decision writes can be looked at before it is written.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from reelbot.db import Connection
from reelbot.queue import LeaseLost


class Write(NamedTuple):
    """A statement of the room by its name. One that `is_fenced` has to change a row: else the lease is lost."""

    statement: str
    parameters: tuple[object, ...]
    is_fenced: bool = False


async def carry_out(connection: Connection, sql: Mapping[str, str], writes: Iterable[Write]) -> None:
    """Execute writes in the order given; `LeaseLost` when a fenced one changes no row, and then nothing is to be kept."""
    for statement, parameters, is_fenced in writes:
        if not is_fenced:
            await connection.execute(sql[statement], parameters)
        # It answers with a row for each one that it changed: counts are not known in a rider's pipeline.
        elif not await connection.fetch(sql[statement], parameters):
            raise LeaseLost
