"""The operator's pages in a browser: they follow what happens without a reload, and leave alone what one is doing."""

from playwright.async_api import Page, expect
from tests.browser.conftest import PATIENCE_MS, Visited
from tests.browser.test_accessibility import require_nothing_grave
from tests.browser.test_pages import NAMELESS
from tests.support.sites import join
from tests.web.pages.test_operator import WHY, asked, present, taken, written
from tests.web.pages.visitors import make_operator

from reelbot.clock import MINUTE

expect.set_options(timeout=PATIENCE_MS)

PATHS = (
    "/operator",
    "/operator?q=zzz",
    "/operator/jobs",
    "/operator/requests",
    "/operator/setup",
    "/operator/accounts/0-2",
)

MARK = "element => { element.isKnown = true; }"
IS_KNOWN = "element => element.isKnown === true"
"""Whether an element is the very one that was marked: a reload puts another in its place."""

LOOK = "dispatchEvent(new Event('pageshow'))"
"""Has the page look at once, as when one comes back to it; by itself it would in a few seconds."""


async def furnished(visited: Visited) -> tuple[str, str]:
    """A job at work and one that waits, a failure, two workers, grants; the ids of the first two."""
    stand = visited.stand
    await make_operator(stand)
    await join(stand, "a class of very small children who draw", "starter")
    await stand.send("PUT", "/subscription", {"plan": "pro", "confirm": True}, "bob")
    await stand.ledger.grant(stand.accounts["bob"], "ai_credits", 500, key="g", why="A contest")
    await stand.ledger.override(stand.accounts["bob"], "posts", None, key="o", why="A press week")
    failed, running = await asked(stand, "Tides", "ada"), await asked(stand, "Sourdough", "bob")
    waiting = await asked(stand, "The longest rivers of the world and what lives in them", "bob")
    failure = '{"code":"provider_failed","detail":"The provider is on fire.","hint":"Try again."}'
    await written(stand, failed, "state = 'failed', ended_at = ?, failure = ?", stand.clock(), failure)
    await taken(stand, running, "studio-1.example.org:4711", 60)
    await present(stand, "studio-2.example.org:12")
    stand.clock.advance(2 * MINUTE)
    await present(stand, "studio-1.example.org:4711", 4)
    await stand.hold(20, name="bob")
    return running, waiting


async def test_jobs_come_move_and_go_in_the_open_page(visited: Visited) -> None:
    stand = visited.stand
    await make_operator(stand)
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/operator/jobs")
        await page.locator("#at-work").evaluate(MARK)
        await expect(page.locator("#at-work")).to_contain_text("Nothing to do")
        job = await asked(stand)
        row = page.locator(f"[data-key='{job}']")
        await expect(row).to_contain_text("Waits Why cats purr")
        await expect(page.get_by_role("status").filter(has_text="no worker can be heard")).to_be_visible()
        await present(stand)
        await taken(stand, job)
        await written(stand, job, "progress = 0.4")
        await page.evaluate(LOOK)
        await expect(row).to_contain_text("host:17 has it until 13:00:15")
        await expect(row.locator("progress")).to_have_attribute("value", "40")
        await expect(page.locator("#workers tbody")).to_contain_text("1 of 2")
        await written(stand, job, "state = 'succeeded', ended_at = ?", stand.clock())
        await page.evaluate(LOOK)
        await expect(row).to_have_count(0)
        await expect(page.locator("#at-work")).to_contain_text("Nothing to do")
        assert await page.locator("#at-work").evaluate(IS_KNOWN)


async def test_what_one_types_and_where_one_is_stays_while_the_figures_move(visited: Visited) -> None:
    stand = visited.stand
    await make_operator(stand)
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/operator")
        row = page.locator("[data-key='0-2']")
        await row.evaluate(MARK)
        await row.get_by_role("link").focus()
        await page.get_by_label("Name", exact=True).first.evaluate("element => { element.value = 'bo'; }")
        await stand.hold(20, name="bob")
        await page.evaluate(LOOK)
        await expect(row).to_contain_text("0 + 20 held of 60")
        assert await row.evaluate(IS_KNOWN)
        await expect(row.get_by_role("link")).to_be_focused()
        await expect(page.locator("#q")).to_have_value("bo")
        await page.goto(f"{visited.url}/operator/accounts/0-2")
        await page.get_by_label("Amount").fill("12")
        await stand.hold(5, name="bob")
        await page.evaluate(LOOK)
        await expect(page.locator("#use tbody tr").first).to_contain_text("25")
        await expect(page.get_by_label("Amount")).to_have_value("12")
        await expect(page.get_by_label("Amount")).to_be_focused()


