"""The commands, called as people and programs call them: what they print, on which stream, and how they end."""

import asyncio
import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.system_needs import pseudo_terminal

from reelbot.allowance import Ledger, Meter
from reelbot.cli import program
from reelbot.cli.studio import studio_of
from reelbot.cli.terminal import amount_text, bar_cells, duration_text, meter_title
from reelbot.cli.timezone import machine_timezone
from reelbot.clock import DAY, HOUR, MINUTE, SECOND
from reelbot.config import Config, read_config
from reelbot.studio import DraftAsked, GenerationAsked
from reelbot.subscriptions import Requested
from reelbot.wiring import wired

BYTES = Meter("storage_bytes", "standing", "byte", "bytes", ())
CREDITS = Meter("ai_credits", "day", "AI credit", "AI credits", ())


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, and no setting of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith(("REELBOT_", "FORCE_COLOR", "NO_COLOR"))]:
        monkeypatch.delenv(variable)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, arguments)


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def document(*arguments: str) -> Any:
    return json.loads(done(*arguments, "--json"))


def failed(status: int, *arguments: str) -> str:
    """What a failing command says, which is all on standard error, in one piece."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (status, ""), result.output
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.fixture
def ada() -> str:
    """An account, and the key that it was opened with."""
    key: str = document("account", "create", "ada", "--timezone", "Europe/Paris")["key"]
    return key


@pytest.fixture
def held(ada: str) -> str:
    """A hold of ada's that was settled: 20 of 25 AI credits were used; 10 more are still held."""

    async def use() -> str:
        async with Ledger.open("sqlite:///data/reelbot.db", sweep_seconds=None) as ledger:
            ref = await ledger.find("ada")
            assert ref is not None
            hold = await ledger.hold(ref, {"ai_credits": 25}, key="order-17")
            await ledger.settle(hold, {"ai_credits": 20}, why="=2+2")
            await ledger.hold(ref, {"ai_credits": 10}, key="order-18")
            return hold.id

    return asyncio.run(use())


def meter(found: Any, name: str = "ai_credits") -> Any:
    return next(one for one in found["meters"] if one["meter"] == name)


# accounts


def test_creating_an_account_tells_its_name_and_key() -> None:
    found = document("account", "create", "ada", "--plan", "starter", "--timezone", "Europe/Paris")
    assert list(found) == ["account", "key"]
    assert found["account"] == "ada"
    assert re.fullmatch(r"rb_0-1-1-[a-z2-7]{32}", found["key"])
    assert document("account", "list")["accounts"][0] | {"created_at": ""} == {
        "account": "ada",
        "plan": "starter",
        "timezone": "Europe/Paris",
        "role": "creator",
        "created_at": "",
    }


def test_an_operator_is_created_as_one() -> None:
    done("account", "create", "olga", "--operator")
    assert document("account", "list")["accounts"][0]["role"] == "operator"


def test_a_role_is_changed_later() -> None:
    done("account", "create", "olga", "--operator")
    done("account", "create", "ada")
    assert document("account", "role", "ada", "operator") == {"account": "ada", "role": "operator", "changed": True}
    assert "nothing changes" in done("account", "role", "ada", "operator")
    assert "olga is a creator now" in done("account", "role", "olga", "creator")
    assert [one["role"] for one in document("account", "list")["accounts"]] == ["creator", "operator"]
    said = failed(1, "account", "role", "ada", "creator")
    assert said == "Error: ada is the only operator there is. Make another account an operator first.\n"


def test_a_role_that_is_none_or_of_nobody_is_told(ada: str) -> None:
    assert "'king' is not one of 'creator', 'operator'" in failed(2, "account", "role", "ada", "king")
    assert "There is no account named bob." in failed(1, "account", "role", "bob", "creator")


def test_an_account_opened_from_python_gets_a_role() -> None:
    async def open_it() -> None:
        async with Ledger.open("sqlite:///data/reelbot.db") as ledger:
            await ledger.account("py")

    asyncio.run(open_it())
    assert document("account", "role", "py", "operator")["changed"]
    assert document("account", "list")["accounts"][0]["role"] == "operator"


def test_for_people_the_key_stands_on_a_line_of_its_own() -> None:
    assert re.search(r"^ {4}rb_0-1-1-[a-z2-7]{32}$", done("account", "create", "ada"), re.MULTILINE)


