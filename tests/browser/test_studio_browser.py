"""The video studio in a browser: from a topic to a video, every change saved, nothing charged that was not asked for."""

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from PIL import Image
from playwright.async_api import FilePayload, Page, expect
from tests.browser.conftest import PATIENCE_MS, Visited, live

expect.set_options(timeout=PATIENCE_MS)

SCRIPT = "Hello there."
CREDITS = ".pair [data-meter=ai_credits] [data-part=remaining]"
SAVED = "#saving[data-state=saved]"


def picture(colour: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (90, 160), colour).save(written, "PNG")
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


async def with_pictures(visited: Visited, count: int, **more: Any) -> str:
    """A draft with pictures of one's own."""
    draft, assets = await opened(visited, **more), []
    for colour in ("teal", "orange", "navy")[:count]:
        files = {"file": (f"{colour}.png", picture(colour))}
        assets.append((await visited.stand.send("POST", "/assets", files=files)).json()["id"])
    await visited.stand.send("PATCH", f"/drafts/{draft}", {"add": assets}, key=None)
    return draft


async def drafted(visited: Visited, draft: str) -> Any:
    return (await visited.stand.get(f"/drafts/{draft}")).json()


async def scene_order(visited: Visited, draft: str) -> list[int]:
    return [scene["scene"] for scene in (await drafted(visited, draft))["steps"]["assets"]["scenes"]]


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


async def test_from_the_studio_to_a_finished_video(visited: Visited) -> None:
    working(visited)
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/studio")
        await page.fill("#topic", "why cats purr")
        await page.get_by_role("button", name="Begin").click()
        await expect(page.locator("#panel-topic")).to_be_visible()
        await go(page, "script")
        await page.fill("#script", SCRIPT)
        await go(page, "voiceover")
        await page.click("#panel-voiceover [data-makes=step]")
        await expect(page.locator(".word-track span")).to_have_text(["Hello", "there."])
        await go(page, "assets")
        for colour in ("teal", "orange"):
            file = FilePayload(name=f"{colour}.png", mimeType="image/png", buffer=picture(colour))
            await page.set_input_files("[data-drop=scenes] input", files=[file])
        await expect(page.locator(".scene .scene-picture img")).to_have_count(2)
        await go(page, "review")
        await page.click("[data-render]")
        await expect(page).to_have_url(re.compile(r"/videos/video_"))
        await expect(page.get_by_text("Your video is finished")).to_be_visible()
        player = page.locator("#watch")
        await expect(player).to_have_js_property("readyState", 4)
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download MP4").click()
        assert (await download.value).suggested_filename == "why-cats-purr.mp4"
        await page.get_by_role("button", name="Edit again").click()
        await expect(page.locator("#panel-review")).to_be_visible()
        await expect(page.locator("[data-render]")).to_be_enabled()
    assert await visited.stand.used() == (1, 0)
    assert await visited.stand.used(meter="video_generations") == (1, 0)


async def test_a_change_that_affects_finished_steps_asks_and_cancelling_changes_nothing(visited: Visited) -> None:
    draft = await opened(visited, script=SCRIPT)
    await visited.stand.post(f"/drafts/{draft}/generations", {"step": "voiceover"})
    await done(visited)
    async with studio(visited, draft, "script") as page:
        await page.fill("#script", "Quite another text.")
        dialog = page.locator("#impact")
        await expect(dialog).to_contain_text("Voiceover The script has changed since it was made.")
        await expect(dialog).to_contain_text("costs 1 AI credit, when you ask for it")
        await dialog.get_by_role("button", name="Cancel, change nothing").click()
        await expect(page.locator("#script")).to_have_value(SCRIPT)
        await expect(page.locator(SAVED)).to_be_visible()
        assert (await drafted(visited, draft))["steps"]["script"]["text"] == SCRIPT
        await page.fill("#script", "Quite another text.")
        await dialog.get_by_role("button", name="Change it").click()
        await expect(page.locator(".step[data-step-link=voiceover]")).to_contain_text("No longer matches")
        assert (await drafted(visited, draft))["steps"]["script"]["text"] == "Quite another text."
        await page.click("#refresh [data-makes=refresh]")
        quote = page.locator("#quote")
        await expect(quote).to_contain_text("59 now → 1 → 58 after")
        await quote.get_by_role("button", name="Bring up to date").click()
        await expect(page.locator("#works")).to_be_visible()
        await done(visited)
        await expect(page.locator("#refresh")).to_have_count(0)
        forgive(visited, 409)
    assert await visited.stand.used() == (2, 0)


async def test_what_is_typed_survives_a_reload_and_a_lost_connection(visited: Visited) -> None:
    draft = await opened(visited)
    async with studio(visited, draft, "script") as page:
        await page.fill("#script", "Typed and left at once.")
        await page.reload()
        await expect(page.locator("#script")).to_have_value("Typed and left at once.")
        await expect(page.locator(SAVED)).to_be_visible()
        await live(page)
        await page.context.set_offline(True)
        await page.fill("#script", "Typed while offline.")
        await expect(page.locator("#saving")).to_have_attribute("data-state", "offline")
        await page.context.set_offline(False)
        await expect(page.locator(SAVED)).to_be_visible()
        visited.problems.clear()  # the browser tells that it was offline
    assert (await drafted(visited, draft))["steps"]["script"]["text"] == "Typed while offline."


async def test_the_price_on_a_button_is_what_is_taken_and_is_told_before_and_after(visited: Visited) -> None:
    draft = await opened(visited)
    async with studio(visited, draft, "script") as page:
        button = page.locator("#panel-script [data-makes=step]")
        await expect(button).to_contain_text("Write the script2")
        await button.hover()
        await expect(page.locator("#forecast")).to_have_text("AI credits60 now → 2 → 58 after")
        await button.click()
        await expect(page.locator(CREDITS)).to_have_text("58")
        assert await visited.stand.used() == (0, 2)
        await done(visited)
        await expect(page.locator("#script")).to_have_value(re.compile("cats"))
    assert await visited.stand.used() == (2, 0)


