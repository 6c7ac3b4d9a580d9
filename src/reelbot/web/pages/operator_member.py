"""What an operator does to one account that is not about its allowance: its role, and a link to sign in with."""

from reelbot.accounts import LastOperator, Role
from reelbot.web import operator_actions as actions
from reelbot.web.pages.operator import account_at, role_in, show_account
from reelbot.web.pages.reauthentication import require_password
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit

_TITLES: dict[Role, str] = {"creator": "a creator", "operator": "an operator"}
_OWN = "You are a creator now. Operators' pages are closed to you until another operator makes you one again."


async def set_role(visit: Visit) -> Outcome:
    """Give an account another role, at once; an operator who gives up the own one is led to a page that is still open."""
    account, role, by = await account_at(visit), role_in(visit.field("role")), visit.member
    back = f"/operator/accounts/{visit.named}"
    try:
        is_changed = await actions.set_role(visit.accounts, by, account, role, visit.field("why"), visit.address)
    except LastOperator as failure:
        return Goto(back, Flash("bad", str(failure)))
    if not is_changed:
        return Goto(back, Flash("good", f"{account.name} is {_TITLES[role]} already; nothing changes."))
    if (account.lane, account.id) == (by.lane, by.account):
        return Goto("/", Flash("good", _OWN))
    return Goto(back, Flash("good", f"{account.name} is {_TITLES[role]} now, in every browser and for every API key."))


async def link(visit: Visit) -> Outcome:
    """A link that signs in as this account, shown this once."""
    account, by = await account_at(visit), visit.member
    await require_password(visit)
    await visit.accounts.admit(account.lane, account.id, account.name)
    shown = await show_account(visit)
    assert isinstance(shown, Shown), "this page is always shown"
    ticket = await visit.accounts.sessions.issue_link(account.lane, account.id, by.name, visit.address)
    return shown._replace(values={**shown.values, "link": f"{visit.site.pages.public_url}/enter?token={ticket}"})