def test_a_name_that_is_taken_is_told_and_gives_no_second_key(ada: str) -> None:
    assert "There is an account named ada already." in failed(1, "account", "create", "ada")
    assert len(document("account", "key", "ada", "--list")["keys"]) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bob", "--plan", "gold"], "There is no plan 'gold'; there are free, starter, pro, enterprise."),
        (["bob", "--timezone", "Mars/Base"], "There is no time zone 'Mars/Base'"),
        ([" bob"], "name must not begin or end with a blank."),
        (["b\nob"], "name must be 1 to 200 printable characters."),
        ([""], "name must be 1 to 200 printable characters."),
    ],
)
def test_an_account_that_cannot_be_meant_is_wrong_use(arguments: list[str], said: str) -> None:
    assert said in failed(2, "account", "create", *arguments)


def test_an_operator_moves_a_plan_at_once_and_with_a_reason(ada: str) -> None:
    assert document("account", "plan", "ada", "pro", "--why", "Paid.")["plan"] == "pro"
    assert document("account", "plan", "ada", "free", "--why", "Did not pay.")["plan"] == "free"
    newest = document("history", "ada")["entries"][0]
    assert (newest["kind"], newest["why"]) == ("plan", "On Free from now on: Did not pay.")


def test_a_change_without_a_reason_is_wrong_use(ada: str) -> None:
    for command in (["plan", "ada", "pro"], ["grant", "ada", "ai_credits", "5"], ["limit", "ada", "posts", "5"]):
        assert "--why" in failed(2, "account", *command)
    assert meter(document("usage"))["limit"] == 60


def test_a_grant_raises_the_limit_of_this_window(ada: str) -> None:
    assert meter(document("account", "grant", "ada", "ai_credits", "40", "--why", "A gift."))["limit"] == 100
    assert meter(document("usage", "ada"))["remaining"] == 100


def test_the_same_idempotency_key_grants_once(ada: str) -> None:
    grant = ("account", "grant", "ada", "ai_credits", "40", "--why", "A gift.", "--idempotency-key", "gift-1")
    assert [document(*grant)["replayed"] for _ in range(2)] == [False, True]
    assert meter(document("usage"))["limit"] == 100


def request_of_ada(plan: str) -> str:
    """The id of a request that ada makes, as the pages and the API make it."""

    async def asked() -> str:
        async with wired(read_config()) as parts:
            account = await parts.ledger.find("ada")
            assert account is not None
            done = await parts.subscriptions.change(account, plan, is_operator=False, key=f"asks for {plan}")
            assert isinstance(done, Requested)
            return done.request.id

    return asyncio.run(asked())


def test_a_request_for_a_plan_is_listed_and_approved(ada: str) -> None:
    assert "No request is open." in done("account", "requests")
    request = request_of_ada("pro")
    (listed,) = document("account", "requests")["requests"]
    assert (listed["id"], listed["account"], listed["present"], listed["plan"]) == (request, "ada", "free", "pro")
    assert re.search(rf"{request} +ada +free +pro", done("account", "requests"))
    assert "ada is on pro now" in done("account", "approve", request, "--why", "Paid.")
    assert document("usage", "ada")["plan"] == "pro"
    assert "Approved by the command line: Paid." in done("history", "ada")


def test_a_request_for_a_plan_is_declined_once_and_only_with_a_reason(ada: str) -> None:
    request = request_of_ada("pro")
    assert "Missing option '--why'" in failed(2, "account", "decline", request)
    assert document("account", "decline", request, "--why", "Not yet.")["state"] == "declined"
    said = failed(1, "account", "approve", request, "--why", "Paid.")
    assert "This request was declined before. `reelbot account requests` lists those that are open." in said
    assert "There is no such request." in failed(1, "account", "approve", "request_0-1-1", "--why", "Paid.")
    assert document("usage", "ada")["plan"] == "free"


def test_moving_an_account_to_what_it_requested_ends_its_request(ada: str) -> None:
    request_of_ada("starter")
    done("account", "plan", "ada", "pro", "--why", "Paid.")
    assert document("account", "requests") == {"requests": []}


def test_a_limit_is_set_apart_and_follows_the_plan_again(ada: str) -> None:
    limits = [
        meter(document("account", "limit", "ada", "posts", word, "--why", "A test."), "posts")["limit"]
        for word in ("12", "0", "unlimited", "plan")
    ]
    assert limits == [12, 0, None, 5]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grant", "ada", "gold", "5"], "There is no meter 'gold'"),
        (["grant", "ada", "ai_credits", "0"], "amount must be from 1 to"),
        (["grant", "ada", "ai_credits", "1.5"], "'1.5' is not a valid integer"),
        (["limit", "ada", "ai_credits", "lots"], 'LIMIT must be a whole number, "unlimited" or "plan".'),
        (["plan", "ada", "gold"], "There is no plan 'gold'"),
        (["timezone", "ada", "Mars/Base"], "There is no time zone 'Mars/Base'"),
        (["refund", "ada", "hold_0-9-1"], "hold_0-9-1 is not a hold of ada"),
        (["refund", "ada", "nonsense"], "nonsense is not a hold of ada"),
        (["refund", "ada", "hold_0-1-2", "--amount", "ai_credits"], "--amount must be METER=AMOUNT"),
    ],
)
def test_a_change_that_cannot_be_meant_is_wrong_use(ada: str, arguments: list[str], said: str) -> None:
    assert said in failed(2, "account", *arguments, "--why", "A test.")


