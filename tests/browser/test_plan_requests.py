"""A request for a higher plan in two browsers: who asks and who decides see each other's doing without a reload."""

from playwright.async_api import expect
from tests.browser.conftest import PATIENCE_MS, Visited, live
from tests.browser.test_accessibility import require_nothing_grave
from tests.browser.test_operator import IS_KNOWN, LOOK, MARK
from tests.web.pages.visitors import make_operator

expect.set_options(timeout=PATIENCE_MS)


async def test_a_request_is_made_seen_and_approved_in_open_pages(visited: Visited) -> None:
    await make_operator(visited.stand)
    async with visited.signed_in("bob") as bob, visited.signed_in() as ada:
        await ada.goto(f"{visited.url}/operator/requests")
        await live(ada)
        await expect(ada.locator("#requests")).to_contain_text("No open requests")
        await ada.locator("#requests").evaluate(MARK)

        await bob.goto(f"{visited.url}/subscription")
        await bob.get_by_role("button", name="Request Pro").click()
        dialog = bob.get_by_role("dialog")
        await expect(dialog).to_contain_text("until one of them approves it, you stay on Free and nothing changes")
        await dialog.get_by_role("button", name="Request Pro").click()
        await expect(ada.locator("#toasts")).to_contain_text("bob requests Pro.")
        await expect(bob.locator("#plan-card")).to_contain_text("Requested You requested Pro")
        await expect(bob.get_by_role("button", name="Request Pro")).to_have_count(0)
        await live(bob)
        await require_nothing_grave(bob, "subscription with a request")
        await bob.locator("#plan-card").evaluate(MARK)

        await ada.evaluate(LOOK)
        await expect(ada.locator("#operator-tabs")).to_contain_text("Requests 1")
        row = ada.locator("#requests article")
        await expect(row).to_contain_text("bob requests Pro")
        assert await ada.locator("#requests").evaluate(IS_KNOWN)
        await row.get_by_label("Reason, which bob will read").fill("Paid by invoice")
        await row.get_by_role("button", name="Approve").click()
        await expect(ada.get_by_role("status").first).to_contain_text("Approved. bob is on Pro now.")

        await expect(bob.locator("#toasts")).to_contain_text("Your request for Pro was approved.")
        await expect(bob.locator("#plan-card")).to_contain_text("You are on Pro")
        await expect(bob.locator("#plan-card")).to_contain_text("ada approved your request for Pro")
        await expect(bob.locator(".card[data-meter=ai_credits] [data-part=of]")).to_have_text("left of 1,000 today")
        await expect(bob.get_by_role("button", name="Request Enterprise")).to_be_visible()
        await expect(bob.get_by_role("button", name="Switch to Starter")).to_be_visible()
        assert await bob.locator("#plan-card").evaluate(IS_KNOWN)


async def test_a_request_is_declined_with_a_reason_and_withdrawn_with_a_click(visited: Visited) -> None:
    stand = visited.stand
    await make_operator(stand)
    async with visited.signed_in("bob", width=390) as bob:
        for plan in ("pro", "enterprise"):
            await stand.send("PUT", "/subscription", {"plan": plan, "confirm": True}, "bob")
        await bob.goto(f"{visited.url}/subscription")
        await live(bob)
        await bob.get_by_role("button", name="Withdraw request").click()
        await expect(bob.get_by_role("status").first).to_contain_text("Your request is withdrawn.")
        await live(bob)
        await stand.send("PUT", "/subscription", {"plan": "pro", "confirm": True}, "bob")
        await expect(bob.locator("#plan-card")).to_contain_text("You requested Pro")
        request = await stand.site.subscriptions.latest(stand.accounts["bob"])
        assert request is not None
        await stand.site.subscriptions.decline(request.id, "ada", "Not this term")
        await expect(bob.locator("#toasts")).to_contain_text("Your request for Pro was declined: Not this term")
        await expect(bob.locator("#plan-card")).to_contain_text("ada declined your request for Pro")
        await expect(bob.get_by_role("button", name="Request Pro")).to_be_visible()