async def test_a_job_is_cancelled_by_keyboard_with_a_reason(visited: Visited) -> None:
    _, waiting = await furnished(visited)
    async with visited.signed_in(width=390) as page:
        await page.goto(f"{visited.url}/operator/jobs")
        opener = page.get_by_role("button", name="Cancel the job of bob: The longest rivers")
        await opener.focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Cancel the job of bob?")
        await expect(dialog.get_by_label("Reason")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(opener).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.type(WHY)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").filter(has_text="The job is cancelled.")).to_be_visible()
        await expect(page.locator(f"[data-key='{waiting}']")).to_have_count(0)
    shown = (await visited.stand.get(f"/jobs/{waiting}", "bob")).json()
    assert WHY in shown["failure"]["detail"]


async def test_a_role_is_changed_after_a_question_and_counts_in_a_page_that_is_open(visited: Visited) -> None:
    await make_operator(visited.stand)
    async with visited.signed_in() as page, visited.signed_in("bob") as theirs:
        await expect(theirs.get_by_role("link", name="Operator")).to_have_count(0)
        await page.goto(f"{visited.url}/operator/accounts/0-2")
        opener = page.get_by_role("button", name="Change the role")
        await opener.click()
        dialog = page.get_by_role("dialog", name="Change the role of bob?")
        await dialog.get_by_role("button", name="Not now").click()
        await expect(dialog).to_be_hidden()
        await opener.click()
        await require_nothing_grave(page, "the role of an account")
        await dialog.get_by_label("Role").select_option("operator")
        await dialog.get_by_label("Reason, for the log").fill("Runs the class")
        await dialog.get_by_role("button", name="Change the role").click()
        await expect(page.get_by_role("status").filter(has_text="bob is an operator now")).to_be_visible()
        await theirs.reload()
        await theirs.get_by_role("link", name="Operator").click()
        await expect(theirs.get_by_role("heading", name="Operator")).to_be_visible()
        await page.goto(f"{visited.url}/operator/accounts/0-1")
        await page.get_by_role("button", name="Change the role").click()
        dialog = page.get_by_role("dialog", name="Change the role of ada?")
        await expect(dialog).to_contain_text("As a creator you lose these pages at once")
        await dialog.get_by_label("Role").select_option("creator")
        await dialog.get_by_label("Reason, for the log").fill("Bob does it now")
        await dialog.get_by_role("button", name="Change the role").click()
        await expect(page.get_by_role("status").filter(has_text="You are a creator now.")).to_be_visible()
        await expect(page.get_by_role("link", name="Operator")).to_have_count(0)


async def test_the_check_of_the_ledger_ends_in_the_open_page(visited: Visited) -> None:
    await make_operator(visited.stand)
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/operator")
        await page.get_by_role("button", name="Check now").click()
        await expect(page.locator("#check")).to_contain_text("Everything adds up")
        button = page.get_by_role("button", name="Check now")
        await expect(button).not_to_have_attribute("aria-busy", "true")


async def test_a_link_to_sign_in_stays_on_the_page_that_goes_on_to_follow(visited: Visited) -> None:
    await make_operator(visited.stand)
    async with visited.signed_in() as page:
        await page.goto(f"{visited.url}/operator/accounts/0-2")
        await page.get_by_role("button", name="Make a link").click()
        await expect(page.locator("[data-address]")).to_contain_text(f"{visited.url}/enter?token=")
        await visited.stand.hold(7, name="bob")
        await page.evaluate(LOOK)
        await expect(page.locator("#use tbody tr").first).to_contain_text("7")
        await expect(page.locator("[data-address]")).to_contain_text(f"{visited.url}/enter?token=")


async def test_everything_fits_and_has_a_name_with_something_on_every_page(visited: Visited) -> None:
    await furnished(visited)
    async with visited.signed_in() as page:
        for path in PATHS:
            await page.goto(f"{visited.url}{path}")
            await require_sound(page, path)
        await page.goto(f"{visited.url}/operator/jobs")
        await require_nothing_grave(page, "the jobs")
        await page.get_by_role("button", name="Cancel the job of bob: Sourdough").click()
        await require_sound(page, "the dialog")
        await require_nothing_grave(page, "the dialog")


async def require_sound(page: Page, what: str) -> None:
    """On a phone as on a desk nothing is wider than the page, and nothing is nameless."""
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        assert (what, await page.evaluate("document.documentElement.scrollWidth")) == (what, width)
        assert (what, await page.evaluate(NAMELESS)) == (what, [])
