"""The package without extras, as a stranger installs it: built, put into an environment of its own, and used.

The environment gets the wheel and what the wheel requires, copied from the tested environment: the versions are those that
were tested, and no package index is asked.
"""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import textwrap
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement

from reelbot.cli.program import NEEDS, SUMMARIES
from reelbot.extras import MODULES

ROOT = Path(__file__).parents[2]

BYTES_MAX = 40_000_000
"""What somebody who wants a ledger is willing to install."""


class Alone(NamedTuple):
    """An environment with nothing but the package, and a folder to work in."""

    environment: Path
    folder: Path

    @property
    def packages(self) -> Path:
        (found,) = self.environment.glob("lib/python*/site-packages")
        return found

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment, which knows nothing of the one that the tests run in."""
        program = str(self.environment / "bin" / command[0])
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "REELBOT", "COV"))}
        return subprocess.run(
            [program, *command[1:]], cwd=self.folder, env=kept, capture_output=True, text=True, timeout=120, check=False
        )

    def python(self, code: str) -> str:
        done = self.run("python", "-W", "error", "-c", textwrap.dedent(code))
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout


def required(name: str) -> Iterator[str]:
    """The distributions that one needs without extras, itself among them, by the metadata of the tested environment."""
    yield name
    for text in importlib.metadata.requires(name) or []:
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield from required(needed.name)


def copied(name: str, into: Path) -> None:
    """Copy a distribution's files; its commands, which lie elsewhere, are not needed."""
    for file in importlib.metadata.distribution(name).files or []:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = into / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    folder = tmp_path_factory.mktemp("alone")
    built = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(built, cwd=ROOT, check=True, capture_output=True)
    made = Alone(folder / "environment", folder / "work")
    made.folder.mkdir()
    venv.create(made.environment, with_pip=False, symlinks=True)
    for name in sorted(set(required("reelbot")) - {"reelbot"}):
        copied(name, made.packages)
    (wheel,) = (folder / "dist").glob("*.whl")
    python = str(made.environment / "bin" / "python")
    install = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "-q",
        "--python",
        python,
        "--offline",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)  # fails where something that is required was not copied
    return made


def test_it_is_small_and_has_nothing_of_the_extras(alone: Alone) -> None:
    installed = sum(file.stat().st_size for file in alone.packages.rglob("*") if "__pycache__" not in file.parts)
    assert 1_000_000 < installed < BYTES_MAX, installed
    there = {entry.name for entry in alone.packages.iterdir()}
    assert not there & {module for modules in MODULES.values() for module in modules}


def test_the_five_lines_run_with_async_and_without(alone: Alone) -> None:
    told = alone.python(
        """
        import asyncio
        from reelbot.allowance import Ledger, SyncLedger

        async def main():
            async with Ledger.open("sqlite:///allowance.db") as ledger:
                ada = await ledger.account("ada", plan="free", timezone="Europe/Paris")
                hold = await ledger.hold(ada, {"ai_credits": 25}, key="order-17")
                await ledger.settle(hold)

        asyncio.run(main())
        with SyncLedger.open("sqlite:///allowance.db") as ledger:
            ada = ledger.account("ada", plan="free", timezone="Europe/Paris")
            hold = ledger.hold(ada, {"ai_credits": 25}, key="order-18")
            ledger.settle(hold, {"ai_credits": 20})
            print(ledger.usage(ada).meters[0].used, ledger.verify().is_clean)
        """
    )
    assert told == "45 True\n"


def test_what_the_ledger_imports_is_itself_and_one_library(alone: Alone) -> None:
    code = """
        import sys
        before = set(sys.modules)  # systems add some of their own, such as sitecustomize
        import reelbot.allowance
        found = {name.partition(".")[0] for name in sys.modules.keys() - before} - set(sys.stdlib_module_names)
        print(*sorted(name for name in found if not name.startswith(("_", "cython"))))
        print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith("reelbot.")}))
    """
    libraries, rooms = alone.python(code).splitlines()
    assert libraries == "msgspec reelbot"
    assert not set(rooms.split()) & {
        "accounts",
        "cli",
        "publish",
        "studio",
        "subscriptions",
        "web",
        "webhooks",
        "wiring",
    }


def test_the_commands_of_the_ledger_run(alone: Alone) -> None:
    def done(*arguments: str) -> str:
        called = alone.run("reelbot", *arguments, "--data", "commands")
        assert called.returncode == 0, called
        assert "Traceback" not in called.stderr
        return called.stdout

    assert json.loads(done("account", "create", "ada", "--json"))["account"]
    done("account", "grant", "ada", "ai_credits", "5", "--why", "a gift")
    assert "65" in done("usage", "ada")
    assert "a gift" in done("history", "ada")
    assert "free" in done("plans", "--json")
    assert "script" in done("prices")
    assert "up to date" in done("database", "migrate")
    assert "pip install 'reelbot[studio]'" in done("doctor")
    assert "The ledger is whole" in done("ledger", "verify")


def test_the_audit_says_that_it_did_not_look_at_what_a_studio_delivered(alone: Alone) -> None:
    alone.run("reelbot", "account", "create", "bob", "--data", "audited")
    verified = alone.run("reelbot", "ledger", "verify", "--data", "audited")
    assert "delivered" not in verified.stdout
    assert "Only the ledger was looked at" in verified.stderr


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_a_command_that_needs_an_extra_names_it_and_what_to_type(alone: Alone, name: str) -> None:
    called = alone.run("reelbot", name)
    assert (called.returncode, called.stdout) == (1, "")
    assert "Traceback" not in called.stderr
    assert called.stderr.strip().endswith(f"Type: pip install 'reelbot[{NEEDS[name]}]'")


def test_every_command_says_what_it_is_for(alone: Alone) -> None:
    helped = alone.run("reelbot", "--help")
    assert helped.returncode == 0
    assert all(name in helped.stdout for name in SUMMARIES)


def test_an_address_of_postgresql_names_its_extra(alone: Alone) -> None:
    called = alone.run("reelbot", "usage", "--database", "postgresql://ada@127.0.0.1/nowhere")
    assert (called.returncode, called.stdout) == (1, "")
    assert "Traceback" not in called.stderr
    assert "pip install 'reelbot[postgres]'" in called.stderr
    told = alone.python(
        """
        from reelbot.allowance import ConfigFailure, SyncLedger
        try:
            SyncLedger.open("postgresql://ada@127.0.0.1/nowhere").find("ada")
        except ConfigFailure as failure:
            print(failure)
        """
    )
    assert (
        told.strip() == "PostgreSQL needs psycopg, which is not installed here. Type: pip install 'reelbot[postgres]'"
    )


@pytest.mark.parametrize(
    ("asked", "extra"),
    [
        ("import reelbot.web", "server"),
        ("from reelbot.studio import Studio", "studio"),
        ("from reelbot.publish import Publishing", "studio"),
        ("import reelbot.webhooks", "studio"),
    ],
)
def test_a_room_that_needs_an_extra_names_it_in_python(alone: Alone, asked: str, extra: str) -> None:
    told = alone.python(f"try:\n    {asked}\nexcept ImportError as missing:\n    print(missing)")
    assert told.strip().endswith(f"Type: pip install 'reelbot[{extra}]'")
