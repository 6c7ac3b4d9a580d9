"""AI actions in a browser: every price before the press, nothing charged that was not asked for, and nothing twice."""

import re

import pytest
from playwright.async_api import FilePayload, Route, expect
from tests.browser.conftest import Visited, live
from tests.browser.studio_pages import (
    CREDITS,
    SAVED,
    SCRIPT,
    done,
    drafted,
    go,
    joined_by,
    made,
    opened,
    picture,
    studio,
    working,
)
from tests.studio.scripted import Scripted

from reelbot.providers.port import ProviderFailure


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


@pytest.mark.parametrize("outcome", ["never asked", "answer lost"])
async def test_pressing_again_after_a_lost_answer_repeats_the_request_and_charges_once(
    visited: Visited, outcome: str
) -> None:
    draft = await opened(visited, script=SCRIPT)
    lost: list[str | None] = []

    async def lose(route: Route) -> None:
        lost.append(await route.request.header_value("idempotency-key"))
        if outcome == "answer lost":
            await route.fetch()
        await route.abort()

    async with studio(visited, draft, "voiceover") as page:
        await page.route("**/generations", lose, times=1)
        await page.route(
            re.compile(rf"/studio/{draft}"), lambda route: route.abort()
        )  # it does not see that it was begun
        await page.click("#panel-voiceover [data-makes=step]")
        await expect(page.locator(".toast")).to_contain_text("The server cannot be reached.")
        async with page.expect_request("**/generations") as again:
            await page.click("#panel-voiceover [data-makes=step]")
        await expect(page.locator(CREDITS)).to_have_text("59")
        assert await (await again.value).header_value("idempotency-key") == lost[0]
        await page.unroute_all()
        await expect(page.locator("#works li")).to_have_count(1)
        visited.problems.clear()  # the browser tells of each request that was cut off
    assert await visited.stand.used() == (0, 1)


async def test_pressing_again_after_what_was_begun_has_been_seen_begins_another_one(visited: Visited) -> None:
    draft = await opened(visited, script=SCRIPT)

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    async with studio(visited, draft, "voiceover") as page:
        await page.route("**/generations", lose, times=1)
        await page.click("#panel-voiceover [data-makes=step]")
        await expect(page.locator("#works li")).to_have_count(1)
        await done(visited)
        await expect(page.locator("#works")).to_have_count(0)
        await page.click("#panel-voiceover [data-makes=step]")
        await expect(page.locator("#works li")).to_have_count(1)
        await expect(page.locator(CREDITS)).to_have_text("58")
        visited.problems.clear()  # the browser tells of the request that was cut off
    assert await visited.stand.used() == (1, 1)


async def test_a_first_video_takes_two_clicks_and_its_price_is_what_the_ledger_then_shows(visited: Visited) -> None:
    async with visited.signed_in() as page:
        await page.get_by_label("What is your next video about?").fill("why cats purr")
        await page.get_by_role("button", name="Make a video").click()
        whole = page.locator("#whole-topic")
        lines = ["Script2", "Voiceoverup to 3", "5 pictures20", "Music5"]
        total = "Total30 AI credits and 1 video generation"
        await expect(whole.locator("li")).to_have_text([*lines, total])
        assert await visited.stand.used() == (0, 0), "nothing is made before it is asked for"
        await live(page)
        await whole.get_by_role("button", name="Make the whole video").click()
        await expect(page.locator("#works li")).to_have_count(1)
        await expect(page.locator("#works")).to_contain_text("then the video")
        await expect(page.locator(CREDITS)).to_have_text("30")
        await expect(page.locator("#quote")).to_be_hidden()
    assert await visited.stand.used() == (0, 30)
    assert await visited.stand.used(meter="video_generations") == (0, 1)


