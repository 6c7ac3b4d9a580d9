"""`reelbot plans`: the plans side by side."""

import click
from rich.table import Table

from reelbot.allowance import Catalogue, Plan
from reelbot.cli.call import Invocation, configured
from reelbot.cli.terminal import amount_text, meter_title, table
from reelbot.wiring import terms_of

_WINDOWS = {"day": "a day", "month": "a month", "standing": "at a time"}


@click.command()
@configured
def plans(call: Invocation) -> None:
    """Show the plans side by side."""
    catalogue = terms_of(call.config).catalogue
    call.show(_document(catalogue), _table(catalogue))


def _document(catalogue: Catalogue) -> dict[str, object]:
    return {
        "plans": [_plan(plan, catalogue) for plan in catalogue.plans.values()],
        "meters": [meter._asdict() for meter in catalogue.meters.values()],
    }


def _plan(plan: Plan, catalogue: Catalogue) -> dict[str, object]:
    limits = [
        {"meter": name, "window": meter.window, "limit": plan.limits[name]} for name, meter in catalogue.meters.items()
    ]
    return {"name": plan.name, "title": plan.title, "limits": limits}


def _table(catalogue: Catalogue) -> Table:
    titles = [plan.title for plan in catalogue.plans.values()]
    rows = table("Limit", "", *titles, numbers=titles)
    for meter in catalogue.meters.values():
        limits = (amount_text(plan.limits[meter.name], meter) for plan in catalogue.plans.values())
        rows.add_row(meter_title(meter), _WINDOWS[meter.window], *limits)
    return rows
