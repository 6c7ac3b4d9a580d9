"""An action: a kind of AI work with all that belongs to it.

No part of the record has a default: an action that lacks one does not type-check. What several actions share are functions
below (`as_estimated`, `no_files`, `never_awaits`), named where they are used: an action says as well what it does not do.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from reelbot.errors import Malformed
from reelbot.providers.port import Ability, Delivered, Provider
from reelbot.providers.works import Kind, SpokenWord, Work
from reelbot.studio.core import edits
from reelbot.studio.core.draft import Draft, Media, MediaKind, SlotRef
from reelbot.studio.core.job import Made, Task, version_of
from reelbot.studio.core.requests import Name
from reelbot.studio.core.slots import SlotKind
from reelbot.studio.core.staleness import is_stale
from reelbot.studio.limits import PROMPT_LENGTH_MAX


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`provider` names who makes it, `provider_options` are what only that one knows; left out, those of the draft count."""

    provider: Name | None = None
    provider_options: dict[str, Any] = {}


W = TypeVar("W", bound=Work)
A = TypeVar("A", bound=Asked)


class ChosenProvider(NamedTuple):
    """Who makes it, what that one can do, and the members that all works have but the variation."""

    provider: Provider
    ability: Ability
    common: Mapping[str, Any]


class Planning(Protocol):
    """The draft on its way and the works so far, as an action sees them while it is planned; see `planning/plan.py`."""

    draft: Draft

    @property
    def tasks(self) -> Sequence[Task]:
        """The works so far."""
        ...

    def chosen(self, kind: Kind, asked: Asked) -> ChosenProvider:
        """Who makes it: whom the request, the settings or the installation name. It is there and able to."""
        ...

    def task(self, ref: SlotRef, work: Work, chosen: ChosenProvider, **facts: Any) -> None:
        """Put a piece of work at the end, checked by its provider and with what it is charged by."""
        ...


class Intake(Protocol):
    """Takes in what was delivered: looked at, not believed; kept by its content. See `files/ingest.py`."""

    async def file(self, path: Path | None, *kinds: MediaKind) -> Media:
        """A file, which must be of one of these kinds: `Malformed` when it is not, `ProviderFailure` when there is none."""
        ...

    async def words(self, words: tuple[SpokenWord, ...], media: Media) -> str:
        """The timings of words, in order and within the sound, by their content."""
        ...

    def text(self, text: str) -> str:
        """A text as it is kept; `ProviderFailure` when there is none."""
        ...

    def texts(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Several of them, those that say nothing left out; `ProviderFailure` when there is none."""
        ...


class ActionOffer(NamedTuple, Generic[A]):
    """What can be asked for on a draft as it stands: a slot, and the request that makes it."""

    slot: SlotRef
    asked: A


@dataclass(frozen=True, kw_only=True)
class Action(Generic[W, A]):
    """A kind of AI work. Its name is that of its price, in the API and in the settings of a draft."""

    name: Kind
    work: type[W]  # what a result depends on
    asks: type[A]  # what may be said of it: the options of the API
    slot: SlotKind  # which results bring up to date: the others of the draft are left to the action that makes them
    running: str  # what people read while it is made

    # from a request to works
    plan: Callable[[Planning, A], None]  # `Malformed` says why it can't be done on this draft
    again: Callable[[Draft, SlotRef], A]  # the request that makes a stale result again
    offers: Callable[[Draft], Iterable[ActionOffer[A]]]  # what a price is shown for
    completes: Callable[[Draft], A | None]  # what of it a whole video still lacks; None when nothing

    # what it costs
    least: Callable[[Draft], int]  # units of the price list that are shown while it can't be planned yet
    stored_bytes: Callable[[W], int]  # storage set aside; what is stored becomes an asset
    measured: Callable[[W, Made], int | None]  # units once it is there; None: as estimated

    # while it is made
    makes_file: bool  # the disk must have room for one before a provider is asked
    files: Callable[[W], tuple[str, ...]]  # contents that the provider is given
    completed: Callable[[W, str], W]  # with the script that an earlier task of its job makes

    # what came
    receive: Callable[[Intake, W, Delivered], Awaitable[Made]]
    script: Callable[[Task, Made, str], str]  # the script that a task for it leads to, from the one that was there
    placed: Callable[[Draft, Task, Made, int], Draft]  # the draft with it, at an instant

    @property
    def is_measured(self) -> bool:
        """Whether what is quoted is a ceiling, of which the rest goes back."""
        return self.measured is not as_estimated

    def asked(self, options: Mapping[str, Any]) -> A:
        """Options as this action knows them. `Malformed` names the one that can't be meant, or belongs to another action."""
        try:
            return msgspec.convert(options, self.asks)
        except msgspec.ValidationError as error:
            says, _, place = str(error).partition(" - at ")
            name = place.strip("`").removeprefix("$").removeprefix(".")
            raise Malformed(f"The options of {self.name}: {says}.", f"options.{name}" if name else "options") from error


AnyAction = Action[Any, Any]

Prompt = Annotated[str, Meta(max_length=PROMPT_LENGTH_MAX)]


# parts that several actions share


def no_files(work: Work) -> tuple[str, ...]:
    """The provider is given no files."""
    return ()


def not_stored(work: Work) -> int:
    """Does not count as storage."""
    return 0


def one_piece(draft: Draft) -> int:
    """Charged by the piece."""
    return 1


def as_estimated(work: Work, made: Made) -> int | None:
    """Settled as it was quoted: one piece is one piece."""
    return None


def not_for_a_whole_video(draft: Draft) -> None:
    """A whole video needs none."""


def never_awaits(work: W, script: str) -> W:
    """Stands on its own."""
    raise AssertionError("no earlier task completes this work")


def no_script(task: Task, made: Made, script: str) -> str:
    """Nothing that a later task could await."""
    raise AssertionError("no script comes of this work")


def as_a_result(draft: Draft, task: Task, made: Made, now: int) -> Draft:
    """Counts from now on in its slot. What came for a change that was undone meanwhile is kept, and the old one counts."""
    return edits.with_what_matches(edits.with_result(draft, task.slot, version_of(task, made, now)))


def narrated(draft: Draft) -> Draft:
    """The draft, when it is told by a voice."""
    if draft.flow == "cinematic":
        raise Malformed("A cinematic draft has no script and no voiceover; it is told by pictures and music.", "step")
    return draft


def variation_of(draft: Draft, ref: SlotRef) -> int:
    """Where a current AI result is, the number of another one; else 0, made before or not."""
    version = draft.version(ref)
    is_another = version is not None and version.by == "ai" and not is_stale(draft, ref)
    return next_variation(draft, ref) if is_another else 0


def next_variation(draft: Draft, ref: SlotRef) -> int:
    """The number of the next result by AI of a slot, as many as there were."""
    return 1 + max((one.variation for one in draft.slot(ref).versions if one.by == "ai"), default=-1)


def is_asked_again(asked: Asked, work: Work) -> bool:
    """Whether somebody who asks so may mean this work: nothing that they named is another there."""
    given = [(name, getattr(asked, name)) for name in asked.__struct_fields__]
    return all(value in (None, "") or value == getattr(work, name, value) for name, value in given)
