"""All providers by name, who makes what unless somebody else is chosen, and what each can be asked for.

A provider of another package announces itself by an entry point of the group `reelbot.providers`: something that, called
without arguments, makes a `Provider`. One that cannot be loaded is named in `faults` and left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

import msgspec

from reelbot.errors import ConfigFailure, Malformed, shown
from reelbot.providers.port import Ability, AtOnce, Provider, Queued
from reelbot.providers.works import Kind

GROUP = "reelbot.providers"

EMBEDDED = "embedded"
"""The name of the provider that is always there, and is the default where nobody else is ready."""


class Fault(NamedTuple):
    """A provider of another package that was left out, and why."""

    name: str
    says: str


class DescribedAbility(NamedTuple):
    """What a provider can do of one kind of work, as the API shows it. `options` is a JSON Schema."""

    kind: Kind
    label: str
    is_queued: bool
    bills_failures: bool
    clip_seconds: tuple[int, ...]
    options: dict[str, Any]


class Described(NamedTuple):
    """A provider as the API shows it. `missing` says how to get what it lacks; None when it is ready."""

    name: str
    title: str
    missing: str | None
    abilities: tuple[DescribedAbility, ...]
    is_default_for: tuple[Kind, ...]


class Registry:
    """The providers of an installation, in the order in which they are preferred."""

    def __init__(self, providers: Iterable[Provider], faults: Iterable[Fault] = ()) -> None:
        self._providers: dict[str, Provider] = {}
        self.faults = tuple(faults)
        for provider in providers:
            if provider.name in self._providers:
                raise ConfigFailure(f"There are two providers named {provider.name}.", "Give one of them another name.")
            self._providers[provider.name] = provider

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._providers.values())

    def provider(self, name: str) -> Provider:
        """The provider of a name, ready or not; `Malformed` names the nearest when there is none."""
        found = self._providers.get(name)
        if found is None:
            near = get_close_matches(name, self._providers, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self._providers)}."
            raise Malformed(f"There is no provider {shown(name)}; {hint}", "provider")
        return found

    def default(self, kind: Kind) -> Provider:
        """Who makes a kind of work: the first configured one that can and is ready, else the embedded one.

        `Malformed` when nobody can.
        """
        able = [provider for provider in self._providers.values() if kind in provider.abilities]
        chosen = next((one for one in able if one.name != EMBEDDED and one.missing() is None), None)
        chosen = chosen or next((one for one in able if one.name == EMBEDDED), None) or next(iter(able), None)
        if chosen is None:
            raise Malformed(f"No provider can make {kind}.", "provider")
        return chosen

    def describe(self) -> list[Described]:
        """All providers with what each can do, ready or not."""
        kinds = {kind for provider in self._providers.values() for kind in provider.abilities}
        defaults = {kind: self.default(kind).name for kind in kinds}
        return [_described(provider, defaults) for provider in self._providers.values()]

    async def aclose(self) -> None:
        """Give back what the providers hold."""
        for provider in self._providers.values():
            await provider.aclose()


def discovered(points: Sequence[EntryPoint] | None = None) -> tuple[list[Provider], list[Fault]]:
    """The providers that installed packages announce, and those that could not be loaded."""
    found: list[Provider] = []
    faults: list[Fault] = []
    for point in entry_points(group=GROUP) if points is None else points:
        try:
            found.append(_loaded(point))
        except Exception as error:  # whatever another package's code raises must not stop this program
            faults.append(Fault(point.name, f"{type(error).__name__}: {error}"))
    return found, faults


def _loaded(point: EntryPoint) -> Provider:
    provider: object = point.load()()
    if not isinstance(provider, Provider):
        raise TypeError("it does not make a Provider")
    for kind, ability in provider.abilities.items():
        _schema(ability)
        if not isinstance(provider, Queued if ability.is_queued else AtOnce):
            raise TypeError(f"it lacks what {kind} takes")
    return provider


def _described(provider: Provider, defaults: Mapping[Kind, str]) -> Described:
    abilities = tuple(
        DescribedAbility(kind, one.label, one.is_queued, one.bills_failures, one.clip_seconds, _schema(one))
        for kind, one in provider.abilities.items()
    )
    default_for = tuple(kind for kind in provider.abilities if defaults[kind] == provider.name)
    return Described(provider.name, provider.title, provider.missing(), abilities, default_for)


def _schema(ability: Ability) -> dict[str, Any]:
    """The JSON Schema of an ability's options, in one piece."""
    schema = msgspec.json.schema(ability.options)
    reference = schema.pop("$ref", "").rpartition("/")[2]
    definitions = schema.pop("$defs", {})
    inner = {**schema, **definitions.pop(reference, {})}
    return {**inner, **({"$defs": definitions} if definitions else {})}
