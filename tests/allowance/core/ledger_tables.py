"""Reads and runs tables of ledger commands, one a line, with the answer that each must get.

    12:00   hold a ai_credits=25        ok                   ai_credits 0+25/60
            settle a ai_credits=20      ok                   ai_credits 20+0/60
            hold b ai_credits=41        allowance_exhausted  needs 41, fits 2026-03-02T00:00:00Z

Columns are parted by two blanks or more. The first moves the clock (`12:00`, `+1h`, an instant) or is empty. The second is
a command; a hold has a name, by which later lines speak of it. The third is the outcome: `ok`, `replay` or a status. The
fourth, when it is there, is what must stand then, parted by commas: `<meter> <used>+<held>/<limit>` for a meter's running
window, `<name> <state>` for a hold, `needs`, `fits`, `fits_now` and `short` for a refusal, `rest <instant>` for what a
hold left out.

`for=<owner>` places a hold for something, and without a deadline unless one is given; `by=<owner>` ends it in its name.

Commands are decided by the core against one book, with no store: what is tested here is the decision and nothing else.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from reelbot.allowance import Catalogue, Line, load_terms
from reelbot.allowance.core import commands as ask
from reelbot.allowance.core.accounts import allowance_of, window_of
from reelbot.allowance.core.balances import EMPTY
from reelbot.allowance.core.book import Book, Decision
from reelbot.allowance.core.commands import Command, content_hash
from reelbot.allowance.core.decide import decide
from reelbot.allowance.core.outcomes import Refusal, Replay
from reelbot.clock import DAY, HOUR, MINUTE, SECOND, instant_from, instant_text

START_AT = instant_from("2026-03-01T12:00:00Z")
UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
UNLIMITED = "unlimited"

_WHEN = re.compile(r"\d\d:\d\d|[+-]\d+[a-z]+|\d{4}-\S+Z")


class Row(NamedTuple):
    """One line of a table."""

    when: str
    command: str
    outcome: str
    facts: tuple[str, ...]


def rows(table: str) -> Iterator[Row]:
    """The lines of a table; what follows a # is a remark."""
    for line in table.splitlines():
        said = line.partition("#")[0].strip()
        if said:
            cells = re.split(r"\s{2,}", said)
            when = cells.pop(0) if _WHEN.fullmatch(cells[0]) else ""
            command, outcome, *facts = cells
            yield Row(
                when, command, outcome, tuple(fact.strip() for fact in ",".join(facts).split(",") if fact.strip())
            )


