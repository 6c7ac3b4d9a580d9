"""`reelbot serve` as a process of its own: started, asked, told to end, killed and started again."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from tests.support.clock import FakeClock
from tests.support.sites import standing

from reelbot.cli.serve import KEEP_ALIVE_SECONDS, Server
from reelbot.db import open_database
from reelbot.web.shares import ALL

PROGRAM = (sys.executable, "-c", "from reelbot.cli import main; main()")
DEADLINE_SECONDS = 30
"""For what must come: long for a busy machine. Nothing here is measured."""


class Running(NamedTuple):
    """A server that has said that it listens."""

    process: subprocess.Popen[str]
    url: str
    key: str | None
    link: str

    def ask(self, method: str, path: str, key: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key or self.key}"} | options.pop("headers", {})
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=DEADLINE_SECONDS, **options)

    @contextmanager
    def listening(self, key: str | None = None) -> Iterator[Iterator[str]]:
        """The lines of an open event stream, whose beginning has arrived."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        with httpx.stream("GET", f"{self.url}/api/v1/events", headers=headers, timeout=DEADLINE_SECONDS) as answer:
            assert answer.status_code == 200
            lines = answer.iter_lines()
            assert next(lines).startswith("id:")
            yield lines

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Have it end; its exit status and what it said on standard error beside the line about its bounds."""
        self.process.send_signal(how)
        _, stderr = self.process.communicate(timeout=DEADLINE_SECONDS)
        lines = stderr.splitlines(keepends=True)
        bounds = [line for line in lines if re.search(r"INFO reelbot\.cli\.serve: [0-9]+ files may be open: ", line)]
        assert len(bounds) == 1, stderr
        return self.process.returncode, "".join(line for line in lines if line not in bounds)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith(("REELBOT_", "FORCE_COLOR"))]:
        monkeypatch.delenv(variable)
    # Two dozen processes are started here, and each would compile the program again.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)


@contextmanager
def serving(*options: str) -> Iterator[Running]:
    command = [*PROGRAM, "serve", "--json", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said = json.loads(document(process))
        yield Running(process, said["url"], said["key"], said["link"])
    finally:
        process.kill()
        process.communicate()


def document(process: subprocess.Popen[str]) -> str:
    """The JSON document that a server prints when it listens."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.rstrip() == "}":
            return "".join(lines)
    raise AssertionError(f"it ended instead of listening: {process.communicate()[1]}")