def test_a_change_of_an_account_that_is_not_there_is_told(ada: str) -> None:
    assert "There is no account named bob." in failed(1, "account", "grant", "bob", "ai_credits", "5", "--why", "x")


def test_a_change_of_time_zone_says_what_it_does_and_waits_for_a_yes(ada: str) -> None:
    before = meter(document("usage"))["window"]
    told = document("account", "timezone", "ada", "America/New_York")
    assert (told["changed"], told["timezone"], meter(told)["window"]) == (False, "Europe/Paris", before)
    assert [one["kind"] for one in told["moves"]] == ["day", "month"]
    assert told["moves"][0]["ends_at_before"] == before["ends_at"] < told["moves"][0]["ends_at"]
    words = " ".join(done("account", "timezone", "ada", "America/New_York").split())
    assert "The current day ends later, on" in words
    assert "never gives a second day or a second month" in words
    assert words.endswith("Nothing has changed yet. Add --yes to do it.")
    changed = document("account", "timezone", "ada", "America/New_York", "--yes", "--why", "She moved.")
    assert (changed["changed"], changed["timezone"]) == (True, "America/New_York")
    assert meter(changed)["window"]["ends_at"] == told["moves"][0]["ends_at"]
    assert done("history").splitlines()[1].endswith("Reason: She moved.")
    assert "nothing changes" in done("account", "timezone", "ada", "America/New_York")