async def test_a_first_video_takes_two_presses_of_enter(visited: Visited) -> None:
    async with visited.signed_in() as page:
        await page.get_by_label("What is your next video about?").focus()
        await page.keyboard.type("why cats purr")
        await page.keyboard.press("Enter")
        await expect(page.locator("#whole-topic")).to_be_visible()
        await live(page)
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.dataset.makes") == "whole":
                break
        assert await visited.stand.used() == (0, 0), "getting there makes nothing"
        await page.keyboard.press("Enter")
        await expect(page.locator("#works li")).to_have_count(1)
    assert await visited.stand.used() == (0, 30)


async def test_of_a_whole_video_that_does_not_fit_as_much_as_does_is_offered_and_asked_about(visited: Visited) -> None:
    draft = await opened(visited)
    async with studio(visited, draft) as page:
        whole = page.locator("#whole-topic")
        await expect(whole.get_by_role("button")).to_contain_text("Make the whole video30")
        hold = await visited.stand.hold(48)
        await expect(whole.get_by_role("button")).to_contain_text("Make what fits9")
        await expect(whole).to_contain_text("5 pictures, 1 of them now")
        await expect(whole).to_contain_text("Music, not now")
        await whole.get_by_role("button").click()
        quote = page.locator("#quote")
        await expect(quote).to_contain_text("12 now → 9 → 3 after")
        await expect(quote).to_contain_text("Not now: Picture, Music. There is room again Mon 2 Mar, 00:00.")
        await quote.get_by_role("button", name="Cancel").click()
        await expect(quote).to_be_hidden()
        assert await visited.stand.used() == (0, 48)
        await visited.stand.post(f"/holds/{hold['id']}/release", {})
        await expect(whole.get_by_role("button")).to_contain_text("Make the whole video30")


async def test_bringing_up_to_date_makes_only_what_changed_and_lists_the_rest_at_nothing(visited: Visited) -> None:
    draft = await opened(visited, script=SCRIPT)
    await made(visited, draft, {"step": "voiceover"}, {"step": "image"})
    async with studio(visited, draft, "voiceover") as page:
        await expect(page.locator("#panel-voiceover .matches")).to_contain_text("The voiceover you have still matches")
        await visited.stand.send("PATCH", f"/drafts/{draft}", {"script": "New words.", "confirm": True}, key=None)
        await expect(page.locator("#panel-voiceover .matches")).to_have_count(0)
        await go(page, "review")
        await expect(page.locator("#panel-review")).to_contain_text("makes only that again")
        await page.locator("#panel-review").get_by_role("button", name="Bring up to date").click()
        quote = page.locator("#quote")
        await expect(quote.locator("tbody tr")).to_have_count(2)
        await expect(quote.locator("tbody tr").nth(0)).to_contain_text("1 AI credit")
        await expect(quote.locator("tbody tr").nth(1)).to_have_text("Picture 1It matches: it stays as it is.free")
        await expect(quote).to_contain_text("55 now → 1 → 54 after")
        await quote.get_by_role("button", name="Bring up to date").click()
        await expect(page.locator("#works li")).to_have_count(1)
    assert await visited.stand.used() == (5, 1)


async def test_where_several_could_make_a_step_one_of_them_is_chosen_and_makes_it(visited: Visited) -> None:
    joined_by(visited, Scripted(kinds=["script"]))
    draft = await opened(visited)
    async with studio(visited, draft, "script") as page:
        await page.get_by_text("Made by made by scripted").click()
        await page.get_by_label("Provider").select_option("embedded")
        chosen = page.locator("[data-key=made-by-script] > summary")
        await expect(chosen).to_have_text("Made by Embedded: template text")
        await expect(page.locator(SAVED)).to_be_visible()
        await page.click("#panel-script [data-makes=step]")
        await expect(page.locator("#works li")).to_have_count(1)
        await done(visited)
        await expect(page.locator("#script")).to_have_value(re.compile("cats"))
    script = (await drafted(visited, draft))["steps"]["script"]
    assert script["versions"][0]["label"] == "Embedded: template text"


