"""The video studio in a browser: from a topic to a video, every change saved, nothing charged that was not asked for."""

import asyncio
import io
import re
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import FilePayload, Page, Route, expect
from tests.browser.conftest import PATIENCE_MS, Visited, live
from tests.studio.scripted import Scripted

from reelbot.studio.providers.port import Provider, ProviderFailure
from reelbot.studio.providers.registry import Registry

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
        await quote.get_by_role("button", name="Make the 2 that fit").click()
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


def sound(seconds: int = 2) -> bytes:
    """A recording in which nobody says anything."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\x10\x00\xf0\xff" * (8_000 * seconds))
    return written.getvalue()


def joined_by(visited: Visited, provider: Provider) -> None:
    """One more provider, which is asked first."""
    assert visited.stand.site.studio is not None
    registry = visited.stand.site.studio.registry
    Registry.__init__(registry, [provider, *registry])


async def made(visited: Visited, draft: str, *steps: dict[str, Any]) -> None:
    answer = await visited.stand.post(f"/drafts/{draft}/generations", {"steps": steps})
    assert answer.status_code == 202, answer.text
    await done(visited)


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


async def test_settings_come_before_the_first_ai_action_and_the_hint_leads_to_them(visited: Visited) -> None:
    draft = await opened(visited)
    async with studio(visited, draft, "script", width=390) as page:
        await expect(page.locator("#settle")).to_contain_text("30 s, casual, English, 9:16")
        await page.get_by_role("button", name="Change them").click()
        await expect(page.locator("#settings > summary")).to_be_focused()
        await page.select_option("#tone", "humorous")
        await expect(page.locator("#settle")).to_contain_text("30 s, humorous, English, 9:16")
        assert await visited.stand.used() == (0, 0)
        await made(visited, draft, {"step": "script"})
        await expect(page.locator("#settle")).to_have_count(0)


async def test_several_pictures_are_animated_as_one_batch_with_one_price(visited: Visited) -> None:
    draft = await with_pictures(visited, 2)
    async with studio(visited, draft, "assets") as page:
        bar = page.locator("#scene-bar")
        await expect(bar).to_contain_text("Choose pictures to animate them together, at one price")
        await page.check("[data-select-all]")
        await expect(bar).to_contain_text("2 chosen, one price for all")
        await expect(bar.get_by_role("button")).to_contain_text("Animate 2 pictures50")
        await bar.get_by_role("button").click()
        await page.locator("#quote").get_by_role("button", name="Animate 2 pictures").click()
        await expect(page.locator("#works li")).to_have_count(1)
    assert await visited.stand.used() == (0, 50)


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


async def test_what_only_a_provider_can_be_asked_is_saved_with_the_draft_and_its_error_stands_at_the_field(
    visited: Visited,
) -> None:
    draft = await with_pictures(visited, 1)
    async with studio(visited, draft, "assets") as page:
        await page.click("[data-key=made-by-image] > summary")
        await page.get_by_label("Style").select_option("waves")
        await expect(page.locator(SAVED)).to_be_visible()
        await page.click("[data-key=made-by-animation] > summary")
        liveliness = page.get_by_label("Liveliness")
        await liveliness.fill("9")
        await expect(page.locator("#option-animation-liveliness-error")).to_contain_text("Embedded, liveliness")
        await expect(liveliness).to_have_attribute("aria-invalid", "true")
        await liveliness.fill("1.5")
        await expect(page.locator("#option-animation-liveliness-error")).to_be_hidden()
        await expect(page.locator(SAVED)).to_be_visible()
        await page.reload()
        await expect(page.get_by_label("Style")).to_have_value("waves")
        forgive(visited, 400, 422)
    chosen = (await drafted(visited, draft))["settings"]["provider_options"]
    assert chosen == {"image": {"embedded": {"style": "waves"}}, "animation": {"embedded": {"liveliness": 1.5}}}


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


async def test_settings_are_kept_as_a_template_and_applied_after_their_impact_was_agreed_to(visited: Visited) -> None:
    draft = await opened(visited, settings={"tone": "humorous", "duration_s": 15})
    other = await opened(visited, script=SCRIPT)
    await made(visited, other, {"step": "voiceover"}, {"step": "script"})
    async with studio(visited, draft) as page:
        await page.click("#presets > summary")
        await page.get_by_role("button", name="Template", exact=True).click()
        await expect(page.locator("#preset-error")).to_have_text("Give it a name first.")
        await page.get_by_label("Save these settings as").fill("Short and funny")
        await page.get_by_role("button", name="Template", exact=True).click()
        await expect(page.get_by_text("Short and funny is kept as a template.")).to_be_visible()
        await page.goto(f"{visited.url}/studio/{other}/script")
        await live(page)
        await page.click("#presets > summary")
        await page.get_by_label("Apply").select_option(label="Short and funny")
        await page.get_by_role("button", name="Apply", exact=True).click()
        await expect(page.locator("#impact")).to_contain_text("Script The tone and the duration have changed")
        await page.locator("#impact").get_by_role("button", name="Change it").click()
        await expect(page.get_by_text("Short and funny is applied.")).to_be_visible()
        await expect(page.locator("#tone")).to_have_value("humorous")
        forgive(visited, 409)
    settings = (await drafted(visited, other))["settings"]
    assert (settings["tone"], settings["duration_s"]) == ("humorous", 15)


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


async def test_pictures_are_reordered_by_dragging(visited: Visited) -> None:
    draft = await with_pictures(visited, 3)
    one, two, three = await scene_order(visited, draft)
    async with studio(visited, draft, "assets") as page:
        last = page.locator(f'[data-scene="{three}"] .scene-picture')
        await page.locator(f'[data-scene="{one}"] .scene-picture').drag_to(last)
        await expect(page.locator(f'[data-scene="{one}"] .scene-number')).to_have_text("3")
        await expect(page.locator(SAVED)).to_be_visible()
    assert await scene_order(visited, draft) == [two, three, one]


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
