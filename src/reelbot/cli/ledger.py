"""`reelbot ledger`: proof that the ledger is whole."""

import asyncio
from importlib import import_module

import click
from rich.text import Text

from reelbot.allowance import AuditReport, Deliveries
from reelbot.cli.call import Invocation, configured
from reelbot.cli.terminal import styled
from reelbot.config import Config
from reelbot.extras import command, is_installed
from reelbot.wiring import Parts, wired

_ALONE = "Only the ledger was looked at: to compare it with what a studio delivered takes the studio's own code."


@click.group()
def ledger() -> None:
    """Check the ledger."""


@ledger.command()
@configured
def verify(call: Invocation) -> None:
    """Recompute every balance and the hash chain of every account, and compare what was delivered with what was charged.

    Names the first fault of each account that has one, and then ends with 1. May run beside a live server.
    """
    report = asyncio.run(_verified(call.config))
    if not is_installed("studio"):
        click.echo(f"{_ALONE} {command('studio')}", err=True)
    call.show(_document(report), _picture(report))
    if not report.is_clean:
        raise click.exceptions.Exit(1)


async def _verified(config: Config) -> AuditReport:
    async with wired(config) as parts:
        return await parts.ledger.verify(_deliveries_of(parts))


def _deliveries_of(parts: Parts) -> tuple[Deliveries, ...]:
    """What the rooms delivered, by their own word; none where they are not installed."""
    if not is_installed("studio"):
        return ()
    found: tuple[Deliveries, ...] = import_module("reelbot.cli.studio").deliveries_of(parts)
    return found


def _document(report: AuditReport) -> dict[str, object]:
    faults = [{**fault._asdict(), "sentence": fault.sentence} for fault in report.faults]
    return {**report._asdict(), "clean": report.is_clean, "faults": faults}


def _picture(report: AuditReport) -> Text:
    accounts, entries = _counted(report.accounts, "account", "accounts"), _counted(report.entries, "entry", "entries")
    looked = f"{accounts}, {entries} and {_counted(report.holds, 'hold', 'holds')} were recomputed"
    if report.is_clean:
        charged = ", and all that was delivered was charged" if is_installed("studio") else ""
        return styled(f"The ledger is whole: {looked}, everything kept is what they say{charged}.", "green")
    lines = [f"The ledger is damaged: {looked}.", *(fault.sentence for fault in report.faults)]
    return styled("\n".join(lines), "red")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
