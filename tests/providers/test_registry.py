"""Who makes what: providers by name, defaults, descriptions, and providers of other packages."""

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from types import MappingProxyType

import msgspec
import pytest
from tests.providers.stage import Bench

from reelbot.errors import ConfigFailure, Malformed
from reelbot.providers.keyed.base import NoOptions
from reelbot.providers.openai import Models
from reelbot.providers.port import Ability, Delivered, Desk, Voice
from reelbot.providers.registry import GROUP, Registry, discovered
from reelbot.providers.works import Kind, Work


class Simple:
    """A provider at its smallest, as another package may bring it."""

    def __init__(self, name: str = "simple", kinds: Sequence[Kind] = ("music",), missing: str | None = None) -> None:
        self.name = name
        self.title = name.capitalize()
        self._missing = missing
        self._abilities = {kind: Ability(self.title, self.title, NoOptions) for kind in kinds}
        self.is_closed = False

    @property
    def abilities(self) -> Mapping[Kind, Ability]:
        return MappingProxyType(self._abilities)

    def missing(self) -> str | None:
        return self._missing

    def voices(self, language: str) -> Sequence[Voice]:
        return ()

    def check(self, work: Work) -> None:
        return

    def quantity(self, work: Work) -> int:
        return 1

    async def run(self, work: Work, desk: Desk) -> Delivered:
        return Delivered(self.title)

    async def aclose(self) -> None:
        self.is_closed = True


class NotQuite:
    """Not a provider."""


class SaysQueued(Simple):
    """Says that its work is queued, and cannot queue."""

    def __init__(self) -> None:
        super().__init__()
        self._abilities = {"music": Ability("x", "x", NoOptions, is_queued=True)}


def broken() -> Simple:
    raise RuntimeError("its library is missing")


EMBEDDED: tuple[Kind, ...] = ("topic", "script", "voiceover", "music")


def test_the_default_is_the_first_that_can_and_is_ready_else_the_embedded_one() -> None:
    registry = Registry(
        [
            Simple("embedded", EMBEDDED),
            Simple("locked", ("topic", "image"), missing="Set a key."),
            Simple("first", ("topic",)),
            Simple("second", ("topic", "script")),
        ]
    )
    asked: tuple[Kind, ...] = (*EMBEDDED, "image")
    chosen = {kind: registry.default(kind).name for kind in asked}
    assert chosen == {
        "topic": "first",
        "script": "second",
        "voiceover": "embedded",
        "music": "embedded",
        "image": "locked",
    }
    with pytest.raises(Malformed, match="No provider can make animation"):
        registry.default("animation")


def test_a_provider_is_found_by_name_and_an_unknown_one_gets_the_nearest() -> None:
    registry = Registry([Simple("embedded", EMBEDDED), Simple("openai")])
    assert registry.provider("openai").title == "Openai"
    with pytest.raises(Malformed, match="did you mean openai") as malformed:
        registry.provider("opnai")
    assert malformed.value.field == "provider"
    assert [provider.name for provider in registry] == ["embedded", "openai"]


def test_two_providers_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ConfigFailure, match="two providers named simple"):
        Registry([Simple(), Simple()])


async def test_all_abilities_are_described_with_the_schema_of_their_options(bench: Bench) -> None:
    openai = bench.openai(models=Models(text="writer-1", image="painter-1"))
    described = Registry([Simple("embedded", EMBEDDED, missing=None), openai, bench.fal(seconds=(5, 10))]).describe()
    document = msgspec.to_builtins(described)
    assert msgspec.json.decode(msgspec.json.encode(described)) is not None
    assert [one[0] for one in document] == ["embedded", "open", "queue"]
    embedded, opened, queue = described
    assert (embedded.is_default_for, opened.is_default_for) == (
        ("voiceover", "music"),
        ("topic", "script", "rewrite", "image"),
    )
    assert (queue.abilities[0].clip_seconds, queue.abilities[0].is_queued) == ((5, 10), True)
    options = opened.abilities[0].options
    assert options["additionalProperties"] is False
    assert options["properties"]["wishes"]["maxLength"] == 500
    assert opened.abilities[-1].options["properties"]["quality"]["enum"] == ["auto", "high", "low", "medium"]


def test_a_broken_provider_of_another_package_is_named_and_left_out() -> None:
    here = __name__
    points = [
        EntryPoint("good", f"{here}:Simple", GROUP),
        EntryPoint("gone", "no_such_package:Provider", GROUP),
        EntryPoint("absent", f"{here}:Absent", GROUP),
        EntryPoint("broken", f"{here}:broken", GROUP),
        EntryPoint("wrong", f"{here}:NotQuite", GROUP),
        EntryPoint("unable", f"{here}:SaysQueued", GROUP),
    ]
    found, faults = discovered(points)
    assert [provider.name for provider in found] == ["simple"]
    assert [fault.name for fault in faults] == ["gone", "absent", "broken", "wrong", "unable"]
    assert faults[2].says == "RuntimeError: its library is missing"
    assert Registry(found, faults).faults == tuple(faults)


def test_no_package_announces_a_provider_here() -> None:
    assert discovered() == ([], [])


async def test_closing_closes_all() -> None:
    providers = [Simple("a"), Simple("b")]
    await Registry(providers).aclose()
    assert all(provider.is_closed for provider in providers)
