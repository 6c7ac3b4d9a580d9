"""The mission as people see it: what never uses AI credits (PRODUCT M4), and what goes on without any (M9)."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, expect
from tests.browser import furnishing
from tests.browser.conftest import Visited, leave, served
from tests.browser.studio_pages import (
    CREDITS,
    SAVED,
    SCRIPT,
    STEPS,
    VIDEOS,
    credit_entries,
    done,
    forgive,
    go,
    picture,
    sound,
    studio,
)
from tests.support.clock import FakeClock
from tests.support.sites import filmed, standing
from tests.web.api.test_posts import connected, work


async def _move(visited: Visited, page: Page, draft: str, who: str) -> None:
    for step in STEPS:
        await go(page, step)
    await page.go_back()
    await page.go_forward()
    await page.locator("#panel-review .panel-foot a").click()
    await expect(page.locator("#panel-assets")).to_be_visible()


async def _edit(visited: Visited, page: Page, draft: str, who: str) -> None:
    await _type(page, "#topic", "why dogs bark")
    await go(page, "script")
    await _type(page, "#script", "Dogs bark because they can.")
    shown = (await visited.stand.get(f"/drafts/{draft}", who)).json()
    assert shown["steps"]["script"]["text"] == "Dogs bark because they can."


async def _type(page: Page, field: str, text: str) -> None:
    await page.fill(field, text)
    await _saved(page)


async def _saved(page: Page) -> None:
    """A change is saved; where it affects finished steps, it is agreed to first."""
    agree = page.locator("#impact").get_by_role("button", name="Change it")
    await page.locator(f"{SAVED}, #impact[open]").first.wait_for()
    if await agree.is_visible():
        await agree.click()
    await expect(page.locator(SAVED)).to_be_visible()


async def _preview(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "voiceover")
    async with page.expect_response(re.compile(r"/sample\.wav")) as sample:
        await page.locator("[data-sample]").first.click()
    assert (await sample.value).ok
    await go(page, "review")
    await page.click("[data-preview]")
    await expect(page.locator("#works")).to_contain_text("Preview")
    await done(visited)
    await expect(page.locator(".preview-video")).to_be_visible()


async def _review(visited: Visited, page: Page, draft: str, who: str) -> None:
    await page.goto(f"{visited.url}/studio")
    await page.click(f"[data-draft='{draft}'] a")
    await go(page, "review")
    await expect(page.locator("#panel-review")).to_contain_text("it sets the length of the video")


async def _set(visited: Visited, page: Page, draft: str, who: str) -> None:
    for choice in ("60 s", "16:9", "Large"):
        await page.locator(".settings").get_by_text(choice, exact=True).click()
        await _saved(page)
    for field, value in (("#tone", "humorous"), ("#language", "de")):
        await page.select_option(field, value)
        await _saved(page)
    settings = (await visited.stand.get(f"/drafts/{draft}", who)).json()["settings"]
    assert [settings[name] for name in ("duration_s", "aspect", "tone", "language")] == [60, "16:9", "humorous", "de"]


async def _download(visited: Visited, page: Page, draft: str, who: str) -> None:
    await page.goto(f"{visited.url}/videos/{await filmed(visited.stand, who)}")
    for link in await page.locator("a[download]").all():
        async with page.expect_download() as download:
            await link.click()
        assert await (await download.value).path()
    await page.goto(f"{visited.url}/publish")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download the kit of Why cats purr").first.click()
    assert (await download.value).suggested_filename.endswith(".zip")
    visited.problems.clear()  # the picture on paper is no picture


async def _publish(visited: Visited, page: Page, draft: str, who: str) -> None:
    await filmed(visited.stand, who)
    await connected(visited.stand, who)
    await page.goto(f"{visited.url}/publish")
    await page.get_by_role("button", name="Write a post for Why cats purr").first.click()
    await page.get_by_role("button", name="Publish 1 post").click()
    await expect(page.locator("#post-state")).to_have_text("On its way")
    await work(visited.stand)
    await expect(page.locator("#post-state")).to_have_text("Published")
    visited.problems.clear()  # the picture on paper is no picture


async def _upload(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "assets")
    file = FilePayload(name="navy.png", mimeType="image/png", buffer=picture("navy"))
    await page.set_input_files("[data-drop=scenes] input", files=[file])
    await expect(page.locator(".scene .scene-picture img")).to_have_count(3)
    tune = FilePayload(name="tune.wav", mimeType="audio/wav", buffer=sound())
    await page.set_input_files("[data-drop=music] input", files=[tune])
    await expect(page.locator("#music .player")).to_be_visible()


async def _undo(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "script")
    await _type(page, "#script", "Dogs bark because they can.")
    await page.locator("#panel-script .versions summary").click()
    await page.locator("#panel-script [data-choose]").first.click()
    await expect(page.locator("#script")).to_have_value(SCRIPT)
    await expect(page.locator(".step[data-step-link=voiceover]")).to_contain_text("Done")


Doing = Callable[[Visited, Page, str, str], Awaitable[None]]

FREE: dict[str, Doing] = {
    "moving between steps": _move,
    "editing text by hand": _edit,
    "previewing": _preview,
    "reviewing drafts": _review,
    "changing settings": _set,
    "downloading": _download,
    "publishing": _publish,
    "uploading": _upload,
    "undoing": _undo,
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def household(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Visited]:
    """A site for what must change no figure: `ada` has used 1 credit, `bob` all of them. Each test has its own draft."""
    file = tmp_path_factory.mktemp("household") / "reelbot.db"
    async with standing(f"sqlite:///{file}", FakeClock()) as stand, served(stand.app, stand) as url:
        for name in ("ada", "bob"):
            await furnishing.ready(stand, name)
        await stand.hold(59, name="bob")
        yield Visited(stand, url, browser, [])
        await leave(browser)


@pytest.mark.parametrize("what", FREE)
async def test_m4_never_any_credits_for(household: Visited, what: str) -> None:
    await _done_without_credits(household, "ada", FREE[what], (1, 0), "59")


async def _done_without_credits(household: Visited, who: str, do: Doing, used: tuple[int, int], left: str) -> None:
    """Do something as a person does it: neither the figures nor the ledger may show anything of it."""
    visited = replace(household, problems=[])
    draft = await furnishing.ready(visited.stand, who)
    before = await credit_entries(visited, who)
    assert await visited.stand.used(who) == used
    async with studio(visited, draft, name=who) as page:
        await do(visited, page, draft, who)
        await expect(page.locator(CREDITS)).to_have_text(left)
        forgive(visited, 409)
    assert await visited.stand.used(who) == used
    assert await credit_entries(visited, who) == before


async def _manage(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "assets")
    await page.locator("[data-move='1']").first.click()
    await expect(page.locator("#announcer")).to_have_text("Now 2 of 2.")
    await page.goto(f"{visited.url}/studio")
    await page.fill("#topic", "Another")
    await page.get_by_role("button", name="Begin").click()
    await page.wait_for_url("**/studio/draft_**")
    await page.goto(f"{visited.url}/studio")
    await page.get_by_role("button", name="Remove Another").click()
    await page.locator("dialog[open] button[value=yes]").click()
    await expect(page.get_by_role("button", name="Remove Another")).to_have_count(0)


async def _render(visited: Visited, page: Page, draft: str, who: str) -> None:
    await go(page, "review")
    await page.click("[data-render]")
    await expect(page.locator("#works")).to_be_visible()
    await done(visited)
    await expect(page).to_have_url(re.compile(r"/videos/video_"))
    await expect(page.locator(VIDEOS)).to_have_text("2")


GOING_ON: dict[str, Doing] = {
    "reviewing": _review,
    "editing": _edit,
    "managing": _manage,
    "previewing": _preview,
    "rendering": _render,
    "downloading": _download,
    "publishing": _publish,
}


@pytest.mark.parametrize("what", GOING_ON)
async def test_m9_at_the_limit_this_goes_on(household: Visited, what: str) -> None:
    await _done_without_credits(household, "bob", GOING_ON[what], (1, 59), "0")