async def test_at_the_limit_only_ai_actions_are_disabled_and_say_why(visited: Visited) -> None:
    draft = await opened(visited, script=SCRIPT)
    async with studio(visited, draft, "script") as page:
        button = page.locator("#panel-script [data-makes=step]")
        hold = await visited.stand.hold(59)
        await expect(button).to_have_attribute("aria-disabled", "true")
        await expect(page.locator("#panel-script .reason").first).to_contain_text("Needs 2 AI credits; 1 left.")
        await expect(page.locator("#panel-script .reason").first).to_contain_text("Back Mon 2 Mar, 00:00")
        await page.fill("#script", "By hand, at the limit.")
        await expect(page.locator(SAVED)).to_be_visible()
        await expect(page.locator("#panel-script .reason").first).to_be_visible()
        assert (await drafted(visited, draft))["steps"]["script"]["text"] == "By hand, at the limit."
        await visited.stand.post(f"/holds/{hold['id']}/release", {})
        await expect(button).not_to_have_attribute("aria-disabled", "true")
        await expect(page.locator("#panel-script .reason")).to_have_count(0)


async def test_two_tabs_agree(visited: Visited) -> None:
    draft = await opened(visited)
    async with studio(visited, draft, "script") as first:
        second = await visited.another(first.context)
        await second.goto(f"{visited.url}/studio/{draft}/script")
        await live(second)
        await first.fill("#script", "Written in one tab.")
        await expect(second.locator("#script")).to_have_value("Written in one tab.")
        await second.get_by_text("16:9", exact=True).click()
        await expect(first.locator("[name=aspect][value='16:9']")).to_be_checked()
        await first.bring_to_front()
        await first.click("#panel-script [data-makes=step]")
        await expect(second.locator("#works li")).to_have_count(1)
        await done(visited)
        await expect(second.locator("#works")).to_have_count(0)
        written = (await drafted(visited, draft))["steps"]["script"]["text"]
        for page in (first, second):
            await expect(page.locator("#script")).to_have_value(written)


async def test_pictures_are_reordered_by_keyboard_alone_and_the_focus_stays(visited: Visited) -> None:
    draft = await with_pictures(visited, 3)
    one, two, three = await scene_order(visited, draft)
    async with studio(visited, draft, "assets") as page:
        await page.focus(f'[data-scene="{one}"] [data-move="1"]')
        await page.keyboard.press("Enter")
        await expect(page.locator("#announcer")).to_have_text("Now 2 of 3.")
        await expect(page.locator(SAVED)).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(page.locator("#announcer")).to_have_text("Now 3 of 3.")
        await expect(page.locator(f'[data-scene="{one}"] .scene-number')).to_have_text("3")
        await expect(page.locator(f'[data-scene="{one}"] [data-move="1"]')).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#announcer")).to_have_text("It is the last already.")
    assert await scene_order(visited, draft) == [two, three, one]


async def test_of_several_pictures_as_many_as_fit_are_animated_and_the_rest_is_named(visited: Visited) -> None:
    draft = await with_pictures(visited, 3)
    async with studio(visited, draft, "assets") as page:
        await page.check("[data-select-all]")
        button = page.locator("#scene-bar [data-makes=animation]")
        await expect(button).to_contain_text("Animate 3 pictures75")
        await button.click()
        quote = page.locator("#quote")
        await expect(quote).to_contain_text("60 now → 50 → 10 after")
        await expect(quote).to_contain_text("Not now: Clip 3. There is room again Mon 2 Mar, 00:00.")
        await quote.get_by_role("button", name="Animate 3 pictures").click()
        await expect(page.locator(".toast")).to_contain_text("Clip 3 does not fit now.")
        await expect(page.locator("#works li")).to_have_count(1)
    assert await visited.stand.used() == (0, 50)


async def test_a_job_that_waits_is_cancelled_and_what_was_held_comes_back(visited: Visited) -> None:
    draft = await opened(visited, script=SCRIPT)
    async with studio(visited, draft, "voiceover") as page:
        await page.click("#panel-voiceover [data-makes=step]")
        await expect(page.locator(CREDITS)).to_have_text("59")
        await page.reload()
        await expect(page.locator("#works")).to_contain_text("Voiceover")
        await live(page)
        await page.click("[data-cancel]")
        await expect(page.locator("#works")).to_have_count(0)
        await expect(page.locator(CREDITS)).to_have_text("60")
    assert await visited.stand.used() == (0, 0)


async def test_steps_have_addresses_that_back_and_forward_follow(visited: Visited) -> None:
    draft = await opened(visited)
    async with studio(visited, draft) as page:
        await go(page, "script")
        await go(page, "assets")
        await expect(page).to_have_url(f"{visited.url}/studio/{draft}/assets")
        await page.go_back()
        await expect(page.locator("#panel-script")).to_be_visible()
        await page.go_forward()
        await expect(page.locator("#panel-assets")).to_be_visible()
        await page.reload()
        await expect(page.locator("#panel-assets")).to_be_visible()
        await expect(page.locator("#panel-topic")).to_be_hidden()


async def test_on_a_phone_nothing_is_wider_than_the_screen(visited: Visited) -> None:
    draft = await with_pictures(visited, 3, script=SCRIPT)
    async with studio(visited, draft, width=390) as page:
        for step in ("topic", "script", "voiceover", "assets", "review"):
            await go(page, step)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390, step
        for path in ("/studio", "/videos", "/assets"):
            await page.goto(f"{visited.url}{path}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path
