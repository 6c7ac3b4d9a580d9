"""Publishing in a browser: a post that is on its way arrives in the open page, and the limit disables its button alone."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import PATIENCE_MS, Visited, live
from tests.browser.test_pages import NAMELESS
from tests.support.sites import filmed
from tests.web.api.test_posts import work

expect.set_options(timeout=PATIENCE_MS)


async def test_a_post_arrives_in_the_open_page_and_the_limit_stops_only_publishing(visited: Visited) -> None:
    stand = visited.stand
    await filmed(stand)
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/publish")
        await page.get_by_label("Name").fill("Drop")
        await page.get_by_role("button", name="Connect").click()
        await expect(page.get_by_role("status").filter(has_text="Drop is connected.")).to_be_visible()
        await page.get_by_role("button", name="Write a post for Why cats purr").click()
        await page.get_by_role("button", name="Publish 1 post").click()
        await expect(page.locator("#post-state")).to_have_text("On its way")
        await live(page)
        await expect(page.locator("#slim-posts [data-part=held]")).to_have_text("1")
        await work(stand)
        await expect(page.locator("#post-state")).to_have_text("Published")
        await expect(page.locator("#slim-posts [data-part=used]")).to_have_text("1")
        await stand.hold(4, "posts")
        await page.goto(f"{visited.url}/publish")
        await live(page)
        await page.get_by_role("button", name="Write a post for Why cats purr").click()
        button = page.get_by_role("button", name="Publish 1 post")
        await expect(button).to_have_attribute("aria-disabled", "true")
        await page.get_by_label("Title").fill("Still free")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("h1")).to_have_text("Still free")
    assert await stand.used(meter="posts") == (1, 4)


async def test_a_brand_is_applied_to_a_draft_and_asks_nothing_that_costs(visited: Visited) -> None:
    stand = visited.stand
    draft = (await stand.post("/drafts", {"flow": "narrated", "topic": "tides"})).json()["id"]
    await stand.post("/presets", {"name": "House", "brand": {"text_colour": "#112233"}})
    async with visited.signed_in(width=390) as page:
        await page.goto(f"{visited.url}/presets")
        await page.get_by_role("button", name="Apply House to the draft").click()
        await expect(page.locator(".toast")).to_have_text("House is applied to tides.×")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    settings = (await stand.get(f"/drafts/{draft}")).json()["settings"]
    assert (settings["text_colour"], await stand.used()) == ("#112233", (0, 0))


async def test_what_is_taken_away_is_asked_about_first(visited: Visited) -> None:
    await visited.stand.post("/presets", {"name": "House", "brand": {"text_colour": "#112233"}})
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/presets")
        remove = page.get_by_role("button", name="Remove House")
        await remove.click()
        question = page.get_by_role("dialog", name="Remove “House”?")
        await question.get_by_role("button", name="Cancel").click()
        await expect(question).to_be_hidden()
        await expect(remove).to_be_focused()
        assert len((await visited.stand.get("/presets")).json()["presets"]) == 1
        await remove.click()
        await question.get_by_role("button", name="Remove").click()
        await expect(page.get_by_text("It was removed.")).to_be_visible()
    assert (await visited.stand.get("/presets")).json()["presets"] == []


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (1280, 560), (390, 844)])
async def test_the_player_has_the_shape_of_its_video_and_fits_the_window(
    visited: Visited, width: int, height: int
) -> None:
    video = await filmed(visited.stand)
    async with visited.signed_in(width=width) as page:
        await page.set_viewport_size({"width": width, "height": height})
        await page.goto(f"{visited.url}/videos/{video}")
        frame = await page.locator(".watch-frame").bounding_box()
        assert frame is not None
        assert frame["width"] / frame["height"] == pytest.approx(9 / 16, rel=0.01)
        assert frame["height"] < height


async def test_everything_has_a_name_and_fits_a_phone(visited: Visited) -> None:
    stand = visited.stand
    post = (await stand.post("/posts", {"video": await filmed(stand)})).json()["id"]
    await stand.post("/channels", {"platform": "folder"})
    await stand.post("/presets", {"name": "Short", "template": {"duration_s": 15}})
    async with visited.signed_in(width=390) as page:
        for path in ("/publish", f"/publish/posts/{post}", "/presets"):
            await page.goto(f"{visited.url}{path}")
            assert await page.evaluate(NAMELESS) == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        visited.problems.clear()  # the picture on paper is no picture