def test_a_change_of_time_zone_asks_at_a_terminal(ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelbot.cli.account._at_a_terminal", lambda: True)
    for answer, zone in (("n", "Europe/Paris"), ("y", "America/New_York")):
        result = CliRunner().invoke(program, ("account", "timezone", "ada", "America/New_York"), input=f"{answer}\n")
        assert result.exit_code == 0, result.output
        assert "The current day ends later, on" in result.stderr
        assert document("usage")["timezone"] == zone


def test_a_refund_takes_usage_back_in_part_and_then_the_rest(held: str) -> None:
    part = document("account", "refund", "ada", held, "--amount", "ai_credits=5", "--why", "It was blurred.")
    assert meter(part)["used"] == 15
    assert meter(document("account", "refund", "ada", held, "--why", "The rest."))["used"] == 0


def test_what_the_ledger_refuses_ends_with_3(held: str) -> None:
    said = failed(3, "account", "refund", "ada", held, "--amount", "ai_credits=21", "--why", "Too much.")
    assert said == "Error: This is more than was held. A settlement can use at most what was set aside.\n"
    assert "There is no such hold." in failed(3, "account", "refund", "ada", "hold_0-1-999", "--why", "x")


# signing in


def test_a_link_names_the_public_address_where_there_is_one(ada: str, tmp_path: Path) -> None:
    assert document("account", "link", "ada")["link"].startswith("http://127.0.0.1:8080/enter?token=rl_")
    (tmp_path / "reelbot.toml").write_text('public_url = "https://reelbot.example.com/"')
    assert document("account", "link", "ada")["link"].startswith("https://reelbot.example.com/enter?token=rl_")


NEW = "another horse battery"


def signed_in(name: str, password: str) -> bool:
    """Whether somebody can sign in by a password."""

    async def ask() -> bool:
        async with wired(read_config()) as parts:
            ref = await parts.ledger.find(name)
            assert ref is not None
            return await parts.accounts.passwords.is_right(name, (ref.lane, ref.id), password, "")

    return asyncio.run(ask())


@pytest.mark.parametrize("typed", [NEW, f"{NEW}\n", f"{NEW}\r\n", f"{NEW}\nthe next line\n"])
def test_a_password_is_read_from_standard_input(ada: str, typed: str) -> None:
    result = CliRunner().invoke(program, ["account", "password", "ada", "--stdin", "--json"], input=typed)
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {"account": "ada", "changed": True}
    assert signed_in("ada", NEW)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("short\n", "A password has 10 to 200 characters."), ("", "10 to 200"), (b"\xff" * 12, "A password is a text")],
)
def test_a_password_that_cannot_be_one_is_wrong_use(ada: str, typed: str | bytes, said: str) -> None:
    result = CliRunner().invoke(program, ["account", "password", "ada", "--stdin"], input=typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_without_a_terminal_a_password_is_not_waited_for(ada: str) -> None:
    assert "use --stdin" in failed(2, "account", "password", "ada")
    assert "There is no account named bob." in failed(1, "account", "password", "bob", "--stdin")


def test_at_a_terminal_a_password_is_asked_for_twice_and_not_shown(ada: str) -> None:
    said = in_a_terminal("account", "password", "ada", typed=(NEW, NEW))
    assert "New password:" in said and "The same again:" in said
    assert "All their browsers are signed out" in unstyled(said)
    assert NEW not in said
    assert signed_in("ada", NEW)


# API keys


def test_keys_are_issued_listed_and_revoked(ada: str) -> None:
    second = document("account", "key", "ada", "--label", "server")
    assert second["account"] == "ada"
    assert re.fullmatch(r"rb_0-1-2-[a-z2-7]{32}", second["key"])
    assert document("account", "key", "ada", "--revoke", "1") == {"account": "ada", "revoked": 1}
    keys = document("account", "key", "ada", "--list")["keys"]
    assert [(key["key"], key["label"], key["revoked_at"] is None) for key in keys] == [
        (1, "first", False),
        (2, "server", True),
    ]
    assert "server" in done("account", "key", "ada", "--list")


def test_a_key_is_issued_for_what_is_asked_and_until_then(ada: str) -> None:
    document("account", "key", "ada", "--label", "shop", "--scope", "ledger", "--expires", "90d")
    document("account", "key", "ada", "--expires", "2999-12-31")
    assert "for read, operator." in done("account", "key", "ada", "--scope", "operator")
    keys = document("account", "key", "ada", "--list")["keys"]
    assert [key["scopes"] for key in keys] == [
        ["read", "studio", "ledger"], ["read", "ledger"], ["read", "studio", "ledger"], ["read", "operator"],
    ]  # fmt: skip
    assert [key["expires_at"] is None for key in keys] == [True, False, False, True]
    assert keys[2]["expires_at"] == "2999-12-31T00:00:00Z"
    assert "read ledger" in done("account", "key", "ada", "--list")


@pytest.mark.parametrize("when", ["yesterday", "d", "-5d", "0d", "99999d", "2020-01-01", "2026-02-30", ""])
def test_a_key_that_would_be_over_or_never_clear_is_not_issued(ada: str, when: str) -> None:
    assert "expire" in failed(2, "account", "key", "ada", "--expires", when)
    assert len(document("account", "key", "ada", "--list")["keys"]) == 1


def test_the_key_of_a_new_operator_does_an_operators_work_too() -> None:
    done("account", "create", "olga", "--operator")
    (key,) = document("account", "key", "olga", "--list")["keys"]
    assert key["scopes"] == ["read", "studio", "ledger", "operator"]


def test_all_keys_are_revoked_at_once(ada: str) -> None:
    done("account", "key", "ada")
    assert document("account", "key", "ada", "--revoke-all") == {"account": "ada", "revoked_keys": 2}
    assert all(key["revoked_at"] for key in document("account", "key", "ada", "--list")["keys"])
    assert "0 keys of ada are refused" in done("account", "key", "ada", "--revoke-all")


def test_the_access_log_says_what_was_done_here(ada: str) -> None:
    done("account", "create", "bob")
    done("account", "link", "ada")
    kinds = [one["kind"] for one in document("account", "access", "ada")["records"]]
    assert kinds == ["link_issued", "key_issued"]
    everywhere = document("account", "access", "--limit", "2")["records"]
    assert [(one["account"], one["by"]) for one in everywhere] == [
        ("ada", "the command line"), ("bob", "the command line"),
    ]  # fmt: skip
    assert "Sign-in link issued" in done("account", "access")
    assert "There is no account named eve" in failed(1, "account", "access", "eve")


def test_revoking_a_key_that_is_not_there_is_told(ada: str) -> None:
    assert "ada has no key 7." in failed(1, "account", "key", "ada", "--revoke", "7")


@pytest.mark.parametrize("number", ["0", "-1", str(2**31), "9" * 40, "first"])
def test_a_key_is_revoked_by_its_number(ada: str, number: str) -> None:
    assert "--revoke" in failed(2, "account", "key", "ada", "--revoke", number)


def test_one_thing_is_done_with_keys_at_a_time(ada: str) -> None:
    assert "one of --revoke, --revoke-all and --list" in failed(2, "account", "key", "ada", "--revoke", "1", "--list")


def test_an_account_opened_from_python_gets_its_member_with_its_first_key() -> None:
    async def open_it() -> None:
        async with Ledger.open("sqlite:///data/reelbot.db") as ledger:
            await ledger.account("py")

    asyncio.run(open_it())
    assert document("account", "list")["accounts"][0]["role"] is None
    assert document("account", "key", "py")["key"].startswith("rb_0-1-1-")
    assert document("account", "list")["accounts"][0]["role"] == "creator"


# usage and history


def test_usage_is_what_the_api_shows(held: str) -> None:
    found = document("usage")
    assert list(found) == ["account", "plan", "next_plan", "next_plan_at", "timezone", "as_of", "meters"]
    credits_left = meter(found)
    assert (credits_left["used"], credits_left["held"], credits_left["remaining"]) == (20, 10, 30)
    assert (credits_left["state"], credits_left["window"]["kind"]) == ("available", "day")


def test_usage_for_people_names_every_limit_and_its_reset(held: str) -> None:
    text = done("usage")
    assert "ada  Free plan, days counted in Europe/Paris" in text
    assert re.search(r"^AI credits +20 +10 +60 +30 +available$", text, re.MULTILINE)
    assert re.search(r"^Storage +0 B +0 B +500 MB +500 MB +available$", text, re.MULTILINE)
    assert re.search(r"^AI credits begin anew on \w{3} \d+ \w{3} \d{4} 00:00 Europe/Paris, in \d+ ", text, re.MULTILINE)
    assert "\nVideo generations, Posts begin anew on " in text


def test_with_several_accounts_usage_asks_which_one(ada: str) -> None:
    done("account", "create", "bob")
    assert "say which one (ada, bob)" in failed(2, "usage")
    assert document("usage", "bob")["account"] == "bob"


def test_without_a_database_nothing_is_made_by_a_question(tmp_path: Path) -> None:
    for command in (["usage"], ["history"], ["ledger", "verify"], ["account", "list"]):
        assert "There is no database at sqlite:///data/reelbot.db yet." in failed(1, *command)
    assert list(tmp_path.iterdir()) == []


def test_an_account_that_is_not_there_is_told(ada: str) -> None:
    assert "There is no account named Ada." in failed(1, "usage", "Ada")


@pytest.mark.parametrize("name", ["", "\udcff", "ada ", "x" * 500])
def test_what_cannot_be_a_name_is_wrong_use(ada: str, name: str) -> None:
    assert failed(2, "usage", name).startswith("Error: name must ")


def test_history_is_the_ledger_newest_first(held: str) -> None:
    entries = document("history")["entries"]
    assert [entry["kind"] for entry in entries] == ["hold", "settle", "hold", "open"]
    settled = entries[1]
    assert (settled["hold"], settled["meter"], settled["amount"]) == (held, "ai_credits", 20)
    assert (settled["before"], settled["after"]) == ({"used": 0, "held": 25}, {"used": 20, "held": 0})
    assert settled["why"] == "Used 20 AI credits of 25 held; 5 went back: =2+2"
    assert (entries[3]["meter"], entries[3]["window"]) == (None, None)


def test_history_is_filtered(held: str) -> None:
    def kinds(*options: str) -> list[str]:
        return [entry["kind"] for entry in document("history", "ada", *options)["entries"]]

    assert kinds("--kind", "settle") == ["settle"]
    assert kinds("--meter", "ai_credits") == ["hold", "settle", "hold"]
    assert kinds("--meter", "posts") == []
    assert kinds("--limit", "2") == ["hold", "settle"]
    assert kinds("--to", "2020-01-01") == []
    assert len(kinds("--from", "2020-01-01T00:00:00Z", "--to", "2999-12-31")) == 4


@pytest.fixture
def written(held: str) -> str:
    """A draft of ada's with a script by AI, which another hold was placed beside."""

    async def write() -> str:
        async with wired(Config()) as parts:
            account = await parts.ledger.find("ada")
            assert account is not None
            async with studio_of(parts, 0) as studio:
                kept, _ = await studio.open(account, DraftAsked(flow="narrated", topic="[b]cats"))
                await studio.generate(account, kept.id, GenerationAsked(step="script"), "k")
                await studio.worker.run_all()
                return kept.id

    return asyncio.run(write())


def test_history_says_for_which_draft_and_is_filtered_by_it(written: str) -> None:
    whole = document("history")["entries"]
    assert [entry["draft"] for entry in whole] == [written, written, None, None, None, None]
    for options in (["--draft", written], ["--action", "script"], ["--draft", written, "--action", "script"]):
        assert document("history", *options)["entries"] == whole[:2]
    assert document("history", "--draft", written, "--kind", "settle")["entries"] == whole[:1]
    rows = list(csv.DictReader(io.StringIO(done("history", "--csv", "--draft", written))))
    assert [(row["draft"], row["draft_name"]) for row in rows] == [(written, "[b]cats")] * 2
    assert done("history").count("[b]cats") == 2


def test_a_draft_that_an_account_does_not_have_is_told(written: str) -> None:
    assert "ada has no draft draft_0-1-7." in failed(1, "history", "--draft", "draft_0-1-7")
    assert "ada has no draft cats." in failed(1, "history", "--draft", "cats")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--meter", "gold"], "There is no meter 'gold'"),
        (["--kind", "gift"], "'gift' is not one of"),
        (["--from", "yesterday"], "--from must be a date such as 2026-03-01 or an instant"),
        (["--to", "2026-02-30"], "--to must be a date"),
        (["--to", "0000-01-01"], "--to must be a date"),
        (["--limit", "0"], "0 is not in the range"),
        (["--csv", "--json"], "Use one of --csv and --json."),
    ],
)
def test_a_filter_that_cannot_be_meant_is_wrong_use(ada: str, options: list[str], said: str) -> None:
    assert said in failed(2, "history", "ada", *options)


