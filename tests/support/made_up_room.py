"""A room that a test makes up, with migrations that it writes: for what migrations promise, beyond those there are."""

import hashlib
import sys
from pathlib import Path
from shutil import copytree

import pytest


class MadeUpRoom:
    """A package of that name with migrations; `of` copies those of a room that there is."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "made_up", of: Path | None = None
    ) -> None:
        self.name = name
        self.migrations = folder / name / "migrations"
        if of is None:
            self.migrations.mkdir(parents=True)
            self.checksums.touch()
        else:
            copytree(of / "migrations", self.migrations)
        (folder / name / "__init__.py").touch()
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, name, raising=False)

    @property
    def checksums(self) -> Path:
        """The file of the checksums."""
        return self.migrations / "checksums"

    def add(self, file: str, script: str) -> None:
        """One more migration, with its checksum."""
        (self.migrations / file).write_text(script)
        with self.checksums.open("a") as checksums:
            checksums.write(f"{hashlib.sha256(script.encode()).hexdigest()}  {file}\n")
