"""Reads plans.toml, prices.toml and failures.toml into values of the core, or says what is wrong and on which line.

Called once at the start, with an operator's file or with the packaged one. All mistakes of a file are told together, in
the order of their lines, in one `ConfigFailure`; a file with a mistake is never used in part.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from importlib.resources import files
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType

from reelbot.allowance.core.failures import FailurePoint, FailureRule, FailureTable, Rule
from reelbot.allowance.core.plans import Catalogue, Meter, Plan
from reelbot.allowance.core.prices import Price, PriceList
from reelbot.allowance.core.windows import KINDS
from reelbot.errors import ConfigFailure
from reelbot.limits import AMOUNT_MAX, LABEL_LENGTH_MAX, WHY_LENGTH_MAX
from reelbot.toml_file import Keys, TomlFile, read_toml

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def load_plans(path: Path | None = None) -> Catalogue:
    """The meters and plans of a file, or of the packaged one."""
    file = _opened(path, "plans.toml")
    file.only((), ("meters", "plans"))
    meters = {name: _meter(file, name) for name in file.names(("meters",), reserved=("title",))}
    plans = {name: _plan(file, name, rank, meters) for rank, name in enumerate(file.names(("plans",)))}
    file.raise_mistakes()
    return Catalogue(MappingProxyType(meters), MappingProxyType(plans))


def load_prices(path: Path | None, catalogue: Catalogue) -> PriceList:
    """The prices of a file, or of the packaged one, for the meters of a catalogue."""
    file = _opened(path, "prices.toml")
    file.only((), ("prices", "providers"))
    prices = {action: _price(file, action, catalogue) for action in file.names(("prices",))}
    providers = file.names(("providers",)) if file.has(("providers",)) else ()
    factors = {provider: file.whole(("providers", provider)) for provider in providers}
    file.raise_mistakes()
    return PriceList(MappingProxyType(prices), MappingProxyType(factors), catalogue.meters)


def load_failures(path: Path | None = None) -> FailureTable:
    """The table of failure points of a file, or of the packaged one."""
    file = _opened(path, "failures.toml")
    file.only((), list(FailurePoint))
    table = {point: _failure_rule(file, point) for point in FailurePoint}
    file.raise_mistakes()
    return MappingProxyType(table)


def require_plans(catalogue: Catalogue, names_in_use: Collection[str]) -> None:
    """Raise `ConfigFailure` when accounts are on plans that the catalogue does not have."""
    missing = sorted(set(names_in_use) - set(catalogue.plans))
    if missing:
        raise ConfigFailure(
            f"Accounts are on plans that plans.toml does not have: {', '.join(missing)}.",
            "Put them back into the file, or move those accounts to another plan first.",
        )


class _CatalogueReader:
    """A data file while it is read: what it says, on which line, and what is wrong with it.

    A method that finds a mistake notes it and answers with some value of the right type; `raise_mistakes` then tells
    all of them, so that value is never used.
    """

    def __init__(self, file: TomlFile) -> None:
        self._file = file
        self._mistakes: list[tuple[int, str]] = []

    def raise_mistakes(self) -> None:
        """Raise one `ConfigFailure` with every mistake found, in the order of their lines."""
        if self._mistakes:
            in_order = sorted(self._mistakes, key=itemgetter(0))
            raise ConfigFailure("\n".join(self._file.mistake(*found) for found in in_order))

    def has(self, keys: Keys) -> bool:
        """Whether there is anything at a path."""
        return self._get(keys) is not None

    def only(self, keys: Keys, known: Iterable[str]) -> None:
        """Note a table that is not there, and every key of it that is not known."""
        known = tuple(known)
        for key in self._table(keys):
            if key not in known:
                self._note((*keys, key), f"is not known; {_dotted(keys)} may have {', '.join(known)}")

    def names(self, keys: Keys, reserved: Collection[str] = ()) -> tuple[str, ...]:
        """The keys of a table that names things; at least one, each fit for a URL and a column."""
        names = tuple(self._table(keys))
        if not names and isinstance(self._get(keys), dict):
            self._note(keys, "is empty; it needs at least one")
        for name in names:
            if name in reserved:
                self._note((*keys, name), "has a name that means something else in this file")
            elif len(name) > LABEL_LENGTH_MAX or not _NAME.fullmatch(name):
                self._note(
                    (*keys, name), f"needs a name of up to {LABEL_LENGTH_MAX} of a-z, 0-9, _ and -, a letter first"
                )
        return names

    def whole(self, keys: Keys, least: int = 0, default: int | None = None) -> int:
        """A whole number from `least` to `AMOUNT_MAX`."""
        value = self._get(keys)
        if value is None and default is not None:
            return default
        return self._whole(keys, value, least, f"a whole number from {least}" if least else "a whole number")

    def limit(self, keys: Keys) -> int | None:
        """A limit: a whole number from 0, or the word "unlimited", which is None."""
        value = self._get(keys)
        return None if value == "unlimited" else self._whole(keys, value, 0, 'a whole number or "unlimited"')

    def label(self, keys: Keys, longest: int = LABEL_LENGTH_MAX, default: str | None = None) -> str:
        """A text of one line."""
        value = self._get(keys)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and _is_label(value, longest):
            return value
        return self._refuse_text(keys, value, f"a line of 1 to {longest} characters")

    def labels(self, keys: Keys) -> tuple[str, ...]:
        """An array of texts of one line."""
        value = self._get(keys)
        if isinstance(value, list) and value and all(_is_label(item, LABEL_LENGTH_MAX) for item in value):
            return tuple(value)
        return (self._refuse_text(keys, value, f"an array of lines of 1 to {LABEL_LENGTH_MAX} characters"),)

    def choice(self, keys: Keys, known: Collection[str]) -> str:
        """One of the known words."""
        value = self._get(keys)
        if isinstance(value, str) and value in known:
            return value
        self._refuse(keys, value, " or ".join(f'"{word}"' for word in known))
        return next(iter(known), "")

    def _get(self, keys: Keys) -> object | None:
        """What stands at a path; None, which TOML has no word for, when nothing does."""
        value: object = self._file.content
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        return value

    def _table(self, keys: Keys) -> Mapping[str, object]:
        value = self._get(keys)
        if isinstance(value, dict):
            return value
        self._refuse(keys, value, "a table")
        return {}

    def _whole(self, keys: Keys, value: object, least: int, wanted: str) -> int:
        if type(value) is not int or value < least:  # not isinstance: true and false are ints to Python
            self._refuse(keys, value, wanted)
            return least
        if value > AMOUNT_MAX:
            self._refuse(keys, value, f"at most {AMOUNT_MAX}")
        return value

    def _refuse(self, keys: Keys, value: object, wanted: str) -> None:
        """Note a value that is missing or not what is wanted; a missing table is told once, not for each key."""
        if value is not None:
            self._note(keys, f"must be {wanted}, not {_shown(value)}")
        elif isinstance(self._get(keys[:-1]), dict):
            self._note(keys[:-1], f'has no "{keys[-1]}"')

    def _refuse_text(self, keys: Keys, value: object, wanted: str) -> str:
        self._refuse(keys, value, wanted)
        return ""

    def _note(self, keys: Keys, says: str) -> None:
        """Note a mistake on the line of a path, or on that of the nearest table around it."""
        self._mistakes.append((self._file.line_of(keys), f"{_dotted(keys)} {says}"))


def _meter(file: _CatalogueReader, name: str) -> Meter:
    at = ("meters", name)
    file.only(at, ("window", "one", "many", "still_works"))
    one, many = file.label((*at, "one")), file.label((*at, "many"))
    return Meter(name, file.choice((*at, "window"), KINDS), one, many, file.labels((*at, "still_works")))


def _plan(file: _CatalogueReader, name: str, rank: int, meters: Collection[str]) -> Plan:
    at = ("plans", name)
    file.only(at, ("title", *meters))
    limits = {meter: file.limit((*at, meter)) for meter in meters}
    return Plan(name, file.label((*at, "title")), rank, MappingProxyType(limits))


def _price(file: _CatalogueReader, action: str, catalogue: Catalogue) -> Price:
    at = ("prices", action)
    file.only(at, ("title", "meter", "amount", "per", "unit", "units", "of", "note"))
    unit = file.label((*at, "unit"))
    return Price(
        action=action,
        title=file.label((*at, "title")),
        meter=file.choice((*at, "meter"), catalogue.meters),
        amount=file.whole((*at, "amount")),
        per=file.whole((*at, "per"), least=1, default=1),
        unit=unit,
        units=file.label((*at, "units"), default=unit),
        of=file.label((*at, "of"), default=""),
        note=file.label((*at, "note"), WHY_LENGTH_MAX, default=""),
    )


def _failure_rule(file: _CatalogueReader, point: FailurePoint) -> FailureRule:
    """The rules of one point. An unknown outcome keeps everything, and no other failure keeps or uses another limit."""
    at = (point.value,)
    file.only(at, ("ai_credits", "other", "sentence"))
    keeps = point is FailurePoint.UNKNOWN
    for_credits = (Rule.KEEP,) if keeps else (Rule.RELEASE, Rule.SETTLE_ALL, Rule.SETTLE_DELIVERED)
    for_others = (Rule.KEEP,) if keeps else (Rule.RELEASE,)
    ai_credits = file.choice((*at, "ai_credits"), for_credits)
    other = file.choice((*at, "other"), for_others)
    return FailureRule(point, Rule(ai_credits), Rule(other), file.label((*at, "sentence"), WHY_LENGTH_MAX))


def _opened(path: Path | None, name: str) -> _CatalogueReader:
    """An operator's file, or without a path the packaged one of a name."""
    if path is None:
        return _CatalogueReader(read_toml(files("reelbot").joinpath("data", name), name))
    return _CatalogueReader(read_toml(path, str(path)))


def _dotted(keys: Keys) -> str:
    """A path as people write it; the table of tables it is in goes without saying."""
    return ".".join(_shown_key(key) for key in (keys[1:] if len(keys) > 2 else keys)) or "the file"


def _shown_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else _shown(key)


def _shown(value: object) -> str:
    """A value as it stands in TOML, when it is short enough to repeat."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value) if abs(value) <= 1_000 * AMOUNT_MAX else "a number so large"
        case str():
            return json.dumps(value, ensure_ascii=False) if len(value) <= LABEL_LENGTH_MAX else "a text so long"
        case dict():
            return "a table"
        case list():
            return "such an array"
        case _:
            return str(value)


def _is_label(value: object, longest: int) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= len(value) <= longest
