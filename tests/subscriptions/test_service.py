"""Every promise about who may move up and about requests for higher plans, on SQLite and on PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import entries

from reelbot.accounts import ROOM as ACCOUNTS_ROOM
from reelbot.accounts import Accounts
from reelbot.allowance import ROOMS, AccountRef, Answer, Ledger, Refused, Status, Terms, load_terms, store_on
from reelbot.clock import DAY, SECOND
from reelbot.db import Connection, migrate, open_database
from reelbot.errors import Malformed
from reelbot.events import Events
from reelbot.subscriptions import (
    ROOM,
    PlanChanges,
    PlanMoved,
    PlanRequest,
    Requested,
    SubscriptionRefused,
    Subscriptions,
)
from reelbot.subscriptions.core.requests import ASKED_A_DAY_MAX, REASON_LENGTH_MAX

WHY = "Paid by invoice"
KEYS = count(1)


@dataclass
class House:
    """An installation with the operator `olga` and the creator `ben`, as one process has it."""

    subscriptions: Subscriptions
    ledger: Ledger
    events: Events
    accounts: Accounts
    olga: AccountRef
    ben: AccountRef

    async def plan(self) -> str:
        return (await self.ledger.usage(self.ben)).plan

    async def ask(self, plan: str = "pro", key: str | None = None) -> PlanRequest:
        """What ben's choice of a plan must end in: a request."""
        asked = await self.choose(plan, key)
        assert isinstance(asked, Requested), asked
        return asked.request

    async def choose(self, plan: str, key: str | None = None, *, is_operator: bool = False) -> PlanMoved | Requested:
        chosen = key or f"key of nobody {next(KEYS)}"
        who = self.olga if is_operator else self.ben
        return await self.subscriptions.change(
            who, plan, is_operator=is_operator, key=chosen, is_own_key=key is not None
        )

    async def told(self, account: AccountRef) -> list[dict[str, Any]]:
        """The requests that an account's stream tells of, oldest first."""
        read = await self.events.read(account.lane, account.id, 0, 500)
        return [json.loads(event.body) for event in read if event.kind == "plan_request"]


