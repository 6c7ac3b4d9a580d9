"""The allowance in somebody else's product: the five lines, the example that is shipped, and nothing of the web."""

import subprocess
import sys
from pathlib import Path

from reelbot.allowance import Ledger

EXAMPLE = Path(__file__).parents[2] / "examples" / "chat.py"


async def test_the_five_lines_of_the_readme_work_as_written(tmp_path: Path) -> None:
    async with Ledger.open(f"sqlite:///{tmp_path}/allowance.db") as ledger:
        ada = await ledger.account("ada", plan="free", timezone="Europe/Paris")
        hold = await ledger.hold(ada, {"ai_credits": 25}, key="order-17")
        await ledger.settle(hold)
        (credits, *_) = (await ledger.usage(ada)).meters
        assert (credits.used, credits.held, credits.remaining) == (25, 0, 35)


def test_the_chat_settles_what_it_streamed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "why", "do", "cats", "purr?"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer, _, receipt = done.stdout.rpartition("\n— ")
    tokens = len(answer.split())
    assert receipt.strip() == f"{-(-tokens // 100)} AI credits; {60 - -(-tokens // 100)} left today"


def test_the_web_is_not_imported_by_the_ledger() -> None:
    told = "import sys, reelbot.allowance; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint({"starlette", "uvicorn", "click", "rich", "httpx", "sse_starlette", "prometheus_client"})
