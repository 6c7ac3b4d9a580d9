"""Pages on a ledger of a million entries beside the same pages on one of a thousand: the whole request, on the server.

The million lies in one account, and again in a thousand accounts of a thousand entries. Each ledger has a server of its
own, and the three are asked for the same page in turns, over one connection, by somebody whom a session has signed in.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx

from bench.browsing import WAIT_SECONDS, Visitor, begun_draft, signed_in
from bench.ground import copied, refs
from bench.histories import History, audited, make_history
from bench.load import on_loop
from bench.rounds import rotated
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.wire import Address, asked, parts_of, request, served
from bench.worked_on import draft_of_old
from reelbot.clock import DAY, system_clock
from reelbot.web.pages.wording import moment
from reelbot.wiring import open_account

HISTORIES = {"1 k": History(1, 1_000), "1 M": History(1, 1_000_000), "1 M spread": History(1_000, 1_000)}
"""A thousand entries, a million in one account, a million in many."""

SMALL = "1 k"

PAGES = {"Dashboard": "/", "Studio": "/studio", "history": "/history", "refunds": "/history?kind=refund"}
"""The pages that are asked for, beside those whose addresses are known when there is a ledger."""

LISTS = {
    "entries": "limit=50",
    "refunds as entries": "kind=refund&limit=50",
    "an action as entries": "action=music&meter=ai_credits&limit=50",
    "a meter as entries": "meter=posts&kind=settle&limit=50",
}
"""Queries of the API's history: whole, and with filters that find nothing."""

NAMED = ("draft", "a draft's history", "a day's history")

DAYS_AGO = 10
"""The day whose history is asked for: of the last 13 it has most of them behind it."""

TURNS = 4
REQUESTS = 4
"""For one page of one ledger in each turn."""


class _Desk(NamedTuple):
    """A server of one ledger, and the bytes of the requests for its pages."""

    address: Address
    visits: Mapping[str, bytes]


class _Sum:
    """What was seen of one page on one ledger: how long each answer took, and what it took of the processor."""

    def __init__(self) -> None:
        self.latencies_ms: list[float] = []
        self.cpu_seconds = 0.0
        self.failed = 0

    @property
    def cpu_ms(self) -> float:
        """Of one request."""
        return self.cpu_seconds * 1_000 / len(self.latencies_ms)


Sums = dict[tuple[str, str], _Sum]
"""By page and ledger."""


def history_ground(place: Place, name: str) -> Path:
    """Where a ledger with that history is."""
    return place.shared / f"history of {name}.db"


def prepare(place: Place) -> None:
    """Make the ledgers; other scenarios stand on them too.

    The audit looks at the small one, which is made as the others are: for a million entries it takes as long as making
    them, so it does that with `--full`.
    """
    grounds = {history_ground(place, name): history for name, history in HISTORIES.items()}
    # Each in a process of its own: they are the work of many seconds, and of one thread each.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as makers:
        list(makers.map(make_history, grounds.keys(), grounds.values()))
    for ground, history in grounds.items():
        faults = audited(ground, history) if place.is_full or history == HISTORIES[SMALL] else ()
        assert not faults, faults


@contextmanager
def _desk(place: Place, name: str) -> Iterator[_Desk]:
    """A server on a copy of a ledger. What is loaded once is loaded before anything is measured, by somebody else."""
    directory = place.directory / name
    directory.mkdir()
    database = copied(history_ground(place, name), directory)
    visitor, guest, old = on_loop(_visitors(database))
    with served(database) as address:
        draft = begun_draft(
            address, visitor, "Why cats purr", "Cats purr when they are content. Nobody knows quite how."
        )
        day = f"/history?day={moment(system_clock() - DAYS_AGO * DAY, 'UTC').date()}"
        paths = {**PAGES, **dict(zip(NAMED, (draft, f"/history?draft={old}", day), strict=True))}
        other = begun_draft(address, guest, "Why dogs bark", "Dogs bark.")
        theirs = f"/history?draft={other.rpartition('/')[2]}"
        others = {**PAGES, **dict(zip(NAMED, (other, theirs, day), strict=True))}
        on_loop(asked(address, [guest.visit(path) for path in others.values()], 1))
        looked_through(address, visitor)
        visits = {page: visitor.visit(path) for page, path in paths.items()}
        lists = {name: request("GET", f"/api/v1/entries?{query}", visitor.key) for name, query in LISTS.items()}
        yield _Desk(address, visits | lists)


