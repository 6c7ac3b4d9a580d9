"""`reelbot history`: the ledger of an account, filtered; as a table, as JSON, or as CSV."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, get_args
from zoneinfo import ZoneInfo

import click
from rich.table import Table
from rich.text import Text

from reelbot.allowance import Catalogue, Entry, Span, Usage, csv_text
from reelbot.allowance.core.entries import Kind
from reelbot.allowance.core.windows import local_text
from reelbot.cli.account_choice import account_chosen
from reelbot.cli.call import Invocation, configured
from reelbot.cli.terminal import amount_text, console, meter_title, table
from reelbot.clock import SECOND, instant_from
from reelbot.errors import Failure, Malformed
from reelbot.extras import is_installed
from reelbot.ids import id_text
from reelbot.limits import PAGE_DEFAULT, PAGE_MAX
from reelbot.wiring import Parts, wired

if TYPE_CHECKING or is_installed("studio"):
    from reelbot.studio import EXPORT_COLUMNS, Purpose, Purposes, entry_shown, export_cells
else:
    from reelbot.cli.history_alone import EXPORT_COLUMNS, entry_shown, export_cells
    from reelbot.cli.history_alone import NoPurposes as Purposes

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@click.command()
@click.argument("name", required=False)
@click.option("--meter", help="Only entries of this meter.")
@click.option("--kind", type=click.Choice(get_args(Kind)), help="Only entries of this kind.")
@click.option("--action", help="Only entries of this action, such as script.")
@click.option("--draft", metavar="ID", help="Only what was used for this draft, also when it is a video or removed.")
@click.option("--from", "since", metavar="WHEN", help="Not before this date (in the account's zone) or instant.")
@click.option("--to", "until", metavar="WHEN", help="Before this date or instant.")
@click.option("--limit", type=click.IntRange(min=1), help=f"How many; {PAGE_DEFAULT} by default, with --csv all.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@configured
def history(
    call: Invocation,
    name: str | None,
    meter: str | None,
    kind: str | None,
    action: str | None,
    draft: str | None,
    since: str | None,
    until: str | None,
    limit: int | None,
    as_csv: bool,
) -> None:
    """Show the ledger of an account, the newest entry first.

    NAME may be left out when there is one account.
    """
    if as_csv and call.as_json:
        raise click.UsageError("Use one of --csv and --json.")
    if limit is None and not as_csv:
        limit = PAGE_DEFAULT
    asyncio.run(_show(call, name, _HistoryFilter(meter, kind, action, draft, since, until, limit), as_csv))


class _HistoryFilter(NamedTuple):
    """Which entries are asked for, in the caller's words."""

    meter: str | None
    kind: str | None
    action: str | None
    draft: str | None
    since: str | None
    until: str | None
    limit: int | None

    def span(self, catalogue: Catalogue, zone: str, holds: Sequence[int] | None) -> Span:
        """The same in the ledger's words; `Malformed` for what it has no word for."""
        if self.meter is not None:
            catalogue.meter_named(self.meter)
        since, until = _instant("--from", self.since, zone), _instant("--to", self.until, zone)
        return Span(None, PAGE_MAX, self.meter, self.kind, since, until, action=self.action, holds=holds)


def _instant(option: str, text: str | None, zone: str) -> int | None:
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND
        return instant_from(text)
    except ValueError:
        rule = "must be a date such as 2026-03-01 or an instant such as 2026-03-01T12:00:00Z"
        raise Malformed(f"{option} {rule}, not {text}.", option) from None


async def _show(call: Invocation, name: str | None, asked: _HistoryFilter, as_csv: bool) -> None:
    async with wired(call.config) as parts:
        usage = await parts.ledger.usage(await account_chosen(parts, name))
        catalogue = parts.ledger.terms.catalogue
        purposes = Purposes(parts.database, parts.ledger.store.lanes)
        holds = None if asked.draft is None else await _holds(purposes, usage, asked.draft)
        pages = _pages(parts, purposes, usage, asked.span(catalogue, usage.zone, holds), asked.limit)
        if as_csv:
            await _print_csv(pages, catalogue)
            return
        told = [page async for page in pages]
    entries = [entry for page in told for entry in page.entries]
    named = {hold: purpose for page in told for hold, purpose in page.purposes.items()}
    shown = [entry_shown(entry, catalogue, named) for entry in entries]
    document = {"account": usage.account.name, "entries": shown}
    call.show(document, _picture(entries, named, catalogue, usage.zone))