def test_history_as_csv_has_every_entry_and_no_formula(held: str) -> None:
    rows = list(csv.DictReader(io.StringIO(done("history", "--csv"))))
    assert [row["kind"] for row in rows] == ["hold", "settle", "hold", "open"]
    assert (rows[1]["used_before"], rows[1]["held_before"], rows[1]["used_after"]) == ("0", "25", "20")
    done("account", "timezone", "ada", "Asia/Tokyo", "--yes")
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_history_for_people_is_one_line_for_each_entry_in_a_pipe(held: str) -> None:
    lines = done("history").splitlines()
    assert len(lines) == 5
    assert lines[2].endswith("Used 20 AI credits of 25 held; 5 went back: =2+2")


# what is on offer, the ledger, the database, the machine


def test_a_reader_that_has_seen_enough_ends_a_command_without_a_word(held: str) -> None:
    for _ in range(40):
        done("account", "timezone", "ada", "Asia/Tokyo", "--yes")
        done("account", "timezone", "ada", "Europe/Paris", "--yes")
    command = f"{sys.executable} -c 'from reelbot.cli import main; main()' history --json | head -n 1"
    found = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("{\n", "")


def test_plans_stand_side_by_side() -> None:
    assert re.search(r"AI credits +a day +60 +200 +1,000 +unlimited", done("plans"))
    found = document("plans")
    assert [plan["name"] for plan in found["plans"]] == ["free", "starter", "pro", "enterprise"]
    assert found["plans"][0]["limits"][0] == {"meter": "ai_credits", "window": "day", "limit": 60}