@asynccontextmanager
async def housed(
    address: str, clock: FakeClock, setting: PlanChanges | None = None, terms: Terms | None = None
) -> AsyncIterator[House]:
    database = await open_database(address)
    await migrate(database, (*ROOMS, ACCOUNTS_ROOM, ROOM), clock)
    events = Events(database)
    ledger = Ledger(store_on(database, events), events, terms or load_terms(), clock, None)
    await ledger.start()
    accounts = Accounts(database, clock)

    async def opened(name: str, role: Any, plan: str) -> AccountRef:
        async def join(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None
            await accounts.join(connection, answer.lane, answer.account, name, role)

        return await ledger.account(name, plan=plan, rider=join)

    olga, ben = await opened("olga", "operator", "pro"), await opened("ben", "creator", "free")
    subscriptions = Subscriptions(ledger, events, clock, setting, database, accounts)
    try:
        yield House(subscriptions, ledger, events, accounts, olga, ben)
    finally:
        await ledger.stop()
        await accounts.close()
        await database.close()


@pytest.fixture
async def house(emptied_url: str, clock: FakeClock) -> AsyncIterator[House]:
    async with housed(emptied_url, clock) as made:
        yield made
        report = await made.ledger.verify()
        assert report.is_clean, [fault.sentence for fault in report.faults]


async def refusal(asked: Any) -> SubscriptionRefused:
    with pytest.raises(SubscriptionRefused) as refused:
        await asked
    return refused.value


# who may move


async def test_a_creator_who_chooses_a_higher_plan_stays_where_they_are_and_a_request_is_open(house: House) -> None:
    request = await house.ask("pro")
    assert (request.state, request.plan, request.present, request.name) == ("open", "pro", "free", "ben")
    assert await house.plan() == "free"
    assert [entry.kind for entry in await entries(house.ledger, house.ben)] == ["open"]
    assert await house.subscriptions.requests("open", 10) == [request]
    assert await house.subscriptions.latest(house.ben) == request


async def test_an_operator_moves_up_and_down_at_once(house: House) -> None:
    for plan in ("enterprise", "free", "starter"):
        assert isinstance(await house.choose(plan, is_operator=True), PlanMoved)
        assert (await house.ledger.usage(house.olga)).plan == plan
    assert await house.subscriptions.count_open() == 0


@pytest.mark.parametrize("setting", [None, "open", "request", "closed"])
async def test_moving_down_and_taking_it_back_is_always_the_accounts_own(
    emptied_url: str, clock: FakeClock, setting: PlanChanges | None
) -> None:
    async with housed(emptied_url, clock, setting) as house:
        await house.subscriptions.set_plan(house.ben, "pro", by="olga", key="a", why=WHY)
        assert isinstance(await house.choose("free"), PlanMoved)
        assert (await house.ledger.usage(house.ben)).next_plan == "free"
        assert isinstance(await house.choose("starter"), PlanMoved)
        assert isinstance(await house.choose("pro"), PlanMoved)
        usage = await house.ledger.usage(house.ben)
        assert (usage.plan, usage.next_plan) == ("pro", None)


async def test_where_plans_are_open_anybody_moves_up_with_a_click(emptied_url: str, clock: FakeClock) -> None:
    async with housed(emptied_url, clock, "open") as house:
        assert isinstance(await house.choose("enterprise"), PlanMoved)
        assert await house.plan() == "enterprise"


@pytest.mark.parametrize("is_operator", [False, True])
async def test_where_plans_are_closed_nobody_moves_up_and_nothing_is_requested(
    emptied_url: str, clock: FakeClock, is_operator: bool
) -> None:
    async with housed(emptied_url, clock, "closed") as house:
        no = await refusal(house.choose("enterprise", is_operator=is_operator))
        assert (no.code, no.detail) == (
            "forbidden", "Plans are changed by whoever runs this server. Ask them for another one."
        )  # fmt: skip
        assert (await house.plan(), await house.subscriptions.count_open()) == ("free", 0)


async def test_a_set_rule_counts_for_operators_too(emptied_url: str, clock: FakeClock) -> None:
    async with housed(emptied_url, clock, "request") as house:
        assert isinstance(await house.choose("enterprise", is_operator=True), Requested)


async def test_a_move_that_turns_into_one_up_while_the_month_ends_is_none(house: House, clock: FakeClock) -> None:
    """On Pro until the month ends, Starter is down, and Pro is staying; a moment later both are up."""
    await house.subscriptions.set_plan(house.ben, "pro", by="olga", key="a", why=WHY)
    await house.choose("free")
    for plan in ("starter", "pro"):
        offer = await house.subscriptions.offer(house.ben, plan, is_operator=False)
        assert offer.way in ("down", "keep")
    ends_at = (await house.ledger.usage(house.ben)).next_plan_at
    assert ends_at is not None
    clock.set(ends_at)
    for plan in ("starter", "pro"):
        assert isinstance(await house.choose(plan), Requested)
    usage = await house.ledger.usage(house.ben)
    assert (usage.plan, usage.next_plan) == ("free", None)


async def test_the_ledger_itself_refuses_a_move_in_the_other_direction(house: House) -> None:
    for plan, only, status in (
        ("pro", "down", Status.PLAN_HIGHER), ("free", "up", Status.PLAN_NOT_HIGHER)
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            await house.ledger.change_plan(house.ben, plan, key=plan, only=only)  # type: ignore[arg-type]
        assert refused.value.refusal.status is status
    with pytest.raises(Malformed, match="only must be"):
        await house.ledger.change_plan(house.ben, "pro", key="k", only="sideways")  # type: ignore[arg-type]
    assert await house.plan() == "free"


# one open request


async def test_asking_for_the_same_plan_again_changes_nothing(house: House) -> None:
    assert await house.ask("pro") == await house.ask("pro")
    assert len(await house.told(house.ben)) == 1


async def test_asking_for_another_plan_takes_the_place_of_the_request_before(house: House) -> None:
    first, second = await house.ask("pro"), await house.ask("enterprise")
    assert await house.subscriptions.requests("open", 10) == [second]
    no = await refusal(house.subscriptions.approve(first.id, "olga", WHY))
    assert (no.code, await house.plan()) == ("request_closed", "free")


async def test_a_key_asks_once_and_stands_for_one_plan(house: House) -> None:
    first = await house.choose("pro", "mine")
    assert isinstance(first, Requested)
    assert not first.replayed
    await house.subscriptions.withdraw(house.ben)
    again = await house.choose("pro", "mine")
    assert isinstance(again, Requested)
    assert (again.request, again.replayed) == (first.request, True)
    assert await house.subscriptions.count_open() == 0
    for other in ("enterprise", "free"):
        with pytest.raises(Refused) as refused:
            await house.choose(other, "mine")
        assert refused.value.refusal.status is Status.KEY_REUSED


@pytest.mark.parametrize("key", ["", "a\0b", "two\nlines", "x" * 256])
async def test_a_key_that_cannot_be_kept_asks_nothing(house: House, key: str) -> None:
    with pytest.raises(Malformed, match="key must be"):
        await house.subscriptions.change(house.ben, "pro", is_operator=False, key=key)
    assert await house.subscriptions.count_open() == 0


async def test_of_many_requests_at_the_same_moment_one_is_open(house: House) -> None:
    asked = await asyncio.gather(*(house.ask(plan, f"{plan} {n}") for n in range(3) for plan in ("pro", "enterprise")))
    assert await house.subscriptions.count_open() == 1
    assert {one.plan for one in asked} == {"pro", "enterprise"}
    same = await asyncio.gather(*(house.choose("starter", "one key") for _ in range(4)))
    assert len({one.request.id for one in same if isinstance(one, Requested)}) == 1


async def test_nobody_requests_without_end(house: House, clock: FakeClock) -> None:
    for n in range(ASKED_A_DAY_MAX):
        await house.ask(("pro", "enterprise")[n % 2])
    no = await refusal(house.ask("starter"))
    assert no.code == "too_many_requests"
    assert len(await house.told(house.olga)) == ASKED_A_DAY_MAX
    clock.advance(DAY)
    assert (await house.ask("starter")).state == "open"
    clock.advance(8 * DAY)
    await house.ask("pro")
    assert await house.subscriptions.requests("withdrawn", 100) == []


async def test_a_request_is_withdrawn_by_its_account_and_only_while_it_is_open(house: House) -> None:
    request = await house.ask()
    withdrawn = await house.subscriptions.withdraw(house.ben)
    assert (withdrawn.id, withdrawn.state) == (request.id, "withdrawn")
    assert (await refusal(house.subscriptions.withdraw(house.ben))).code == "not_found"
    assert (await refusal(house.subscriptions.approve(request.id, "olga", WHY))).code == "request_closed"
    assert (await house.plan(), await house.subscriptions.latest(house.ben)) == ("free", None)


# deciding


async def test_an_approval_moves_up_at_once_and_its_entry_names_the_operator_and_the_reason(
    house: House, clock: FakeClock
) -> None:
    request = await house.ask("pro")
    clock.advance(SECOND)
    approved = await house.subscriptions.approve(request.id, "olga", WHY)
    assert (approved.state, approved.by, approved.why, approved.decided_at) == ("approved", "olga", WHY, clock())
    assert await house.plan() == "pro"
    last = (await entries(house.ledger, house.ben))[-1]
    assert last.kind == "plan"
    assert f"Approved by olga: {WHY}" in last.why
    assert await house.subscriptions.latest(house.ben) == approved


async def test_a_declined_request_leaves_the_account_where_it_is_and_says_why(house: House) -> None:
    request = await house.ask("pro")
    declined = await house.subscriptions.decline(request.id, "olga", "Not this term")
    assert (declined.state, declined.by, declined.why) == ("declined", "olga", "Not this term")
    assert (await house.plan(), await house.subscriptions.latest(house.ben)) == ("free", declined)
    assert (await refusal(house.subscriptions.approve(request.id, "olga", WHY))).code == "request_closed"
    assert (await house.ask("pro")).id != request.id


async def test_approving_twice_also_for_another_reason_moves_once(house: House) -> None:
    request = await house.ask("pro")
    first = await house.subscriptions.approve(request.id, "olga", WHY)
    assert await house.subscriptions.approve(request.id, "omar", "Me too") == first
    assert [entry.kind for entry in await entries(house.ledger, house.ben)] == ["open", "plan"]


async def test_of_approvals_refusals_and_withdrawals_at_the_same_moment_one_counts(
    emptied_url: str, house: House, clock: FakeClock
) -> None:
    async with housed(emptied_url, clock) as other:
        for n in range(6):
            request = await house.ask("pro")
            before = await house.plan()
            asked = [
                house.subscriptions.approve(request.id, "olga", WHY),
                other.subscriptions.approve(request.id, "omar", "Me too"),
                other.subscriptions.decline(request.id, "omar", "No"),
                house.subscriptions.withdraw(house.ben),
            ]
            ended = await asyncio.gather(*asked[n % 4 :], *asked[: n % 4], return_exceptions=True)
            assert all(isinstance(one, PlanRequest | SubscriptionRefused) for one in ended), ended
            state = {one.state for one in ended if isinstance(one, PlanRequest)}
            assert len(state) == 1
            assert await house.plan() == ("pro" if state == {"approved"} else before)
            assert await house.subscriptions.count_open() == 0
            await house.subscriptions.set_plan(house.ben, "free", by="olga", key=f"back {n}", why="again")
            clock.advance(DAY)


async def test_a_plan_that_is_offered_no_more_is_not_approved(emptied_url: str, clock: FakeClock) -> None:
    async with housed(emptied_url, clock) as house:
        request = await house.ask("starter")
    terms = load_terms()
    fewer = {name: plan for name, plan in terms.catalogue.plans.items() if name != "starter"}
    async with housed(
        emptied_url, clock, None, terms._replace(catalogue=terms.catalogue._replace(plans=fewer))
    ) as house:
        no = await refusal(house.subscriptions.approve(request.id, "olga", WHY))
        assert (no.code, no.detail) == ("request_closed", "The plan starter is no longer offered. Decline the request.")
        assert (await house.plan(), await house.subscriptions.count_open()) == ("free", 1)
        assert (await house.subscriptions.decline(request.id, "olga", WHY)).state == "declined"


async def test_an_approval_never_moves_down(house: House) -> None:
    """Somebody moved the account higher meanwhile, by the ledger alone, which knows no requests."""
    request = await house.ask("starter")
    await house.ledger.change_plan(house.ben, "enterprise", key="a", by="operator")
    no = await refusal(house.subscriptions.approve(request.id, "olga", WHY))
    assert (no.code, await house.plan()) == ("request_closed", "enterprise")
    assert no.detail == "ben is on Enterprise, which is as high as what was requested. Decline the request."


async def test_setting_the_plan_that_was_requested_ends_the_request(house: House) -> None:
    request = await house.ask("starter")
    await house.subscriptions.set_plan(house.ben, "pro", by="olga", key="a", why=WHY)
    latest = await house.subscriptions.latest(house.ben)
    assert latest is not None
    assert (latest.id, latest.state, latest.by, latest.why) == (request.id, "approved", "olga", WHY)
    await house.ask("enterprise")
    await house.subscriptions.set_plan(house.ben, "free", by="olga", key="b", why=WHY)
    assert await house.subscriptions.count_open() == 1


@pytest.mark.parametrize("why", ["", "   ", "x" * (REASON_LENGTH_MAX + 1), "two\nlines"])
async def test_nothing_is_decided_without_a_reason(house: House, why: str) -> None:
    request = await house.ask()
    for decide in (house.subscriptions.approve, house.subscriptions.decline):
        with pytest.raises(Malformed, match="A reason"):
            await decide(request.id, "olga", why)
    assert (await house.plan(), await house.subscriptions.count_open()) == ("free", 1)


async def test_the_longest_reason_of_an_operator_with_the_longest_name_fits_the_ledger(house: House) -> None:
    request = await house.ask()
    await house.subscriptions.approve(request.id, "o" * 200, "x" * REASON_LENGTH_MAX)
    assert await house.plan() == "pro"


@pytest.mark.parametrize(
    "request_id", ["", "request_0-1-1", "hold_0-2-1", "request_0-2-zzzzzzzz", "request_9-9-9", "1"]
)
async def test_what_is_no_request_is_not_found(house: House, request_id: str) -> None:
    await house.ask()
    for decide in (house.subscriptions.approve, house.subscriptions.decline):
        assert (await refusal(decide(request_id, "olga", WHY))).code == "not_found"


async def test_an_account_cannot_use_up_the_key_of_its_approval(house: House) -> None:
    request = await house.ask("pro")
    for key in (request.id, f"{request.id} approved"):
        await house.choose("free", key)
    assert (await house.subscriptions.approve(request.id, "olga", WHY)).state == "approved"
    assert await house.plan() == "pro"


# telling


async def test_both_sides_are_told_of_a_request_and_of_what_became_of_it(house: House) -> None:
    request = await house.ask("pro")
    await house.subscriptions.approve(request.id, "olga", WHY)
    other = await house.ask("enterprise")
    await house.subscriptions.decline(other.id, "olga", "Not yet")
    await house.ask("enterprise")
    await house.subscriptions.withdraw(house.ben)
    for account, to in ((house.ben, "account"), (house.olga, "operator")):
        told = await house.told(account)
        assert [one["state"] for one in told] == ["open", "approved", "open", "declined", "open", "withdrawn"]
        assert {(one["account"], one["to"]) for one in told} == {("ben", to)}
        assert (told[1]["title"], told[1]["by"], told[1]["why"]) == ("Pro", "olga", WHY)


async def test_a_creator_is_told_of_nobodys_requests(house: House) -> None:
    eve = await house.ledger.account("eve")
    await house.ask("pro")
    assert await house.told(eve) == []


# an operator's keys


async def test_an_operators_key_stands_for_one_request(house: House) -> None:
    claim = house.subscriptions.claim
    assert not await claim(house.olga, "k", "plan", "0-2", {"plan": "pro"})
    assert await claim(house.olga, "k", "plan", "0-2", {"plan": "pro"})
    for other in (
        ("plan", "0-3", {"plan": "pro"}),
        ("role", "0-2", {"plan": "pro"}),
        ("plan", "0-2", {"plan": "free"}),
    ):
        with pytest.raises(Refused) as refused:
            await claim(house.olga, "k", *other)
        assert refused.value.refusal.status is Status.KEY_REUSED
    assert not await claim(house.ben, "k", "plan", "0-3", {})
