"""The life of a hold: what each command does to a hold in each state, written out, and that the documents draw it so."""

from typing import NamedTuple, get_args

import pytest
from docs.diagrams import DRAWN, Drawing, drawn, with_diagram

from reelbot.allowance import AccountRef, HeldLine, HoldFacts, load_terms
from reelbot.allowance.core import commands as ask
from reelbot.allowance.core.balances import Balance
from reelbot.allowance.core.book import Book, Decision
from reelbot.allowance.core.commands import Command
from reelbot.allowance.core.decide import decide
from reelbot.allowance.core.entries import Kind
from reelbot.allowance.core.hold_moves import MOVES, REFUSED, Move
from reelbot.allowance.core.outcomes import HoldState, InUse, Refusal
from reelbot.allowance.core.replay import MAY_END, STATE_AFTER

NOW = 1_772_366_400_000
"""2026-03-01T12:00:00Z"""

WHAT_HAPPENS = """
    a hold that is    settle         release        unknown        refund         expire
    nowhere           hold_not_found hold_not_found hold_not_found hold_not_found hold_not_found
    open              settled        released       unknown        hold_open      hold_open
    overdue           hold_expired   hold_expired   hold_expired   hold_expired   expired
    unknown           settled        released       unknown        hold_open      hold_open
    settled           hold_settled   hold_settled   hold_settled   settled        hold_settled
    released          hold_released  hold_released  hold_released  hold_released  hold_released
    expired           hold_expired   hold_expired   hold_expired   hold_expired   hold_expired
"""
"""The state that a command leads to, or the word of its refusal."""


class Case(NamedTuple):
    """One cell of the table for one kind of owner and one deadline, in ms from now."""

    situation: str
    move: Move
    owner: str | None
    by: str | None
    deadline: int | None
    told: str

    @property
    def state(self) -> HoldState:
        """The state in which the hold is kept; an overdue one is kept as open."""
        state: HoldState = "open" if self.situation == "overdue" else self.situation  # type: ignore[assignment]
        return state


def cases() -> list[Case]:
    """Every cell, for a hold of nobody, of the command's owner and of another, with every deadline that it may have."""
    head, *lines = [line.split() for line in WHAT_HAPPENS.strip().splitlines()]
    found = []
    for situation, *cells in lines:
        for move, told in zip(head[4:], cells, strict=True):
            for owner, by in ((None, None), (None, "job_1"), ("job_1", "job_1"), ("job_1", "job_2"), ("job_1", None)):
                for deadline in _deadlines(situation, owner):
                    is_others = owner not in (None, by) and move != "expire" and situation != "nowhere"
                    found.append(
                        Case(situation, move, owner, by, deadline, "hold_in_use" if is_others else told)  # type: ignore[arg-type]
                    )
    return found


def _deadlines(situation: str, owner: str | None) -> list[int | None]:
    """Only an open hold is judged by its deadline; only an owned one may be without."""
    given: dict[str, list[int | None]] = {"open": [1], "overdue": [0, -1]}
    none: list[int | None] = [] if owner is None or situation == "overdue" else [None]
    return [*given.get(situation, [-1, 0, 1]), *none]


def test_the_table_has_a_column_for_each_move_and_a_line_for_each_state() -> None:
    head, *lines = [line.split() for line in WHAT_HAPPENS.strip().splitlines()]
    assert set(head[4:]) == set(get_args(Move))
    assert {line[0] for line in lines} == {*get_args(HoldState), "nowhere", "overdue"}


def test_every_state_and_every_command_about_a_hold_stands_in_the_table_of_moves() -> None:
    assert set(MOVES) == set(REFUSED) == set(get_args(HoldState))
    assert {move for moves in MOVES.values() for move in moves} == set(get_args(Move))
    assert {state for moves in MOVES.values() for state in moves.values()} <= set(MOVES)
    assert set(get_args(Move)) <= set(get_args(Kind))