def test_prices_are_listed() -> None:
    assert re.search(r"voiceover +Voiceover +1 AI credit for every started 10 s of speech", done("prices"))
    assert document("prices")["prices"][0]["action"] == "topic"


def test_a_mistake_in_an_operators_plans_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[meters]\n")
    (tmp_path / "reelbot.toml").write_text('plans = "mine.toml"\n')
    assert "mine.toml line 1" in failed(1, "plans")


def test_a_ledger_that_is_whole_is_told(held: str) -> None:
    assert "The ledger is whole: 1 account, 4 entries and 2 holds" in done("ledger", "verify")
    found = document("ledger", "verify")
    assert (found["clean"], found["entries"], found["faults"]) == (True, 4, [])


def test_a_damaged_ledger_is_named_and_ends_with_1(held: str, tmp_path: Path) -> None:
    edit(tmp_path, "UPDATE entry SET amount = 2 WHERE kind = 'settle'")
    result = run("ledger", "verify")
    assert result.exit_code == 1
    assert "The ledger is damaged" in result.stdout
    assert "ada: " in result.stdout
    found = run("ledger", "verify", "--json")
    assert (found.exit_code, json.loads(found.stdout)["clean"]) == (1, False)


def edit(folder: Path, statement: str) -> None:
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit(); c.close()"
    subprocess.run([sys.executable, "-c", code, folder / "data" / "reelbot.db", statement], check=True)


def test_migrating_tells_what_it_did_and_then_that_nothing_is_left() -> None:
    assert document("database", "migrate")["applied"] == [
        "events 0001 events",
        "allowance 0001 ledger",
        "accounts 0001 accounts",
        "subscriptions 0001 subscriptions",
        "webhooks 0001 webhooks",
        "studio 0001 studio",
        "publish 0001 publish",
    ]
    assert done("database", "migrate") == "Nothing to do: the database is up to date.\n"


def test_postgresql_is_migrated_only_on_purpose(postgres_url: str) -> None:
    said = failed(1, "account", "create", "ada", "--database", postgres_url)
    assert said.endswith("Run `reelbot database migrate`.\n")
    assert document("database", "migrate", "--database", postgres_url)["applied"]
    assert document("account", "create", "ada", "--database", postgres_url)["account"] == "ada"
    assert meter(document("usage", "--database", postgres_url))["limit"] == 60
    assert document("doctor", "--database", postgres_url)["ok"]


