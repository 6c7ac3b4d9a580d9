"""What is missing is said by the lists that the package is built from, with the command that installs it."""

import re
import tomllib
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reelbot.extras import INCLUDES, MODULES, Extra, ExtraMissing, is_installed, require

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


@pytest.mark.parametrize("extra", MODULES)
def test_the_modules_of_an_extra_are_those_of_its_libraries(extra: Extra) -> None:
    wanted = [Requirement(one) for one in EXTRAS[extra]]
    libraries = {canonicalize_name(one.name) for one in wanted if one.name != "reelbot"}
    brought = packages_distributions()
    assert {canonicalize_name(brought[module][0]) for module in MODULES[extra]} == libraries
    included = {name for one in wanted if one.name == "reelbot" for name in one.extras}
    assert included == set(INCLUDES[extra])


def test_all_is_every_extra() -> None:
    (everything,) = (Requirement(one) for one in EXTRAS["all"])
    reached = set(everything.extras) | {one for extra in everything.extras for one in INCLUDES[extra]}  # type: ignore[index]
    assert reached == set(MODULES) == set(EXTRAS) - {"all"}


def test_nothing_that_an_extra_brings_is_required_without_it() -> None:
    alone = {canonicalize_name(Requirement(one).name) for one in PROJECT["dependencies"]}
    extra = {canonicalize_name(Requirement(one).name) for name in MODULES for one in EXTRAS[name]}
    assert not alone & extra


def test_everything_is_installed_where_this_is_tested() -> None:
    assert all(is_installed(extra) for extra in MODULES)


@pytest.mark.parametrize(
    ("extra", "lacking", "sentence"),
    [
        (
            "postgres", ("psycopg",),
            "PostgreSQL needs psycopg, which is not installed here. Type: pip install 'reelbot[postgres]'",
        ),
        (
            "server", ("numpy", "starlette"),
            "Serving the pages and the API needs numpy and starlette, which are not installed here. "
            "Type: pip install 'reelbot[server]'",
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_sentence_and_a_command(
    monkeypatch: pytest.MonkeyPatch, extra: Extra, lacking: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.setattr("reelbot.extras.find_spec", lambda name: None if name in lacking else find_spec(name))
    with pytest.raises(ExtraMissing) as missing:
        require(extra)
    assert str(missing.value) == sentence
    assert isinstance(missing.value, ImportError)
    assert not is_installed(extra)


def test_the_guide_names_every_extra() -> None:
    guide = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"reelbot\[(\w+)\]", guide)) == set(EXTRAS)