def cli(*arguments: str) -> Any:
    """What another process says meanwhile."""
    done = subprocess.run([*PROGRAM, *arguments, "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def failing(*arguments: str) -> str:
    done = subprocess.run([*PROGRAM, *arguments], check=False, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def credits(figures: Any) -> tuple[int, int]:
    """Used and held AI credits."""
    return next((one["used"], one["held"]) for one in figures["meters"] if one["meter"] == "ai_credits")


def hold(server: Running, amount: int, idempotency_key: str, key: str | None = None, **more: Any) -> httpx.Response:
    body = {"lines": [{"meter": "ai_credits", "amount": amount}], **more}
    return server.ask("POST", "/api/v1/holds", key, json=body, headers={"Idempotency-Key": idempotency_key})


def told(lines: Iterator[str], used: int, held: int) -> None:
    """Read a stream until it tells these figures of AI credits."""
    for line in lines:
        if line.startswith("data:"):
            figures = json.loads(line.removeprefix("data:"))
            if (figures["meter"], figures["used"], figures["held"]) == ("ai_credits", used, held):
                return
    raise AssertionError("the stream ended before")


def test_the_first_start_opens_the_owner_with_a_key_that_works() -> None:
    with serving() as server:
        usage = server.ask("GET", "/api/v1/usage").json()
        assert (usage["account"], usage["plan"]) == ("owner", "pro")
        assert cli("account", "list")["accounts"][0]["role"] == "operator"
        assert Path("data/reelbot.db").stat().st_mode & 0o077 == 0


def test_for_people_the_first_start_prints_a_command_that_can_be_pasted() -> None:
    command = [*PROGRAM, "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        curl = next(line for line in process.stdout if line.startswith("    curl "))
        match = re.fullmatch(r' {4}curl -H "(Authorization): (Bearer rb_[0-9a-z-]+)" (http://\S+)\n', curl)
        assert match is not None
        assert httpx.get(match[3], headers={match[1]: match[2]}, timeout=DEADLINE_SECONDS).status_code == 200
    finally:
        process.kill()
        process.communicate()


def test_the_link_of_the_greeting_names_the_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELBOT_PUBLIC_URL", "https://reelbot.example.com")
    with serving() as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert server.link.startswith("https://reelbot.example.com/enter?token=rl_")
        page = httpx.get(server.link.replace("https://reelbot.example.com", server.url), timeout=DEADLINE_SECONDS)
        assert page.headers["set-cookie"].startswith("__Host-reelbot_entry=")
        assert page.headers["set-cookie"].endswith("; Secure")
        assert "Sign in as owner" in page.text


@pytest.mark.parametrize(("added", "status"), [("", 400), ("studio.example, reelbot.example", 200)])
def test_a_server_answers_to_its_own_names_and_to_those_that_are_added(
    monkeypatch: pytest.MonkeyPatch, added: str, status: int
) -> None:
    monkeypatch.setenv("REELBOT_HOSTS", added)
    with serving() as server:
        key = {"Authorization": f"Bearer {server.key}"}
        for host, expected in (("reelbot.example", status), ("localhost", 200), (socket.gethostname(), 200)):
            answer = httpx.get(f"{server.url}/api/v1/usage", headers={**key, "Host": host}, timeout=DEADLINE_SECONDS)
            assert answer.status_code == expected, host


def test_the_first_key_does_everything_but_an_operators_work() -> None:
    with serving() as server:
        for path, expected in (("usage", 200), ("operator/access", 403)):
            key = {"Authorization": f"Bearer {server.key}"}
            answer = httpx.get(f"{server.url}/api/v1/{path}", headers=key, timeout=DEADLINE_SECONDS)
            assert answer.status_code == expected
        key = {"Authorization": f"Bearer {cli('account', 'key', 'owner', '--scope', 'operator')['key']}"}
        seen = httpx.get(f"{server.url}/api/v1/operator/access", headers=key, timeout=DEADLINE_SECONDS).json()[
            "records"
        ]
        assert (seen[0]["kind"], seen[0]["by"]) == ("key_issued", "the command line")


def test_no_secret_is_written_to_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of an API key, a link, a session, a form or a password; not where most is told, and not when it is refused."""
    monkeypatch.setenv("REELBOT_LOG_LEVEL", "debug")
    password = "correct horse battery"
    own = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    with serving() as server, httpx.Client(base_url=server.url, headers=own, timeout=DEADLINE_SECONDS) as browser:
        link = re.sub(".*token=", "", cli("account", "link", "owner")["link"])
        for _ in range(2):
            entry = re.findall('name="form_token" value="([^"]+)"', browser.get("/enter", params={"token": link}).text)
            browser.post("/enter", data={"token": link, "form_token": "".join(entry)})
        token = re.findall('name="form_token" value="([^"]+)"', browser.get("/account").text)[0]
        session = browser.cookies["reelbot_session"]
        browser.post("/account/password", data={"form_token": token, "password": password})
        made = browser.post("/account/keys", data={"form_token": token, "label": "laptop"})
        key = re.findall("rb_[0-9a-z-]+", made.text)[0]
        for presented in (key, key[:-1], session):
            server.ask("GET", f"/api/v1/usage?key={key}", presented)
        browser.post("/logout", data={"form_token": token})
        for typed in (password, f"{password}!"):
            browser.post("/login", data={"name": "owner", "password": typed})
        status, log = server.end()
    assert status == 0
    for secret in (link, session, token, password, key, str(server.key)):
        assert secret[-30:] not in log


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_once_also_with_open_streams(how: signal.Signals) -> None:
    with serving() as server, ExitStack() as streams:
        listening = [streams.enter_context(server.listening()) for _ in range(3)]
        status, said = server.end(how)
        assert (status, said) == (0, "")
        for lines in listening:
            list(lines)  # raises when a stream was cut instead of ended


def test_a_restart_keeps_everything_and_shows_no_key_again() -> None:
    with serving() as server:
        key = server.key
        assert hold(server, 30, "order-1").status_code == 201
        server.end()
    with serving() as server:
        assert server.key is None
        assert credits(server.ask("GET", "/api/v1/usage", key).json()) == (0, 30)


def test_after_a_kill_nothing_that_was_answered_is_lost_and_nothing_is_done_twice() -> None:
    with serving() as server:
        key = server.key
        first = hold(server, 30, "order-1").json()
        server.end(signal.SIGKILL)
    with serving() as server:
        again = hold(server, 30, "order-1", key)
        assert (again.headers["Idempotency-Replayed"], again.json()["id"]) == ("true", first["id"])
        settled = server.ask("POST", f"/api/v1/holds/{first['id']}/settlement", key, json={})
        assert settled.json()["state"] == "settled"
        assert credits(server.ask("GET", "/api/v1/usage", key).json()) == (30, 0)
        server.end(signal.SIGKILL)
    assert cli("ledger", "verify")["clean"]


def test_an_overdue_hold_is_given_back_and_told() -> None:
    with serving() as server, server.listening() as lines:
        hold(server, 30, "order-1", expires_in=1)
        told(lines, used=0, held=30)
        told(lines, used=0, held=0)


def test_commands_beside_the_server_are_seen_by_it_at_once() -> None:
    with serving() as server:
        ada = cli("account", "create", "ada", "--plan", "free")["key"]
        with server.listening(ada) as lines:
            assert hold(server, 61, "too-much", ada).status_code == 402
            cli("account", "grant", "ada", "ai_credits", "40", "--why", "A gift.")
            told(lines, used=0, held=0)
            assert hold(server, 61, "enough", ada).status_code == 201
        cli("account", "key", "ada", "--revoke", "1")
        assert server.ask("GET", "/api/v1/usage", ada).status_code == 401
        assert server.ask("GET", "/api/v1/usage").status_code == 200


def test_the_command_line_shows_what_the_api_shows() -> None:
    with serving() as server:
        placed = hold(server, 30, "order-1", why="=1+1").json()
        server.ask(
            "POST", f"/api/v1/holds/{placed['id']}/settlement", json={"lines": [{"meter": "ai_credits", "amount": 20}]}
        )
        cli("account", "limit", "owner", "posts", "unlimited", "--why", "A test.")
        cli("account", "timezone", "owner", "Asia/Tokyo", "--yes")
        shown = server.ask("GET", "/api/v1/usage").json()
        assert cli("usage") | {"as_of": "", "cursor": ""} == shown | {"as_of": "", "cursor": ""}
        assert cli("history")["entries"] == server.ask("GET", "/api/v1/entries").json()["entries"]
        assert cli("plans") == server.ask("GET", "/api/v1/plans").json()
        assert cli("prices") == server.ask("GET", "/api/v1/prices").json()
        csv = server.ask("GET", "/api/v1/entries", headers={"Accept": "text/csv"}).content
        assert subprocess.run([*PROGRAM, "history", "--csv"], capture_output=True, check=True).stdout == csv


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with serving() as server:
        said = failing("serve", "--data", "other", "--port", server.url.rpartition(":")[2])
        assert said.startswith("Error: Port ")
        assert "--port" in said
        assert not Path("other").exists()


def test_an_address_that_others_can_reach_is_warned_of() -> None:
    with serving("--host", "0.0.0.0") as server:
        assert server.url.startswith("http://localhost:")
        status, said = server.end()
        assert status == 0
        assert said.startswith("Warning: Others can reach this server")


def test_a_host_that_is_not_here_is_told() -> None:
    assert "--host" in failing("serve", "--host", "nowhere.invalid", "--port", "0")


def test_on_postgresql_it_serves_once_the_database_is_migrated(postgres_url: str) -> None:
    assert "reelbot database migrate" in failing("serve", "--port", "0", "--database", postgres_url)
    cli("database", "migrate", "--database", postgres_url)
    with serving("--database", postgres_url) as server, serving("--database", postgres_url) as other:
        assert (server.key is None, other.key is None) == (False, True)
        with other.listening(server.key) as lines:
            assert hold(server, 30, "order-1").status_code == 201
            told(lines, used=0, held=30)
        assert other.end() == (0, "")


def test_a_file_that_was_made_by_a_newer_program_is_refused() -> None:
    cli("database", "migrate")
    code = "import sqlite3; c = sqlite3.connect('data/reelbot.db'); "
    code += "c.execute(\"INSERT INTO migration VALUES ('accounts', 99, 'future', 0, 'any')\"); c.commit(); c.close()"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert "migrated by a newer or another ReelBot" in failing("serve", "--port", "0")


UNFROZEN = "CREATE TABLE migration (room TEXT, number INTEGER, name TEXT, applied_at INTEGER)"
"""The table of applied migrations of a version from before the first release."""


def test_a_file_from_before_the_first_release_is_refused_with_what_to_do() -> None:
    Path("data").mkdir()
    code = f"import sqlite3; c = sqlite3.connect('data/reelbot.db'); c.execute('{UNFROZEN}'); c.close()"
    subprocess.run([sys.executable, "-c", code], check=True)
    for command in (("serve", "--port", "0"), ("database", "migrate"), ("usage",)):
        told = " ".join(failing(*command).split())
        assert "a schema from before the first release, which this ReelBot cannot carry over" in told
        assert "Give it a new database" in told


async def test_a_postgresql_database_from_before_the_first_release_is_refused_with_what_to_do(
    postgres_url: str,
) -> None:
    database = await open_database(postgres_url)
    async with database.transaction() as connection:
        await connection.execute(UNFROZEN)
    await database.close()
    for command in (("serve", "--port", "0"), ("database", "migrate"), ("usage",)):
        told = " ".join(failing(*command, "--database", postgres_url).split())
        assert "a schema from before the first release, which this ReelBot cannot carry over" in told


async def test_an_idle_connection_outlives_that_of_a_proxy(clock: FakeClock) -> None:
    async with standing("memory:", clock) as stand:
        server = Server(stand.site, lambda: None, ALL)
        assert server.config.timeout_keep_alive == KEEP_ALIVE_SECONDS > 60