def test_a_database_that_cannot_be_reached_is_told_without_its_password() -> None:
    said = failed(1, "usage", "--database", "postgresql://reelbot:s3cret@127.0.0.1:1/reelbot")
    assert "PostgreSQL cannot be reached" in said
    assert "s3cret" not in said


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, " * 100)
    assert "is not a SQLite database" in failed(1, "usage", "--database", "sqlite:///notes.txt")


def test_the_doctor_finds_a_new_machine_healthy_and_leaves_nothing_behind(tmp_path: Path) -> None:
    found = document("doctor", "--data", "d")
    assert found["ok"]
    assert {check["check"] for check in found["checks"]} == {
        "Python", "SQLite", "Plans and prices", "Database", "Disk space", "Disk", "Providers", "Clock", "Time zones", "Port",
        "Walls",
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_finds_a_database_up_to_date(ada: str) -> None:
    text = done("doctor")
    assert re.search(r"Database +ok +sqlite:///data/reelbot.db can be read and written.", text)
    assert re.search(r"Migrations +ok +All are applied.", text)


def test_the_doctor_says_which_providers_are_ready_and_what_the_others_lack(tmp_path: Path) -> None:
    (tmp_path / "providers.toml").write_text('[providers.openai]\nkind = "openai"\nmodels.text = "gpt-5-mini"\n')
    runs = [
        CliRunner().invoke(program, ["doctor", "--json"], env={"REELBOT_PROVIDERS": "providers.toml", **key})
        for key in ({}, {"OPENAI_API_KEY": "a key"})
    ]
    told = [
        [
            (one["state"], one["detail"], one["advice"])
            for one in json.loads(run.stdout)["checks"]
            if one["check"] == "Providers"
        ]
        for run in runs
    ]
    (ready, (state, detail, advice)), all_ready = told
    assert ready[:2] == ("ok", "Embedded: ready.")
    assert (state, detail) == ("warning", "openai cannot be used.") and "OPENAI_API_KEY" in advice
    assert [one[0] for one in all_ready] == ["ok"]
    (tmp_path / "providers.toml").write_text("providers = 3")
    broken = CliRunner().invoke(program, ["doctor", "--json"], env={"REELBOT_PROVIDERS": "providers.toml"})
    assert broken.exit_code == 1 and "providers.toml line 1" in broken.stdout


def test_what_the_doctor_finds_wrong_comes_with_advice_and_ends_with_1(ada: str, tmp_path: Path) -> None:
    edit(tmp_path, "INSERT INTO migration VALUES ('accounts', 99, 'future', 0, 'any')")
    (tmp_path / "mine.toml").write_text("port = 1")
    result = CliRunner().invoke(program, ["doctor", "--json"], env={"REELBOT_PRICES": "mine.toml"})
    checks = {check["check"]: check for check in json.loads(result.stdout)["checks"]}
    assert (result.exit_code, result.stderr) == (1, "")
    assert checks["Database"]["state"] == "error"
    assert "newer" in checks["Database"]["detail"]
    assert "mine.toml line 1" in checks["Plans and prices"]["detail"]
    assert all(check["advice"] for check in checks.values() if check["state"] == "error")


# errors, settings, and what it looks like


def test_an_unknown_command_names_the_nearest() -> None:
    assert "Did you mean 'usage'?" in failed(2, "usag")


def test_help_lists_every_command_without_importing_it() -> None:
    code = "import sys; from reelbot.cli import main; sys.argv[1:] = ['--help']\ntry: main()\nexcept SystemExit: pass\n"
    code += "print([name for name in ('psycopg', 'uvicorn', 'starlette', 'rich') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "doctor" in found
    assert found.endswith("[]\n")


@pytest.mark.parametrize("command", ["serve", "usage", "history", "account", "plans", "prices", "ledger", "database"])
def test_every_command_has_help(command: str) -> None:
    assert "Usage:" in done(command, "--help")


def test_a_wrong_setting_is_told_with_its_name() -> None:
    result = CliRunner().invoke(program, ["plans"], env={"REELBOT_PRT": "1"})
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: The variable REELBOT_PRT is not a setting; did you mean REELBOT_PORT?\n"


def test_a_defect_is_told_in_a_sentence_and_with_its_traceback_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise AssertionError("a balance went below zero")

    monkeypatch.setattr("reelbot.cli.plans.terms_of", broken)
    assert "This is a defect in ReelBot (AssertionError: a balance went below zero)." in failed(1, "plans")
    result = CliRunner().invoke(program, ["plans"], env={"REELBOT_DEBUG": "1"})
    assert isinstance(result.exception, AssertionError)


def test_names_are_printed_as_they_are_and_never_as_markup() -> None:
    for name in ("[bold]x[/bold]", "Zoë 🎬", ":smile:"):
        done("account", "create", name)
        assert name in done("account", "list")
        assert name in done("usage", name)


def in_a_terminal(*arguments: str, columns: int = 120, typed: Sequence[str] = (), **environment: str) -> str:
    """What a command prints when its output is a terminal; a line that is `typed` answers each question."""
    ours, theirs = pseudo_terminal()
    command = [sys.executable, "-c", "from reelbot.cli import main; main()", *arguments]
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), **environment}
    try:
        process = subprocess.Popen(
            command, stdout=theirs, stderr=theirs, stdin=theirs, env=variables, start_new_session=True
        )
        os.close(theirs)
        printed, answers = b"", iter(typed)
        for part in _until_closed(lambda: os.read(ours, 65_536)):
            printed += part
            if printed.endswith(b": "):
                os.write(ours, f"{next(answers)}\n".encode())
        assert process.wait() == 0
        return printed.decode()
    finally:
        os.close(ours)


