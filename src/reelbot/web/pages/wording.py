"""Figures in words, for every page: numbers, bytes, instants in the account's zone. `static/words.js` says the same."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from reelbot.clock import SECOND

BYTE = "byte"
"""What a meter counts one of when its amounts are read as sizes."""

_SIZES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def number_text(number: int | None) -> str:
    """A whole number with its thousands apart; None is unlimited."""
    return "unlimited" if number is None else f"{number:,}"


def size_text(size: int | None) -> str:
    """So many bytes in the unit that suits them: `500 MB`, `1.2 GB`; None is unlimited."""
    if size is None:
        return "unlimited"
    for unit, name in _SIZES:
        if size >= unit:
            tenths = size * 10 // unit
            return f"{tenths // 10:,} {name}" if tenths % 10 == 0 else f"{tenths // 10:,}.{tenths % 10} {name}"
    return f"{size} {BYTE if size == 1 else 'bytes'}"


def amount_text(amount: int | None, one: str) -> str:
    """An amount of a meter, by what it counts."""
    return size_text(amount) if one == BYTE else number_text(amount)


def moment(at: int, zone: str) -> datetime:
    """An instant as a clock on the wall of that zone shows it."""
    return datetime.fromtimestamp(at / SECOND, UTC).astimezone(ZoneInfo(zone))


def instant_words(at: int, zone: str) -> str:
    """An instant for people, without its zone: `Mon 2 Mar, 00:00`."""
    told = moment(at, zone)
    return f"{told:%a} {told.day} {told:%b}, {told:%H:%M}"


def full_instant_words(at: int, zone: str) -> str:
    """The same with the year: `Mon 2 Mar 2026, 00:00`."""
    told = moment(at, zone)
    return f"{told:%a} {told.day} {told:%b} {told.year}, {told:%H:%M}"


def day_words(day: date) -> str:
    """A day: `Mon 2 Mar`."""
    return f"{day:%a} {day.day} {day:%b}"


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Mac OS", "a Mac"), ("Windows", "Windows"),
    ("Linux", "Linux"),
)  # fmt: skip


def browser_words(agent: str) -> str:
    """A browser and its machine as people call them; what it said itself where it is none that is known."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), None)
    system = next((name for sign, name in _SYSTEMS if sign in agent), None)
    if browser is None:
        return agent[:60] or "A browser"
    return browser if system is None else f"{browser} on {system}"