@pytest.mark.parametrize("situation", ["nowhere", "overdue", *get_args(HoldState)])
def test_a_command_moves_a_hold_or_is_refused_as_the_table_says(situation: str) -> None:
    for case in cases():
        if case.situation == situation:
            book = _book(case)
            before = book.holds.get((1, 7))
            outcome = decide(book, _command(case), NOW)
            if isinstance(outcome, Decision):
                assert outcome.hold is not None
                assert before is not None
                assert outcome.answer.state == outcome.hold.state == case.told, case
                assert outcome.hold[:2] == before[:2], case
                assert outcome.hold.expires_at == before.expires_at, case
                assert outcome.hold.owner == before.owner, case
                assert {entry.kind for entry in outcome.entries} == {case.move}, case
            else:
                assert isinstance(outcome, Refusal), case
                assert (outcome.status, outcome.hold) == (case.told, 7), case
                told = InUse("job_1", "expired" if situation == "overdue" else case.state)
                assert outcome.in_use == (told if case.told == "hold_in_use" else None), case


def _book(case: Case) -> Book:
    """A ledger with one account and, unless it is nowhere, one hold of ten credits, number 7, taken today."""
    book = Book(load_terms().catalogue, 0)
    opening = ask.Open(0, "ada", "free", "UTC")
    opened = decide(book, opening, NOW - 86_400_000)
    assert isinstance(opened, Decision)
    book.take(opening, opened)
    if case.situation != "nowhere":
        is_held, settled = case.state in ("open", "unknown"), 10 if case.state == "settled" else 0
        day = NOW - 43_200_000
        line = HeldLine("ai_credits", None, "day", day, day + 86_400_000, 10, settled)
        expires_at = None if case.deadline is None else NOW + case.deadline
        book.holds[1, 7] = HoldFacts(1, 7, case.state, expires_at, (line,), case.owner)
        book.balances[1, "ai_credits", day] = Balance(settled, 10 if is_held else 0, 0)
    return book


def _command(case: Case) -> Command:
    account = AccountRef(0, 1, "ada")
    match case.move:
        case "settle":
            return ask.Settle(*account[:2], "", b"", 7, None, None, case.by)
        case "release":
            return ask.Release(*account[:2], "", b"", 7, None, case.by)
        case "unknown":
            return ask.MarkUnknown(*account[:2], "", b"", 7, None, case.by)
        case "refund":
            return ask.Refund(*account[:2], "", b"", 7, None, None, case.by)
        case "expire":
            return ask.Expire(*account[:2], 7)


def test_the_audit_was_written_apart_and_knows_the_same_moves() -> None:
    told = {
        move: (tuple(state for state, moves in MOVES.items() if move in moves), next(iter(_led_to(move))))
        for move in get_args(Move)
        if move != "refund"
    }
    assert told == {kind: (states, STATE_AFTER[kind]) for kind, states in MAY_END.items()}


def _led_to(move: Move) -> set[HoldState]:
    return {moves[move] for moves in MOVES.values() if move in moves}


def test_a_command_leads_to_the_same_state_from_wherever_it_may_be_given() -> None:
    assert all(len(_led_to(move)) == 1 for move in get_args(Move))


@pytest.mark.parametrize("drawing", DRAWN, ids=lambda drawing: drawing.path.parent.name)
def test_the_documents_draw_every_life_as_its_table_says(drawing: Drawing) -> None:
    text = drawing.path.read_text()
    assert text == with_diagram(text, drawing), "run: python -m docs.diagrams"


def test_a_document_without_a_place_for_its_diagram_is_told_so() -> None:
    with pytest.raises(ValueError, match="one block"):
        with_diagram("# A room\n\nNo diagram.\n", DRAWN[0])


def test_a_state_that_nothing_leads_out_of_is_an_end() -> None:
    moves = {"open": [("over", "end"), ("open", "")], "over": [("over", "look")]}
    assert drawn("open", "begin", moves).splitlines()[1:] == [
        "    [*] --> open: begin",
        "    open --> over: end",
        "    open --> open",
        "    over --> over: look",
        "    over --> [*]",
    ]
