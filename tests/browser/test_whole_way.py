"""The whole way from the first visit to the downloaded MP4, as people go it: on a desk, on a phone, by keys alone.

The server is `reelbot serve` as a process of its own, the content really made by the embedded providers. A picture of
every stage stays in build/screenshots for a person to look at.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import av
import httpx
import pytest
from playwright.async_api import Browser, Download, Locator, Page, expect
from tests.browser.conftest import PATIENCE_MS, SCREENSHOTS, enter, live
from tests.browser.real_server import DEADLINE_SECONDS, serving

expect.set_options(timeout=PATIENCE_MS)

RENDER_MS = 280_000
"""How long a video may take on a machine that does many other things."""

pytestmark = pytest.mark.timeout(1_200)

TOPIC = "why the sea is salty"

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


@dataclass
class Way:
    """A page on its way, of which pictures are taken."""

    page: Page
    url: str
    folder: Path
    stages: Iterator[int] = field(default_factory=lambda: count(1))

    async def keep(self, stage: str) -> None:
        """Keep a picture of what is seen now; on a phone nothing may be wider than the screen."""
        wide = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{stage} is {wide} px wider than the screen"
        await self.page.screenshot(path=self.folder / f"{next(self.stages):02}-{stage}.png", animations="disabled")


@asynccontextmanager
async def first_visit(browser: Browser, tmp_path: Path, name: str, **options: object) -> AsyncIterator[Way]:
    """A fresh installation, entered by the link that it printed."""
    folder = SCREENSHOTS / name
    folder.mkdir(parents=True, exist_ok=True)
    async with serving(tmp_path, "--port", "0") as server:
        context = await browser.new_context(accept_downloads=True, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await enter(page, server.link)
        await live(page)
        yield Way(page, server.url, folder)
        await context.close()
        assert problems == []


async def test_on_a_desk_step_by_step_to_the_downloaded_video(browser: Browser, tmp_path: Path) -> None:
    async with first_visit(browser, tmp_path, "desk") as way:
        page = way.page
        await way.keep("dashboard")
        await page.get_by_label("What is your next video about?").fill(TOPIC)
        await page.get_by_role("button", name="Make a video").click()
        await page.wait_for_url("**/studio/draft_**")
        await live(page)
        await page.get_by_text("15 s", exact=True).click()
        await expect(page.locator("#saving[data-state=saved]")).to_be_visible()
        await way.keep("topic")
        for step, button, made in STEPS:
            await page.click(f".step[data-step-link={step}]")
            await page.locator(f"#panel-{step}").get_by_role("button", name=button).click()
            await expect(page.locator(made).first).to_be_visible(timeout=RENDER_MS)
            await expect(page.locator("#works")).to_have_count(0)
            await way.keep(step)
        await expect(page.locator("#script")).not_to_have_value("")
        await page.click(".step[data-step-link=review]")
        await way.keep("review")
        await page.get_by_role("button", name="Generate Video").click()
        await expect(page.locator("#works")).to_be_visible()
        await way.keep("rendering")
        await finished(way)
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download MP4").click()
        require_video(await saved(await download.value, tmp_path))
        await page.goto(f"{way.url}/history")
        await way.keep("history")
        await page.goto(way.url)
        await expect(page.locator(".card[data-meter=video_generations] [data-part=used]")).to_have_text("1")
        await way.keep("dashboard-afterwards")


STEPS = (
    ("script", "Write the script", "#panel-script .versions, #panel-script .state.is-current"),
    ("voiceover", "Speak the script", "#panel-voiceover .word-track span"),
    ("assets", "Paint", ".scene .scene-picture img"),
)


async def test_on_a_phone_two_taps_lead_from_the_first_page_to_a_video(browser: Browser, tmp_path: Path) -> None:
    async with first_visit(browser, tmp_path, "phone", **PHONE) as way:
        page = way.page
        await way.keep("dashboard")
        await page.get_by_label("What is your next video about?").fill(TOPIC)
        await page.get_by_role("button", name="Make a video").tap()
        await page.wait_for_url("**/studio/draft_**")
        await live(page)
        await way.keep("draft")
        await page.get_by_text("15 s", exact=True).tap()
        await expect(page.locator("#saving[data-state=saved]")).to_be_visible()
        await way.keep("settings")
        await page.get_by_role("button", name="Make the whole video").tap()
        await expect(page.locator("#works")).to_be_visible()
        await way.keep("being-made")
        await finished(way)
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download MP4").tap()
        require_video(await saved(await download.value, tmp_path))


async def test_by_keys_alone_with_the_focus_always_visible(browser: Browser, tmp_path: Path) -> None:
    async with first_visit(browser, tmp_path, "keys") as way:
        page = way.page
        await tab_to(page, page.get_by_label("What is your next video about?"))
        await way.keep("topic")
        await page.keyboard.type(TOPIC)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/studio/draft_**")
        await live(page)
        await tab_to(page, page.locator("[name=duration_s]:checked"))
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator("[name=duration_s][value='15']")).to_be_checked()
        await expect(page.locator("#saving[data-state=saved]")).to_be_visible()
        await way.keep("duration")
        await tab_to(page, page.get_by_role("button", name="Make the whole video"), "Shift+Tab")
        await way.keep("whole-video")
        await page.keyboard.press("Space")
        await expect(page.locator("#works")).to_be_visible()
        await finished(way)
        await tab_to(page, page.get_by_role("link", name="Download MP4"))
        await way.keep("download")
        async with page.expect_download() as download:
            await page.keyboard.press("Enter")
        require_video(await saved(await download.value, tmp_path))


async def finished(way: Way) -> None:
    """Wait for the page of the finished video, which comes by itself."""
    await way.page.wait_for_url(re.compile(r"/videos/video_"), timeout=RENDER_MS)
    await expect(way.page.get_by_text("Your video is finished")).to_be_visible()
    await expect(way.page.locator("#watch")).to_have_js_property("readyState", 4)
    await way.keep("video")


async def saved(download: Download, folder: Path) -> Path:
    assert download.suggested_filename.endswith(".mp4")
    path = folder / download.suggested_filename
    await download.save_as(path)
    return path


def require_video(path: Path) -> None:
    """What was downloaded is a whole video of the size and about the length that were asked for, with sound."""
    with av.open(str(path)) as video:
        picture, sound = video.streams.video[0], video.streams.audio[0]
        assert (picture.codec_context.width, picture.codec_context.height) == (1080, 1920)
        assert video.duration is not None
        assert 8 <= video.duration / av.time_base <= 24
        assert picture.frames >= 8 * 30
        assert sound.codec_context.sample_rate >= 44_100


# by keys


VISIBLE = """() => {
  const focused = document.activeElement;
  const drawn = (one) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  };
  if (focused.matches("video[controls]")) return ""; // the browser shows the focus among its own controls
  const around = [focused, focused.nextElementSibling, focused.closest("label")].filter(Boolean);
  const shown = around.some((one) => {
    const { width, height, bottom, top } = one.getBoundingClientRect();
    return drawn(one) && width > 1 && height > 1 && bottom > 0 && top < innerHeight;
  });
  return shown ? "" : focused.outerHTML.slice(0, 200);
}"""

TABS_MAX = 150
"""No page has so many places for the focus."""


async def tab_to(page: Page, aim: Locator, key: str = "Tab") -> None:
    """Go from place to place until the aim has the focus; at each it must be seen where one is."""
    for _ in range(TABS_MAX):
        await page.keyboard.press(key)
        assert await page.evaluate(VISIBLE) == ""
        if await aim.evaluate("(aim) => aim === document.activeElement"):
            return
    pytest.fail(f"no way leads to {aim} by {key}")


# signing up


NAME, FIRST, SECOND = "grace", "a first sentence to keep", "another sentence to keep"


async def test_where_signing_up_is_open_one_signs_up_out_and_in_and_changes_the_password(
    browser: Browser, tmp_path: Path
) -> None:
    async with serving(tmp_path, "--port", "0", REELBOT_SIGNUP="open") as server:
        context = await browser.new_context(timezone_id="Europe/Lisbon")
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await page.goto(server.url)
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await page.get_by_role("link", name="Open an account").click()
        await _send(page, "Open the account", Name=NAME, Password=FIRST)
        await expect(page.locator(".pair [data-meter=ai_credits] [data-part=remaining]")).to_have_text("60")
        await _sign_out(page)
        await _send(page, "Sign in", Name=NAME, Password=SECOND)
        await expect(page.get_by_role("alert")).to_contain_text("This name and password do not go together.")
        await _send(page, "Sign in", Name=NAME, Password=FIRST)
        await page.goto(f"{server.url}/account")
        await expect(page.locator("#timezone")).to_have_value("Europe/Lisbon")
        await _send(page, "Change the password", **{"Current password": FIRST, "New password": SECOND})
        await _sign_out(page)
        await _send(page, "Sign in", Name=NAME, Password=SECOND)
        await _use_a_key(page, server.url)
        await context.close()


async def _send(page: Page, button: str, **fields: str) -> None:
    form = page.locator("form").filter(has=page.get_by_role("button", name=button, exact=True))
    for label, text in fields.items():
        await form.get_by_label(label, exact=True).fill(text)
    async with page.expect_navigation():
        await form.get_by_role("button", name=button, exact=True).click()


async def _sign_out(page: Page) -> None:
    await page.get_by_label(f"Account of {NAME}").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("You have signed out.")).to_be_visible()


async def _use_a_key(page: Page, url: str) -> None:
    """Create a key, use it for a program, revoke it."""
    await page.goto(f"{url}/account")
    await _send(page, "Create a key", **{"Where will it be used?": "Nightly", "Current password": SECOND})
    key = await page.locator("#new-secret").inner_text()
    assert (await _usage(url, key)).json()["account"] == NAME
    await page.get_by_role("button", name="Revoke the key Nightly").click()
    await page.locator("#confirm button[value=yes]").click()
    await expect(page.get_by_role("button", name="Revoke the key Nightly")).to_have_count(0)
    assert (await _usage(url, key)).status_code == httpx.codes.UNAUTHORIZED


async def _usage(url: str, key: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=DEADLINE_SECONDS) as http:
        return await http.get(f"{url}/api/v1/usage", headers={"Authorization": f"Bearer {key}"})
