"""`reelbot usage`: the figures of every limit of an account, as the pages and the API show them."""

import asyncio
from collections.abc import Iterator

import click
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from reelbot.allowance import Catalogue, Usage
from reelbot.allowance.core.windows import local_text
from reelbot.cli.account_choice import account_chosen
from reelbot.cli.call import Invocation, configured
from reelbot.cli.terminal import amount_text, bar, duration_text, meter_title, state_text, styled, table
from reelbot.cli.views import usage_document
from reelbot.wiring import wired


@click.command()
@click.argument("name", required=False)
@configured
def usage(call: Invocation, name: str | None) -> None:
    """Show what is used, held and left of every limit, and when it is back.

    NAME may be left out when there is one account.
    """
    asyncio.run(_show(call, name))


async def _show(call: Invocation, name: str | None) -> None:
    async with wired(call.config) as parts:
        found = await parts.ledger.usage(await account_chosen(parts, name))
    call.show(usage_document(found), *usage_picture(found, parts.ledger.terms.catalogue))


def usage_picture(found: Usage, catalogue: Catalogue) -> tuple[RenderableType, ...]:
    """The figures of an account as people read them; also shown after every change that an operator makes."""
    return Text.assemble(*_heading(found, catalogue)), _table(found, catalogue), *_resets(found, catalogue)


def _heading(found: Usage, catalogue: Catalogue) -> list[tuple[str, str]]:
    title = catalogue.plans[found.plan].title
    words = [(found.account.name, "bold"), (f"  {title} plan, days counted in {found.zone}", "")]
    if found.next_plan is not None and found.next_plan_at is not None:
        later = catalogue.plans[found.next_plan].title
        words.append((f"; moves to {later} on {local_text(found.next_plan_at, found.zone)}", "yellow"))
    return words


def _table(found: Usage, catalogue: Catalogue) -> Table:
    rows = table("Limit", "", "Used", "Held", "Of", "Left", "", numbers=("Used", "Held", "Of", "Left"))
    for allowance in found.meters:
        meter = catalogue.meters[allowance.meter]
        figures = (allowance.used, allowance.held, allowance.limit, allowance.remaining)
        cells = (amount_text(figure, meter) for figure in figures)
        rows.add_row(meter_title(meter), bar(allowance), *cells, state_text(allowance))
    return rows


def _resets(found: Usage, catalogue: Catalogue) -> Iterator[Text]:
    """One line for each instant at which limits begin anew; standing ones never do."""
    titles: dict[int, list[str]] = {}
    for allowance in found.meters:
        if allowance.ends_at is not None:
            titles.setdefault(allowance.ends_at, []).append(meter_title(catalogue.meters[allowance.meter]))
    for ends_at, reset in sorted(titles.items()):
        when = f"{local_text(ends_at, found.zone)}, in {duration_text(ends_at - found.as_of)}"
        yield styled(f"{', '.join(reset)} begin anew on {when}.", "dim")
