"""What people read: tables, bars, amounts and instants. Colour where it is a terminal, plain text where it is not."""

from collections.abc import Iterable

import click
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from reelbot.allowance import Allowance, Meter
from reelbot.clock import DAY, HOUR, MINUTE, SECOND

BAR_CELLS = 24
SHORT_BAR_CELLS = 12
"""Where there is less room than `ROOMY_COLUMNS`: then everything fits the usual 80."""

ROOMY_COLUMNS = 100
PLAIN_COLUMNS = 10_000
"""A pipe has no width: whatever reads it gets each row on one line."""

_BLOCKS = ("█", "▒", "·")
_ASCII_BLOCKS = ("#", "/", ".")
_BYTES = (("PB", 10**15), ("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_COLOURS = {"available": "green", "low": "yellow", "exhausted": "red", "unlimited": "cyan"}


def console(stderr: bool = False) -> Console:
    """Standard output, or standard error, as it is now. Texts are printed as they are: names are not markup."""
    found = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not found.is_terminal:
        found.width = PLAIN_COLUMNS
    return found


def printed(*parts: RenderableType, stderr: bool = False) -> None:
    """Print each part on lines of its own."""
    out = console(stderr)
    if out.is_terminal:
        _print_all(out, parts)
        return
    with out.capture() as captured:
        _print_all(out, parts)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()), err=stderr)


def _print_all(out: Console, parts: Iterable[RenderableType]) -> None:
    for part in parts:
        if isinstance(part, Table) and all(column.no_wrap for column in part.columns):
            out.width = max(out.width, out.measure(part).maximum)  # better a long line than a figure that is cut
        out.print(part, soft_wrap=isinstance(part, Text) and bool(part.no_wrap))


def table(*columns: str, numbers: Iterable[str] = (), wrapped: Iterable[str] = ()) -> Table:
    """An empty table; `numbers` are aligned to the right, only `wrapped` columns may break lines."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        right = "right" if column in numbers else "left"
        made.add_column(column, justify=right, no_wrap=column not in wrapped, overflow="fold")  # type: ignore[arg-type]
    return made


def styled(text: str, style: str) -> Text:
    """A text in a colour, where there are colours."""
    return Text(text, style=style)


def to_paste(text: str) -> Text:
    """A text that is never broken into lines by us, so that it can be pasted elsewhere."""
    return Text(text, style="bold", no_wrap=True)


def bar(allowance: Allowance) -> Text:
    """How full a meter is: what is used solid, what is held hatched. Empty in a pipe, and for what has no limit."""
    out = console()
    if not out.is_terminal or allowance.limit is None:
        return Text()
    cells = BAR_CELLS if out.width >= ROOMY_COLUMNS else SHORT_BAR_CELLS
    used_cells, held_cells = bar_cells(allowance.used, allowance.held, allowance.limit, cells)
    solid, hatched, free = _ASCII_BLOCKS if out.options.ascii_only else _BLOCKS
    text = Text(solid * used_cells + hatched * held_cells, style=_COLOURS[allowance.state])
    return text.append(free * (cells - used_cells - held_cells), style="dim")


def bar_cells(used: int, held: int, limit: int, cells: int) -> tuple[int, int]:
    """Of so many cells, those for what is used and those for what is held.

    Something is never shown as nothing, nor less than all as all.
    """
    if not used + held:
        return 0, 0
    whole = max(limit, used + held)
    taken = max(1, (used + held) * cells // whole)
    if not held:
        return taken, 0
    held_cells = min(taken, max(1, round(taken * held / (used + held))))
    return taken - held_cells, held_cells


def state_text(allowance: Allowance) -> Text:
    """The word for how full a meter is, in its colour."""
    return Text(allowance.state, style=_COLOURS[allowance.state])


def meter_title(meter: Meter) -> str:
    """What a meter is called at the head of its line: `AI credits`, `Storage`."""
    title = meter.name.removesuffix("_bytes").replace("_", " ") if _is_bytes(meter) else meter.many
    return title[:1].upper() + title[1:]


def amount_text(amount: int | None, meter: Meter) -> str:
    """`1,200`, `unlimited`, or for storage `1.2 GB`."""
    if amount is None:
        return "unlimited"
    return _bytes_text(amount) if _is_bytes(meter) else f"{amount:,}"


def duration_text(milliseconds: int) -> str:
    """How long until something, in its two largest units: `3 d 4 h`, `7 h 12 min`, `45 s`. Rounded down, to 0 s."""
    milliseconds = max(0, milliseconds)
    days, hours, minutes = milliseconds // DAY, milliseconds % DAY // HOUR, milliseconds % HOUR // MINUTE
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{milliseconds // SECOND} s"


def _is_bytes(meter: Meter) -> bool:
    return meter.many == "bytes"


def _bytes_text(amount: int) -> str:
    """In the largest unit with at most one decimal, rounded down, and a full stop in any language of the machine."""
    for unit, size in _BYTES:
        if amount >= size:
            tenths = amount * 10 // size
            return f"{tenths // 10} {unit}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10} {unit}"
    return f"{amount} B"
