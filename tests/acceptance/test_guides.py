"""Every block of code of every guide is run, or says why not."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.browser.real_server import serving
from tests.guides import ADDRESS, ROOT, RUNNER, SHELL, Block, blocks, commands_of, filled_in, guides, ids_in, read

DEADLINE_SECONDS = 120

GUIDES = guides()
RUN = {guide: [block for block in blocks(guide) if block.reason is None] for guide in GUIDES}
NOT_RUN = [block for guide in GUIDES for block in blocks(guide) if block.reason is not None]
RUNNABLE = ("sh", "python")

OF_ADA = ("docs/for-developers.md",)
"""The guides that speak of an account `ada` which another guide has opened."""


@dataclass
class Reader:
    """Somebody who goes through a guide: in a folder, with a server and a key."""

    folder: Path
    url: str
    key: str
    last: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        bare = {name: value for name, value in os.environ.items() if not name.startswith("REELBOT_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        settings = {"REELBOT_DATA": str(self.folder / "data"), "API_KEY": self.key}
        return bare | settings | {"PATH": path}

    def shell(self, block: Block) -> None:
        """Run command by command; what one sets and exports is there for the next, also in a later block."""
        for command in commands_of(block.text):
            state = self.folder / ".state"
            before = f". {state}\n" if state.exists() else ""
            text = filled_in(command, self.url, self.key, self.last)
            script = f"{SHELL}{before}set -a\n{text}\nset +a\n{{ declare -px; declare -f; }} > {state}\n"
            done = subprocess.run(
                ["bash", "-c", script], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                timeout=DEADLINE_SECONDS, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            assert done.returncode == 0, f"{block.place}: {text}\n{done.stdout}\n{done.stderr}"
            self.last |= ids_in(done.stdout)

    def python(self, block: Block) -> None:
        program = self.folder / f"block_{block.line}.py"
        program.write_text(filled_in(block.text, self.url, self.key, self.last), encoding="utf-8")
        called = [sys.executable, "-u", "-c", RUNNER, str(program)]
        if block.until is not None:
            self._until(called, block.until)
            return
        done = subprocess.run(
            called, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block.place}:\n{done.stdout}\n{done.stderr}"

    def _until(self, called: list[str], wanted: str) -> None:
        """Run what goes on for ever beside somebody who uses the account, and end it when it has printed what it should."""
        with subprocess.Popen(
            called, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        ) as program:
            seen, ended = threading.Event(), threading.Event()

            def use() -> None:
                number = 0
                while not seen.wait(0.2) and number < 5 * DEADLINE_SECONDS:
                    number += 1
                    headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": f"until-{number}"}
                    body = {"lines": [{"meter": "storage_bytes", "amount": 1}]}
                    httpx.post(f"{self.url}/api/v1/holds", json=body, headers=headers)
                ended.set()
                program.kill()

            user = threading.Thread(target=use)
            user.start()
            try:
                assert program.stdout is not None
                assert any(wanted in line for line in program.stdout), f"{wanted} was never printed"
            finally:
                seen.set()
                user.join()


@asynccontextmanager
async def reading(guide: str, folder: Path) -> AsyncIterator[Reader]:
    """A reader of a guide, with a server where the guide speaks of one."""
    for name in ("examples", "src"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    for name in ("plans.toml", "prices.toml"):
        (folder / name).write_bytes((ROOT / "src/reelbot/data" / name).read_bytes())
    if not any(ADDRESS in block.text or "reelbot " in block.text for block in RUN[guide] if block.language in RUNNABLE):
        yield Reader(folder, ADDRESS, "")
        return
    async with serving(folder, "--port", "0", REELBOT_JOBS="0", REELBOT_WEBHOOKS_TO_LOOPBACK="true") as server:
        assert server.key is not None
        reader = Reader(folder, server.url, server.key)
        if guide in OF_ADA:
            await asyncio.to_thread(reader.shell, Block(guide, 0, "sh", "reelbot account create ada\n", None, None))
        yield reader


@pytest.mark.parametrize("guide", [guide for guide in GUIDES if RUN[guide]])
async def test_what_a_guide_shows_works_as_written(guide: str, tmp_path: Path) -> None:
    async with reading(guide, tmp_path) as reader:
        for block in RUN[guide]:
            read(block)
            if block.language == "sh":
                await asyncio.to_thread(reader.shell, block)
            elif block.language == "python":
                await asyncio.to_thread(reader.python, block)


@pytest.mark.parametrize("block", NOT_RUN, ids=[block.place for block in NOT_RUN])
def test_a_block_that_is_not_run_can_be_read_and_says_why(block: Block) -> None:
    read(block)
    assert block.reason is not None
    assert len(block.reason.split()) >= 3, block.reason
    assert all((ROOT / named).is_file() for named in re.findall(r"tests/[\w/]+\.py", block.reason)), block.reason
    sys.stdout.write(f"{block.place} is not run: {block.reason}\n")


def test_configurations_of_other_programs_are_never_taken_for_run() -> None:
    assert not [block.place for guide in GUIDES for block in RUN[guide] if block.language in ("ini", "nginx", "caddy")]
