"""Pictures, clips and sounds of a draft in a browser: uploaded, ordered, chosen, animated, painted again."""

import asyncio

from playwright.async_api import FilePayload, Route, expect
from tests.browser.conftest import Visited
from tests.browser.studio_pages import (
    SAVED,
    SCRIPT,
    done,
    drafted,
    go,
    joined_by,
    opened,
    picture,
    scene_order,
    sound,
    studio,
    uploaded,
    with_pictures,
)
from tests.studio.scripted import Scripted

from reelbot.providers.port import ProviderFailure


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


async def test_pictures_are_reordered_by_dragging(visited: Visited) -> None:
    draft = await with_pictures(visited, 3)
    one, two, three = await scene_order(visited, draft)
    async with studio(visited, draft, "assets") as page:
        last = page.locator(f'[data-scene="{three}"] .scene-picture')
        await page.locator(f'[data-scene="{one}"] .scene-picture').drag_to(last)
        await expect(page.locator(f'[data-scene="{one}"] .scene-number')).to_have_text("3")
        await expect(page.locator(SAVED)).to_be_visible()
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
        await quote.get_by_role("button", name="Make the 2 that fit").click()
        await expect(page.locator(".toast")).to_contain_text("Clip 3 does not fit now.")
        await expect(page.locator("#works li")).to_have_count(1)
    assert await visited.stand.used() == (0, 50)


async def test_an_uploaded_voiceover_has_no_captions_and_the_page_says_so(visited: Visited) -> None:
    draft = await opened(visited, script=SCRIPT)
    async with studio(visited, draft, "voiceover") as page:
        await expect(page.locator("[data-drop=voiceover]")).to_contain_text("the video gets no captions")
        await expect(page.locator("#no-captions")).to_have_count(0)
        file = FilePayload(name="voice.wav", mimeType="audio/wav", buffer=sound())
        await page.set_input_files("[data-drop=voiceover] input", files=[file])
        await expect(page.locator("#no-captions")).to_contain_text("no word timings, so the video gets no captions")
        await go(page, "review")
        await expect(page.locator("#panel-review .summary")).to_contain_text("without word timings: no captions")
        await expect(page.locator("#panel-review .summary")).to_contain_text("9:16, no captions")


async def test_an_upload_shows_its_progress_and_one_that_breaks_says_what_to_do(visited: Visited) -> None:
    draft, goes_on, keys = await opened(visited), asyncio.Event(), []
    async with studio(visited, draft, "assets") as page:

        async def slow(route: Route) -> None:
            await goes_on.wait()
            keys.append(await route.request.header_value("idempotency-key"))
            await route.abort()

        await page.route("**/api/v1/assets", slow)
        file = FilePayload(name="teal.png", mimeType="image/png", buffer=picture("teal"))
        await page.set_input_files("[data-drop=scenes] input", files=[file])
        await expect(page.get_by_role("progressbar", name="Uploading teal.png")).to_be_visible()
        goes_on.set()
        line = page.locator("[data-uploads=scenes] .is-failed")
        await expect(line).to_contain_text("teal.png: The server cannot be reached. Nothing is lost: try again.")
        await page.unroute("**/api/v1/assets")
        async with page.expect_request("**/api/v1/assets") as again:
            await line.get_by_role("button", name="Try again").click()
        assert [await (await again.value).header_value("idempotency-key")] == keys, "it may have arrived the first time"
        await expect(page.locator(".scene .scene-picture img")).to_have_count(1)
        await expect(page.locator(".upload")).to_have_count(0)
        broken = FilePayload(name="broken.png", mimeType="image/png", buffer=b"no picture at all")
        await page.set_input_files("[data-drop=scenes] input", files=[broken])
        await expect(line).to_contain_text("Choose another file, or save this one anew and try again.")
        await line.get_by_role("button", name="Dismiss").click()
        await expect(page.locator(".upload")).to_have_count(0)
        await expect(page.locator(".scene")).to_have_count(1)
        visited.problems.clear()  # the browser tells of both


async def test_a_message_is_within_reach_while_a_dialog_is_open_and_stays_when_it_closes(visited: Visited) -> None:
    draft = await with_pictures(visited, 1)
    async with studio(visited, draft, "assets") as page:
        await page.get_by_role("button", name="More for 1").click()
        dialog = page.locator("dialog[open]")
        await page.route("**/quotes", lambda route: route.abort())
        animate = dialog.get_by_role("button", name="Animate")
        for _ in range(2):
            await animate.click()
        messages = page.locator(".toast", has_text="The server cannot be reached")
        await expect(messages).to_have_count(2)
        await messages.first.get_by_role("button", name="Close this message").click()
        await dialog.get_by_role("button", name="Close", exact=True).click()
        await expect(messages).to_have_count(1)
        await messages.get_by_role("button", name="Close this message").click()
        await expect(messages).to_have_count(0)
        visited.problems.clear()  # the browser tells of what was not reached


async def test_a_picture_that_failed_offers_to_try_again_and_one_that_is_cancelled_leaves_no_place(
    visited: Visited,
) -> None:
    provider = Scripted(kinds=["image"])
    provider.will("run", ProviderFailure("The service is down.", "It may be back in a few minutes."))
    joined_by(visited, provider)
    draft = await opened(visited)
    async with studio(visited, draft, "assets") as page:
        await page.select_option("#count", "1")
        paint = page.get_by_role("button", name="Paint")
        await paint.click()
        await expect(page.locator(".scene.is-running")).to_have_count(1)
        await page.click("[data-cancel]")
        await expect(page.locator(".scene")).to_have_count(0)
        await page.select_option("#count", "1")
        await paint.click()
        await expect(page.locator("#works li")).to_have_count(1)
        await done(visited)
        scene = page.locator(".scene")
        await expect(scene).to_contain_text("The service is down.")
        assert await visited.stand.used() == (0, 0)
        await scene.get_by_role("button", name="Try again").click()
        await expect(page.locator(".scene.is-running")).to_have_count(1)
    assert await visited.stand.used() == (0, 4)


async def test_the_library_goes_on_by_pages_is_sifted_by_name_and_gives_pictures_and_a_logo(visited: Visited) -> None:
    for colour in ("teal", "orange", "navy"):
        await uploaded(visited, colour)
        visited.stand.clock.advance(1_000)
    draft = await opened(visited)
    async with studio(visited, draft, "assets") as page:

        async def one_at_a_time(route: Route) -> None:
            await route.continue_(url=route.request.url.replace("limit=48", "limit=1"))

        await page.route("**/api/v1/assets?*", one_at_a_time)
        library = page.locator("#library")
        await page.get_by_role("button", name="From the library").click()
        await expect(library.locator(".library-item")).to_have_text(["navy.png"])
        await library.get_by_role("button", name="Show more").click()
        await expect(library.locator(".library-item")).to_have_text(["navy.png", "orange.png"])
        await library.get_by_label("Name contains").fill("TEAL")
        await expect(library.locator(".library-item")).to_have_text(["teal.png"])
        await library.get_by_role("button", name="teal.png").click()
        await expect(library).to_contain_text("teal.png is in the draft.")
        await expect(page.locator(".scene")).to_have_count(1)
        await library.get_by_role("button", name="Close").click()
        await page.get_by_role("button", name="Choose", exact=True).click()
        await library.get_by_role("button", name="navy.png").click()
        await expect(page.locator(".logo-name")).to_have_text("navy.png")
    assert (await drafted(visited, draft))["settings"]["logo"] is not None
