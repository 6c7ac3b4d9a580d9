"""Plans and meters: what is counted, in which window, and how much each plan allows. Values read from plans.toml."""

from collections.abc import Mapping
from typing import NamedTuple

from reelbot.errors import Malformed, shown


class Meter(NamedTuple):
    """What is counted. `one` and `many` name its amounts; `still_works` lists what goes on when it is exhausted."""

    name: str
    window: str
    one: str
    many: str
    still_works: tuple[str, ...]


class Plan(NamedTuple):
    """A named set of quotas. `rank` counts the plans from 0, low to high; a limit of None is unlimited."""

    name: str
    title: str
    rank: int
    limits: Mapping[str, int | None]


class Catalogue(NamedTuple):
    """Every meter and every plan by name, plans in the order of their rank. Each plan has a limit for each meter."""

    meters: Mapping[str, Meter]
    plans: Mapping[str, Plan]

    def meter_named(self, name: str) -> Meter:
        """The meter of a name that somebody gave; `Malformed` when there is none."""
        if not isinstance(name, str) or name not in self.meters:
            raise Malformed(f"There is no meter {shown(name)}; there are {', '.join(self.meters)}.", "meter")
        return self.meters[name]

    def plan_named(self, name: str) -> Plan:
        """The plan of a name that somebody gave; `Malformed` when there is none."""
        if not isinstance(name, str) or name not in self.plans:
            raise Malformed(f"There is no plan {shown(name)}; there are {', '.join(self.plans)}.", "plan")
        return self.plans[name]