def looked_through(address: Address, visitor: Visitor) -> None:
    """Look once through all of a history in vain, as whoever filters it for the first time since the start does."""
    after = ""
    with httpx.Client(headers={"authorization": f"Bearer {visitor.key}"}, timeout=WAIT_SECONDS) as program:
        while after is not None:
            answer = program.get(f"{address.url}/api/v1/entries?kind=refund{after and f'&after={after}'}")
            answer.raise_for_status()
            after = answer.json()["next"]


async def _visitors(database: Path) -> tuple[Visitor, Visitor, str]:
    """Who looks, who looks before, and a draft of the first that was worked on all the time."""
    async with parts_of(database) as parts:
        guest = (await open_account(parts, "guest", "pro", "UTC", "creator", "bench")).account
        old = await draft_of_old(parts, refs(1)[0])
        return await signed_in(parts, refs(1)[0]), await signed_in(parts, guest), old


def _visited(place: Place) -> Found:
    with ExitStack() as servers:
        desks = {name: servers.enter_context(_desk(place, name)) for name in HISTORIES}
        first = {name: _Sum() for name in HISTORIES}
        for name, desk in desks.items():
            _visit(desk, "Dashboard", 1, first[name])
        sums: Sums = {(page, name): _Sum() for page in (*PAGES, *NAMED, *LISTS) for name in HISTORIES}
        for turn in range(TURNS):
            for page in (*PAGES, *NAMED, *LISTS):
                for name in rotated(list(desks), turn):
                    _visit(desks[name], page, REQUESTS, sums[page, name])
    return _found(first, sums)


def _visit(desk: _Desk, page: str, times: int, into: _Sum) -> None:
    """Ask for a page so many times, one after another."""
    cpu_began = desk.address.cpu_seconds()
    answers = on_loop(asked(desk.address, [desk.visits[page]] * times, 1))
    into.cpu_seconds += desk.address.cpu_seconds() - cpu_began
    into.latencies_ms += answers.latencies_ms
    into.failed += answers.failed


def _found(first: Mapping[str, _Sum], sums: Sums) -> Found:
    figures = {f"first Dashboard, {name}, ms": one.latencies_ms[0] for name, one in first.items()}
    for (page, name), one in sums.items():
        figures[f"{page}, {name}, ms"] = median(one.latencies_ms)
        figures[f"{page}, {name}, CPU ms"] = one.cpu_ms
    failed = sum(one.failed for one in (*first.values(), *sums.values()))
    return Found(figures, (f"{failed:,} pages were not shown as they should be.",) if failed else ())


def _ratio(title: str, page: str, name: str, bound: float | None = None, unit: str = "ms") -> Measure:
    """A page's time on one ledger by its time on the small one."""
    over, under = f"{page}, {name}, {unit}", f"{page}, {SMALL}, {unit}"
    return Measure(title, ("servers", over), ("servers", under), bound, None, "low")


BOUND = 1.2

SCENARIO = Scenario(
    title="Pages, a million entries ÷ a thousand",
    prepare=prepare,
    cases=(Case("servers", _visited),),
    measures=(
        _ratio("Dashboard, all in one account", "Dashboard", "1 M", BOUND),
        _ratio("Dashboard, in a thousand accounts", "Dashboard", "1 M spread", BOUND),
        _ratio("Studio, all in one account", "Studio", "1 M", BOUND),
        _ratio("Studio, in a thousand accounts", "Studio", "1 M spread", BOUND),
        _ratio("a draft, all in one account", "draft", "1 M", BOUND),
        _ratio("a draft, in a thousand accounts", "draft", "1 M spread", BOUND),
        _ratio("history, all in one account", "history", "1 M", BOUND),
        _ratio("history, in a thousand accounts", "history", "1 M spread", BOUND),
        _ratio("a draft's history, all in one account", "a draft's history", "1 M", BOUND),
        _ratio("a draft's history, in a thousand accounts", "a draft's history", "1 M spread", BOUND),
        _ratio("a day's history, all in one account", "a day's history", "1 M", BOUND),
        _ratio("history of refunds, all in one account", "refunds", "1 M", BOUND),
        *(_ratio(f"{name}, all in one account", name, "1 M", BOUND) for name in LISTS),
        _ratio("Dashboard, first sight of it, all in one account", "first Dashboard", "1 M"),
        _ratio("Dashboard by processor time, all in one account", "Dashboard", "1 M", unit="CPU ms"),
        _ratio("Studio by processor time, all in one account", "Studio", "1 M", unit="CPU ms"),
        _ratio("a draft by processor time, all in one account", "draft", "1 M", unit="CPU ms"),
        _ratio("history by processor time, all in one account", "history", "1 M", unit="CPU ms"),
        _ratio("a draft's history by processor time, all in one account", "a draft's history", "1 M", unit="CPU ms"),
    ),
)