class Table:
    """A ledger of one lane while a table is run. `ada` is on Free, in UTC, unless the table opens her otherwise."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._book = Book(catalogue, 0)
        self._now = START_AT
        self._account = 0
        self._holds: dict[str, int] = {}
        self._lines = 0

    def run(self, table: str) -> None:
        """Run every line and check what it says."""
        for row in rows(table):
            self._move_clock(row.when)
            outcome = self._decided(row.command)
            assert self._word(outcome) == row.outcome, (row, outcome)
            for fact in row.facts:
                assert self._fact(fact, outcome) == fact, (row, outcome)

    def _move_clock(self, when: str) -> None:
        if re.fullmatch(r"\d\d:\d\d", when):
            self._now = instant_from(f"{instant_text(self._now)[:10]}T{when}:00Z")
        elif when.startswith(("+", "-")):
            number, unit = re.findall(r"[+-]\d+|[a-z]+", when)
            self._now += int(number) * UNITS[unit]
        elif when:
            self._now = instant_from(when)

    def _decided(self, text: str) -> Decision | Replay | Refusal:
        command = self._command(text)
        outcome = decide(self._book, command, self._now)
        if isinstance(outcome, Decision):
            self._book.take(command, outcome)
            self._remember(text, outcome)
        if isinstance(command, ask.Open) and not isinstance(outcome, Refusal):
            self._account = (outcome.answer).account
        return outcome

    def _remember(self, text: str, decision: Decision) -> None:
        word, *rest = text.split()
        if word == "hold":
            self._holds[rest[0]] = decision.answer.hold

    def _command(self, text: str) -> Command:
        word, *arguments = text.split()
        self._lines += 1
        named = dict(one.split("=", 1) for one in arguments if "=" in one)
        key = named.pop("key", f"line {self._lines}")
        by = named.pop("by", None)
        content = content_hash(word, [one for one in arguments if not one.startswith("key=")])
        plain = [one for one in arguments if "=" not in one]
        makers: dict[str, Callable[[], Command]] = {
            "open": lambda: ask.Open(0, plain[0], plain[1], plain[2]),
            "hold": lambda: self._hold(key, content, plain, named.pop("for", None), arguments),
            "settle": lambda: ask.Settle(*self._about(key, content, plain[0]), _lines(named), None, by),
            "refund": lambda: ask.Refund(*self._about(key, content, plain[0]), _lines(named), None, by),
            "release": lambda: ask.Release(*self._about(key, content, plain[0]), None, by),
            "unknown": lambda: ask.MarkUnknown(*self._about(key, content, plain[0]), None, by),
            "expire": lambda: ask.Expire(0, self._account, self._holds.get(plain[0], 10_000)),
            "grant": lambda: ask.Grant(0, self._account, key, content, *_amount(named), "a reason"),
            "override": lambda: self._override(key, content, named),
            "plan": lambda: ask.ChangePlan(
                0,
                self._account,
                key,
                content,
                plain[0],
                _mover(plain),
                None,
                named.get("only"),  # type: ignore[arg-type]
            ),
            "zone": lambda: ask.ChangeZone(0, self._account, key, content, plain[0], None),
            "stranger": lambda: ask.Release(0, 99, key, content, 1, None),
        }
        return makers[word]()

    def _about(self, key: str, content: bytes, name: str) -> tuple[int, int, str, bytes, int]:
        return 0, self._account, key, content, self._holds.get(name, 10_000)

    def _hold(self, key: str, content: bytes, plain: list[str], owner: str | None, arguments: list[str]) -> Command:
        """`hold <name> <meter>=<amount> … [fit] [<seconds>s]`; a meter may be named several times."""
        usual = 3_600 if owner is None else None
        seconds = next((int(one[:-1]) for one in plain[1:] if one.endswith("s")), usual)
        pairs = [one.split("=") for one in arguments if "=" in one and not one.startswith(("key=", "for="))]
        lines = tuple(Line(meter, int(amount)) for meter, amount in pairs)
        return ask.Hold(0, self._account, key, content, lines, "fit" in plain, seconds, None, owner)

    def _override(self, key: str, content: bytes, named: dict[str, str]) -> Command:
        ((meter, word),) = named.items()
        limit = int(word) if word.isdigit() else None
        return ask.Override(0, self._account, key, content, meter, limit, word == "plan", "a reason")

    @staticmethod
    def _word(outcome: Decision | Replay | Refusal) -> str:
        match outcome:
            case Decision():
                return "ok"
            case Replay():
                return "replay"
            case Refusal(status):
                return status.value

    def _fact(self, fact: str, outcome: Decision | Replay | Refusal) -> str:
        """The fact as it really is, in the words in which the table states it."""
        name = fact.split(maxsplit=1)[0]
        if name in self._book.catalogue.meters:
            return self._figures(name)
        if name in self._holds:
            return f"{name} {self._book.holds[self._account, self._holds[name]].state_at(self._now)}"
        if name == "rest":
            assert isinstance(outcome, Decision)
            return "rest " + " ".join(_when(line.fits_at) for line in outcome.answer.refused)
        if name == "entries":
            return f"entries {len(outcome.entries) if isinstance(outcome, Decision) else 0}"
        if name == "plan":
            return f"plan {self._book.accounts[self._account].plan_at(self._now)}"
        assert isinstance(outcome, Refusal)
        assert outcome.shortage is not None
        shortage = outcome.shortage
        words = {
            "needs": f"needs {shortage.needed}",
            "fits": f"fits {_when(shortage.fits_at)}",
            "fits_now": "fits_now " + (" ".join(f"{line.meter}={line.amount}" for line in shortage.fits) or "nothing"),
            "short": f"short {shortage.allowance.meter}",
        }
        return words[name]

    def _figures(self, meter: str) -> str:
        account, catalogue = self._book.accounts[self._account], self._book.catalogue
        window = window_of(account, catalogue, meter, self._now)
        balance = self._book.balances.get((account.id, meter, window.starts_at), EMPTY)
        allowance = allowance_of(account, catalogue, meter, window, balance, self._now)
        limit = UNLIMITED if allowance.limit is None else allowance.limit
        return f"{meter} {allowance.used}+{allowance.held}/{limit}"


def _mover(plain: list[str]) -> ask.ChangedBy:
    return "operator" if "operator" in plain else "account"


def _lines(named: dict[str, str]) -> tuple[Line, ...] | None:
    return tuple(Line(meter, int(amount)) for meter, amount in named.items()) or None


def _amount(named: dict[str, str]) -> tuple[str, int]:
    ((meter, amount),) = named.items()
    return meter, int(amount)


def _when(at: int | None) -> str:
    return "never" if at is None else instant_text(at)


def run(table: str) -> None:
    """Run a table; an account `ada` on Free in UTC is there from the start."""
    ledger = Table(load_terms().catalogue)
    ledger.run("open ada free UTC  ok")
    ledger.run(table)