def unstyled(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _until_closed(read: Callable[[], bytes]) -> Iterator[bytes]:
    while True:
        try:
            part = read()
        except OSError:  # how a terminal says that nobody writes to it any more
            return
        if not part:
            return
        yield part


def test_a_terminal_gets_colours_and_bars_and_a_pipe_does_not(held: str) -> None:
    shown, uncoloured, piped = in_a_terminal("usage"), in_a_terminal("usage", NO_COLOR="1"), done("usage")
    assert "████████▒▒▒▒············" in unstyled(shown)
    assert "\x1b[32m████████▒▒▒▒" in shown
    assert "\x1b[3" not in uncoloured
    assert "████████▒▒▒▒············" in unstyled(uncoloured)
    assert "\x1b" not in piped
    assert "█" not in piped
    assert all(line == line.rstrip() for line in piped.splitlines())


@pytest.mark.parametrize("command", [["usage"], ["history"], ["plans"], ["prices"], ["doctor"], ["account", "list"]])
def test_a_terminal_of_80_columns_shows_everything(held: str, command: list[str]) -> None:
    shown = unstyled(in_a_terminal(*command, columns=80))
    assert "…" not in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


@pytest.mark.parametrize(
    ("used", "held", "limit", "cells"),
    [
        (0, 0, 60, (0, 0)),
        (0, 0, 0, (0, 0)),
        (60, 0, 60, (24, 0)),
        (0, 60, 60, (0, 24)),
        (30, 0, 60, (12, 0)),
        (20, 10, 60, (8, 4)),
        (1, 0, 10**15, (1, 0)),
        (0, 1, 10**15, (0, 1)),
        (59, 0, 60, (23, 0)),
        (90, 0, 60, (24, 0)),
        (5, 0, 0, (24, 0)),
        (10**15, 1, 10**15, (23, 1)),
    ],
)
def test_a_bar_never_shows_something_as_nothing_nor_less_than_all_as_all(
    used: int, held: int, limit: int, cells: tuple[int, int]
) -> None:
    assert bar_cells(used, held, limit, 24) == cells


def test_amounts_and_times_are_worded_for_people() -> None:
    assert [amount_text(amount, BYTES) for amount in (0, 999, 1_000, 1_250_000, 500_000_000, 10**15, None)] == [
        "0 B", "999 B", "1 kB", "1.2 MB", "500 MB", "1 PB", "unlimited",
    ]  # fmt: skip
    assert [amount_text(amount, CREDITS) for amount in (0, 1_200)] == ["0", "1,200"]
    assert [meter_title(one) for one in (BYTES, CREDITS)] == ["Storage", "AI credits"]
    spans = (3 * DAY + 4 * HOUR, 7 * HOUR + 12 * MINUTE, 5 * MINUTE + SECOND, 45 * SECOND, 999, -5)
    assert [duration_text(span) for span in spans] == ["3 d 4 h", "7 h 12 min", "5 min", "45 s", "0 s", "0 s"]


def test_the_machines_time_zone_is_found_or_is_utc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, link = tmp_path / "timezone", tmp_path / "localtime"
    monkeypatch.delenv("TZ", raising=False)
    assert machine_timezone(name, link) == "UTC"
    name.write_text("Europe/Paris\n")
    assert machine_timezone(name, link) == "Europe/Paris"
    link.symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    assert machine_timezone(name, link) == "Asia/Tokyo"
    monkeypatch.setenv("TZ", ":America/St_Johns")
    assert machine_timezone(name, link) == "America/St_Johns"
    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    assert machine_timezone(name, link) == "Asia/Tokyo"
