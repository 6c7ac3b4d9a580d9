"""What the browser's tests do on the studio's pages: get drafts ready, open them, go from step to step, press buttons."""

import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from PIL import Image
from playwright.async_api import Locator, Page, Response, expect
from tests.browser.conftest import PATIENCE_MS, Visited, live

from reelbot.providers.port import Provider
from reelbot.providers.registry import Registry

expect.set_options(timeout=PATIENCE_MS)

SCRIPT = "Hello there."

CREDITS = ".pair [data-meter=ai_credits] [data-part=remaining]"

SAVED = "#saving[data-state=saved]"

VIDEOS = ".pair [data-meter=video_generations] [data-part=remaining]"


def picture(colour: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (90, 160), colour).save(written, "PNG")
    return written.getvalue()


def sound(seconds: int = 2) -> bytes:
    """A recording in which nobody says anything."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\x10\x00\xf0\xff" * (8_000 * seconds))
    return written.getvalue()


def working(visited: Visited) -> None:
    """Let jobs be done; the site ends its worker itself."""
    assert visited.stand.site.studio is not None
    visited.stand.site.studio.worker.start()


async def done(visited: Visited) -> None:
    """Do all jobs that wait."""
    assert visited.stand.site.studio is not None
    await visited.stand.site.studio.worker.run_all()


def forgive(visited: Visited, *statuses: int) -> None:
    """A refusal that a test provokes is told in the browser's console too: that is no problem."""
    expected = tuple(f"status of {status} " for status in statuses)
    visited.problems[:] = [one for one in visited.problems if not any(text in one for text in expected)]


async def opened(visited: Visited, **more: Any) -> str:
    body = {"flow": "narrated", "topic": "why cats purr", **more}
    return str((await visited.stand.post("/drafts", body)).json()["id"])


async def uploaded(visited: Visited, colour: str) -> str:
    """A picture in the library."""
    files = {"file": (f"{colour}.png", picture(colour))}
    answer = await visited.stand.send("POST", "/assets", files=files)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def with_pictures(visited: Visited, count: int, **more: Any) -> str:
    """A draft with pictures of one's own."""
    draft, assets = await opened(visited, **more), []
    for colour in ("teal", "orange", "navy")[:count]:
        assets.append(await uploaded(visited, colour))
    await visited.stand.send("PATCH", f"/drafts/{draft}", {"add": assets}, key=None)
    return draft


async def drafted(visited: Visited, draft: str) -> Any:
    return (await visited.stand.get(f"/drafts/{draft}")).json()


async def scene_order(visited: Visited, draft: str) -> list[int]:
    return [scene["scene"] for scene in (await drafted(visited, draft))["steps"]["assets"]["scenes"]]


def joined_by(visited: Visited, provider: Provider) -> None:
    """One more provider, which is asked first."""
    assert visited.stand.site.studio is not None
    registry = visited.stand.site.studio.registry
    Registry.__init__(registry, [provider, *registry])


async def made(visited: Visited, draft: str, *steps: dict[str, Any]) -> None:
    answer = await visited.stand.post(f"/drafts/{draft}/generations", {"steps": steps})
    assert answer.status_code == 202, answer.text
    await done(visited)


@asynccontextmanager
async def studio(visited: Visited, draft: str, step: str = "topic", **options: Any) -> AsyncIterator[Page]:
    """A page on a step of a draft, followed live."""
    async with visited.signed_in(**options) as page:
        await page.goto(f"{visited.url}/studio/{draft}/{step}")
        await live(page)
        yield page


async def go(page: Page, step: str) -> None:
    await page.click(f".step[data-step-link={step}]")
    await expect(page.locator(f"#panel-{step}")).to_be_visible()


STEPS = ("topic", "script", "voiceover", "assets", "review")


async def press(page: Page, button: Locator) -> Any:
    """Press an AI button, agree to its quote where one is shown first, and give what was answered."""
    async with page.expect_response(_begins_work) as answer:
        await button.click()
        if await button.get_attribute("data-asks") is not None:
            await page.locator("#quote [data-part=go]").click()
    return await (await answer.value).json()


def _begins_work(answer: Response) -> bool:
    return answer.request.method == "POST" and answer.url.endswith("/generations")


async def credit_entries(visited: Visited, who: str = "ada") -> Any:
    return (await visited.stand.get("/entries?meter=ai_credits", who)).json()["entries"]
