"""Validation: what callers ask, checked in their words before a command is made of it. Else `Malformed`, which names it."""

import unicodedata
from collections.abc import Mapping, Sequence

from reelbot.allowance.core.commands import Line
from reelbot.allowance.core.fast_tuple import made
from reelbot.allowance.core.plans import Catalogue
from reelbot.allowance.core.windows import zone_exists
from reelbot.allowance.quotes import Item, PricedItem
from reelbot.allowance.store import Span
from reelbot.errors import Malformed, shown
from reelbot.limits import (
    AMOUNT_MAX,
    HOLD_SECONDS_DEFAULT,
    HOLD_SECONDS_MAX,
    HOLDS_MAX,
    KEY_LENGTH_MAX,
    LABEL_LENGTH_MAX,
    LINES_MAX,
    NAME_LENGTH_MAX,
    PAGE_MAX,
    SEQ_MAX,
    WHY_LENGTH_MAX,
)

LISTS = (list, tuple)
"""What counts as a list; a pair, because a union of types would be made anew at each question."""

_JOINERS = {0x200C: "-", 0x200D: "-"}
"""Persian, Hindi and many an emoji are not written right without these two, which Python does not count as printable."""


def checked_amount(amount: object, least: int, field: str) -> int:
    """A whole number from `least` to the largest amount that any line may have."""
    return _checked_whole(amount, least, AMOUNT_MAX, field)


def _checked_whole(number: object, least: int, most: int, field: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise Malformed(f"{field} must be a whole number, not {shown(number)}.", field)
    if not least <= number <= most:
        raise Malformed(f"{field} must be from {least} to {most:,}, not {shown(number)}.", field)
    return number


def checked_lines(catalogue: Catalogue, lines: object, least: int) -> tuple[Line, ...]:
    """Lines of known meters, at least one, with amounts of at least `least`; a mapping names amounts by meter."""
    listed = _listed(lines)
    if not 1 <= len(listed) <= LINES_MAX:
        raise Malformed(f"Name 1 to {LINES_MAX} lines.", "lines")
    for line in listed:
        catalogue.meter_named(line.meter)
        checked_amount(line.amount, least, "amount")
        if line.action is not None:
            checked_text(line.action, WHY_LENGTH_MAX, "action")
        checked_why(line.why)
    return tuple(listed)


def _listed(lines: object) -> list[Line]:
    if isinstance(lines, LISTS) and all(isinstance(line, Line) for line in lines):
        return list(lines)
    if isinstance(lines, Mapping):
        return [made(Line, (meter, amount, None, None)) for meter, amount in lines.items()]
    raise Malformed(f"Lines are amounts by meter, or a list of lines, not {shown(lines)}.", "lines")


def checked_items(items: object) -> tuple[Item, ...]:
    """Items of the price list, at least one; that the action exists is checked with its price."""
    if not isinstance(items, LISTS) or not all(isinstance(item, Item) for item in items):
        raise Malformed(f"Items are a list of items, not {shown(items)}.", "items")
    if not 1 <= len(items) <= LINES_MAX:
        raise Malformed(f"Ask for 1 to {LINES_MAX} items.", "items")
    for item in items:
        checked_text(item.action, LABEL_LENGTH_MAX, "action")
        checked_amount(item.quantity, 1, "quantity")
        if item.provider is not None:
            checked_text(item.provider, LABEL_LENGTH_MAX, "provider")
    return tuple(items)


def checked_prices(priced: object, quote: str | None) -> tuple[Line, ...]:
    """The lines of items that are priced already, and so under the ceiling of their quote if they had one."""
    if quote is not None:
        raise Malformed("A quote goes with items that are not priced yet.", "quote")
    if not isinstance(priced, LISTS) or not all(isinstance(one, PricedItem) for one in priced):
        raise Malformed(f"Items are a list of items, not {shown(priced)}.", "items")
    return tuple(one.line for one in priced)


def checked_span(span: Span) -> Span:
    """Which entries to read: a page and one more, which tells that another follows; nothing a database can't compare."""
    if not 1 <= checked_amount(span.size, 0, "limit") <= PAGE_MAX + 1:
        raise Malformed(f"limit must be from 1 to {PAGE_MAX}.", "limit")
    for field, number in (
        ("after", span.before_seq),
        ("since", span.after_seq),
        ("from", span.from_at),
        ("to", span.until_at),
    ):
        if number is not None:
            _checked_whole(number, 0, SEQ_MAX, field)
    for field, word in (("meter", span.meter), ("kind", span.kind)):
        if word is not None:
            checked_text(word, LABEL_LENGTH_MAX, field)
    if span.action is not None:
        checked_text(span.action, WHY_LENGTH_MAX, "action")
    if span.holds is not None:
        checked_holds(span.holds)
    return span


def checked_holds(holds: Sequence[int]) -> Sequence[int]:
    """The numbers of some holds, not too many to be looked up at once."""
    if not isinstance(holds, LISTS) or len(holds) > HOLDS_MAX:
        raise Malformed(f"Name at most {HOLDS_MAX:,} holds.", "holds")
    for hold in holds:
        _checked_whole(hold, 0, SEQ_MAX, "holds")
    return holds


def checked_text(text: object, longest: int, field: str) -> str:
    """A text of 1 to `longest` printable characters."""
    if not isinstance(text, str) or not 1 <= len(text) <= longest or not _is_printable(text):
        raise Malformed(f"{field} must be 1 to {longest} printable characters.", field)
    return text


def _is_printable(text: str) -> bool:
    return text.isprintable() or text.translate(_JOINERS).isprintable()


def checked_key(key: object) -> str:
    """An idempotency key."""
    return checked_text(key, KEY_LENGTH_MAX, "key")


def checked_owner(owner: str | None) -> str | None:
    """The id of what a hold is placed for, when there is one."""
    return None if owner is None else checked_text(owner, LABEL_LENGTH_MAX, "owner")


def checked_name(name: object) -> str:
    """An account's name, without blanks around it, and the same however a keyboard put its letters together."""
    text = checked_text(name, NAME_LENGTH_MAX, "name")
    if text != text.strip():
        raise Malformed("name must not begin or end with a blank.", "name")
    return checked_text(unicodedata.normalize("NFC", text), NAME_LENGTH_MAX, "name")


def checked_why(why: str | None) -> str | None:
    """A reason, when one is given."""
    return None if why is None else checked_text(why, WHY_LENGTH_MAX, "why")


def checked_zone(zone: object) -> str:
    """A time zone by its IANA name."""
    if not isinstance(zone, str) or not zone_exists(zone):
        raise Malformed(f"There is no time zone {shown(zone)}; use an IANA name such as Europe/Paris.", "timezone")
    return zone


def checked_seconds(seconds: object) -> int:
    """A hold's deadline in seconds from now."""
    if seconds is None:
        return HOLD_SECONDS_DEFAULT
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= HOLD_SECONDS_MAX:
        raise Malformed(f"expires_in must be 1 to {HOLD_SECONDS_MAX:,} whole seconds.", "expires_in")
    return seconds