async def _holds(purposes: Purposes, usage: Usage, draft: str) -> Sequence[int]:
    if await purposes.of_draft(usage.account, draft) is None:
        raise Failure(
            f"{usage.account.name} has no draft {draft}.", "`reelbot history --json` names the draft of each entry."
        )
    return await purposes.holds_of(usage.account, draft)


class _Page(NamedTuple):
    """Entries, and by their holds what they were for."""

    entries: Sequence[Entry]
    purposes: Mapping[int, "Purpose"]


async def _pages(parts: Parts, purposes: Purposes, usage: Usage, span: Span, limit: int | None) -> AsyncIterator[_Page]:
    """Pages of entries, the newest first, at most `limit` entries of them all."""
    left = limit
    while left is None or left > 0:
        page = await parts.ledger.history(usage.account, span._replace(size=min(span.size, left or span.size)))
        if not page:
            return
        yield _Page(page, await purposes.of_entries(usage.account, page))
        span = span._replace(before_seq=page[-1].seq)
        left = None if left is None else left - len(page)


async def _print_csv(pages: AsyncIterator[_Page], catalogue: Catalogue) -> None:
    click.echo(csv_text([EXPORT_COLUMNS]), nl=False)
    async for entries, purposes in pages:
        click.echo(csv_text(export_cells(entry, catalogue, purposes) for entry in entries), nl=False)


def _picture(entries: Sequence[Entry], purposes: Mapping[int, "Purpose"], catalogue: Catalogue, zone: str) -> Table:
    """On a terminal, the sentences; in a pipe, one line for each entry with all of its figures."""
    if console().is_terminal:
        return _sentences(entries, purposes, zone)
    return _table(entries, purposes, catalogue, zone)


def _sentences(entries: Sequence[Entry], purposes: Mapping[int, "Purpose"], zone: str) -> Table:
    rows = table(f"When in {zone}", "What", "Why", wrapped=("Why",))
    for entry in entries:
        rows.add_row(local_text(entry.at, zone).removesuffix(f" {zone}"), entry.kind, _sentence(entry, purposes))
    return rows


def _sentence(entry: Entry, purposes: Mapping[int, "Purpose"]) -> Text:
    """Why, what it was for, and what stood after it."""
    text = Text(entry.why)
    if entry.hold in purposes:
        text.append(f"\nfor {purposes[entry.hold].heading}")
    if entry.meter is not None:
        limit = "unlimited" if entry.limit is None else f"{entry.limit:,}"
        text.append(f"\n{entry.meter}: {entry.used_after:,} used, {entry.held_after:,} held of {limit}", style="dim")
    if entry.hold:
        text.append(f"  {_hold(entry)}", style="dim")
    return text


def _table(entries: Sequence[Entry], purposes: Mapping[int, "Purpose"], catalogue: Catalogue, zone: str) -> Table:
    columns = ("When", "What", "Limit", "Amount", "Used", "Held", "Of", "Hold", "For", "Why")
    rows = table(*columns, numbers=("Amount", "Used", "Held", "Of"))
    for entry in entries:
        figures = _cells(entry, catalogue)
        purpose = purposes[entry.hold].heading if entry.hold in purposes else ""
        rows.add_row(local_text(entry.at, zone), entry.kind, *figures, _hold(entry), purpose, entry.why)
    return rows


def _hold(entry: Entry) -> str:
    return id_text("hold", entry.lane, entry.account, entry.hold) if entry.hold else ""


def _cells(entry: Entry, catalogue: Catalogue) -> tuple[str, ...]:
    """The figures of an entry; none for one about the account itself, names only for a meter that is no more."""
    if entry.meter is None:
        return ("", "", "", "", "")
    figures = (entry.amount, entry.used_after, entry.held_after, entry.limit)
    meter = catalogue.meters.get(entry.meter)
    if meter is None:
        return (entry.meter, *("unlimited" if figure is None else f"{figure:,}" for figure in figures))
    return (meter_title(meter), *(amount_text(figure, meter) for figure in figures))
