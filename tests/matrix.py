"""Tries the project with several Pythons: `python3 tests/matrix.py newest | 3.12 3.13 …`.

For each: an environment of its own under build/matrix from the same lock files, the type check, a quick part of the tests,
and one video. Without names it takes every Python from 3.11 to 3.14 that this machine has; with `newest` the newest one
beside the default, or none when there is no other. Needs the project's own environment for its installer.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
INTO = ROOT / "build" / "matrix"

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
"""What `requires-python` lets in and the locked libraries have wheels for."""

QUICK_TESTS = (
    "tests/test_clock.py", "tests/test_config.py", "tests/test_ids.py", "tests/accounts/core", "tests/allowance/core",
    "tests/allowance/test_batch.py", "tests/allowance/test_catalogue.py", "tests/allowance/test_quotes.py",
    "tests/events/core", "tests/webhooks/core", "tests/studio/core", "tests/studio/planning",
    "tests/studio/test_front_door.py",
    "tests/db/test_statements.py", "tests/web/test_connections.py", "tests/web/test_fair_queue.py",
    "tests/web/test_forwarding.py", "tests/web/test_shares.py", "tests/web/test_token_buckets.py", "tests/providers",
    "tests/render/test_probe.py",
)  # fmt: skip
"""The tests that touch most libraries for their time: cores, decoding, uploads, providers, what is made without any."""

TOPIC = "why cats purr"

VIDEO_CHECK = """
import sys, av
with av.open(sys.argv[1]) as video:
    picture = video.streams.video[0]
    assert (picture.width, picture.height) == (1080, 1920), (picture.width, picture.height)
    assert video.streams.audio and video.duration > 10_000_000, video.duration
    frames = sum(1 for _ in video.decode(picture))
    assert frames >= 10 * picture.average_rate, frames
"""


def version_of(program: str | Path) -> str | None:
    """Which Python a program is, as "3.12"; None when it doesn't run."""
    asked = [program, "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def _candidates() -> Iterator[str | Path]:
    for version in VERSIONS:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            yield Path(folder) / f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python3"), reverse=True)


def found_pythons() -> dict[str, Path]:
    """The Pythons of this machine that the project is for: on the PATH, and among pyenv's versions."""
    found: dict[str, Path] = {}
    for program in map(Path, _candidates()):
        version = version_of(program) if program.exists() else None
        if version in VERSIONS and version not in found:
            found[version] = program
    return dict(sorted(found.items(), key=lambda one: _ordered(one[0])))


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def try_with(version: str, program: Path) -> list[tuple[str, float]]:
    """Set up, check types, test, make a video; the seconds of each. `CalledProcessError` for the first that fails."""
    here = INTO / version
    python, reelbot = (str(here / "venv" / "bin" / name) for name in ("python", "reelbot"))
    uv = [str(ROOT / ".venv" / "bin" / "python"), "-m", "uv"]
    locks = ["requirements/test.txt", "requirements/setup.txt"]
    into = ["--python", python]
    with tempfile.TemporaryDirectory(prefix="reelbot-matrix-") as data:
        video = here / "video.mp4"
        video.unlink(missing_ok=True)
        made = [reelbot, "make", TOPIC, "-o", str(video)]
        stages: dict[str, list[list[str]]] = {
            "set up": [
                [*uv, "venv", "-q", "--clear", "--python", str(program), str(here / "venv")],
                [*uv, "pip", "sync", "-q", *into, "--require-hashes", *locks],
                [*uv, "pip", "install", "-q", *into, "--no-deps", "--no-build-isolation", "--editable", "."],
            ],
            "types": [[python, "-m", "mypy", "--cache-dir", str(here / "mypy")]],
            "tests": [[python, "-m", "pytest", "-n", "auto", "--dist", "worksteal", *QUICK_TESTS]],
            "video": [made, [python, "-c", VIDEO_CHECK, str(video)]],
        }
        environment = {**os.environ, "REELBOT_DATA": data}
        took = []
        for stage, commands in stages.items():
            sys.stdout.write(f"--- Python {version}: {stage}\n")
            sys.stdout.flush()
            began = time.monotonic()
            for command in commands:
                subprocess.run(command, cwd=ROOT, env=environment, check=True)
            took.append((stage, time.monotonic() - began))
        return took


def main(arguments: Sequence[str]) -> int:
    """Try each Python that is asked for, and print one line for each."""
    found = found_pythons()
    default = f"{sys.version_info.major}.{sys.version_info.minor}"
    wanted = list(arguments)
    if wanted == ["newest"]:
        wanted = [version for version in found if version != default][-1:]
        if not wanted:
            sys.stdout.write(f"There is no Python beside {default} here that could be tried.\n")
    elif not wanted:
        wanted = list(found)
    absent = [version for version in wanted if version not in found]
    if absent:
        sys.stderr.write(f"There is no Python {', '.join(absent)} here. There is: {', '.join(found) or 'none'}.\n")
        return 2
    INTO.mkdir(parents=True, exist_ok=True)
    results = []
    for version in wanted:
        try:
            took = try_with(version, found[version])
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"Python {version} failed: {' '.join(error.cmd)[:200]}\n")
            return 1
        results.append(f"Python {version}: " + ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in took))
        shutil.rmtree(INTO / version / "venv")
    sys.stdout.write("".join(f"{line}\n" for line in results))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
