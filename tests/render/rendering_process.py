"""A process that renders one video and says how far it is: `rendering_process.py DIRECTORY`; for tests that kill it."""

import asyncio
import sys
from pathlib import Path

from tests.render.material import TINY, picture, timeline

from reelbot.render import Timeline, render


def video(directory: Path) -> Timeline:
    """Two pictures with words; the same every time."""
    pictures = [picture(directory / f"{n}.png", n) for n in range(2)]
    return timeline(pictures, 3_000, ["one", "two", "three", "four", "five", "six"])


def tell(share: float) -> None:
    """Write one line for whoever watches."""
    sys.stdout.write(f"{share}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    place = Path(sys.argv[1])
    asyncio.run(render(video(place), place / "out" / "a.mp4", place / "cache", quality=TINY, progress=tell))
