"""`reelbot database`: the schema, brought up to date on purpose."""

import asyncio

import click

from reelbot.cli.call import Invocation, configured
from reelbot.cli.terminal import styled
from reelbot.clock import system_clock
from reelbot.config import Config
from reelbot.db import Migration, open_database
from reelbot.db import migrate as migrate_rooms
from reelbot.wiring import ROOMS


@click.group()
def database() -> None:
    """Bring the database up to date."""


@database.command()
@configured
def migrate(call: Invocation) -> None:
    """Apply the migrations that are missing. `serve` does this by itself on SQLite."""
    applied = asyncio.run(_applied(call.config))
    lines = [styled(f"Applied {migration}.", "green") for migration in applied]
    document = {"database": call.config.database_shown, "applied": [str(migration) for migration in applied]}
    call.show(document, *(lines or [styled("Nothing to do: the database is up to date.", "green")]))


async def _applied(config: Config) -> list[Migration]:
    opened = await open_database(config.database)
    try:
        return await migrate_rooms(opened, ROOMS, system_clock)
    finally:
        await opened.close()
