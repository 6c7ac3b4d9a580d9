"""A meter as pages show it: the ledger's figures, and all the words around them."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from reelbot.allowance import Allowance, Catalogue, Meter, MeterFigures, Usage, meter_figures
from reelbot.web.pages.wording import amount_text, instant_words

_DURING = {"day": "today", "month": "this month", "standing": ""}
_SHORT = {"video_generations": "videos"}
"""What the pair in the header calls a meter, where that is shorter than its name."""

PAIR = 2
"""How many meters the header shows: the first ones of plans.toml, AI credits and video generations."""


class MeterWords(Struct, frozen=True):
    """What a script needs to word a meter's figures itself."""

    figures: MeterFigures
    title: str
    one: str
    many: str
    short: str
    during: str


class MeterView(NamedTuple):
    """A meter on a page. The shares are of the limit, in hundredths of a percent, and together never above the whole."""

    words: MeterWords
    allowance: Allowance
    zone: str
    still_works: tuple[str, ...]

    @property
    def name(self) -> str:
        """The meter's name."""
        return self.allowance.meter

    @property
    def used_share(self) -> float:
        """How much of the bar is used, in percent."""
        return self._share(self.allowance.used)

    @property
    def held_share(self) -> float:
        """How much of the bar is held, in percent."""
        return min(self._share(self.allowance.held), 100 - self.used_share)

    @property
    def resets(self) -> str:
        """When it begins anew, by the account's clock; empty for a standing meter."""
        return "" if self.allowance.ends_at is None else instant_words(self.allowance.ends_at, self.zone)

    def text(self, amount: int | None) -> str:
        """An amount of it."""
        return amount_text(amount, self.words.one)

    def _share(self, amount: int) -> float:
        limit = self.allowance.limit
        if limit is None:
            return 0.0
        if limit == 0:
            return 100.0
        return min(100.0, round(100 * amount / limit, 2))


def meters_shown(usage: Usage, catalogue: Catalogue) -> list[MeterView]:
    """Every meter, in the order of plans.toml."""
    return [_shown(one, catalogue.meters[one.meter], usage.zone) for one in usage.meters]


def _shown(allowance: Allowance, meter: Meter, zone: str) -> MeterView:
    during = _DURING[meter.window]
    short = _SHORT.get(meter.name, meter.many)
    words = MeterWords(meter_figures(allowance), title_of(meter), meter.one, meter.many, short, during)
    return MeterView(words, allowance, zone, meter.still_works)


def title_of(meter: Meter) -> str:
    """A meter's heading."""
    if meter.name == "storage_bytes":
        return "Storage"
    return meter.many[:1].upper() + meter.many[1:]


def words_as_json(meters: Sequence[MeterView]) -> str:
    """What scripts begin with."""
    return msgspec.json.encode([one.words for one in meters]).decode()
