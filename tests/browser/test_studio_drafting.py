"""A draft in a browser: typed, saved, kept in every tab, its steps and settings; nothing is charged for any of it."""

import asyncio

from playwright.async_api import Route, expect
from tests.browser.conftest import Visited, live
from tests.browser.studio_pages import SAVED, SCRIPT, done, drafted, forgive, go, made, opened, studio, with_pictures


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


async def test_two_texts_written_at_once_are_both_shown_and_one_is_chosen(visited: Visited) -> None:
    draft = await opened(visited, script=SCRIPT)
    async with studio(visited, draft, "script") as first:
        second = await visited.another(first.context)
        await second.goto(f"{visited.url}/studio/{draft}/script")
        await live(second)
        first_is_saved = asyncio.Event()

        async def after_the_first(route: Route) -> None:
            await first_is_saved.wait()
            await route.continue_()

        await second.route(f"**/api/v1/drafts/{draft}", after_the_first)
        async with second.expect_request(f"**/api/v1/drafts/{draft}"):
            await second.fill("#script", "Written in the other.")
        await first.bring_to_front()
        await first.fill("#script", "Written in one tab.")
        await expect(first.locator(SAVED)).to_be_visible()
        assert (await drafted(visited, draft))["steps"]["script"]["text"] == "Written in one tab."
        first_is_saved.set()
        bar = second.locator(".conflict")
        await expect(bar).to_contain_text("This draft was changed in another tab")
        await expect(bar.locator("blockquote")).to_have_text("Written in one tab.")
        await expect(second.locator("#script")).to_have_value("Written in the other.")
        await expect(second.locator("#saving")).to_have_attribute("data-state", "conflict")
        assert (await drafted(visited, draft))["steps"]["script"]["text"] == "Written in one tab."
        await bar.get_by_role("button", name="Keep mine").click()
        await expect(second.locator(SAVED)).to_be_visible()
        await expect(bar).to_have_count(0)
        await expect(first.locator("#script")).to_have_value("Written in the other.")
        forgive(visited, 409)


async def test_the_other_text_can_be_taken(visited: Visited) -> None:
    draft = await opened(visited, script=SCRIPT)
    async with studio(visited, draft, "script") as page:
        await page.context.set_offline(True)
        await page.fill("#script", "Written offline.")
        await expect(page.locator("#saving")).to_have_attribute("data-state", "offline")
        changed = await visited.stand.send("PATCH", f"/drafts/{draft}", {"script": "Written elsewhere."})
        assert changed.status_code == 200
        await page.context.set_offline(False)
        await page.locator(".conflict").get_by_role("button", name="Take the other").click()
        await expect(page.locator("#script")).to_have_value("Written elsewhere.")
        await expect(page.locator(SAVED)).to_be_visible()
        visited.problems.clear()  # the browser tells that it was offline
    assert (await drafted(visited, draft))["steps"]["script"]["text"] == "Written elsewhere."
