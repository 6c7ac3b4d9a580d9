"""`make pictures`: a studio in a folder of its own, used for two weeks and looked at with Chromium.

The clock, the zone and all that is painted are fixed, so a picture changes only when its page does.
"""

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from docs.pictures import story
from PIL import Image
from playwright.async_api import Browser, Locator, Page, async_playwright
from tests.browser.conftest import FLAGS, PATIENCE_MS, live, served
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing
from tests.system_needs import browser as browser_program
from tests.system_needs import missing, sentence

from reelbot.accounts import Accounts

FOLDER = Path(__file__).parent

BYTES_MAX = 300_000
"""Of one picture: a page of the guides still comes quickly over a telephone."""

QUALITIES = (90, 84, 76, 66)
"""Of WebP, the best first: the best one that fits is taken."""

SPOKEN = 12
"""Which word of the voiceover is being spoken in its picture."""

WIDE, PHONE = 1280, 390
HEIGHT, PHONE_HEIGHT = 900, 844
SCALE = 2


class Look(NamedTuple):
    """Who looks, and how."""

    stand: Stand
    url: str
    browser: Browser


async def main() -> int:
    """Take all pictures; the exit status."""
    lacking = missing()
    if lacking:
        sys.stderr.writelines(f"{sentence(need)}\n" for need in lacking)
        return 1
    with TemporaryDirectory(prefix="reelbot-pictures-") as folder:
        async with (
            standing(f"sqlite:///{folder}/reelbot.db", FakeClock(story.BEGINS_AT)) as stand,
            served(stand.app, stand) as url,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(
                executable_path=browser_program(), args=[*FLAGS, "--hide-scrollbars"]
            )
            await _take_all(Look(stand, url, browser))
            await browser.close()
    return 0


async def _take_all(look: Look) -> None:
    told = await story.tell(look.stand)
    async with _page(look) as page:
        for take in (_voiceover, _assets, _batch, _impact, _refresh, _video, _subscription):
            await take(page, look, told)
    await story.begin(look.stand, told.draft)
    async with _page(look) as page:
        await _dashboard(page, look, told)
        await _history(page, look, told)
    async with _page(look, "dark") as page:
        await _go(page, look, "/")
        await _shoot(page, "dashboard-dark", height=HEIGHT)
    await _phones(look, told)
    await story.use_up(look.stand)
    async with _page(look) as page:
        await _exhausted(page, look, told)
    async with _page(look, who=story.OPERATOR) as page:
        await _operator(page, look)


# one picture each


async def _dashboard(page: Page, look: Look, told: story.Story) -> None:
    await _go(page, look, "/")
    await _shoot(page, "dashboard", height=HEIGHT)
    await _shoot_part(page.locator("#activity"), "last-days")


async def _history(page: Page, look: Look, told: story.Story) -> None:
    await _go(page, look, "/history")
    await _shoot(page, "history", height=760)


async def _voiceover(page: Page, look: Look, told: story.Story) -> None:
    await _go(page, look, f"/studio/{told.draft}/voiceover")
    await page.locator(".word-track span").nth(SPOKEN).click()
    await page.wait_for_selector(".word-track .is-spoken")
    await _shoot(page, "studio-voiceover", height=HEIGHT)


async def _assets(page: Page, look: Look, told: story.Story) -> None:
    await _go(page, look, f"/studio/{told.draft}/assets")
    for place in (0, 1, 2):
        await page.locator("[data-animate]").nth(place).check()
    await page.locator("[data-makes=animation]").hover()
    await _shoot(page, "studio-assets", height=HEIGHT)


async def _batch(page: Page, look: Look, told: story.Story) -> None:
    await page.locator("[data-makes=animation]").click()
    await _shoot_dialog(page, "quote", "batch-quote")


async def _impact(page: Page, look: Look, told: story.Story) -> None:
    await _go(page, look, f"/studio/{told.draft}/topic")
    await page.fill("#topic", "Why the sea is never quite still")
    await _shoot_dialog(page, "impact", "impact")


async def _refresh(page: Page, look: Look, told: story.Story) -> None:
    await _go(page, look, f"/studio/{told.stale}/script")
    await _shoot(page, "studio-stale", height=HEIGHT)


async def _video(page: Page, look: Look, told: story.Story) -> None:
    await _go(page, look, f"/videos/{told.video}")
    await _shoot(page, "video", height=HEIGHT)


async def _subscription(page: Page, look: Look, told: story.Story) -> None:
    await _go(page, look, "/subscription")
    await _shoot(page, "subscription", height=1250)


async def _exhausted(page: Page, look: Look, told: story.Story) -> None:
    await _go(page, look, f"/studio/{told.draft}/script")
    await page.locator("#panel-script [data-makes=step][aria-disabled=true]").wait_for()
    await _shoot(page, "limit-reached", height=HEIGHT)


async def _operator(page: Page, look: Look) -> None:
    await _go(page, look, "/operator")
    await _shoot_part(page.locator("section[aria-labelledby=accounts]"), "operator")


async def _phones(look: Look, told: story.Story) -> None:
    """Three screens of a telephone beside each other."""
    screens = []
    async with _page(look, width=PHONE, height=PHONE_HEIGHT) as page:
        for path, top in (("/", None), (f"/studio/{told.draft}/assets", "#scenes"), ("/subscription", "#limits")):
            await _go(page, look, path)
            if top is not None:
                await page.locator(top).evaluate("(part) => scrollBy(0, part.getBoundingClientRect().top - 160)")
            screens.append(await _shot(page))
    _keep(_beside(screens), "phone")


def _beside(screens: list[Image.Image], gap: int = 48) -> Image.Image:
    """Pictures in a row; what is between them is nothing, whatever the ground of the page that shows them."""
    width = sum(one.width for one in screens) + gap * (len(screens) - 1)
    row = Image.new("RGBA", (width, max(one.height for one in screens)))
    left = 0
    for one in screens:
        row.paste(one, (left, 0))
        left += one.width + gap
    return row


# taking pictures


@asynccontextmanager
async def _page(
    look: Look, scheme: str = "light", width: int = WIDE, height: int = HEIGHT, who: str = story.WHO
) -> AsyncIterator[Page]:
    """A page of somebody who has signed in."""
    context = await look.browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=SCALE,
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Paris",
        service_workers="block",
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    accounts, account = look.stand.site.accounts, look.stand.accounts[who]
    assert isinstance(accounts, Accounts)
    await page.goto(f"{look.url}/enter?token={await accounts.sessions.issue_link(account.lane, account.id)}")
    await page.get_by_role("button", name="Sign in as").click()
    await page.wait_for_url(f"{look.url}/")
    yield page
    await context.close()


async def _go(page: Page, look: Look, path: str) -> None:
    """Open a page and let it come to rest."""
    await page.goto(f"{look.url}{path}")
    await live(page)
    await page.wait_for_function(LOADED)


LOADED = """() => {
  for (const image of document.images) image.loading = "eager";
  return document.fonts.status === "loaded" && [...document.images].every((image) => image.complete);
}"""
"""Pictures further down load late on purpose; here they are wanted at once."""

RESTED = """() => {
  for (const one of document.getAnimations()) {
    if (one instanceof CSSTransition) one.cancel();
    else if (one.effect.getTiming().iterations !== Infinity) one.finish();
  }
}"""
"""What is on its way to another colour or place arrives at once: in a browser without a screen some never would."""


async def _shoot(page: Page, name: str, height: int) -> None:
    """The top of a page, so many pixels of it."""
    width = page.viewport_size["width"] if page.viewport_size else WIDE
    await page.set_viewport_size({"width": width, "height": height})
    _keep(await _shot(page), name)


async def _shoot_part(part: Locator, name: str) -> None:
    _keep(await _shot(part), name)


async def _shoot_dialog(page: Page, dialog: str, name: str) -> None:
    """A dialog alone, then closed without having done anything."""
    await page.locator(f"#{dialog}[open]").wait_for()
    await _shoot_part(page.locator(f"#{dialog}"), name)
    await page.locator(f"#{dialog} [data-closes]").first.click()


async def _shot(seen: Page | Locator) -> Image.Image:
    page = seen.page if isinstance(seen, Locator) else seen
    await page.evaluate(RESTED)
    return Image.open(io.BytesIO(await seen.screenshot(animations="disabled")))


def _keep(picture: Image.Image, name: str) -> None:
    """Write a picture as well as it fits."""
    for quality in QUALITIES:
        written = io.BytesIO()
        picture.save(written, "WEBP", quality=quality, method=6)
        if written.tell() <= BYTES_MAX:
            break
    else:
        raise AssertionError(f"{name} is larger than {BYTES_MAX} bytes: crop it")
    (FOLDER / f"{name}.webp").write_bytes(written.getvalue())
    sys.stdout.write(f"{name}.webp  {picture.width} × {picture.height}, {written.tell() // 1000} kB\n")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
