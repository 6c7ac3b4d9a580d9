"""Which messages follow from an account's events and from the turns of its windows. Pure; used by `relay`.

Reaching `low` or `exhausted` is told once in a window: what falls back there is a hold that was given back. It is told
again under another limit, and in the next window. A standing window never ends and falls for real, when something is
removed: there every crossing is told. A window that ends after something was used in it, or a warning given, is told as
a reset. No event tells of that by itself: either the next window's first event does, or the figures of the moment.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from reelbot.allowance import MeterFigures
from reelbot.clock import SECOND, instant_from, instant_text
from reelbot.events import Event
from reelbot.ids import id_text

LOW = "allowance.low"
EXHAUSTED = "allowance.exhausted"
RESET = "allowance.reset"
TEST = "webhook.test"

ALLOWANCE_KINDS = (LOW, EXHAUSTED, RESET)
"""The kinds that follow from `usage` events; every other kind is that of a stored event, told as it is."""

USAGE = "usage"

TURN_GRACE_MS = 5 * SECOND
"""Between the end of a window and its reset: what was decided just before the end may be committed just after it."""

_LEVELS = {"low": 1, "exhausted": 2}
_LEVEL_KINDS = {1: LOW, 2: EXHAUSTED}


class MeterWatch(NamedTuple):
    """What has been told of one meter in one window: `level` is the highest warning that still counts, 0 for none."""

    kind: str
    starts_at: int
    ends_at: int | None
    limit: int | None
    level: int
    is_used: bool

    @property
    def turns_at(self) -> int | None:
        """When its reset is to be told; None when none is owed."""
        if self.ends_at is None or not (self.is_used or self.level):
            return None
        return self.ends_at + TURN_GRACE_MS

    def is_over(self, now: int) -> bool:
        """Whether a reset is owed by now."""
        return self.turns_at is not None and self.turns_at <= now


Watches = Mapping[str, MeterWatch]
"""By meter."""


class Message(NamedTuple):
    """What is told: its kind, the instant it is about, and the JSON that says it."""

    kind: str
    at: int
    data: bytes


class MessagesDue(NamedTuple):
    """What follows from some news, and what is watched from then on."""

    watches: Watches
    messages: list[Message]


class _Body(msgspec.Struct):
    type: str
    timestamp: str
    account: str
    data: msgspec.Raw


_encode = msgspec.json.Encoder().encode
_figures_in = msgspec.json.Decoder(MeterFigures).decode


def body_of(message: Message, account: str) -> bytes:
    """The body that a receiver gets; the same at every attempt."""
    return _encode(_Body(message.kind, instant_text(message.at), account, msgspec.Raw(message.data)))


def message_id(lane: int, account: int, webhook: int, n: int) -> str:
    """The id of the `n`-th message of a webhook, by which a receiver knows one that comes again."""
    return f"{id_text('msg', lane, account, webhook)}-{n}"


def first_watches(meters: Iterable[MeterFigures]) -> Watches:
    """What a new webhook watches: what stands already is not told."""
    return {figures.meter: _watch_of(figures) for figures in meters}


def first_turn_at(watches: Watches) -> int | None:
    """When the clock alone will make a message."""
    return min((watch.turns_at for watch in watches.values() if watch.turns_at is not None), default=None)


def follow(watches: Watches, events: Iterable[Event]) -> MessagesDue:
    """What is told of these events, in their order."""
    after, messages = dict(watches), list[Message]()
    for event in events:
        messages.append(Message(event.kind, event.at, event.body))
        if event.kind == USAGE:
            figures = _figures_in(event.body)
            after[figures.meter], more = _compared(after.get(figures.meter), figures, event.at)
            messages.extend(more)
    return MessagesDue(after, messages)


def turn(watches: Watches, meters: Iterable[MeterFigures], now: int) -> MessagesDue:
    """What is told because windows have ended, from the figures that stand now. A meter that is gone is forgotten."""
    standing = {figures.meter: figures for figures in meters}
    after, messages = dict(watches), list[Message]()
    for meter, watch in watches.items():
        if not watch.is_over(now):
            continue
        if meter not in standing:
            del after[meter]
            continue
        after[meter], more = _compared(watch, standing[meter], now)
        messages.extend(more)
    return MessagesDue(after, messages)


def _compared(watch: MeterWatch | None, figures: MeterFigures, at: int) -> tuple[MeterWatch, list[Message]]:
    """What newer figures of a meter lead to. Figures of a window before the one that is watched lead to nothing."""
    seen = _watch_of(figures)
    if watch is None or watch.kind != seen.kind:
        return seen, _warning(seen, 0, figures, at)
    if seen.starts_at < watch.starts_at:
        return watch, []
    if seen.starts_at > watch.starts_at:
        return seen, [*_reset(watch, figures), *_warning(seen, 0, figures, at)]
    counts = watch.ends_at is not None and watch.limit == seen.limit
    level = max(watch.level, seen.level) if counts else seen.level
    return seen._replace(level=level), _warning(seen, watch.level, figures, at)


def _warning(seen: MeterWatch, told_level: int, figures: MeterFigures, at: int) -> list[Message]:
    return [Message(_LEVEL_KINDS[seen.level], at, _encode(figures))] if seen.level > told_level else []


def _reset(watch: MeterWatch, figures: MeterFigures) -> list[Message]:
    """When the window ended: as it was told, or with a change of zone before that, which began the next one."""
    if watch.ends_at is None or watch.turns_at is None:
        return []
    begins_at = _instant(figures.window.starts_at)
    ended_at = watch.ends_at if begins_at is None else min(watch.ends_at, begins_at)
    return [Message(RESET, ended_at, _encode(figures))]


def _watch_of(figures: MeterFigures) -> MeterWatch:
    """Where nothing is used no line was crossed, also under a limit of 0."""
    kind, starts_at, ends_at = figures.window.kind, figures.window.starts_at, figures.window.ends_at
    is_used = figures.used + figures.held > 0
    level = _LEVELS.get(figures.state, 0) if is_used else 0
    return MeterWatch(kind, _instant(starts_at) or 0, _instant(ends_at), figures.limit, level, is_used)


def _instant(text: str | None) -> int | None:
    return None if text is None else instant_from(text)
