"""`reelbot work`: the workers of the studio and of publishing alone, for more machines than the one that serves."""

import asyncio
import signal

import click
import uvloop
from rich.text import Text

from reelbot.cli.call import Invocation, configured
from reelbot.cli.logs import log_to_stderr
from reelbot.cli.publishing import publishing_of
from reelbot.cli.studio import studio_of
from reelbot.wiring import wired


@click.command()
@click.option("--jobs", type=click.IntRange(1, 99), help="Jobs that run at once in this process; 2 by default.")
@configured
def work(call: Invocation, jobs: int | None) -> None:
    """Work on videos: AI actions, renders and posts that servers have queued.

    Needs the database of the servers and the same folder of data. Any number may run, on any number of machines.
    """
    log_to_stderr(call.config.log_level)
    uvloop.run(_work(call, jobs or max(call.config.jobs, 1)))


async def _work(call: Invocation, jobs: int) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with (
        wired(call.config) as parts,
        studio_of(parts, jobs) as studio,
        publishing_of(parts, studio, works=True),
    ):
        told = {"worker": studio.worker.name, "jobs": jobs}
        words = f"{studio.worker.name} works on up to {jobs} jobs at once, for {call.config.database_shown}."
        call.show(told, Text(words), Text("Ctrl-C ends it; what is under way is taken over by another worker."))
        await ended.wait()
