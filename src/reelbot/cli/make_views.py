"""The views of `make`: the quote, a bar for each step on the way, and the receipt; or all of it in one document."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from rich.console import RenderableType
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from reelbot.allowance import AccountRef, Ledger, Meter, Usage
from reelbot.allowance.core.windows import local_text
from reelbot.cli.make_request import Wanted
from reelbot.cli.terminal import amount_text, console, styled, table
from reelbot.cli.usage import usage_picture
from reelbot.cli.views import usage_document
from reelbot.clock import instant_text_or_none
from reelbot.studio import Job, KeptVideo, Quoted
from reelbot.studio.core.slots import SLOT_KINDS

Later = Sequence[tuple[Wanted, int | None]]
"""What does not fit now, with when it will; None for never."""

_METERS = ("ai_credits", "video_generations")

_TITLES = {name: kind.heading for name, kind in SLOT_KINDS.items()} | {"render": "Video"}
"""What a video is made of, and the video itself, as they are called beside a bar or a price."""


class Made(NamedTuple):
    """A video that was made, and its job."""

    wanted: Wanted
    video: KeptVideo
    job: Job


class Screen:
    """What people see of one call, with the words of its plans and prices and in the account's own time."""

    def __init__(self, ledger: Ledger, account: AccountRef, zone: str) -> None:
        self._ledger = ledger
        self._account = account
        self._zone = zone

    def quote(self, wanted: Sequence[Wanted], later: Later) -> Iterator[RenderableType]:
        """What everything would cost; of several, when each fits."""
        yield Text("Quote", style="bold")
        if len(wanted) == 1:
            yield self._quote_table(wanted[0].quote)
        else:
            yield self._quotes_table(wanted, later)
        yield Text()

    def _quote_table(self, quote: Quoted) -> Table:
        rows = table("For", "Amount", "", numbers=("Amount",), wrapped=("",))
        for title, meter, amount, why in _grouped(quote):
            rows.add_row(title, f"{amount_text(amount, self._meter(meter))} {self._unit(meter, amount)}", why)
        for meter, amount in quote.totals.items():
            rows.add_row(
                Text("In all", style="bold"),
                f"{amount_text(amount, self._meter(meter))} {self._unit(meter, amount)}",
                "",
            )
        return rows

    def _quotes_table(self, wanted: Sequence[Wanted], later: Later) -> Table:
        rows = table("Topic", "AI credits", "Videos", "", numbers=("AI credits", "Videos"), wrapped=("Topic",))
        when = {one.draft: at for one, at in later}
        for one in wanted:
            told = self._when(when[one.draft]) if one.draft in when else styled("now", "green")
            rows.add_row(one.topic, *(f"{one.quote.totals.get(name, 0):,}" for name in _METERS), told)
        sums = (f"{sum(one.quote.totals.get(name, 0) for one in wanted):,}" for name in _METERS)
        rows.add_row(Text("In all", style="bold"), *sums, "")
        return rows

    def _when(self, at: int | None) -> Text:
        if at is None:
            return styled("never on this plan", "red")
        return styled(local_text(at, self._zone), "yellow")

    def _meter(self, name: str) -> Meter:
        return self._ledger.terms.catalogue.meters[name]

    def _unit(self, meter: str, amount: int) -> str:
        return self._meter(meter).one if amount == 1 else self._meter(meter).many

    async def receipt(self, made: Sequence[Made], later: Later, usage: Usage) -> list[RenderableType]:
        """What was held and charged, what is left, and what was not made."""
        parts: list[RenderableType] = [Text(), Text("Receipt", style="bold"), await self._receipt_table(made)]
        parts += [Text(), *usage_picture(usage, self._ledger.terms.catalogue), Text()]
        for one in made:
            seconds = one.video.facts.duration_ms / 1_000
            parts.append(
                styled(f"{one.wanted.into} is ready: {seconds:.1f} s, {one.video.facts.bytes / 1e6:.1f} MB.", "green")
            )
        for wanted, at in later:
            parts.append(Text.assemble(f"Not made today: {wanted.topic}. It fits ", self._when(at), "."))
        return parts

    async def _receipt_table(self, made: Sequence[Made]) -> Table:
        rows = table("For", "Held", "Charged", numbers=("Held", "Charged"))
        for one in made:
            if one.job.hold is None:
                continue
            facts = await self._ledger.hold_facts(self._account, one.job.hold)
            assert facts is not None, "holds are kept"
            for line in facts.lines:
                title = self._ledger.terms.prices.prices[line.action].title if line.action else line.meter
                cells = (
                    f"{amount_text(n, self._meter(line.meter))} {self._unit(line.meter, n)}"
                    for n in (line.held, line.settled)
                )
                rows.add_row(title, *cells)
        return rows


def document(wanted: Sequence[Wanted], made: Sequence[Made], later: Later, usage: Usage) -> dict[str, object]:
    """All of it for a program."""
    return {
        "quote": [{"topic": one.topic, "totals": one.quote.totals} for one in wanted],
        "videos": [
            {
                "topic": one.wanted.topic,
                "file": str(one.wanted.into),
                "video": one.video.id,
                "job": one.video.facts.job,
            }
            for one in made
        ],
        "later": [{"topic": one.topic, "fits_at": instant_text_or_none(at)} for one, at in later],
        "usage": usage_document(usage),
    }


@contextmanager
def bars(*, quiet: bool) -> Iterator[Progress]:
    """Progress bars where it is a terminal."""
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.percentage:>4.0f} %"),
        TimeElapsedColumn(),
    )
    out = console(stderr=True)
    with Progress(*columns, console=out, disable=quiet or not out.is_terminal) as shown:
        yield shown


class Watch:
    """The bars of one job: one for each step."""

    def __init__(self, bars: Progress, title: str) -> None:
        self._bars = bars
        self._shown: dict[str, TaskID] = {}
        if title:
            bars.console.print(Text(title, style="bold"))

    def show(self, job: Job) -> None:
        """Bring the bars up to date."""
        for step, share in job.shares().items():
            if step not in self._shown:
                self._shown[step] = self._bars.add_task(_TITLES[step], total=1.0, start=False)
            if share > 0:
                self._bars.start_task(self._shown[step])
            self._bars.update(self._shown[step], completed=share)


def _grouped(quote: Quoted) -> Iterator[tuple[str, str, int, str]]:
    """The lines of a quote with those of the same action together: title, meter, amount, why."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for line in quote.lines:
        groups.setdefault((line.slot.partition(":")[0], line.meter), []).append(line)
    for (slot, meter), lines in groups.items():
        times = f"{len(lines)} × " if len(lines) > 1 else ""
        yield _TITLES[slot], meter, sum(line.amount for line in lines), f"{times}{lines[0].why}"
