"""The history in a real browser: narrowed to one draft, and from a row to what it was for."""

from playwright.async_api import expect
from tests.browser import furnishing
from tests.browser.conftest import PATIENCE_MS, SCREENSHOTS, Visited

expect.set_options(timeout=PATIENCE_MS)


async def test_the_history_is_narrowed_to_a_draft_and_a_row_leads_to_it(visited: Visited) -> None:
    stand = visited.stand
    cats = await furnishing.a_draft(stand, topic="why cats purr")
    dogs = await furnishing.a_draft(stand, topic="why dogs bark")
    for draft in (cats, dogs):
        await furnishing.asked(stand, draft, step="script")
    await furnishing.all_done(stand)
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/history")
        rows = page.locator(".entry")
        await expect(rows).to_have_count(5)
        await page.get_by_label("Draft or video").select_option("why cats purr")
        await page.get_by_role("button", name="Show").click()
        await page.wait_for_url(f"**draft={cats}**")
        await expect(rows).to_have_count(2)
        await expect(page.locator("#used-for")).to_contain_text("2 used")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / "history of a draft.png", full_page=True)
        await rows.first.get_by_role("link", name="why cats purr").click()
        await page.wait_for_url(f"**/studio/{cats}**")
        await page.get_by_role("link", name="What it used").click()
        await page.wait_for_url(f"**/history?draft={cats}")
        await expect(rows).to_have_count(2)
        await page.go_back()
        await page.wait_for_url(f"**/studio/{cats}**")


async def test_the_history_of_a_draft_fits_a_phone(visited: Visited) -> None:
    draft = await furnishing.a_draft(visited.stand, topic="why cats purr and what they mean by it, told by a vet " * 3)
    await furnishing.asked(visited.stand, draft, step="script")
    await furnishing.all_done(visited.stand)
    async with visited.signed_in(width=390) as page:
        await page.goto(f"{visited.url}/history?draft={draft}")
        await page.locator(".entry-row summary").first.click()
        await expect(page.locator(".entry-facts").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / "history of a draft on a phone.png", full_page=True)
