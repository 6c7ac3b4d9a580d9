"""`reelbot ledger`: proof that the ledger is whole."""

import asyncio

import click
from rich.text import Text

from reelbot.allowance import AuditReport
from reelbot.cli.call import Call, configured
from reelbot.cli.studio import deliveries_of
from reelbot.cli.terminal import styled
from reelbot.config import Config
from reelbot.wiring import wired


@click.group()
def ledger() -> None:
    """Check the ledger."""


@ledger.command()
@configured
def verify(call: Call) -> None:
    """Recompute every balance and the hash chain of every account, and compare what was delivered with what was charged.

    Names the first fault of each account that has one, and then ends with 1. May run beside a live server.
    """
    report = asyncio.run(_verified(call.config))
    call.show(_document(report), _picture(report))
    if not report.is_clean:
        raise click.exceptions.Exit(1)


async def _verified(config: Config) -> AuditReport:
    async with wired(config) as parts:
        return await parts.ledger.verify(deliveries_of(parts))


def _document(report: AuditReport) -> dict[str, object]:
    faults = [{**fault._asdict(), "sentence": fault.sentence} for fault in report.faults]
    return {**report._asdict(), "clean": report.is_clean, "faults": faults}


def _picture(report: AuditReport) -> Text:
    accounts, entries = _counted(report.accounts, "account", "accounts"), _counted(report.entries, "entry", "entries")
    looked = f"{accounts}, {entries} and {_counted(report.holds, 'hold', 'holds')} were recomputed"
    if report.is_clean:
        whole = (
            f"The ledger is whole: {looked}, everything kept is what they say, and all that was delivered was charged."
        )
        return styled(whole, "green")
    lines = [f"The ledger is damaged: {looked}.", *(fault.sentence for fault in report.faults)]
    return styled("\n".join(lines), "red")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
