"""Draws the life of holds, jobs and posts from their tables of moves: `python -m docs.diagrams` writes it into the READMEs.

Each README that has such a diagram keeps it in its one block of Mermaid. `tests/allowance/core/test_hold_moves.py` compares.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from reelbot.allowance.core import hold_moves
from reelbot.allowance.core.outcomes import HoldState
from reelbot.publish.core import posts
from reelbot.studio.core import job

_ROOMS = Path(__file__).parents[1] / "src" / "reelbot"

_BLOCK = re.compile(r"(?<=^```mermaid\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)

State = TypeVar("State", bound=str)

Moves = Mapping[State, Sequence[tuple[State, str]]]
"""From each state, those that may follow it, each with the word of what leads there; it may be empty."""


class Drawing(NamedTuple):
    """A diagram and the README that it stands in."""

    path: Path
    diagram: str


def drawn(first: State, begin: str, moves: Moves[State]) -> str:
    """A table of moves as a state diagram of Mermaid. A state is an end if nothing leads to another one from it."""
    return "\n".join(["stateDiagram-v2", f"    [*] --> {first}{_word(begin)}", *_arrows(moves)])


def _arrows(moves: Moves[State]) -> Iterator[str]:
    for state, following in moves.items():
        yield from (f"    {state} --> {after}{_word(word)}" for after, word in following)
        if all(after == state for after, _ in following):
            yield f"    {state} --> [*]"


def _word(word: str) -> str:
    return f": {word}" if word else ""


def _without_words(moves: Mapping[State, frozenset[State]]) -> Moves[State]:
    """A set has no order: the states that follow are drawn in that of the table."""
    return {state: [(after, "") for after in moves if after in following] for state, following in moves.items()}


def with_diagram(text: str, drawing: Drawing) -> str:
    """A README with its diagram as the table says. Raises `ValueError` when it has not one block for it."""
    changed, blocks = _BLOCK.subn(lambda _: drawing.diagram + "\n", text)
    if blocks != 1:
        raise ValueError(f"{drawing.path} needs one block that begins with ```mermaid, and has {blocks}")
    return changed


_HOLDS: Moves[HoldState] = {
    state: [(after, move) for move, after in moves.items()] for state, moves in hold_moves.MOVES.items()
}

DRAWN = (
    Drawing(_ROOMS / "allowance" / "README.md", drawn("open", "hold", _HOLDS)),
    Drawing(_ROOMS / "studio" / "README.md", drawn("queued", "", _without_words(job.MOVES))),
    Drawing(_ROOMS / "publish" / "README.md", drawn("draft", "", _without_words(posts.MOVES))),
)
"""Every life that is drawn."""


if __name__ == "__main__":
    for one in DRAWN:
        one.path.write_text(with_diagram(one.path.read_text(), one))