async def test_a_passage_is_rewritten_and_the_rest_of_the_script_stays(visited: Visited) -> None:
    first, passage = "Cats are quiet.", "They purr (when all is well)."
    draft = await opened(visited, script=f"{first} {passage}")
    async with studio(visited, draft, "script") as page:
        script = page.locator("#script")
        await script.focus()
        await page.evaluate("([from]) => document.getElementById('script').setSelectionRange(from, 999)", [len(first)])
        await script.dispatch_event("select")
        await expect(page.locator("#passage")).to_have_text(passage)
        await page.fill("#wish", "shorter")
        await page.locator("#rewrite").get_by_role("button", name="Rewrite").click()
        await expect(page.locator("#works li")).to_have_count(1)
        await done(visited)
        await expect(script).not_to_have_value(re.compile("all is well"))
        await expect(script).to_have_value(f"{first} They purr.")
    assert await visited.stand.used() == (1, 0)


async def test_a_failure_of_a_provider_is_shown_costs_nothing_and_is_tried_again(visited: Visited) -> None:
    provider = Scripted(kinds=["script"])
    provider.will("run", ProviderFailure("The service is down.", "It may be back in a few minutes."))
    joined_by(visited, provider)
    draft = await opened(visited)
    async with studio(visited, draft, "script") as page:
        await page.click("#panel-script [data-makes=step]")
        await expect(page.locator("#works li")).to_have_count(1)
        await done(visited)
        failure = page.locator("#panel-script").get_by_role("alert")
        await expect(failure).to_contain_text("The service is down. It may be back in a few minutes.")
        await expect(page.locator(".step[data-step-link=script]")).to_contain_text("Failed")
        await expect(page.locator(CREDITS)).to_have_text("60")
        await page.locator("#panel-script").get_by_role("button", name="Try again").click()
        await expect(page.locator("#works li")).to_have_count(1)
        await done(visited)
        await expect(page.locator(".step[data-step-link=script]")).to_contain_text("Done")
        await expect(failure).to_have_count(0)
    assert await visited.stand.used() == (2, 0)


async def test_undoing_and_what_was_already_made_cost_nothing(visited: Visited) -> None:
    draft = await opened(visited)
    await made(visited, draft, {"step": "script"})
    first = (await drafted(visited, draft))["steps"]["script"]["text"]
    async with studio(visited, draft, "script") as page:
        await expect(page.locator("#panel-script .matches")).to_contain_text("The script you have still matches")
        await page.fill("#script", "By hand.")
        await expect(page.locator(SAVED)).to_be_visible()
        button = page.locator("#panel-script [data-makes=step]")
        await expect(button).to_contain_text("already made")
        await button.click()
        await expect(page.locator("#works li")).to_have_count(1)
        await done(visited)
        await expect(page.locator("#script")).to_have_value(first)
        await page.click("[data-key^=versions-script] > summary")
        await page.locator(".version", has_text="By hand.").get_by_role("button", name="Use this").click()
        await expect(page.locator("#script")).to_have_value("By hand.")
    assert await visited.stand.used() == (2, 0)


async def test_the_voice_goes_on_at_the_word_that_is_pressed_and_that_word_lights_up(visited: Visited) -> None:
    draft = await opened(visited, script="Hello there, and welcome to all of you.")
    await made(visited, draft, {"step": "voiceover"})
    words = [("Hello", 0, 1001), ("there,", 1001, 1404), ("and", 1404, 1500)]  # 1.001 s are a little less than 1001 ms
    async with studio(visited, draft, "voiceover", reduced_motion="reduce") as page:
        address = await page.locator("[data-player]").get_attribute("data-words")
        await page.route(f"**{address}", lambda route: route.fulfill(json=words))
        await page.reload()
        spoken = page.locator(".word-track .is-spoken")
        for text, *_ in words[1:]:
            await page.locator(".word-track span").get_by_text(text, exact=True).click()
            await expect(spoken).to_have_text([text])
        pointed_at = await spoken.evaluate("(word) => getComputedStyle(word).backgroundColor")
        await page.mouse.move(0, 0)
        assert await spoken.evaluate("(word) => getComputedStyle(word).backgroundColor") == pointed_at
