"""What the tests need beside Python, in one list: `python3 tests/system_needs.py` says what is there and what isn't.

With `--install` it installs what is missing from Debian's packages, as root or through sudo. It is run before there is an
environment and therefore imports nothing but the standard library.
"""

import ctypes
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
"""The browsers that the tests of the pages can use, by the names of their programs; the first that is found."""


class Need(NamedTuple):
    """Something that tests need; `package` is Debian's, empty where no package brings it."""

    name: str
    used_by: str
    is_there: Callable[[], bool]
    package: str
    otherwise: str


def browser() -> str | None:
    """Where the browser is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _has_terminals() -> bool:
    try:
        ends = pty.openpty()
    except OSError:
        return False
    for end in ends:
        os.close(end)
    return True


TERMINALS = Need(
    "/dev/pts",
    "the tests of the command line in a terminal",
    _has_terminals,
    "",
    "As root: mkdir -p /dev/pts && mount -t devpts devpts /dev/pts",
)

NEEDS = (
    Need(
        "Chromium",
        "the tests of the pages",
        lambda: browser() is not None,
        "chromium",
        f"Put one of {', '.join(BROWSERS)} on the PATH.",
    ),
    Need(
        "libatomic.so.1",
        "the browser's driver, whose Node.js is linked with it",
        lambda: not sys.platform.startswith("linux") or _has_library("libatomic.so.1"),
        "libatomic1",
        "Install GCC's libatomic.",
    ),
    Need(
        "curl",
        "the tests of the guides, whose examples ask with it",
        lambda: shutil.which("curl") is not None,
        "curl",
        "Put curl on the PATH.",
    ),
    TERMINALS,
)


def missing(needs: Sequence[Need] = NEEDS) -> list[Need]:
    """What isn't there."""
    return [need for need in needs if not need.is_there()]


def sentence(need: Need) -> str:
    """What to do about something that is missing."""
    debian = f" On Debian, as root: apt-get install {need.package}." if need.package else ""
    return f"{need.name} is missing; {need.used_by} need it.{debian} {need.otherwise}"


def pseudo_terminal() -> tuple[int, int]:
    """Our end of a new terminal, and the one for a program; `OSError` says what is missing where there can be none."""
    try:
        return pty.openpty()
    except OSError as error:
        raise OSError(sentence(TERMINALS)) from error


def install(packages: Sequence[str]) -> None:
    """Install Debian's packages; does nothing where there is no apt-get, and says what apt-get says."""
    if not packages or shutil.which("apt-get") is None:
        return
    root = [] if os.geteuid() == 0 else ["sudo"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run([*root, "apt-get", "-q", "update"], env=environment, check=False).returncode == 0:
        command = [*root, "apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
        subprocess.run(command, env=environment, check=False)


def main(arguments: Sequence[str]) -> int:
    """Say what is there; 1 when something is missing in the end."""
    if "--install" in arguments:
        install([need.package for need in missing() if need.package])
    lacking = missing()
    if "--install" not in arguments:
        for need in NEEDS:
            sys.stdout.write(f"{'missing' if need in lacking else 'there':8} {need.name}: {need.used_by}\n")
    for need in lacking:
        sys.stderr.write(f"{sentence(need)}\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
